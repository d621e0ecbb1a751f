import { createEffect, type JSX, onCleanup, Show } from "solid-js";

/** The page's title, in its head and in the window's. */
export const PageTitle = (props: { title: string; actions?: JSX.Element; lead?: JSX.Element }) => {
  WindowTitle(props);
  return (
    <div class="flex flex-wrap items-start justify-between gap-x-6 gap-y-4 pt-6 pb-6">
      <div class="min-w-0">
        <h1 class="text-4xl break-words max-sm:text-3xl">{props.title}</h1>
        <Show when={props.lead}>
          <div class="mt-2 text-soft">{props.lead}</div>
        </Show>
      </div>
      <Show when={props.actions}>
        <div class="flex flex-wrap gap-2">{props.actions}</div>
      </Show>
    </div>
  );
};

const DEFAULT = "Berth: a home port for your community";

/** The window's title alone. */
export function WindowTitle(props: { title: string }): null {
  createEffect(() => {
    document.title = `${props.title} · Berth`;
  });
  onCleanup(() => {
    document.title = DEFAULT;
  });
  return null;
}
