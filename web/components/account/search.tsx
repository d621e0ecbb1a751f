import { Search as Icon, X } from "lucide-solid";
import { createEffect, createSignal, on, onCleanup, Show } from "solid-js";
import { cn } from "../../ui/cn.ts";
import { inputClass } from "../../ui/field.tsx";

/** Each search may ask a signer: one is made when somebody has stopped typing. */
const PAUSE_MS = 600;

/** A search that is made after a pause, or at once by Enter. */
export const Search = (props: {
  label: string;
  placeholder: string;
  value: string;
  onSearch: (value: string) => void;
}) => {
  const [text, setText] = createSignal(props.value);
  let timer = 0;
  onCleanup(() => clearTimeout(timer));
  // The back button brings what was searched before.
  createEffect(on(() => props.value, setText, { defer: true }));

  function search(): void {
    clearTimeout(timer);
    const wanted = text().trim();
    if (wanted !== props.value) props.onSearch(wanted);
  }
  return (
    <search class="relative w-[280px] max-md:w-auto max-md:min-w-0 max-md:grow">
      <Icon
        aria-hidden="true"
        class="pointer-events-none absolute top-1/2 left-3 size-[18px] -translate-y-1/2 text-soft"
      />
      <input
        type="search"
        aria-label={props.label}
        placeholder={props.placeholder}
        maxLength={100}
        value={text()}
        autocomplete="off"
        spellcheck={false}
        class={cn(
          inputClass,
          "min-h-10 px-9.5 text-[15px] [&::-webkit-search-cancel-button]:hidden",
        )}
        onInput={(event) => {
          setText(event.currentTarget.value);
          clearTimeout(timer);
          timer = window.setTimeout(search, PAUSE_MS);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") search();
          if (event.key === "Escape" && text() !== "") {
            setText("");
            search();
          }
        }}
      />
      <Show when={text() !== ""}>
        <button
          type="button"
          aria-label="Clear the search"
          class="absolute top-0 right-0 grid size-10 place-items-center rounded-control text-soft hover:text-ink"
          onClick={() => {
            setText("");
            search();
          }}
        >
          <X aria-hidden="true" class="size-4" />
        </button>
      </Show>
    </search>
  );
};
