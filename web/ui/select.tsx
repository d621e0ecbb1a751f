import { ChevronDown } from "lucide-solid";
import { For } from "solid-js";
import { cn } from "./cn.ts";

/** One of several, where there is little room. The browser's own list: it fits phones and keyboards best. */
export const Select = <T extends string>(props: {
  label: string;
  value: T;
  onChange: (value: T) => void;
  options: readonly { value: T; label: string }[];
  class?: string;
}) => (
  <span class={cn("relative inline-flex", props.class)}>
    <select
      aria-label={props.label}
      value={props.value}
      onChange={(event) => props.onChange(event.currentTarget.value as T)}
      class="min-h-11 w-full cursor-pointer appearance-none rounded-control border border-edge bg-raised py-0 pr-7 pl-2.5 sm:pr-8 sm:pl-3 text-[15px] text-ellipsis text-ink hover:bg-tint"
    >
      <For each={props.options}>
        {({ value, label }) => (
          <option value={value} selected={value === props.value}>
            {label}
          </option>
        )}
      </For>
    </select>
    <ChevronDown
      aria-hidden="true"
      class="pointer-events-none absolute top-1/2 right-2 size-4 sm:right-2.5 -translate-y-1/2 text-soft"
    />
  </span>
);
