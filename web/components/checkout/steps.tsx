import { Show } from "solid-js";
import { invoiceMachine } from "../../../machines/invoice.ts";
import { relayMachine } from "../../../machines/relay.ts";
import type { InvoiceReplica, RelayReplica } from "../../lib/live/live.ts";
import { MachineView } from "../machine-view.tsx";

/** What paying leads to, lit as it happens: the relay's life where it starts one, else the invoice's. */
export const CheckoutSteps = (props: {
  invoice: InvoiceReplica;
  relay: RelayReplica | undefined;
  /** The state that the relay is in until this is paid. */
  from: string;
}) => {
  const isPaid = () => props.invoice.matches("paid");
  const first = () => (isPaid() ? "paid" : "waiting for your payment");
  return (
    <section aria-labelledby="steps-title" class="mt-10">
      <h2 id="steps-title" class="mb-3 text-lg">
        What happens
      </h2>
      <Show
        when={props.relay}
        fallback={
          <MachineView
            label="The invoice"
            machine={invoiceMachine}
            states={["pending", "paid"]}
            value={props.invoice.value}
            notes={{ pending: first(), paid: "applied at once" }}
          />
        }
      >
        {(relay) => (
          <MachineView
            label="Your relay"
            machine={relayMachine}
            states={[props.from, "provisioning", "active"]}
            value={relay().value}
            notes={{
              [props.from]: first(),
              provisioning: "a second or two, not billed",
              active: "your month begins",
            }}
          />
        )}
      </Show>
    </section>
  );
};
