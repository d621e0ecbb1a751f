import { Root as ButtonPrimitive } from "@kobalte/core/button";
import type { VariantProps } from "class-variance-authority";
import { type ComponentProps, type JSX, Show, splitProps, type ValidComponent } from "solid-js";
import { buttonVariants } from "./button-variants.ts";
import { cn } from "./cn.ts";
import { Spinner } from "./spinner.tsx";

export { buttonVariants };

export type ButtonProps<T extends ValidComponent = "button"> = ComponentProps<
  typeof ButtonPrimitive<T>
> &
  VariantProps<typeof buttonVariants> & {
    class?: string;
    /** Work is under way: shows it, takes no second click, and keeps the focus. */
    busy?: boolean;
    onClick?: (event: MouseEvent) => void;
  };

export const Button = <T extends ValidComponent = "button">(props: ButtonProps<T>) => {
  const [local, rest] = splitProps(props as ButtonProps, [
    "class",
    "variant",
    "size",
    "busy",
    "children",
    "onClick",
  ]);
  // Nor does a form send what a key in one of its fields would: that is a click on its button.
  const click: JSX.EventHandler<HTMLElement, MouseEvent> = (event) => {
    if (local.busy) event.preventDefault();
    else local.onClick?.(event);
  };
  return (
    <ButtonPrimitive
      data-slot="button"
      class={cn(buttonVariants({ variant: local.variant, size: local.size }), local.class)}
      aria-disabled={local.busy || undefined}
      aria-busy={local.busy || undefined}
      {...rest}
      onClick={click}
    >
      <Show when={local.busy}>
        <Spinner />
      </Show>
      {local.children}
    </ButtonPrimitive>
  );
};
