import { type JSX, Show } from "solid-js";
import { Button } from "../../ui/button.tsx";
import { Callout } from "../../ui/callout.tsx";
import { cn } from "../../ui/cn.ts";

/** A part of the account under its own heading. */
export const Section = (props: {
  title: string;
  lead?: JSX.Element;
  actions?: JSX.Element;
  /** The heading is for ears alone: what is around says it to eyes. */
  isQuiet?: boolean;
  children: JSX.Element;
  class?: string;
}) => (
  <section aria-label={props.title} class={cn("flex flex-col gap-4", props.class)}>
    <div
      class={props.isQuiet ? "sr-only" : "flex flex-wrap items-end justify-between gap-x-6 gap-y-3"}
    >
      <div class="min-w-0">
        <h2 class="text-[22px]">{props.title}</h2>
        <Show when={props.lead}>
          <p class="mt-1 max-w-[68ch] text-[15px] text-soft">{props.lead}</p>
        </Show>
      </div>
      {props.actions}
    </div>
    {props.children}
  </section>
);

/** What could not be loaded, why, and the way to try again; the rest of the page stays. */
export const Failed = (props: {
  what: string;
  why: string;
  onRetry: () => void;
  busy?: boolean;
}) => (
  <Callout tone="suspended" role="alert" title={`${props.what} could not be loaded.`}>
    <div class="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
      <p class="text-soft">{props.why}</p>
      <Button size="small" busy={props.busy} onClick={() => props.onRetry()}>
        Try again
      </Button>
    </div>
  </Callout>
);
