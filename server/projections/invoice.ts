import type { InvoiceItemRow, InvoiceRow } from "../../db/invoices.ts";
import { statusOf } from "../../machines/describe.ts";
import { type InvoiceContext, outcomeOf } from "../../machines/invoice/context.ts";
import type { PersistedSnapshot } from "../host/xstate.ts";
import { toSeconds, toSecondsOrNull } from "./seconds.ts";

export function invoiceRows({ value, context }: PersistedSnapshot): {
  invoice: InvoiceRow;
  items: InvoiceItemRow[];
} {
  const c = context as InvoiceContext;
  const invoice: InvoiceRow = {
    id: c.id,
    tenant: c.tenant,
    purpose: c.purpose,
    amount: c.amountSats,
    credit: c.creditSats,
    status: statusOf(value) as InvoiceRow["status"],
    createdAt: toSeconds(c.createdAt),
    closesAt: toSecondsOrNull(c.closesAt),
    paidAt: toSecondsOrNull(c.paidAt),
    invoice: c.bolt11?.bolt11 ?? null,
    expiresAt: toSecondsOrNull(c.bolt11?.expiresAt ?? null),
    paymentHash: c.receipt?.paymentHash ?? c.bolt11?.paymentHash ?? null,
    preimage: c.receipt?.preimage ?? null,
    receiptNumber: c.receiptNumber,
  };
  const items = c.items.map((item, index) => ({
    id: `${c.id}.${index}`,
    invoice: c.id,
    relay: item.relay,
    amount: item.sats,
    periodStart: toSeconds(item.from),
    periodEnd: toSeconds(item.to),
    kind: item.kind,
    used: toSeconds(item.usedMs),
    outcome: outcomeOf(c, item, statusOf(value)),
  }));
  return { invoice, items };
}
