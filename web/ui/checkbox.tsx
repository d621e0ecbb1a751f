import { Checkbox as Primitive } from "@kobalte/core/checkbox";
import { Check } from "lucide-solid";
import { type JSX, Show } from "solid-js";
import { cn } from "./cn.ts";

/** Something to say yes to, with what follows from it. The whole line can be clicked. */
export const Checkbox = (props: {
  label: JSX.Element;
  hint?: JSX.Element;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
  class?: string;
}) => (
  <Primitive
    data-slot="checkbox"
    checked={props.checked}
    onChange={props.onChange}
    disabled={props.disabled}
    class={cn("relative flex items-start gap-3 py-2", props.class)}
  >
    <Primitive.Input class="peer" />
    <Primitive.Control class="mt-0.5 grid size-5 shrink-0 place-items-center rounded-[6px] border border-edge bg-raised peer-focus-visible:outline-2 peer-focus-visible:outline-offset-2 peer-focus-visible:outline-harbour data-[checked]:border-harbour data-[checked]:bg-harbour data-[disabled]:opacity-60">
      <Primitive.Indicator>
        <Check aria-hidden="true" class="size-4 text-paper" stroke-width={3} />
      </Primitive.Indicator>
    </Primitive.Control>
    <div class="min-w-0">
      <Primitive.Label class="block cursor-pointer text-[15px] font-semibold">
        {props.label}
      </Primitive.Label>
      <Show when={props.hint}>
        <Primitive.Description class="text-sm text-soft">{props.hint}</Primitive.Description>
      </Show>
    </div>
  </Primitive>
);
