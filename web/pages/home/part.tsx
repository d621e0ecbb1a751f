import { clsx } from "clsx";
import { type JSX, Show } from "solid-js";

/** One part of the page, under its heading. */
export const Part = (props: {
  id: string;
  title: string;
  lead?: JSX.Element;
  class?: string;
  children: JSX.Element;
}) => (
  <section aria-labelledby={props.id} class={clsx("page pt-28 max-md:pt-20", props.class)}>
    <h2 id={props.id} class="text-[40px] max-sm:text-[32px]">
      {props.title}
    </h2>
    <Show when={props.lead}>
      <p class="mt-3 max-w-[60ch] text-lg text-soft">{props.lead}</p>
    </Show>
    {props.children}
  </section>
);
