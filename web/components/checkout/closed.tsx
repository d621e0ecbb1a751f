import { A } from "@solidjs/router";
import { Match, Show, Switch } from "solid-js";
import { statusOf } from "../../../machines/describe.ts";
import { closedWords, successorOf } from "../../lib/billing/successor.ts";
import { type InvoiceReplica, type RelayReplica, useLive } from "../../lib/live/live.ts";
import { buttonVariants } from "../../ui/button.tsx";

/** An invoice that can no longer be paid: why, and where to go on. */
const CheckoutClosed = (props: { invoice: InvoiceReplica; relays: RelayReplica[] }) => {
  const live = useLive();
  const first = () => props.relays[0]?.context.id;
  const next = () => successorOf(props.invoice, live);
  const isLapsed = () => {
    const relay = props.relays[0];
    return relay !== undefined && statusOf(relay.value) === "deactivated";
  };
  return (
    <div class="rounded-card border border-line bg-raised p-6 text-center">
      <p>{closedWords(props.invoice)}</p>
      <p class="mt-2 text-[15px] text-soft">
        A payment that still arrives for it becomes credit; no sat is lost.
      </p>
      <div class="mt-5 flex flex-wrap justify-center gap-2">
        <Switch>
          <Match when={next()}>
            {(id) => (
              <A href={`/account?invoice=${id()}`} class={buttonVariants({ variant: "buoy" })}>
                Go to the invoice in its place
              </A>
            )}
          </Match>
          <Match when={isLapsed() && first()}>
            {(id) => (
              <A href={`/relays/${id()}`} class={buttonVariants({ variant: "buoy" })}>
                {props.relays[0]?.context.wanted === 0 ? "Order again" : "Bring the relay back"}
              </A>
            )}
          </Match>
        </Switch>
        <Show when={!next()}>
          <A href="/relays" class={buttonVariants()}>
            My relays
          </A>
        </Show>
      </div>
    </div>
  );
};
export default CheckoutClosed;
