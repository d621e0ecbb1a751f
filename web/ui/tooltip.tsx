import { Tooltip as Primitive } from "@kobalte/core/tooltip";
import type { JSX } from "solid-js";

/** More about something small, on hover and on focus. The trigger must not be a button of its own. */
export const Tooltip = (props: { text: JSX.Element; children: JSX.Element; class?: string }) => (
  <Primitive openDelay={300} closeDelay={80} gutter={6}>
    <Primitive.Trigger as="span" tabIndex={0} class={props.class ?? "rounded-[4px]"}>
      {props.children}
    </Primitive.Trigger>
    <Primitive.Portal>
      <Primitive.Content class="z-50 max-w-[320px] rounded-[8px] bg-ink px-2.5 py-1.5 text-sm text-paper">
        {props.text}
      </Primitive.Content>
    </Primitive.Portal>
  </Primitive>
);
