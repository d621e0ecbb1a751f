import { Tabs as Primitive } from "@kobalte/core/tabs";
import { For, type JSX } from "solid-js";

/** Parts of one page of which one is shown. `id` is what a link names. */
export const Tabs = (props: {
  label: string;
  value: string;
  onChange: (id: string) => void;
  tabs: { id: string; title: JSX.Element; content: () => JSX.Element }[];
}) => (
  <Primitive value={props.value} onChange={props.onChange}>
    <Primitive.List
      aria-label={props.label}
      class="flex gap-1 overflow-x-auto border-b border-line [scrollbar-width:none]"
    >
      <For each={props.tabs}>
        {(tab) => (
          <Primitive.Trigger
            value={tab.id}
            class="-mb-px min-h-11 border-b-2 border-transparent px-3 text-[15px] font-medium whitespace-nowrap text-soft hover:text-ink data-[selected]:border-harbour data-[selected]:text-ink focus-visible:-outline-offset-2"
          >
            {tab.title}
          </Primitive.Trigger>
        )}
      </For>
    </Primitive.List>
    <For each={props.tabs}>
      {(tab) => (
        <Primitive.Content value={tab.id} class="pt-6">
          {tab.content()}
        </Primitive.Content>
      )}
    </For>
  </Primitive>
);
