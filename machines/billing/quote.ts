/** What a change of plan means and costs, and how many relays a tenant may have. Quote and charge are one. */
import { type PlanId, plans } from "../plans.ts";
import { prorate, wholeSecond } from "./calendar.ts";
import { billedFrom, renewalEnd } from "./schedule.ts";
import { isOverdue, monthOf, type Seat, type Seats } from "./seats.ts";

/**
 * At most this many relays per tenant, deactivated ones too: all of them are in one snapshot, and what
 * happens to all of them at once is one transaction.
 */
export const RELAYS_MAX = 200;

/** At most this many free relays, and this many unpaid reservations, per tenant. */
export const FREE_RELAYS_MAX = 3;
export const RESERVATIONS_MAX = 3;

/** What changing a plan means, and costs. `at` is when it takes effect, null where that is on payment. */
export type Quote = {
  change:
    | "none"
    | "cancel"
    | "purchase"
    | "upgrade"
    | "downgrade"
    | "renewal"
    | "reactivation"
    | "free";
  plan: PlanId;
  amountSats: number;
  applies: "now" | "when_paid" | "at_period_end";
  at: number | null;
  from: number | null;
  to: number | null;
  /** Of the length paid for, what was used before it was paid: already taken off `to`. */
  usedMs: number;
};

/** What it would mean to give this relay `plan` now. The machine acts on it: quote and charge are one. */
export function quote(
  seat: Seat,
  plan: PlanId,
  nowMs: number,
  tenant: { anchor: number | null; isRenewing: boolean },
): Quote {
  const { priceSats } = plans[plan];
  const base = {
    plan,
    amountSats: 0,
    at: null,
    from: null,
    to: null,
    usedMs: 0,
  };
  const { from, to, usedMs } = monthOf("", "purchase", plan, nowMs, seat.servedMs);
  const full = { ...base, amountSats: priceSats, applies: "when_paid" as const, from, to, usedMs };
  const free = { ...base, change: "free" as const, applies: "now" as const, at: nowMs };
  if (seat.is !== "on" && seat.is !== "new")
    return priceSats === 0 ? free : { ...full, change: "reactivation" };
  if (plan === (seat.next ?? seat.instead ?? seat).plan)
    return { ...base, change: "none", applies: "now" };
  if (plan === seat.plan && seat.next !== null)
    return { ...base, change: "cancel", applies: "now" };
  if (seat.is === "new") return priceSats === 0 ? free : { ...full, change: "purchase" };
  if (seat.priceSats === 0) return { ...full, change: "purchase" };
  const { paidThrough } = seat;
  if (isOverdue(seat, nowMs)) {
    if (priceSats === 0) return free;
    if (tenant.anchor === null || paidThrough === null) return { ...full, change: "renewal" };
    const from = billedFrom(paidThrough, tenant.anchor, nowMs);
    const to = renewalEnd(tenant.anchor, nowMs);
    const amountSats = prorate(priceSats, tenant.anchor, from, to);
    return { ...base, change: "renewal", applies: "when_paid", amountSats, from, to };
  }
  const later = { ...base, applies: "at_period_end" as const, at: paidThrough };
  if (priceSats < seat.priceSats) return { ...later, change: "downgrade" };
  if (tenant.anchor === null || paidThrough === null) return { ...later, change: "renewal" };
  if (tenant.isRenewing) {
    // In the last hour the renewal is already written: it is written anew at the new price.
    const to = renewalEnd(tenant.anchor, nowMs);
    const amountSats = prorate(priceSats, tenant.anchor, paidThrough, to);
    return { ...later, change: "renewal", amountSats, from: paidThrough, to };
  }
  const rest = { from: wholeSecond(nowMs), to: paidThrough };
  const cost = (sats: number, anchor: number) => prorate(sats, anchor, rest.from, rest.to);
  const amountSats = cost(priceSats, tenant.anchor) - cost(seat.priceSats, tenant.anchor);
  return { ...base, change: "upgrade", applies: "when_paid", amountSats, ...rest };
}

/** Why this tenant may not take one more relay of this plan now; null when they may. */
export function orderRefusal(
  seats: Seats,
  plan: PlanId,
): "free_relay_limit" | "reservation_limit" | null {
  const all = Object.values(seats);
  if (plans[plan].priceSats === 0) {
    const isOrTurnsFree = (s: Seat) =>
      [s, s.next, s.next?.then, s.instead].some((has) => has && plans[has.plan].priceSats === 0);
    const free = all.filter((s) => isOrTurnsFree(s) && s.is !== "off" && s.is !== "shut");
    return free.length >= FREE_RELAYS_MAX ? "free_relay_limit" : null;
  }
  // One that was given up counts until its invoice has closed: it may be paid yet.
  const unpaid = all.filter((s) => s.invoice !== null && s.paidThrough === null && s.is !== "on");
  return unpaid.length >= RESERVATIONS_MAX ? "reservation_limit" : null;
}
