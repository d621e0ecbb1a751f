import { A } from "@solidjs/router";
import { For, Match, Show, Switch } from "solid-js";
import { meaningOf } from "../../../machines/describe.ts";
import { relayMachine } from "../../../machines/relay/machine.ts";
import { tenantMachine } from "../../../machines/tenant/machine.ts";
import { createNow } from "../../lib/live/clock.ts";
import { type RelayReplica, useLive } from "../../lib/live/live.ts";
import { nextOf } from "../../lib/relays/next.ts";
import { troubleOf, unreached, type WayBack, wayBack } from "../../lib/relays/state.ts";
import { sats } from "../../lib/words/format.ts";
import { Button, buttonVariants } from "../../ui/button.tsx";
import { Callout } from "../../ui/callout.tsx";
import { cn } from "../../ui/cn.ts";
import { Time } from "../time.tsx";
import { ReactivateNow } from "./reactivate-now.tsx";

export const PANEL_ID = "what-is-next";

/** What a relay's state means, what happens next and when, and the one thing to do about it. */
export const RelayPanel = (props: {
  relay: RelayReplica;
  /** Its plan is being chosen below: that is the one thing to do then. */
  isChoosing: boolean;
  onPlan: () => void;
}) => {
  const live = useLive();
  const now = createNow();
  const next = () => nextOf(props.relay, live.tenant(), live.invoice, now());
  /** Its renewal is there early: after that date it can still be paid for days. */
  const isAhead = () =>
    props.relay.matches({ status: "active" }) &&
    next().invoice === live.tenant()?.context.renewal?.invoice;
  const cut = () => unreached(props.relay, live.seenOf(props.relay.context.id));
  /** It is said where somebody looks for their relay, not with their money alone. */
  const wallet = () =>
    props.relay.context.priceSats > 0 && live.tenant()?.matches({ wallet: "broken" })
      ? (tenantMachine.root.states.wallet?.states.broken?.description ?? null)
      : null;
  const troubles = () =>
    [cut(), troubleOf(props.relay, now()), wallet()].filter((words) => words !== null);
  return (
    <section
      aria-labelledby={PANEL_ID}
      data-tone={cut() === null ? next().tone : "grace"}
      class="tone overflow-hidden rounded-card border border-line bg-raised"
    >
      <div class="border-l-4 border-(--tone) px-6 py-5 transition-colors max-sm:px-4">
        <div class="flex flex-wrap items-center justify-between gap-x-8 gap-y-4">
          <div class="min-w-0 flex-1 basis-[320px]">
            <h2 id={PANEL_ID} tabIndex={-1} class="text-xl outline-none" aria-live="polite">
              {next().text}
            </h2>
            <Show when={next().atMs}>
              {(at) => (
                <p class="mt-1 font-medium">
                  <Show when={next().invoice} fallback={<Time at={at()} />}>
                    {isAhead() ? "paid through" : "until"} <Time at={at()} form="date" />
                  </Show>
                </p>
              )}
            </Show>
            <Show when={cut() === null}>
              <p class="mt-1 max-w-[68ch] text-soft">
                {meaningOf(relayMachine, props.relay.value)}
              </p>
            </Show>
          </div>
          <Show when={!live.isSuspended()}>
            <Action
              relay={props.relay}
              invoice={next().invoice}
              nowMs={now()}
              isChoosing={props.isChoosing}
              onPlan={props.onPlan}
            />
          </Show>
        </div>
        <For each={troubles()}>
          {(words) => (
            <Callout tone="grace" role="status" class="mt-4">
              {words}
            </Callout>
          )}
        </For>
      </div>
    </section>
  );
};

const Action = (props: {
  relay: RelayReplica;
  invoice: string | null;
  nowMs: number;
  isChoosing: boolean;
  onPlan: () => void;
}) => {
  const live = useLive();
  const back = () => wayBack(props.relay, live.tenant()?.context, props.nowMs);
  const due = () => live.tenant()?.context.open[props.invoice ?? ""]?.dueSats;
  const isRunning = () => back() === null && !props.relay.matches({ status: "provisioning" });
  const by = <B extends WayBack["by"]>(kind: B) =>
    back()?.by === kind ? (back() as Extract<WayBack, { by: B }>) : null;
  return (
    <Switch>
      <Match when={back()?.by === "plan" ? null : props.invoice}>
        {(invoice) => (
          <A
            href={`/account?invoice=${invoice()}`}
            class={cn(
              buttonVariants({ variant: props.isChoosing ? "outline" : "buoy" }),
              "max-sm:w-full",
            )}
          >
            {due() === undefined ? "See the invoice" : `Pay ${sats(due() ?? 0)}`}
          </A>
        )}
      </Match>
      <Match when={!props.isChoosing && by("paid")}>
        <ReactivateNow relay={props.relay} />
      </Match>
      <Match when={!props.isChoosing && by("plan")}>
        <Button variant="buoy" class="max-sm:w-full" onClick={() => props.onPlan()}>
          {props.relay.context.wanted === 0 ? "Order again" : "Reactivate"}
        </Button>
      </Match>
      <Match when={!props.isChoosing && isRunning()}>
        <Button class="max-sm:w-full" onClick={() => props.onPlan()}>
          Change plan
        </Button>
      </Match>
    </Switch>
  );
};
