import { Root as ButtonPrimitive } from "@kobalte/core/button";
import { cva, type VariantProps } from "class-variance-authority";
import { type ComponentProps, Show, splitProps, type ValidComponent } from "solid-js";
import { cn } from "./cn.ts";
import { Spinner } from "./spinner.tsx";

/** `buoy` is for the one thing to do on a page. */
export const buttonVariants = cva(
  "inline-flex items-center justify-center gap-2 rounded-control border font-semibold whitespace-nowrap no-underline transition-colors select-none disabled:cursor-not-allowed disabled:opacity-55 data-[disabled]:cursor-not-allowed data-[disabled]:opacity-55 [&_svg]:shrink-0",
  {
    variants: {
      variant: {
        buoy: "border-transparent bg-buoy text-on-buoy hover:not-disabled:bg-[color-mix(in_oklab,var(--buoy)_88%,white)]",
        outline: "border-line bg-raised text-ink hover:not-disabled:bg-tint",
        ghost: "border-transparent bg-transparent text-ink hover:not-disabled:bg-tint",
        danger:
          "border-[color-mix(in_oklab,var(--suspended)_40%,var(--line))] bg-raised text-suspended hover:not-disabled:bg-[color-mix(in_oklab,var(--suspended)_8%,var(--raised))]",
      },
      size: {
        small: "min-h-9 px-3 text-sm [&_svg]:size-4",
        normal: "min-h-11 px-5 text-base [&_svg]:size-[18px]",
        icon: "size-10 p-0 [&_svg]:size-5",
      },
    },
    defaultVariants: { variant: "outline", size: "normal" },
  },
);

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
