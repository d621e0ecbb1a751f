import { Show } from "solid-js";
import { statusOf } from "../../../machines/describe.ts";
import { invoiceMachine } from "../../../machines/invoice/machine.ts";
import { relayMachine } from "../../../machines/relay/machine.ts";
import type { InvoiceReplica, RelayReplica } from "../../lib/live/live.ts";
import { MachineView } from "../machine-view.tsx";

/** What happens, lit as it does: the invoice's own machine, and beside it the relay's where paying starts one. */
export const CheckoutSteps = (props: {
  invoice: InvoiceReplica;
  relay: RelayReplica | undefined;
  /** The state that the relay is in until this is paid. */
  from: string;
}) => {
  const isPaid = () => props.invoice.matches("paid");
  /** It ends paid, or as it ended. */
  const end = () => {
    const status = statusOf(props.invoice.value);
    return status === "pending" ? "paid" : status;
  };
  return (
    <section aria-labelledby="steps-title" class="mt-10">
      <h2 id="steps-title" class="mb-3 text-lg">
        What happens
      </h2>
      <div class="flex flex-col gap-8">
        <div>
          <p aria-hidden="true" class="mb-2 text-sm text-soft">
            The invoice
          </p>
          <MachineView
            label="The invoice"
            machine={invoiceMachine}
            states={["pending", end()]}
            value={props.invoice.value}
            notes={{
              pending: isPaid() ? "paid" : "waiting for your payment",
              paid: isPaid() ? "done" : "applied at once",
            }}
            // While it cannot be paid, the same stands in the place of the code.
            meaning={props.invoice.hasTag("payable") || isPaid()}
          />
        </div>
        <Show when={props.relay}>
          {(relay) => (
            <div>
              <p aria-hidden="true" class="mb-2 text-sm text-soft">
                Your relay
              </p>
              <MachineView
                label="Your relay"
                machine={relayMachine}
                states={[props.from, "provisioning", "active"]}
                value={relay().value}
                notes={{
                  [props.from]: isPaid() ? "paid" : "starts when you pay",
                  provisioning: "a second or two, not billed",
                  active: "your month begins",
                }}
                meaning
              />
            </div>
          )}
        </Show>
      </div>
    </section>
  );
};
