import { cva } from "class-variance-authority";

/**
 * How a button looks, apart from what it does: a link looks like one without loading it. `buoy` is for
 * the one thing to do on a page.
 */
export const buttonVariants = cva(
  "inline-flex items-center justify-center gap-2 rounded-control border font-semibold whitespace-nowrap no-underline transition-colors select-none disabled:cursor-not-allowed disabled:opacity-55 data-[disabled]:cursor-not-allowed data-[disabled]:opacity-55 aria-busy:cursor-progress aria-busy:opacity-55 [&_svg]:shrink-0",
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
        compact: "min-h-10 px-4 text-[15px] [&_svg]:size-[18px]",
        icon: "size-10 p-0 [&_svg]:size-5",
      },
    },
    defaultVariants: { variant: "outline", size: "normal" },
  },
);
