import type { Component, JSX } from "solid-js";
import { Dynamic } from "solid-js/web";

/** An empty list, and how it comes to be filled. */
export const Nothing = (props: {
  icon: Component<{ class?: string; "aria-hidden"?: "true" }>;
  title: string;
  children?: JSX.Element;
}) => (
  <div class="flex flex-col items-center gap-2 rounded-card border border-line border-dashed px-6 py-12 text-center">
    <Dynamic component={props.icon} aria-hidden="true" class="size-6 text-soft" />
    <p class="font-semibold">{props.title}</p>
    <div class="max-w-[46ch] text-[15px] text-soft">{props.children}</div>
  </div>
);
