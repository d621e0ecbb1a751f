import { Root as ButtonPrimitive } from "@kobalte/core/button";
import type { VariantProps } from "class-variance-authority";
import { type ComponentProps, Show, splitProps, type ValidComponent } from "solid-js";
import { buttonVariants } from "./button-variants.ts";
import { cn } from "./cn.ts";
import { Spinner } from "./spinner.tsx";

export { buttonVariants };

export type ButtonProps<T extends ValidComponent = "button"> = ComponentProps<
  typeof ButtonPrimitive<T>
> &
  VariantProps<typeof buttonVariants> & {
    class?: string;
    /** Work is under way: shows it, and takes no second click. */
    busy?: boolean;
  };

export const Button = <T extends ValidComponent = "button">(props: ButtonProps<T>) => {
  const [local, rest] = splitProps(props as ButtonProps, [
    "class",
    "variant",
    "size",
    "busy",
    "children",
    "disabled",
  ]);
  return (
    <ButtonPrimitive
      data-slot="button"
      class={cn(buttonVariants({ variant: local.variant, size: local.size }), local.class)}
      disabled={local.disabled || local.busy}
      aria-busy={local.busy || undefined}
      {...rest}
    >
      <Show when={local.busy}>
        <Spinner />
      </Show>
      {local.children}
    </ButtonPrimitive>
  );
};
