/** One invoice as the account shows it, whether the feed brought it or a list did. Times are epoch ms. */
import { statusOf } from "../../../machines/describe.ts";
import { outcomeOf } from "../../../machines/invoice/context.ts";
import type { Invoice } from "../../../server/routes/shapes.ts";
import type { InvoiceReplica } from "../live/live.ts";

export type BillStatus = Invoice["status"];
export type Bill = {
  id: string;
  purpose: Invoice["purpose"];
  status: BillStatus;
  amountSats: number;
  /** How much of the amount credit pays. */
  creditSats: number;
  createdAt: number;
  paidAt: number | null;
  bolt11: string | null;
  paymentHash: string | null;
  preimage: string | null;
  /** Which of one's receipts it is, from 1; null before it is paid. */
  receiptNumber: number | null;
  items: BillItem[];
};
export type BillItem = {
  relay: string;
  kind: Invoice["items"][number]["kind"];
  sats: number;
  from: number;
  to: number;
  /** Of what it pays for, what was used before. */
  usedMs: number;
  outcome: Invoice["items"][number]["outcome"];
};

const ms = (seconds: number): number => seconds * 1000;
const msOrNull = (seconds: number | null): number | null => seconds && ms(seconds);

export const billOfWire = (row: Invoice): Bill => ({
  id: row.id,
  purpose: row.purpose,
  status: row.status,
  amountSats: row.amount,
  creditSats: row.credit,
  createdAt: ms(row.created_at),
  paidAt: msOrNull(row.paid_at),
  bolt11: row.invoice,
  paymentHash: row.payment_hash,
  preimage: row.preimage,
  receiptNumber: row.receipt_number,
  items: row.items.map((item) => ({
    relay: item.relay,
    kind: item.kind,
    sats: item.amount,
    from: ms(item.period_start),
    to: ms(item.period_end),
    usedMs: ms(item.used),
    outcome: item.outcome,
  })),
});

export const billOfReplica = ({ value, context: c }: InvoiceReplica): Bill => ({
  id: c.id,
  purpose: c.purpose,
  status: statusOf(value) as BillStatus,
  amountSats: c.amountSats,
  creditSats: c.creditSats,
  createdAt: c.createdAt,
  paidAt: c.paidAt,
  bolt11: c.bolt11?.bolt11 ?? null,
  paymentHash: c.receipt?.paymentHash ?? c.bolt11?.paymentHash ?? null,
  preimage: c.receipt?.preimage ?? null,
  receiptNumber: c.receiptNumber,
  items: c.items.map((item) => {
    const { relay, kind, sats, from, to, usedMs } = item;
    const outcome = outcomeOf(c, item, statusOf(value));
    return { relay, kind, sats, from, to, usedMs, outcome };
  }),
});

/** What is left to pay over Lightning. */
export const leftSats = (bill: Pick<Bill, "amountSats" | "creditSats">): number =>
  bill.amountSats - bill.creditSats;

export const PURPOSES: Record<Bill["purpose"], string> = {
  purchase: "New relay",
  upgrade: "Upgrade",
  renewal: "Renewal",
  reactivation: "Reactivation",
  past_due: "Past due",
};

/** What became of the sats of an item, where its invoice does not say it already. */
export const itemOutcome = ({ outcome }: BillItem): string =>
  outcome === "credited" ? "Not needed: it became credit" : "";

/** The word on the badge. */
export const BILL_STATES: Record<BillStatus, string> = {
  pending: "to pay",
  paid: "paid",
  expired: "expired",
  void: "void",
};

const list = new Intl.ListFormat("en-GB");
/** `Book club`, `Book club and Makers`, `A, B and 3 more`. */
export const listed = (names: readonly string[], most = 3): string =>
  names.length <= most
    ? list.format(names)
    : list.format([...names.slice(0, most - 1), `${names.length - most + 1} more`]);

/** The relays of an invoice, each once, by name. */
export const namesOf = (
  bill: { items: readonly { relay: string }[] },
  nameOf: (relay: string) => string,
): string => listed([...new Set(bill.items.map(({ relay }) => relay))].map(nameOf));

/** The time that an invoice pays for, as far as its items agree on it. */
export const spanOf = ({ items }: Pick<Bill, "items">): { from: number; to: number } => ({
  from: Math.min(...items.map(({ from }) => from)),
  to: Math.max(...items.map(({ to }) => to)),
});
