import { type JSX, Show, splitProps } from "solid-js";
import { cn } from "./cn.ts";

type Tone = "neutral" | "active" | "grace" | "suspended" | "harbour";

/** Something to know before going on, in the colour of the state that it speaks of. */
export const Callout = (props: {
  tone?: Tone;
  title?: JSX.Element;
  children?: JSX.Element;
  class?: string;
  role?: "alert" | "status";
}) => {
  const [local] = splitProps(props, ["tone", "title", "children", "class", "role"]);
  return (
    <div
      data-slot="callout"
      data-tone={local.tone ?? "neutral"}
      role={local.role}
      class={cn(
        "tone rounded-control border border-[color-mix(in_oklab,var(--tone)_35%,var(--line))] bg-[color-mix(in_oklab,var(--tone)_7%,var(--raised))] px-4 py-3 text-[15px]",
        local.class,
      )}
    >
      <Show when={local.title}>
        <p class="font-semibold">{local.title}</p>
      </Show>
      {local.children}
    </div>
  );
};
