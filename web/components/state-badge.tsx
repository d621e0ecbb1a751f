import { clsx } from "clsx";
import { type Tone, toneOf } from "../lib/words/tone.ts";

/** A state's name in its colour: always dot and word. `class` places it, and changes nothing of its look. */
export const StateBadge = (props: {
  status: string;
  label?: string;
  /** Another colour than the state's own. */
  tone?: Tone | undefined;
  class?: string;
}) => (
  <span
    data-slot="state"
    data-status={props.status}
    data-tone={props.tone ?? toneOf(props.status)}
    class={clsx(
      "tone inline-flex items-center gap-2 rounded-full bg-[color-mix(in_oklab,var(--tone)_13%,var(--raised))] px-2.5 py-0.5 text-sm font-semibold whitespace-nowrap text-(--tone) transition-colors",
      props.class,
    )}
  >
    <span aria-hidden="true" class="size-2 rounded-full bg-(--tone)" />
    {props.label ?? props.status}
  </span>
);

/** A relay's state, unless it should run and is seen not to. */
export const RelayBadge = (props: { status: string; isUnreached: boolean; class?: string }) => (
  <StateBadge
    status={props.status}
    label={props.isUnreached ? "unreachable" : props.status}
    tone={props.isUnreached ? "grace" : undefined}
    class={props.class ?? ""}
  />
);
