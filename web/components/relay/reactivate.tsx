import { A } from "@solidjs/router";
import { createSignal, Show } from "solid-js";
import { statusOf } from "../../../machines/describe.ts";
import { type PlanId, plans } from "../../../machines/plans.ts";
import { itemOfReturn, owedOf, planOfReturn } from "../../../machines/tenant/past-due.ts";
import { lessUsed } from "../../../machines/tenant/served.ts";
import { createNow } from "../../lib/live/clock.ts";
import { type Live, type RelayReplica, useLive } from "../../lib/live/live.ts";
import { relayDomain } from "../../lib/page/settings.ts";
import { createAvailability } from "../../lib/relays/availability.ts";
import { keptNames } from "../../lib/relays/kept-names.ts";
import { type WayBack, wayBack } from "../../lib/relays/state.ts";
import { day, sats } from "../../lib/words/format.ts";
import { Button } from "../../ui/button.tsx";
import { Callout } from "../../ui/callout.tsx";
import { PlanPicker } from "./plan-picker.tsx";
import { createReactivation, ReactivateNow } from "./reactivate-now.tsx";

/** For one that does not run: how it comes back, and with which plan. */
export const Reactivation = (props: { relay: RelayReplica }) => {
  const live = useLive();
  const now = createNow(10_000);
  const { run, isBusy, problem } = createReactivation(() => props.relay);
  const [chosen, setChosen] = createSignal<PlanId>(planOf(props.relay, live, now()));
  const back = () => wayBack(props.relay, live.tenant()?.context, now());
  const paid = () => {
    const way = back();
    return way?.by === "paid" ? way : null;
  };
  const isTaken = createNameLost(() => props.relay);
  const kept = () =>
    isTaken() ? "Its data is as it was." : "Its data and its name are as they were.";
  const words = () => wordsOfReturn(chosen(), props.relay, back(), kept(), live, now());

  return (
    <Show
      when={back()?.by !== "operator"}
      fallback={
        <p class="text-soft">
          The operator closed this relay. Only the operator can bring it back.
        </p>
      }
    >
      <Show
        when={!paid()}
        fallback={
          <div class="flex flex-wrap items-center justify-between gap-4">
            <p class="max-w-[60ch]">
              {plans[props.relay.context.plan].name} is paid until{" "}
              {day(paid()?.untilMs ?? 0, now())}: until then it comes back at once, free, with the
              dates it had. Its plan can be changed once it runs.
            </p>
            <ReactivateNow relay={props.relay} />
          </div>
        }
      >
        <Show when={isTaken()}>
          <Callout tone="grace" title="Its name is somebody else's now" class="mb-6">
            <p>
              {props.relay.context.subdomain}.{relayDomain} was free for anyone, and was taken.{" "}
              <A href={`/relays/${props.relay.context.id}/edit`} class="link">
                Choose another address
              </A>
              , then bring it back. Its data is as it was.
            </p>
          </Callout>
        </Show>
        <PlanPicker label="Bring it back with this plan" value={chosen()} onChange={setChosen} />
        <section class="mt-6 rounded-card border border-line bg-raised p-6 max-sm:p-4">
          <div aria-live="polite" class="max-w-[68ch]">
            <h3 class="text-xl">{words().title}</h3>
            <p class="mt-2">{words().text}</p>
          </div>
          <Show when={problem()}>
            <Callout tone="suspended" role="alert" class="mt-4">
              {problem()}
            </Callout>
          </Show>
          <Button
            variant="buoy"
            class="mt-5 max-sm:w-full"
            busy={isBusy()}
            disabled={isTaken()}
            onClick={() => void run(chosen())}
          >
            {words().confirm}
          </Button>
        </section>
      </Show>
    </Show>
  );
};

/** The plan with which it comes back if no other is chosen: that which it owes for, else its own. */
function planOf({ context: { id, plan } }: RelayReplica, live: Live, nowMs: number): PlanId {
  const till = live.tenant()?.context;
  const seat = till?.seats[id];
  return till && seat ? planOfReturn(till, id, seat, nowMs) : plan;
}

/** Whether somebody else has its name meanwhile. One that is suspended keeps it. */
function createNameLost(relay: () => RelayReplica): () => boolean {
  const live = useLive();
  const name = () => {
    const { value, context } = relay();
    return statusOf(value) === "deactivated" ? context.subdomain : "";
  };
  const availability = createAvailability(
    name,
    () => undefined,
    () => keptNames(live.relays()),
  );
  return () => availability().is === "refused";
}

/** @param kept - what of it is as it was @param nowMs - logical */
function wordsOfReturn(
  plan: PlanId,
  relay: RelayReplica,
  back: WayBack | null,
  kept: string,
  live: Live,
  nowMs: number,
) {
  const { name, priceSats } = plans[plan];
  const { id } = relay.context;
  const till = live.tenant()?.context;
  const open = back?.by === "payment" && plan === planOf(relay, live, nowMs) ? back.invoice : null;
  const owed = till && owedOf(till, id, nowMs);
  // The till's own function on the till's own state: what it would charge.
  const item = till && itemOfReturn(till, id, plan, nowMs);
  const less = lessUsed(item?.usedMs ?? 0);
  const lasts =
    item && less ? ` It is ${less}: paid now, it lasts until ${day(item.to, nowMs)}.` : "";
  const due = till?.open[open ?? ""]?.dueSats ?? (owed?.plan === plan ? owed.sats : undefined);
  if (due !== undefined)
    return {
      title: "Pay what is past due, and it is back within seconds",
      text: `${sats(due)}. The days on which it did not run are not billed: what you pay for counts from when it is back.${lasts}`,
      confirm: `Pay ${sats(due)}`,
    };
  if (priceSats === 0)
    return {
      title: "Free, and back within seconds",
      text: `${kept}${relay.context.priceSats > 0 ? " What Free does not have is switched off." : ""}`,
      confirm: "Reactivate with Free",
    };
  return {
    title: `${sats(priceSats)} for a month, which begins when it is active`,
    text: `${kept} From then on it renews by the month.${lasts}`,
    confirm: `Reactivate with ${name} for ${sats(priceSats)}`,
  };
}
