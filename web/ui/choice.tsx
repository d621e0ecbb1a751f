import { For } from "solid-js";

/** One of a few, all in sight: radios that look like what they do. For filters. */
export const Choice = <T extends string>(props: {
  legend: string;
  name: string;
  value: T;
  onChange: (value: T) => void;
  options: readonly { value: T; label: string }[];
}) => (
  <fieldset data-slot="choice" class="flex flex-wrap gap-1.5">
    <legend class="sr-only">{props.legend}</legend>
    <For each={props.options}>
      {(option) => (
        <label class="inline-flex min-h-10 cursor-pointer items-center rounded-full border border-line bg-raised px-3 text-sm font-medium text-soft transition-colors select-none hover:text-ink has-checked:border-harbour has-checked:bg-[color-mix(in_oklab,var(--harbour)_9%,var(--raised))] has-checked:text-ink has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-harbour">
          <input
            type="radio"
            name={props.name}
            value={option.value}
            checked={props.value === option.value}
            class="sr-only"
            onChange={() => props.onChange(option.value)}
          />
          {option.label}
        </label>
      )}
    </For>
  </fieldset>
);
