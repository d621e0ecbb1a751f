import { A } from "@solidjs/router";
import { Match, Show, Switch } from "solid-js";
import type { InvoiceReplica } from "../../lib/live/live.ts";
import { buttonVariants } from "../../ui/button.tsx";
import { Spinner } from "../../ui/spinner.tsx";
import { CopyButton } from "../copy.tsx";
import { Time } from "../time.tsx";

/** The payment has landed. @param props.state - of the checkout machine */
export const Landed = (props: { invoice: InvoiceReplica; state: string }) => (
  <div class="rise flex flex-col items-center text-center">
    <svg viewBox="0 0 96 96" aria-hidden="true" class="size-24">
      <circle
        cx="48"
        cy="48"
        r="44"
        class="fill-[color-mix(in_oklab,var(--active)_12%,var(--raised))] stroke-active"
        stroke-width="2"
      />
      <path
        d="M29 50l13 13 26-29"
        class="draw-check fill-none stroke-active"
        stroke-width="6"
        stroke-linecap="round"
        stroke-linejoin="round"
        pathLength="1"
      />
    </svg>
    <Switch>
      <Match when={props.state === "starting"}>
        <p class="mt-4 flex items-center gap-2 text-lg">
          <Spinner class="text-harbour" /> Your relay is being set up.
        </p>
      </Match>
      <Match when={props.state === "running" || props.state === "arrived"}>
        <p class="mt-4 text-lg">Your relay is running.</p>
      </Match>
      <Match when={true}>
        <Receipt invoice={props.invoice} />
      </Match>
    </Switch>
  </div>
);

const Receipt = (props: { invoice: InvoiceReplica }) => (
  <>
    <Show when={props.invoice.context.paidAt}>
      {(paidAt) => (
        <p class="mt-4 text-lg">
          Settled <Time at={paidAt()} form="date" />. There is nothing left to do.
        </p>
      )}
    </Show>
    <Show when={props.invoice.context.receipt}>
      {(receipt) => (
        <dl class="mt-5 w-full rounded-card border border-line bg-raised px-4 py-3 text-left text-sm">
          <Proof name="Payment hash" value={receipt().paymentHash} />
          <Show when={receipt().preimage}>
            {(preimage) => <Proof name="Preimage" value={preimage()} />}
          </Show>
        </dl>
      )}
    </Show>
    <div class="mt-5 flex flex-wrap justify-center gap-2">
      <A href="/relays" class={buttonVariants({ variant: "buoy" })}>
        My relays
      </A>
      <A href="/account?tab=invoices" class={buttonVariants()}>
        All invoices
      </A>
    </div>
  </>
);

const Proof = (props: { name: string; value: string }) => (
  <div class="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-3 py-1">
    <dt class="text-soft">{props.name}</dt>
    <dd class="col-start-1 truncate font-mono text-[13px]">{props.value}</dd>
    <dd class="col-start-2 row-span-2 row-start-1">
      <CopyButton
        text={props.value}
        label={`Copy ${props.name.toLowerCase()}`}
        size="icon"
        variant="ghost"
      />
    </dd>
  </div>
);
