import { A, useNavigate } from "@solidjs/router";
import { useMachine } from "@xstate/solid";
import { createEffect, createMemo, Match, on, Show, Suspense, Switch } from "solid-js";
import { checkoutMachine } from "../../machines/checkout.ts";
import { statusOf } from "../../machines/describe.ts";
import { dueSats } from "../../machines/invoice/context.ts";
import { Awaited } from "../components/awaited.tsx";
import { CheckoutLines } from "../components/checkout/lines.tsx";
import { CheckoutPay } from "../components/checkout/pay.tsx";
import { CheckoutSteps } from "../components/checkout/steps.tsx";
import { CheckoutWays } from "../components/checkout/ways.tsx";
import { WindowTitle } from "../components/page-title.tsx";
import { Landed } from "../components/relay/landed.tsx";
import { Standing } from "../components/standing.tsx";
import { isReplaced, successorOf } from "../lib/billing/successor.ts";
import { type InvoiceReplica, useLive } from "../lib/live/live.ts";
import { lazyPage } from "../lib/page/lazy-page.ts";
import { checkoutOf } from "../lib/relays/acts.ts";
import { sats } from "../lib/words/format.ts";
import { buttonVariants } from "../ui/button.tsx";
import { Skeleton } from "../ui/skeleton.tsx";

const CheckoutClosed = lazyPage(() => import("../components/checkout/closed.tsx"));

/** One invoice and the way to pay it: a replica of the server's own actor, and what somebody sees around it. */
const CheckoutPage = (props: { invoice: string }) => {
  const live = useLive();
  const invoice = () => live.invoice(props.invoice);
  return (
    <div class="mx-auto w-[min(560px,100%-32px)] pt-6">
      <Switch fallback={<Loading />}>
        <Match when={invoice()}>{(found) => <Checkout invoice={found()} />}</Match>
        <Match when={live.isReady()}>
          <WindowTitle title="No such invoice" />
          <h1 class="text-3xl">There is no such invoice</h1>
          <p class="mt-3 text-soft">
            The link may be mistyped, or the invoice belongs to another key than the one you are
            logged in with.
          </p>
          <A href="/account?tab=invoices" class={`mt-6 ${buttonVariants()}`}>
            Your invoices
          </A>
        </Match>
      </Switch>
    </div>
  );
};
export default CheckoutPage;

const RUNNING = new Set(["active", "grace"]);

const Checkout = (props: { invoice: InvoiceReplica }) => {
  const live = useLive();
  const navigate = useNavigate();
  const [checkout, send] = useMachine(checkoutMachine);
  const status = createMemo(() => statusOf(props.invoice.value));
  const relays = createMemo(() =>
    [...new Set(props.invoice.context.items.map(({ relay }) => relay))].flatMap((id) => {
      const relay = live.relay(id);
      return relay ? [relay] : [];
    }),
  );
  const runs = createMemo(() => relays().every(({ value }) => RUNNING.has(statusOf(value))));
  // What it starts is known only before it is paid.
  const starts = createMemo<boolean>(
    (before) => (status() === "pending" ? !runs() && !live.isSuspended() : before),
    false,
  );
  const from = createMemo<string>((before) => {
    const [first] = relays();
    return first && status() === "pending" ? statusOf(first.value) : before;
  }, "pending");
  createEffect(() =>
    send({
      type: "SEEN",
      invoice: status() as "pending" | "paid" | "expired" | "void",
      starts: starts(),
      runs: runs(),
    }),
  );
  createEffect(
    on(
      () => checkout.value === "arrived",
      (isThere) => {
        const [first] = relays();
        if (isThere && first) navigate(`/relays?new=${first.context.id}`, { replace: true });
      },
    ),
  );

  // Who was on their way to pay is taken to what is to be paid now.
  createEffect(
    on(
      () => (isReplaced(props.invoice) ? successorOf(props.invoice, live) : null),
      (next) => next && navigate(checkoutOf(next), { replace: true }),
    ),
  );

  const names = () => {
    const [first, ...rest] = relays().map(({ context }) => context.name);
    return rest.length === 0 ? (first ?? "your relay") : `${first} and ${rest.length} more`;
  };
  const isPaid = () => status() === "paid";
  const title = () => {
    if (isPaid()) return "Paid";
    return status() === "pending" ? `Pay for ${names()}` : "This invoice is closed";
  };

  return (
    <article>
      <WindowTitle title={title()} />
      <CheckoutWays invoice={props.invoice} relays={relays()} />
      <header class="text-center">
        <p class="text-soft">{isPaid() ? names() : PURPOSES[props.invoice.context.purpose]}</p>
        <h1 class="mt-1 text-3xl break-words">{title()}</h1>
        <p class="mt-3 font-display text-[40px] leading-none font-bold tracking-[-0.025em]">
          {sats(isPaid() ? props.invoice.context.amountSats : dueSats(props.invoice.context))}
        </p>
      </header>
      {/* Said aloud when it changes, wherever the eye is. */}
      <p role="status" class="sr-only">
        {checkoutMachine.root.states[checkout.value]?.description}
      </p>
      <div class="mt-6">
        <Switch>
          <Match when={status() === "pending" && live.isSuspended()}>
            <Standing />
            <p class="text-center text-soft">
              Nothing is collected while it is. You can pay here when the operator has lifted it.
            </p>
          </Match>
          <Match when={status() === "pending"}>
            <CheckoutPay invoice={props.invoice} />
          </Match>
          <Match when={isPaid()}>
            <Landed invoice={props.invoice} state={checkout.value} />
          </Match>
          <Match when={true}>
            <Suspense>
              <CheckoutClosed invoice={props.invoice} relays={relays()} />
            </Suspense>
          </Match>
        </Switch>
      </div>
      <div class="mt-8">
        <CheckoutLines invoice={props.invoice} />
      </div>
      <Show when={(status() === "pending" && !live.isSuspended()) || isPaid()}>
        <CheckoutSteps
          invoice={props.invoice}
          relay={starts() ? relays()[0] : undefined}
          from={from()}
        />
      </Show>
    </article>
  );
};

const PURPOSES: Record<InvoiceReplica["context"]["purpose"], string> = {
  purchase: "A month for a new relay",
  upgrade: "An upgrade until the end of the period",
  renewal: "The next period",
  reactivation: "What brings it back",
  past_due: "What is past due: each runs again once it is paid",
};

const Loading = () => (
  <Awaited>
    <div aria-busy="true" class="flex flex-col items-center gap-4">
      <span class="sr-only">Loading your invoice</span>
      <Skeleton class="h-6 w-48" />
      <Skeleton class="h-10 w-72" />
      <Skeleton class="h-10 w-56" />
      <Skeleton class="mt-4 aspect-square h-auto w-[320px] max-w-full" />
    </div>
  </Awaited>
);
