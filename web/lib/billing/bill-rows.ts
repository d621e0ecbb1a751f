/** The whole history of invoices as a table: a line for each item. */
import { api, ask } from "../api/api.ts";
import { type Bill, billOfWire } from "./bill.ts";
import type { Cell } from "./csv.ts";

const PAGE = 100;

/** Every invoice there is, oldest first. Asks to sign once per hundred. @throws ApiProblem, SignerProblem */
export async function everyBill(): Promise<Bill[]> {
  const bills = new Map<string, Bill>();
  for (let offset = 0; ; offset += PAGE) {
    const query = { limit: PAGE, offset };
    const { items, total } = await ask(api.tenant.invoices.get({ query }));
    for (const row of items) bills.set(row.id, billOfWire(row));
    // One that arrives meanwhile moves the others back: known ones are met again, none is left out.
    if (items.length === 0 || offset + items.length >= total) break;
  }
  return [...bills.values()].sort((a, b) => a.createdAt - b.createdAt);
}

const HEADING = [
  "invoice",
  "state",
  "created",
  "paid",
  "kind",
  "relay",
  "relay_name",
  "period_start",
  "period_end",
  "used_seconds",
  "outcome",
  "sats",
  "invoice_sats",
  "invoice_credit_sats",
  "payment_hash",
  "preimage",
  "bolt11",
  "receipt_number",
] as const;

const iso = (at: number | null): string | null =>
  at === null ? null : new Date(at).toISOString().replace(".000Z", "Z");

/** Times are ISO 8601 in UTC; `sats` is the item's, the sum of a column. */
export const rowsOf = (bills: readonly Bill[], nameOf: (relay: string) => string): Cell[][] => [
  [...HEADING],
  ...bills.flatMap((bill) =>
    bill.items.map((item): Cell[] => [
      bill.id,
      bill.status,
      iso(bill.createdAt),
      iso(bill.paidAt),
      item.kind,
      item.relay,
      nameOf(item.relay),
      iso(item.from),
      iso(item.to),
      item.usedMs / 1000,
      item.outcome,
      item.sats,
      bill.amountSats,
      bill.creditSats,
      bill.paymentHash,
      bill.preimage,
      bill.bolt11,
      bill.receiptNumber,
    ]),
  ),
];
