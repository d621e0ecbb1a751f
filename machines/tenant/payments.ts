/**
 * The tenant's sats: what a payment buys, and where the rest goes. Functions from context and event to what
 * changes of the context, as in `orders.ts`.
 */
import { assertEvent } from "xstate";
import { wholeSecond } from "../billing/calendar.ts";
import {
  type Item,
  isNextPaid,
  isOverdue,
  lengthOf,
  paidSpan,
  type Seat,
} from "../billing/seats.ts";
import {
  type Condition,
  seatOf,
  setSeat,
  type TenantContext,
  type Transformation,
  without,
} from "./context.ts";
import { creditPays } from "./credit.ts";
import { owedBy, stopped } from "./past-due.ts";

// ---- money and time ----

/** Where a relay is now, and what follows from that for its days and its debts. */
export const recordSeat: Transformation = (c, e, nowMs) => {
  const seat = seatOf(c, e);
  assertEvent(e, "SEAT");
  if (!seat) return {};
  const { is, relay } = e;
  if (is === "on") return setSeat(c, relay, { is, runsSince: seat.runsSince ?? nowMs, owed: null });
  const stops = { is, runsSince: null, ...stopped(c, relay, nowMs) };
  // One that leaves is not wanted with another plan any more, and owes nothing.
  if (is === "off" || is === "shut")
    return setSeat(c, relay, { ...stops, instead: null, grace: null, owed: null });
  const grace = seat.grace && { ...seat.grace, isCounting: false };
  if (is !== "dark") return setSeat(c, relay, { ...stops, grace });
  const owed = seat.is === "on" ? owedBy(c, relay, nowMs) : seat.owed;
  const suspensions = seat.suspensions + (seat.is === "on" ? 1 : 0);
  return setSeat(c, relay, { ...stops, grace, owed, suspensions });
};

/** The time that was paid, where it begins: now, or after what an operator gave in the meantime. */
export const beginning = (seat: Seat, lengthMs: "month" | number, nowMs: number) =>
  paidSpan(lengthMs, seat.servedMs, Math.max(wholeSecond(nowMs), seat.paidThrough ?? 0));

/** The span that was paid begins when the relay becomes active: our delay is not billed. */
export const beginSpan: Transformation = (c, e, nowMs) => {
  const seat = seatOf(c, e);
  assertEvent(e, "SEAT");
  if (!seat?.prepaid) return {};
  const { to, usedMs } = beginning(seat, seat.prepaid.lengthMs, nowMs);
  const servedMs = seat.servedMs - usedMs;
  return setSeat(c, e.relay, { prepaid: null, paidThrough: to, servedMs });
};

/** The one place where money becomes time. What no relay can use becomes credit. */
export const applyPayment: Transformation = (c, e, nowMs) => {
  assertEvent(e, "PAID");
  const seats = { ...c.seats };
  let open = without(c.open, e.invoice);
  let revenueSats = 0;
  const unused: string[] = [];
  for (const item of e.items) {
    const seat = seats[item.relay];
    const paid = seat ? payFor(seat, item, e.invoice, nowMs) : null;
    if (paid) revenueSats += item.sats;
    else unused.push(item.relay);
    if (!seat) continue;
    const isOwn = seat.invoice === e.invoice;
    if (paid && !isOwn && seat.invoice !== null && isReturn(seat))
      open = without(open, seat.invoice);
    seats[item.relay] = { ...seat, ...paid, ...(isOwn ? { invoice: null, instead: null } : {}) };
  }
  const creditSats = c.creditSats + e.sats - revenueSats;
  return { seats, open, creditSats, spent: { revenueSats, credit: [], unused } };
};

/** Whether the seat's own invoice is to bring back what does not run. */
const isReturn = (seat: Seat): boolean => seat.is === "dark" || seat.is === "held";

/** Invoices by which a relay was to be brought back that this payment brought back. */
export const needless = (c: TenantContext, items: readonly Item[], invoice: string): string[] =>
  items.flatMap(({ relay }) => {
    const seat = c.seats[relay];
    const isBack = seat?.prepaid?.invoice === invoice && isReturn(seat);
    return isBack && seat.invoice !== null ? seat.invoice : [];
  });

/** What paying for an item makes of a seat; null where the relay has no use for it. */
function payFor(seat: Seat, item: Item, invoice: string, nowMs: number): Partial<Seat> | null {
  const { kind, plan, priceSats } = item;
  if (seat.is === "off" || seat.is === "shut") return null;
  // Where it is paid for now, it does not matter that it does not run.
  const isRunning = seat.is === "on" || (seat.priceSats > 0 && (seat.paidThrough ?? 0) > nowMs);
  if (isRunning) return payWhileOn(seat, item, nowMs);
  if (kind === "upgrade" || seat.prepaid !== null) return null;
  // Dark days are not billed: the span counts from when the relay is back.
  const prepaid = { invoice, lengthMs: lengthOf(item) };
  return { plan, priceSats, prepaid, next: null, owed: null };
}

function payWhileOn(seat: Seat, item: Item, nowMs: number): Partial<Seat> | null {
  const { kind, plan, priceSats } = item;
  if (kind === "upgrade") {
    const isOfUse = seat.paidThrough === item.to && item.to > nowMs && seat.plan !== plan;
    return isOfUse ? { plan, priceSats, next: null } : null;
  }
  if (kind !== "renewal") {
    if (seat.priceSats > 0) return null;
    const { to, usedMs } = beginning(seat, lengthOf(item), nowMs);
    const servedMs = seat.servedMs - usedMs;
    return { plan, priceSats, paidThrough: to, next: null, servedMs };
  }
  if (seat.priceSats === 0 || (seat.paidThrough ?? 0) > item.from) return null;
  // Who pays in grace pays for the days of grace too.
  const inGrace = isOverdue(seat, nowMs) ? { servedMs: 0 } : {};
  return { ...renewedBy(seat, item, nowMs), ...inGrace };
}

/** A renewal is paid: from its first day on the relay has the plan that was paid for, and not before. */
function renewedBy(seat: Seat, item: Item, nowMs: number): Partial<Seat> {
  const { plan, priceSats, from, to } = item;
  // A change that is paid already begins on its day: what is paid on top only moves the date.
  if (isNextPaid(seat)) return { paidThrough: to };
  const { next } = seat;
  // What was paid for is not what is wanted by now: that waits for the end of what was paid.
  const wanted = next?.plan ?? seat.plan;
  const then = wanted === plan ? null : { plan: wanted };
  const isLater = plan !== seat.plan && from > nowMs;
  if (isLater)
    return { paidThrough: to, next: { plan, at: from - 1, ...(then === null ? {} : { then }) } };
  return { plan, priceSats, paidThrough: to, next: then && { ...then, at: to - 1 } };
}

/** Credit at once pays the oldest open invoice that it covers whole. */
export const spendCredit: Transformation = (c) => {
  const credit = creditPays(c.open, c.creditSats);
  const open = { ...c.open };
  for (const { invoice } of credit) open[invoice] = { dueSats: 0 };
  const usedSats = credit.reduce((sum, { sats }) => sum + sats, 0);
  return { open, creditSats: c.creditSats - usedSats, spent: { ...c.spent, credit } };
};

// ---- the operator ----

export const addCredit: Transformation = (c, e) => {
  assertEvent(e, ["CREDIT", "admin.credit"]);
  return { creditSats: c.creditSats + e.sats };
};

/** Later than now, and than what is paid. */
export const mayExtend: Condition = (c, e, nowMs) => {
  const seat = seatOf(c, e);
  assertEvent(e, "admin.extend");
  if (!seat || seat.priceSats === 0) return false;
  return (seat.is === "on" || seat.is === "dark") && e.to > Math.max(nowMs, seat.paidThrough ?? 0);
};

/**
 * A change that was scheduled for the old date waits for the new one; one that is paid for does not. What
 * was served unpaid is given too.
 */
export const extendDate: Transformation = (c, e) => {
  assertEvent(e, "admin.extend");
  const paidThrough = wholeSecond(e.to);
  const given = { paidThrough, servedMs: 0, owed: null };
  const seat = seatOf(c, e);
  if (!seat?.next || isNextPaid(seat)) return setSeat(c, e.relay, given);
  return setSeat(c, e.relay, { ...given, next: { ...seat.next, at: paidThrough - 1 } });
};

export const mayRefund: Condition = (c, e) => {
  assertEvent(e, "admin.refund");
  return c.refund === null && e.sats > 0 && e.sats <= c.creditSats;
};

export const setAside: Transformation = (c, e) => {
  assertEvent(e, "admin.refund");
  return { creditSats: c.creditSats - e.sats, refund: { sats: e.sats, bolt11: e.bolt11 } };
};

export const takeBack: Transformation = (c) => ({
  creditSats: c.creditSats + (c.refund?.sats ?? 0),
  refund: null,
});
