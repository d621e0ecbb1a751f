import { For, type JSX, Show } from "solid-js";
import { GRACE_MS } from "../../../machines/billing/calendar.ts";
import { statusOf } from "../../../machines/describe.ts";
import { relayMachine } from "../../../machines/relay/machine.ts";
import { createNow } from "../../lib/live/clock.ts";
import { type RelayReplica, useLive } from "../../lib/live/live.ts";
import { relayDomain } from "../../lib/page/settings.ts";
import { nextPlan } from "../../lib/plans/next-plan.ts";
import { hasCalls, planHere } from "../../lib/plans/plan-words.ts";
import { day, number, sats } from "../../lib/words/format.ts";
import { MachineView } from "../machine-view.tsx";
import { Time } from "../time.tsx";
import { Archiving } from "./archive.tsx";
import { Deactivation } from "./deactivate.tsx";

/** What a relay is, what it costs, and where it is in its life. */
export const RelayOverview = (props: { relay: RelayReplica }) => (
  <>
    <div class="grid gap-x-10 gap-y-8 md:grid-cols-[minmax(0,1fr)_minmax(280px,360px)]">
      <div class="min-w-0">
        <Description text={props.relay.context.description} id={props.relay.context.id} />
        <Facts relay={props.relay} />
      </div>
      <div>
        <h2 class="mb-3 text-lg">Where it is in its life</h2>
        <Life relay={props.relay} />
      </div>
    </div>
    <Deactivation relay={props.relay} />
    <Archiving relay={props.relay} />
  </>
);

const Description = (props: { text: string; id: string }) => (
  <Show
    when={props.text}
    fallback={
      <p class="mb-5 text-soft">
        It has no description yet.{" "}
        <a href={`/relays/${props.id}/edit`} class="link">
          Write one
        </a>{" "}
        so that people know what it is for.
      </p>
    }
  >
    <p dir="auto" class="mb-5 max-w-[68ch] break-words whitespace-pre-line">
      {props.text}
    </p>
  </Show>
);

const Facts = (props: { relay: RelayReplica }) => {
  const live = useLive();
  const now = createNow(30_000);
  const c = () => props.relay.context;
  const plan = () => planHere(c().plan);
  const next = () => nextPlan(live.tenant()?.context.seats[c().id], now());
  const kept = () => c().freed.filter(({ until }) => until > now());
  return (
    <dl class="rounded-card border border-line bg-raised px-5 max-sm:px-4">
      <Fact term="Plan">
        {plan().name}
        <Show when={next()}>
          {(words) => <span class="block text-sm text-soft">{words()}</span>}
        </Show>
      </Fact>
      <Fact term="Price agreed">
        {c().priceSats === 0 ? "Nothing to pay" : `${sats(c().priceSats)} a month`}
      </Fact>
      <Show when={c().priceSats > 0}>
        <Fact term="Paid through">
          <Show
            when={c().paidThrough}
            fallback={c().prepaid ? "A month from when it is active" : "Not paid yet"}
          >
            {(at) => <Time at={at()} form="date" />}
          </Show>
        </Fact>
      </Show>
      <Fact term="Members">
        {plan().memberLimit === null ? "Unlimited" : `Up to ${number(plan().memberLimit ?? 0)}`}
      </Fact>
      <Fact term="Media with Blossom">{plan().blossom ? "In this plan" : "Not in this plan"}</Fact>
      <Show when={hasCalls}>
        <Fact term="Calls with LiveKit">
          {plan().livekit ? "In this plan" : "Not in this plan"}
        </Fact>
      </Show>
      <Fact term="Created">
        <Time at={c().createdAt} form="date" />
      </Fact>
      <For each={kept()}>
        {({ subdomain, until }) => (
          <Fact term="Former name">
            <span class="font-mono text-[14px] break-all">
              {subdomain}.{relayDomain}
            </span>
            <span class="block text-sm text-soft">kept for you until {day(until, now())}</span>
          </Fact>
        )}
      </For>
    </dl>
  );
};

const Fact = (props: { term: string; children: JSX.Element }) => (
  <div class="flex items-baseline justify-between gap-6 border-line py-2.5 not-first:border-t">
    <dt class="shrink-0 text-[15px] text-soft">{props.term}</dt>
    <dd class="min-w-0 text-right text-[15px]">{props.children}</dd>
  </div>
);

/** The states that it goes through, the present one lit. */
const Life = (props: { relay: RelayReplica }) => {
  const now = createNow(30_000);
  const c = () => props.relay.context;
  const status = () => statusOf(props.relay.value);
  const isFree = () => c().priceSats === 0;
  const states = () => {
    const usual = isFree()
      ? ["provisioning", "active"]
      : ["pending", "provisioning", "active", "grace", "suspended"];
    return usual.includes(status()) ? usual : [...usual, status()];
  };
  const notes = (): Record<string, JSX.Element> => {
    const paid = c().paidThrough;
    const graceEnds = c().graceEnds ?? (paid === null ? null : paid + GRACE_MS);
    const isOn = status() === "active" || status() === "grace";
    return {
      pending: "reserved for 24 hours",
      provisioning: "a few seconds",
      active: isFree()
        ? "no end date"
        : paid && isOn
          ? `until ${day(paid, now())}`
          : "by the month",
      grace:
        graceEnds && isOn ? `all stays on, until ${day(graceEnds, now())}` : "7 days, all stays on",
      suspended: "nothing is deleted",
      deactivated: c().wanted === 0 ? "it never ran" : "its data is kept",
    };
  };
  /** An operator may suspend it, and its owner switch it off, from anywhere in its life. */
  const past = () => {
    const order = ["pending", "provisioning", "active", "grace"];
    if (props.relay.matches({ status: { suspended: "unpaid" } })) return order;
    if (status() === "suspended" || status() === "deactivated")
      return order.slice(0, c().wanted === 0 ? 1 : 3);
    return order.slice(0, Math.max(0, order.indexOf(status())));
  };
  return (
    <MachineView
      machine={relayMachine}
      states={states()}
      value={props.relay.value}
      notes={notes()}
      past={past()}
      label="The states of a relay"
    />
  );
};
