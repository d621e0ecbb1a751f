import { Switch as Primitive } from "@kobalte/core/switch";
import type { JSX } from "solid-js";
import { cn } from "./cn.ts";

/** Something that is on or off, and takes effect at once. */
export const Switch = (props: {
  label: JSX.Element;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
  class?: string;
}) => (
  <Primitive
    data-slot="switch"
    checked={props.checked}
    onChange={props.onChange}
    disabled={props.disabled}
    class={cn("inline-flex min-h-10 items-center gap-3 data-[disabled]:opacity-55", props.class)}
  >
    <Primitive.Input class="peer" />
    <Primitive.Control class="inline-flex h-6 w-10 shrink-0 cursor-pointer items-center rounded-full border border-edge bg-tint p-[3px] transition-colors peer-focus-visible:outline-2 peer-focus-visible:outline-offset-2 peer-focus-visible:outline-harbour data-[checked]:border-harbour data-[checked]:bg-harbour">
      <Primitive.Thumb class="size-4 rounded-full bg-edge transition-[translate,background-color] data-[checked]:translate-x-4 data-[checked]:bg-paper" />
    </Primitive.Control>
    <Primitive.Label class="cursor-pointer text-[15px]">{props.label}</Primitive.Label>
  </Primitive>
);
