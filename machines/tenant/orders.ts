/**
 * What the tenant makes of what it hears: functions from context and event to what changes of the
 * context. Pure; `machine.ts` says when, and `outputs.ts` what others are told.
 * Here its seats, dates and plans; its sats are in `drafts.ts` and
 * `payments.ts`.
 */
import { assertEvent } from "xstate";
import { LEAD_MS, wholeSecond } from "../billing/calendar.ts";
import { orderRefusal, quote, RELAYS_MAX } from "../billing/quote.ts";
import { graceFrom, renewalEnd } from "../billing/schedule.ts";
import {
  isCountingDown,
  isCovered,
  isNextPaid,
  isRenewed,
  renewedAt,
  type Seat,
} from "../billing/seats.ts";
import { type PlanId, plans } from "../plans.ts";
import {
  type Condition,
  renews,
  seatOf,
  setSeat,
  type TenantContext,
  type TenantEvent,
  type Transformation,
} from "./context.ts";
import { stopped } from "./past-due.ts";

// ---- deadlines ----

/**
 * When the next renewal is to be written: before the next anchor, or before the date of a relay that
 * ends sooner, as one does that came back within what it had paid for.
 */
export function renewalAt(c: TenantContext): number | null {
  if (c.nextAnchor === null) return null;
  let soonest = c.nextAnchor;
  // One whose last call is out is billed once that has answered.
  for (const [relay, seat] of Object.entries(c.seats))
    if (isRenewed(seat) && !renews(c, relay) && !isCountingDown(seat))
      soonest = Math.min(soonest, seat.paidThrough ?? soonest);
  return soonest - LEAD_MS;
}

/**
 * Whether a running relay's change of plan takes effect by itself: paid for, or a downgrade that waits for
 * the end of what is paid. What is asked for in grace, and a dearer plan, come with the payment.
 */
export function switchesByItself(seat: Seat): boolean {
  const { next, is, paidThrough, priceSats } = seat;
  if (!next || is !== "on") return false;
  if (isNextPaid(seat)) return true;
  return next.at < (paidThrough ?? 0) && plans[next.plan].priceSats <= priceSats;
}

/** The soonest instant at which a scheduled change of plan takes effect. */
export function nextSwitch(c: TenantContext): number | null {
  const times = Object.values(c.seats).flatMap((seat) =>
    seat.next && switchesByItself(seat) ? [seat.next.at] : [],
  );
  return times.length === 0 ? null : Math.min(...times);
}

/** Set when a paid relay first runs, cleared when none does. */
export const setAnchor: Transformation = (c, _, nowMs) => {
  const isPaid = Object.values(c.seats).some((s) => s.is === "on" && s.priceSats > 0);
  if (!isPaid) return { anchor: null, nextAnchor: null };
  const anchor = c.anchor ?? wholeSecond(nowMs);
  return { anchor, nextAnchor: c.nextAnchor ?? renewalEnd(anchor, nowMs) };
};

export const moveAnchor: Transformation = (c, _, nowMs) => ({
  nextAnchor: c.anchor === null ? null : renewalEnd(c.anchor, nowMs),
});

/** A renewal can be paid: the days of grace of its relays count, from now or from before. */
export const countGrace: Transformation = (c, e, nowMs) => {
  assertEvent(e, "BILLED");
  const seats = { ...c.seats };
  for (const { relay } of e.items) {
    const seat = seats[relay];
    if (seat) seats[relay] = { ...seat, grace: graceFrom(seat, nowMs) };
  }
  return { seats };
};

// ---- orders ----

export const mayOrder: Condition = (c, e) => {
  assertEvent(e, "ORDER");
  return (
    !c.seats[e.relay] &&
    Object.keys(c.seats).length < RELAYS_MAX &&
    orderRefusal(c.seats, e.plan) === null
  );
};

export const addSeat: Transformation = (c, e) => {
  assertEvent(e, "ORDER");
  const { priceSats } = plans[e.plan];
  const seat: Seat = {
    plan: e.plan,
    priceSats,
    is: "new",
    paidThrough: null,
    prepaid: null,
    invoice: priceSats === 0 ? null : e.invoice,
    grace: null,
    next: null,
    instead: null,
    runsSince: null,
    servedMs: 0,
    owed: null,
    suspensions: 0,
  };
  return { seats: { ...c.seats, [e.relay]: seat } };
};

/**
 * The plan for which there must be room where a relay is brought back; null for one that is paid for. One
 * that turns free is one of the free ones, and was not counted while it was off.
 */
export function reopenedAs(seat: Seat, plan: PlanId, nowMs: number): PlanId | null {
  const isPaid = seat.priceSats > 0 && isCovered(seat, nowMs);
  if (!isPaid) return plan;
  const renewed = renewedAt(seat);
  return renewed.priceSats === 0 ? renewed.plan : null;
}

/** An owner brings back what is off, or dark for non-payment. */
export const mayReopen: Condition = (c, e, nowMs) => {
  const seat = seatOf(c, e);
  assertEvent(e, "REACTIVATE");
  if (!seat || seat.invoice !== null) return false;
  if (seat.is !== "off" && seat.is !== "dark") return false;
  const isPaid = seat.priceSats > 0 && isCovered(seat, nowMs);
  // What is paid is not thrown away for another plan: back first, then change it.
  if (isPaid && e.plan !== seat.plan) return false;
  const plan = reopenedAs(seat, e.plan, nowMs);
  return plan === null || orderRefusal(c.seats, plan) === null;
};

/** Nothing has to be paid for it. */
export const reopensCovered: Condition = (c, e, nowMs) => {
  const seat = seatOf(c, e);
  assertEvent(e, "REACTIVATE");
  if (!seat) return false;
  return plans[e.plan].priceSats === 0 || (e.plan === seat.plan && isCovered(seat, nowMs));
};

/** Covered by what was paid, or free from now on. */
export const reopenSeat: Transformation = (c, e) => {
  assertEvent(e, "REACTIVATE");
  const { priceSats } = plans[e.plan];
  const free = {
    plan: e.plan,
    priceSats,
    paidThrough: null,
    prepaid: null,
    next: null,
    owed: null,
  };
  return setSeat(c, e.relay, { is: "new", ...(priceSats === 0 ? free : {}) });
};

/** By a new purchase; what was paid of a period that is over is forgotten. A dark one stays dark. */
export const buyBack: Transformation = (c, e) => {
  const seat = seatOf(c, e);
  assertEvent(e, "REACTIVATE");
  if (!seat) return {};
  const { plan, invoice } = e;
  if (seat.is === "dark") return setSeat(c, e.relay, { invoice, next: null });
  const { priceSats } = plans[plan];
  const fresh = { is: "new" as const, plan, priceSats, paidThrough: null, prepaid: null };
  return setSeat(c, e.relay, { ...fresh, invoice, next: null });
};

// ---- changes of plan ----

/** What the plan wanted means and costs now; null where there is no such relay. */
export function quoted(c: TenantContext, e: TenantEvent, nowMs: number) {
  const seat = seatOf(c, e);
  assertEvent(e, "CHANGE");
  if (!seat) return null;
  const tenant = { anchor: c.anchor, isRenewing: renews(c, e.relay) };
  return { seat, quote: quote(seat, e.plan, nowMs, tenant) };
}

/** Whether the plan of a seat may be changed as quoted, or what stands in the way. */
export function changeRefusal(
  seat: Seat,
  change: ReturnType<typeof quote>["change"],
): "relay_not_running" | "relay_not_ready" | "change_still_open" | "next_plan_paid" | null {
  if (seat.is !== "new" && seat.is !== "on") return "relay_not_running";
  if (seat.is === "new" && seat.instead) return "change_still_open";
  // What is new and has no invoice is paid for or free, and is being set up.
  if (seat.is === "new") return seat.invoice === null ? "relay_not_ready" : null;
  // Cancelled, a month of the dear plan would cost that of the cheap one, or the other way round.
  if (isNextPaid(seat)) return "next_plan_paid";
  const writes = change === "upgrade" || change === "purchase";
  return writes && seat.invoice !== null ? "change_still_open" : null;
}

export const mayChange: Condition = (c, e, nowMs) => {
  const found = quoted(c, e, nowMs);
  return (
    found !== null &&
    found.quote.change !== "none" &&
    changeRefusal(found.seat, found.quote.change) === null
  );
};

export const schedulePlan: Transformation = (c, e, nowMs) => {
  const seat = seatOf(c, e);
  assertEvent(e, "CHANGE");
  if (!seat) return {};
  // One millisecond before its date, so that a relay that turns free never sees grace.
  const at = Math.max(nowMs, (seat.paidThrough ?? 0) - 1);
  return setSeat(c, e.relay, { next: { plan: e.plan, at } });
};

export const unschedulePlan: Transformation = (c, e) => {
  assertEvent(e, "CHANGE");
  return setSeat(c, e.relay, { next: null });
};

export const makeFree: Transformation = (c, e, nowMs) => {
  assertEvent(e, "CHANGE");
  const { priceSats } = plans[e.plan];
  const free = { plan: e.plan, priceSats, paidThrough: null, next: null };
  return setSeat(c, e.relay, { ...free, ...stopped(c, e.relay, nowMs) });
};

/** The relays whose scheduled plan takes effect. One that is not paid for waits in grace at its price. */
export function switching(c: TenantContext, nowMs: number): Record<string, Seat> {
  const seats: Record<string, Seat> = {};
  for (const [relay, seat] of Object.entries(c.seats)) {
    if (!seat.next || seat.next.at > nowMs || !switchesByItself(seat)) continue;
    const { plan, then } = seat.next;
    const { priceSats } = plans[plan];
    const paidThrough = priceSats === 0 ? null : seat.paidThrough;
    const next = then && paidThrough !== null ? { ...then, at: paidThrough - 1 } : null;
    seats[relay] = { ...seat, plan, priceSats, paidThrough, next };
  }
  return seats;
}

export const switchPlans: Transformation = (c, _, nowMs) => ({
  seats: { ...c.seats, ...switching(c, nowMs) },
});

/** A pending relay's other plan waits for the open invoice to close: it may be paid already. */
export const replaceLater: Transformation = (c, e) => {
  assertEvent(e, "CHANGE");
  return setSeat(c, e.relay, { instead: { plan: e.plan, invoice: e.invoice } });
};

/** The other plan that a pending relay waits for, once its invoice has closed. */
export function insteadOf(c: TenantContext, e: TenantEvent) {
  assertEvent(e, "CLOSED");
  for (const { relay } of e.items) {
    const instead = c.seats[relay]?.instead;
    if (instead) return { relay, ...instead };
  }
  return null;
}

export const replaceByFree: Transformation = (c, e) => {
  const instead = insteadOf(c, e);
  if (!instead) return {};
  const { relay, plan } = instead;
  return setSeat(c, relay, { plan, priceSats: plans[plan].priceSats, instead: null });
};
