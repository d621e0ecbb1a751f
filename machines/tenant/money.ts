/**
 * The till's sats: what is billed, what a payment buys, and where the rest goes. Functions from context
 * and event to what changes of the context, as in `orders.ts`.
 */
import { wholeSecond } from "../billing/calendar.ts";
import { dueItems, type GraceBegun, isStale } from "../billing/schedule.ts";
import {
  type Item,
  isNextPaid,
  isOverdue,
  lengthOf,
  monthOf,
  paidSpan,
  type Seat,
  totalSats,
} from "../billing/seats.ts";
import type { InvoiceInput } from "../invoice/machine.ts";
import { plans } from "../plans.ts";
import {
  type Changes,
  type Condition,
  seatOf,
  setSeat,
  type TenantContext,
  type Transformation,
} from "./context.ts";
import { creditPays } from "./credit.ts";
import { insteadOf, quoted, renewalAt } from "./orders.ts";
import { isPastDueStale, itemOfReturn, lapsed, owedBy, pastDueOf, stopped } from "./past-due.ts";

const without = (open: TenantContext["open"], invoice: string): TenantContext["open"] => {
  const { [invoice]: _gone, ...rest } = open;
  return rest;
};

// ---- invoices ----

/** Credit first: the invoice is given what there is, to hold until it ends. */
function draftOf(
  c: TenantContext,
  draft: Pick<InvoiceInput, "id" | "purpose" | "items"> &
    Partial<Pick<InvoiceInput, "closesAt" | "auto" | "grace">>,
): Changes {
  const { closesAt = null, auto = false, grace = {} } = draft;
  const dueSats = totalSats(draft.items);
  const creditSats = Math.min(c.creditSats, dueSats);
  return {
    draft: { ...draft, tenant: c.pubkey, creditSats, closesAt, auto, grace },
    creditSats: c.creditSats - creditSats,
    open: { ...c.open, [draft.id]: { dueSats: dueSats - creditSats } },
  };
}

export const draftedMonth: Transformation = (c, e, nowMs) => {
  if (e.type !== "ORDER" && e.type !== "REACTIVATE" && e.type !== "CHANGE") return {};
  const purpose = seatOf(c, e)?.is === "dark" ? "reactivation" : "purchase";
  const items = [itemOfReturn(c, e.relay, e.plan, nowMs)];
  return draftOf(c, { id: e.invoice, purpose, items });
};

/** A running free relay is bought: its seat remembers by which invoice. */
export const changing: Transformation = (c, e) =>
  e.type === "CHANGE" ? setSeat(c, e.relay, { invoice: e.invoice }) : {};

export const draftedUpgrade: Transformation = (c, e, nowMs) => {
  const found = quoted(c, e, nowMs);
  if (e.type !== "CHANGE" || !found) return {};
  const { from, to, amountSats: sats, plan } = found.quote;
  if (from === null || to === null) return {};
  const { priceSats } = plans[plan];
  const { usedMs } = found.quote;
  const item: Item = { relay: e.relay, kind: "upgrade", plan, priceSats, sats, from, to, usedMs };
  // Written before the next renewal, it ends before that is written too.
  const closesAt = renewalAt(c);
  return {
    ...draftOf(c, { id: e.invoice, purpose: "upgrade", items: [item], closesAt }),
    ...changing(c, e, nowMs),
  };
};

export const draftedInstead: Transformation = (c, e, nowMs) => {
  const instead = insteadOf(c, e);
  if (!instead) return {};
  const { relay, plan, invoice } = instead;
  const items = [itemOfReturn(c, relay, plan, nowMs)];
  const { priceSats } = plans[plan];
  return {
    ...draftOf(c, { id: invoice, purpose: "purchase", items }),
    ...setSeat(c, relay, { plan, priceSats, invoice, instead: null }),
  };
};

export const isAnythingDue: Condition = (c, _, nowMs) =>
  c.anchor !== null && dueItems(c.seats, c.anchor, nowMs).length > 0;

/** What the open renewal bills is no longer what is due. */
export const isRenewalStale = (c: TenantContext): boolean =>
  c.renewal !== null && isStale(c.seats, c.renewal.items);

/** @param auto - whether the tenant's wallet is to pay it. */
export function draftedRenewal(c: TenantContext, auto: boolean, nowMs: number): Changes {
  if (c.anchor === null) return {};
  const items = dueItems(c.seats, c.anchor, nowMs);
  const { id, issued } = nextId(c);
  const drafted = draftOf(c, { id, purpose: "renewal", items, auto, grace: graceBegun(c) });
  return { ...drafted, issued, renewal: { invoice: id, items } };
}

export const isAnythingPastDue: Condition = (c, _, nowMs) =>
  c.pastDue === null && pastDueOf(c, nowMs).items.length > 0;

export const isPastDueChanged: Condition = (c, _, nowMs) => isPastDueStale(c, nowMs);

/** What is past due, apart from what runs. It is paid by hand, or when its tenant connects a wallet. */
export const draftedPastDue: Transformation = (c, _, nowMs) => {
  const { items, closesAt } = pastDueOf(c, nowMs);
  const { id, issued } = nextId(c);
  const drafted = draftOf(c, { id, purpose: "past_due", items, closesAt });
  return { ...drafted, issued, pastDue: { invoice: id, items } };
};

/** What can be paid for no longer: only a fresh month brings those relays back. */
export const isAnythingLapsed: Condition = (c, _, nowMs) => lapsed(c, nowMs).length > 0;

export const lapsedForgotten: Transformation = (c, _, nowMs) => {
  const seats = { ...c.seats };
  for (const relay of lapsed(c, nowMs)) {
    const seat = seats[relay];
    if (seat) seats[relay] = { ...seat, owed: null };
  }
  return { seats };
};

/** Ids come in with events; what nobody asked for has the tenant's own count. */
function nextId(c: TenantContext): { id: string; issued: number } {
  const issued = c.issued + 1;
  return { id: `i${c.pubkey.slice(0, 16)}${issued.toString(16).padStart(8, "0")}`, issued };
}

/** Days of grace that have begun for the dates that relays have now. */
const graceBegun = (c: TenantContext): GraceBegun =>
  Object.fromEntries(
    Object.entries(c.seats).flatMap(([relay, { grace, paidThrough }]) =>
      grace?.paidThrough === paidThrough ? [[relay, grace]] : [],
    ),
  );

/** The operator withdrew the bill of a relay that is still unpaid: void ends no debt. */
export const isStillOwed: Condition = (c, e) => {
  if (e.type !== "CLOSED" || !e.isVoid) return false;
  const [item] = e.items;
  const seat = item && c.seats[item.relay];
  if (!seat || seat.invoice !== e.invoice || seat.prepaid !== null) return false;
  // What a dark one was suspended for goes back to the past-due invoice.
  return seat.is === "new" || (seat.is === "dark" && item.kind !== "renewal");
};

/** The same month, from now. */
export const draftedAgain: Transformation = (c, e, nowMs) => {
  const [item] = e.type === "CLOSED" ? e.items : [];
  if (!item) return {};
  const purpose = item.kind === "reactivation" ? "reactivation" : "purchase";
  const { id, issued } = nextId(c);
  const { relay, plan } = item;
  const items = [monthOf(relay, purpose, plan, nowMs, c.seats[relay]?.servedMs)];
  return {
    ...draftOf(c, { id, purpose, items }),
    ...setSeat(c, item.relay, { invoice: id }),
    issued,
  };
};

/** What is being closed is not to be paid by credit any more. */
export const withdrawn: Transformation = (c, e) => {
  const invoice = seatOf(c, e)?.invoice;
  return invoice ? { open: without(c.open, invoice) } : {};
};

export const renewalWithdrawn: Transformation = (c) =>
  c.renewal ? { open: without(c.open, c.renewal.invoice) } : {};

export const pastDueWithdrawn: Transformation = (c) =>
  c.pastDue ? { open: without(c.open, c.pastDue.invoice) } : {};

export const closed: Transformation = (c, e, nowMs) => {
  if (e.type !== "CLOSED") return {};
  const seats = { ...c.seats };
  for (const { relay } of e.items) {
    const seat = seats[relay];
    if (seat?.invoice === e.invoice) seats[relay] = { ...seat, invoice: null };
  }
  if (e.invoice === c.renewal?.invoice) uncount(seats, e.items, nowMs);
  return { open: without(c.open, e.invoice), seats, creditSats: c.creditSats + e.sats };
};

/** Where no bill can be paid, nothing counts down; where that is over, our wallet is asked already. */
function uncount(seats: Record<string, Seat>, items: readonly Item[], nowMs: number): void {
  for (const { relay } of items) {
    const seat = seats[relay];
    if (seat?.grace && seat.grace.endsAt > nowMs)
      seats[relay] = { ...seat, grace: { ...seat.grace, isCounting: false } };
  }
}

// ---- money and time ----

/** Where a relay is now, and what follows from that for its days and its debts. */
export const seated: Transformation = (c, e, nowMs) => {
  const seat = seatOf(c, e);
  if (e.type !== "SEAT" || !seat) return {};
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
export const begun: Transformation = (c, e, nowMs) => {
  const seat = seatOf(c, e);
  if (e.type !== "SEAT" || !seat?.prepaid) return {};
  const { to, usedMs } = beginning(seat, seat.prepaid.lengthMs, nowMs);
  const servedMs = seat.servedMs - usedMs;
  return setSeat(c, e.relay, { prepaid: null, paidThrough: to, servedMs });
};

/** The one place where money becomes time. What no relay can use becomes credit. */
export const applied: Transformation = (c, e, nowMs) => {
  if (e.type !== "PAID") return {};
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
export const creditSpent: Transformation = (c) => {
  const credit = creditPays(c.open, c.creditSats);
  const open = { ...c.open };
  for (const { invoice } of credit) open[invoice] = { dueSats: 0 };
  const usedSats = credit.reduce((sum, { sats }) => sum + sats, 0);
  return { open, creditSats: c.creditSats - usedSats, spent: { ...c.spent, credit } };
};

// ---- the operator ----

export const credited: Transformation = (c, e) =>
  e.type === "CREDIT" || e.type === "admin.credit" ? { creditSats: c.creditSats + e.sats } : {};

/** Later than now, and than what is paid. */
export const mayExtend: Condition = (c, e, nowMs) => {
  const seat = seatOf(c, e);
  if (e.type !== "admin.extend" || !seat || seat.priceSats === 0) return false;
  return (seat.is === "on" || seat.is === "dark") && e.to > Math.max(nowMs, seat.paidThrough ?? 0);
};

/**
 * A change that was scheduled for the old date waits for the new one; one that is paid for does not. What
 * was served unpaid is given too.
 */
export const dateExtended: Transformation = (c, e) => {
  if (e.type !== "admin.extend") return {};
  const paidThrough = wholeSecond(e.to);
  const given = { paidThrough, servedMs: 0, owed: null };
  const seat = seatOf(c, e);
  if (!seat?.next || isNextPaid(seat)) return setSeat(c, e.relay, given);
  return setSeat(c, e.relay, { ...given, next: { ...seat.next, at: paidThrough - 1 } });
};

export const mayRefund: Condition = (c, e) =>
  e.type === "admin.refund" && c.refund === null && e.sats > 0 && e.sats <= c.creditSats;

export const setAside: Transformation = (c, e) =>
  e.type === "admin.refund"
    ? { creditSats: c.creditSats - e.sats, refund: { sats: e.sats, bolt11: e.bolt11 } }
    : {};

export const takenBack: Transformation = (c) => ({
  creditSats: c.creditSats + (c.refund?.sats ?? 0),
  refund: null,
});
