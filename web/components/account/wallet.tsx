import { createMemo, createSignal, Match, Show, Switch } from "solid-js";
import { machines } from "../../../machines/index.ts";
import { refusalOf } from "../../../machines/invoice/refusal.ts";
import { wordsOf } from "../../lib/api/api.ts";
import type { Requested } from "../../lib/api/request.ts";
import { listed } from "../../lib/billing/bill.ts";
import { nextRenewal } from "../../lib/billing/renewal.ts";
import { type Billing, checkWallet, hasRefused, type Warning } from "../../lib/billing/wallet.ts";
import { useLive } from "../../lib/live/live.ts";
import { sats } from "../../lib/words/format.ts";
import { Button } from "../../ui/button.tsx";
import { Callout } from "../../ui/callout.tsx";
import { Card } from "../../ui/card.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { Awaited } from "../awaited.tsx";
import { StateBadge } from "../state-badge.tsx";
import { Time } from "../time.tsx";
import { Budget } from "./budget.tsx";
import { Disconnect } from "./disconnect.tsx";
import { Guide } from "./guide.tsx";
import { Refused } from "./refused.tsx";
import { Section } from "./section.tsx";
import { SUSPENDED_WHY } from "./suspended.ts";
import { WalletForm } from "./wallet-form.tsx";
import { Warnings } from "./warnings.tsx";

/** What came of asking the wallet: what should be better, or why it is of no use. */
type CheckUp = { warnings: Warning[] } | { problem: string };

/** Recurring billing: whether a wallet of mine pays, and which it is to be. */
const Wallet = (props: { billing: Requested<Billing> }) => {
  const live = useLive();
  const [checkUp, setCheckUp] = createSignal<CheckUp | null>(null);
  const [isReplacing, setIsReplacing] = createSignal(false);
  const state = createMemo((): "none" | "connected" | "broken" => {
    const tenant = live.tenant();
    if (tenant?.matches({ wallet: "connected" })) return "connected";
    return tenant?.matches({ wallet: "broken" }) ? "broken" : "none";
  });
  const next = () => {
    const tenant = live.tenant();
    return tenant ? nextRenewal(tenant) : null;
  };
  // The open renewal says it at once; the server, also of other invoices.
  const isRefusing = () => {
    const id = live.tenant()?.context.renewal?.invoice;
    const invoice = id === undefined ? undefined : live.invoice(id);
    if (invoice?.matches("pending")) return refusalOf(invoice.context) !== null;
    return hasRefused(props.billing.data());
  };
  const isForm = () => state() !== "connected" || isReplacing();
  return (
    <Section
      title="Recurring billing"
      lead="A Lightning wallet of yours pays each renewal by itself, an hour before the period begins. Without one you pay by hand: a reminder stands under Notices, and in your Nostr inbox if you have one."
    >
      <Show
        when={live.isReady()}
        fallback={
          <Awaited>
            <div role="status" aria-label="Loading your wallet">
              <Skeleton class="h-72 rounded-card" />
            </div>
          </Awaited>
        }
      >
        <div class="grid grid-cols-[minmax(0,1fr)_352px] items-start gap-6 max-lg:grid-cols-1">
          <Card class="flex flex-col gap-5">
            <State state={state()} hasRefused={isRefusing()} />
            <Show when={state() === "connected" && next()}>
              {(renewal) => (
                <p class="-mt-3 text-[15px] text-soft">
                  Next: {sats(renewal().sats)} for {listed(renewal().relays.map(live.nameOf))} on{" "}
                  <Time at={renewal().at} form="date" />.
                </p>
              )}
            </Show>
            <Show when={state() === "connected"}>
              <Refused />
            </Show>
            <Show when={state() !== "none"}>
              <Actions
                state={state()}
                isReplacing={isReplacing()}
                onReplace={() => setIsReplacing(!isReplacing())}
                onChecked={setCheckUp}
                onDisconnected={() => {
                  setCheckUp(null);
                  setIsReplacing(false);
                }}
              />
            </Show>
            <Show when={live.isSuspended() && state() !== "none"}>
              <p class="text-sm text-soft">{SUSPENDED_WHY}</p>
            </Show>
            <Show when={checkUp()}>{(result) => <Result result={result()} />}</Show>
            <Show when={isForm()}>
              <WalletForm
                isAnother={state() !== "none"}
                onConnected={(warnings) => {
                  setIsReplacing(false);
                  setCheckUp({ warnings });
                  props.billing.retry();
                }}
              />
            </Show>
          </Card>
          <div class="flex flex-col gap-6">
            <Budget request={props.billing} />
            <Show when={isForm()}>
              <Guide />
            </Show>
          </div>
        </div>
      </Show>
    </Section>
  );
};

export default Wallet;

const State = (props: { state: "none" | "connected" | "broken"; hasRefused: boolean }) => (
  <div role="status">
    <Switch>
      <Match when={props.state === "none"}>
        <StateBadge status="none" label="no wallet" />
      </Match>
      <Match when={props.state === "connected"}>
        <Show when={props.hasRefused} fallback={<StateBadge status="active" label="connected" />}>
          <StateBadge status="grace" label="connected, did not pay" />
        </Show>
      </Match>
      <Match when={props.state === "broken"}>
        <StateBadge status="suspended" label="refused" />
      </Match>
    </Switch>
    <p class="mt-2 text-lg font-semibold">
      {props.state === "connected" && props.hasRefused
        ? "Your wallet was asked to pay, and did not."
        : machines.tenant.root.states.wallet?.states[props.state]?.description}
    </p>
  </div>
);

const Actions = (props: {
  state: "none" | "connected" | "broken";
  isReplacing: boolean;
  onReplace: () => void;
  onChecked: (result: CheckUp | null) => void;
  onDisconnected: () => void;
}) => {
  const [isChecking, setIsChecking] = createSignal(false);
  async function check(): Promise<void> {
    setIsChecking(true);
    props.onChecked(null);
    try {
      props.onChecked({ warnings: (await checkWallet()).warnings });
    } catch (error) {
      props.onChecked({ problem: wordsOf(error) });
    } finally {
      setIsChecking(false);
    }
  }
  return (
    <div class="flex flex-wrap items-center gap-2">
      <Button busy={isChecking()} onClick={check}>
        {isChecking() ? "Asking your wallet" : "Check the wallet"}
      </Button>
      <Show when={props.state === "connected"}>
        <Button aria-expanded={props.isReplacing} onClick={() => props.onReplace()}>
          {props.isReplacing ? "Keep this wallet" : "Use another"}
        </Button>
      </Show>
      <Disconnect onDone={() => props.onDisconnected()} />
    </div>
  );
};

/** What the wallet said when it was last asked. */
const Result = (props: { result: CheckUp }) => (
  <Switch>
    <Match when={"problem" in props.result && props.result.problem}>
      {(why) => (
        <Callout tone="suspended" role="alert" title="Your wallet could not be checked.">
          <p class="text-soft">{why()}</p>
        </Callout>
      )}
    </Match>
    <Match when={"warnings" in props.result && props.result.warnings}>
      {(warnings) => <Warnings warnings={warnings()} />}
    </Match>
  </Switch>
);
