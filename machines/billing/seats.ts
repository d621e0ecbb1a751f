/** A seat is what the tenant knows of one relay, an item what an invoice bills for it: their shapes and sums. */
import { type PlanId, plans } from "../plans.ts";
import { addMonths, DAY_MS, wholeSecond } from "./calendar.ts";

/** What an item pays for. */
type ItemKind = "purchase" | "upgrade" | "renewal" | "reactivation";

/** Why an invoice was written. `past_due` bills what is suspended for non-payment, apart from what runs. */
export type Purpose = ItemKind | "past_due";

/** What became of an item: not known yet, time for its relay, credit, or nothing: it was never paid. */
export type ItemOutcome = "open" | "applied" | "credited" | "withdrawn";

/** One line of an invoice: a relay, what it costs, and the period that it pays for. */
export type Item = {
  relay: string;
  kind: ItemKind;
  plan: PlanId;
  /** The price agreed by paying it, a month's. */
  priceSats: number;
  sats: number;
  /** For what begins when the relay becomes active an estimate until then. */
  from: number;
  to: number;
  /** Of the length paid for, what was used before it was paid: it is missing at the end. */
  usedMs: number;
};

/** A paid span that has not begun: a calendar month, or as long as the item that paid for it was. */
export type Prepaid = { invoice: string; lengthMs: number | "month" };

/**
 * The days of grace of one paid-through date, which begin once. While they are `isCounting` the relay is
 * suspended at their end, once our wallet was asked; they stop where its bill is closed before that.
 */
export type Grace = {
  paidThrough: number;
  endsAt: number;
  isExtended: boolean;
  isCounting: boolean;
};

/** What led to a suspension for non-payment. What it buys counts from when the relay is back. */
export type Owed = {
  plan: PlanId;
  priceSats: number;
  sats: number;
  lengthMs: number;
  suspendedAt: number;
};

/**
 * What the tenant knows of one relay.
 *
 * `is`: new (waits for money or provisioning) · on (runs) · dark (suspended for non-payment) · held
 * (suspended by an admin) · off (deactivated, its owner may bring it back) · shut (deactivated by an
 * admin).
 */
export type Seat = {
  plan: PlanId;
  /** The price agreed, a month's. */
  priceSats: number;
  is: "new" | "on" | "dark" | "held" | "off" | "shut";
  paidThrough: number | null;
  /** Begins when the relay becomes active. */
  prepaid: Prepaid | null;
  /** The open purchase, upgrade or reactivation invoice; a renewal is the tenant's, not the seat's. */
  invoice: string | null;
  /** Since the first bolt11 that was issued for its date; of another date it does not count. */
  grace: Grace | null;
  /**
   * The plan that it has from `at` on where it switches by itself, else from the payment that bills it.
   * `then` is what was wanted while it was being paid: it comes at the end of what is paid.
   */
  next: { plan: PlanId; at: number; then?: { plan: PlanId } } | null;
  /** A pending relay's other plan: its invoice, once the open one has closed. */
  instead: { plan: PlanId; invoice: string } | null;
  /** Since when it runs without a break; null while it does not. */
  runsSince: number | null;
  /** How long it ran unpaid and is not paid for: the next length bought is so much shorter. */
  servedMs: number;
  /** While it is dark: what it was suspended for. */
  owed: Owed | null;
  /** How often it was suspended for non-payment: each time is told. */
  suspensions: number;
};

/** Nothing more has to be paid for this relay to run now. */
export const isCovered = (
  seat: { priceSats: number; prepaid: boolean | Prepaid | null; paidThrough: number | null },
  nowMs: number,
): boolean => seat.priceSats === 0 || Boolean(seat.prepaid) || (seat.paidThrough ?? 0) > nowMs;

/** A paid relay that ran past its date. */
export const isOverdue = (seat: Pick<Seat, "priceSats" | "paidThrough">, nowMs: number): boolean =>
  seat.priceSats > 0 && seat.paidThrough !== null && seat.paidThrough <= nowMs;

/**
 * The time that a length which was paid for becomes, if it begins at `from`: days that were served unpaid
 * are missing at its end. A day is left at least; what is then still to be made up for stays.
 */
export function paidSpan(
  lengthMs: Prepaid["lengthMs"],
  servedMs: number,
  from: number,
): { from: number; to: number; usedMs: number } {
  const paidTo = lengthMs === "month" ? addMonths(from, 1) : from + lengthMs;
  const to = Math.min(paidTo, Math.max(from + DAY_MS, paidTo - servedMs));
  return { from, to, usedMs: paidTo - to };
}

/** A full month of a plan, from now, at the listed price. */
export function monthOf(
  relay: string,
  kind: "purchase" | "reactivation",
  plan: PlanId,
  nowMs: number,
  servedMs = 0,
): Item {
  const { priceSats } = plans[plan];
  const span = paidSpan("month", servedMs, wholeSecond(nowMs));
  return { relay, kind, plan, priceSats, sats: priceSats, ...span };
}

/** The length that an item pays for. */
export const lengthOf = ({ kind, from, to, usedMs }: Item): Prepaid["lengthMs"] =>
  kind === "renewal" ? to - from + usedMs : "month";

/** Sum of the items: an invoice's amount. */
export const totalSats = (items: readonly Item[]): number =>
  items.reduce((sum, item) => sum + item.sats, 0);

export type Seats = Readonly<Record<string, Seat>>;

/** The plan that a seat is renewed at, and its price: the agreed one, or the listed one of a change. */
export function renewedAt({ plan, priceSats, next }: Seat): { plan: PlanId; priceSats: number } {
  const last = next?.then ?? next;
  return last === null
    ? { plan, priceSats }
    : { plan: last.plan, priceSats: plans[last.plan].priceSats };
}

/**
 * Whether the plan that a seat has next is paid for already: its renewal was paid before its date, so
 * that it begins before what is paid ends. A change that is only scheduled begins at that end.
 */
export const isNextPaid = ({ next, paidThrough }: Pick<Seat, "next" | "paidThrough">): boolean =>
  next !== null && paidThrough !== null && next.at < paidThrough - 1;

/** Whether a renewal bills this seat when its date comes: it runs, and goes on at a price. */
export const isRenewed = (seat: Seat): boolean =>
  seat.is === "on" && seat.priceSats > 0 && renewedAt(seat).priceSats > 0;

/** Whether days of grace count for the date that the seat has now, to their end. */
export const isCountingDown = ({ grace, paidThrough }: Seat): boolean =>
  grace !== null && grace.paidThrough === paidThrough && grace.isCounting;
