import { A } from "@solidjs/router";
import { ChevronLeft } from "lucide-solid";
import { Show } from "solid-js";
import type { InvoiceReplica, RelayReplica } from "../../lib/live/live.ts";

const linkClass =
  "inline-flex min-h-10 items-center gap-1 rounded-control px-2 text-[15px] text-soft no-underline hover:text-ink";

/** The ways out of a checkout: back, and to what else can be done about what it is for. */
export const CheckoutWays = (props: { invoice: InvoiceReplica; relays: RelayReplica[] }) => {
  /** Of one relay alone; a bill for several is changed at each of them. */
  const only = () => (props.relays.length === 1 ? props.relays[0]?.context.id : undefined);
  const isOrder = () => props.invoice.context.purpose === "purchase";
  return (
    <nav aria-label="Ways out" class="-mx-2 mb-4 flex flex-wrap items-center justify-between">
      <A href={only() ? `/relays/${only()}` : "/relays"} class={linkClass}>
        <ChevronLeft aria-hidden="true" class="size-4" />
        {only() ? "Back to the relay" : "My relays"}
      </A>
      <Show when={props.invoice.matches("pending") && only()}>
        {(id) => (
          <span class="flex flex-wrap">
            <A href={`/relays/${id()}?tab=plan`} class={linkClass}>
              Change plan
            </A>
            <Show when={isOrder()}>
              <A href={`/relays/${id()}?cancel=order`} class={linkClass}>
                Cancel the order
              </A>
            </Show>
          </span>
        )}
      </Show>
    </nav>
  );
};
