import { type ComponentProps, splitProps } from "solid-js";
import { cn } from "./cn.ts";

export const Card = (props: ComponentProps<"section">) => {
  const [local, rest] = splitProps(props, ["class"]);
  return (
    <section
      data-slot="card"
      class={cn("rounded-card border border-line bg-raised p-6 max-sm:p-4", local.class)}
      {...rest}
    />
  );
};
