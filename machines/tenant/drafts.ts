import { assertEvent } from "xstate";
import { dueItems, type GraceBegun, isStale } from "../billing/schedule.ts";
import { type Item, monthOf, type Seat, totalSats } from "../billing/seats.ts";
import type { InvoiceInput } from "../invoice/context.ts";
import { plans } from "../plans.ts";
import {
  type Changes,
  type Condition,
  seatOf,
  setSeat,
  type TenantContext,
  type Transformation,
  without,
} from "./context.ts";
import { insteadOf, quoted, renewalAt } from "./orders.ts";
import { isPastDueStale, itemOfReturn, lapsed, pastDueOf } from "./past-due.ts";

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

export const draftMonth: Transformation = (c, e, nowMs) => {
  assertEvent(e, ["ORDER", "REACTIVATE", "CHANGE"]);
  const purpose = seatOf(c, e)?.is === "dark" ? "reactivation" : "purchase";
  const items = [itemOfReturn(c, e.relay, e.plan, nowMs)];
  return draftOf(c, { id: e.invoice, purpose, items });
};

/** A running free relay is bought: its seat remembers by which invoice. */
export const keepInvoice: Transformation = (c, e) => {
  assertEvent(e, "CHANGE");
  return setSeat(c, e.relay, { invoice: e.invoice });
};

export const draftUpgrade: Transformation = (c, e, nowMs) => {
  const found = quoted(c, e, nowMs);
  assertEvent(e, "CHANGE");
  if (!found) return {};
  const { from, to, amountSats: sats, plan } = found.quote;
  if (from === null || to === null) return {};
  const { priceSats } = plans[plan];
  const { usedMs } = found.quote;
  const item: Item = { relay: e.relay, kind: "upgrade", plan, priceSats, sats, from, to, usedMs };
  // Written before the next renewal, it ends before that is written too.
  const closesAt = renewalAt(c);
  return {
    ...draftOf(c, { id: e.invoice, purpose: "upgrade", items: [item], closesAt }),
    ...keepInvoice(c, e, nowMs),
  };
};

export const draftInstead: Transformation = (c, e, nowMs) => {
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
export function draftRenewal(c: TenantContext, auto: boolean, nowMs: number): Changes {
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
export const draftPastDue: Transformation = (c, _, nowMs) => {
  const { items, closesAt } = pastDueOf(c, nowMs);
  const { id, issued } = nextId(c);
  const drafted = draftOf(c, { id, purpose: "past_due", items, closesAt });
  return { ...drafted, issued, pastDue: { invoice: id, items } };
};

/** What can be paid for no longer: only a fresh month brings those relays back. */
export const isAnythingLapsed: Condition = (c, _, nowMs) => lapsed(c, nowMs).length > 0;

export const forgetLapsed: Transformation = (c, _, nowMs) => {
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
  assertEvent(e, "CLOSED");
  if (!e.isVoid) return false;
  const [item] = e.items;
  const seat = item && c.seats[item.relay];
  if (!seat || seat.invoice !== e.invoice || seat.prepaid !== null) return false;
  // What a dark one was suspended for goes back to the past-due invoice.
  return seat.is === "new" || (seat.is === "dark" && item.kind !== "renewal");
};

/** The same month, from now. */
export const draftAgain: Transformation = (c, e, nowMs) => {
  assertEvent(e, "CLOSED");
  const [item] = e.items;
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
export const withdraw: Transformation = (c, e) => {
  const invoice = seatOf(c, e)?.invoice;
  return invoice ? { open: without(c.open, invoice) } : {};
};

export const withdrawRenewal: Transformation = (c) =>
  c.renewal ? { open: without(c.open, c.renewal.invoice) } : {};

export const withdrawPastDue: Transformation = (c) =>
  c.pastDue ? { open: without(c.open, c.pastDue.invoice) } : {};

export const recordClosed: Transformation = (c, e, nowMs) => {
  assertEvent(e, "CLOSED");
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
