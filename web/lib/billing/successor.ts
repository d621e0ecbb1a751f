/** What became of an invoice that is closed: why, and which stands in its place. */
import { meaningOf } from "../../../machines/describe.ts";
import { invoiceMachine } from "../../../machines/invoice/machine.ts";
import type { InvoiceReplica, Live } from "../live/live.ts";
import { openInvoiceOf } from "./open-invoice.ts";

/** The invoice that is open for what a closed one was for; null for none. */
export function successorOf({ context: c }: InvoiceReplica, live: Live): string | null {
  const relay = live.relay(c.items[0]?.relay ?? "");
  const open = relay ? openInvoiceOf(relay.context, live.tenant()?.context) : null;
  return open === c.id ? null : open;
}

/** Whether another was written because what it billed changed. */
export const isReplaced = (invoice: InvoiceReplica): boolean =>
  invoice.matches("expired") && invoice.context.closing === "superseded";

/** Why nothing is owed on it, or what it waits for. */
export function closedWords(invoice: InvoiceReplica): string {
  if (!invoice.matches("expired")) return meaningOf(invoiceMachine, invoice.value);
  switch (invoice.context.closing) {
    case "superseded":
      return "What it was for has changed, so it was withdrawn. Nothing is owed on it.";
    case "cancelled":
      return "What it was for was cancelled. Nothing is owed on it.";
    default:
      return meaningOf(invoiceMachine, invoice.value);
  }
}
