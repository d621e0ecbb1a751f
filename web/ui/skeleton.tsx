import { cn } from "./cn.ts";

/** Keeps the place of what is loading. */
export const Skeleton = (props: { class?: string }) => (
  <div data-slot="skeleton" aria-hidden="true" class={cn("shimmer h-5", props.class)} />
);
