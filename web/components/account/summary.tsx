import { type JSX, Match, Show, Switch } from "solid-js";
import { listed } from "../../lib/billing/bill.ts";
import { nextRenewal } from "../../lib/billing/renewal.ts";
import { type TenantReplica, useLive } from "../../lib/live/live.ts";
import { number, sats } from "../../lib/words/format.ts";
import { Time } from "../time.tsx";

/** The three things to know of one's money: what comes next, who pays it, what is there already. */
export const Summary = (props: { tenant: TenantReplica | undefined }) => {
  const live = useLive();
  const next = () => (props.tenant ? nextRenewal(props.tenant) : null);
  const c = () => props.tenant?.context;
  return (
    <dl class="grid grid-cols-3 divide-x divide-line overflow-hidden rounded-card border border-line bg-raised max-md:grid-cols-1 max-md:divide-x-0 max-md:divide-y">
      <Fact
        label="Next renewal"
        value={
          <Show when={next()} fallback="None">
            {(renewal) => <Time at={renewal().at} form="date" />}
          </Show>
        }
      >
        <Show when={next()} fallback="Paid relays renew once a month, all on one invoice.">
          {(renewal) => (
            <>
              {sats(renewal().sats)} for {listed(renewal().relays.map(live.nameOf))},{" "}
              <Time at={renewal().at} form="relative" />.
            </>
          )}
        </Show>
      </Fact>
      <Fact
        label="Who pays it"
        value={
          <Switch fallback="You, by hand">
            <Match when={props.tenant?.matches({ wallet: "connected" })}>Your wallet</Match>
            <Match when={props.tenant?.matches({ wallet: "broken" })}>
              <span class="text-suspended">You: your wallet refused</span>
            </Match>
          </Switch>
        }
      >
        <a href="/account?tab=billing" class="link">
          <Switch fallback="Have your wallet pay renewals">
            <Match when={props.tenant?.matches({ wallet: "connected" })}>See your wallet</Match>
            <Match when={props.tenant?.matches({ wallet: "broken" })}>Connect it again</Match>
          </Switch>
        </a>
      </Fact>
      <Fact label="Credit" value={sats(c()?.creditSats ?? 0)}>
        <Show
          when={(c()?.creditSats ?? 0) > 0}
          fallback="Anything you overpay is kept here and goes towards your next invoice."
        >
          It pays your next invoices before you do.
        </Show>
        <Show when={c()?.refund}>
          {(refund) => <> {number(refund().sats)} more are set aside for a refund on its way.</>}
        </Show>
      </Fact>
    </dl>
  );
};

const Fact = (props: { label: string; value: JSX.Element; children: JSX.Element }) => (
  <div class="min-w-0 px-5 py-4 max-sm:px-4">
    <dt class="text-sm text-soft">{props.label}</dt>
    <dd class="mt-0.5 font-display text-[22px] leading-snug font-bold tracking-[-0.025em] wrap-anywhere">
      {props.value}
    </dd>
    <dd class="mt-1 text-[15px] text-soft wrap-anywhere">{props.children}</dd>
  </div>
);
