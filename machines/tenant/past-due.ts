/**
 * What is suspended for non-payment, and what bringing it back costs: billed apart from what runs, by one
 * past-due invoice for all of a tenant's, or by an invoice of its own for one that is brought back alone.
 */
import { PAST_DUE_MS, wholeSecond } from "../billing/calendar.ts";
import { overAt, renewalItem } from "../billing/schedule.ts";
import {
  type Item,
  isCovered,
  isOverdue,
  monthOf,
  type Owed,
  paidSpan,
  renewedAt,
  type Seat,
} from "../billing/seats.ts";
import type { PlanId } from "../plans.ts";
import type { TenantContext } from "./context.ts";
import { servedUnpaid } from "./served.ts";

type Tenant = Pick<TenantContext, "seats" | "anchor" | "renewal" | "pastDue">;

/**
 * What the renewal of a running relay bills now: by the open invoice, where that is as it would be written
 * anew. Which of the two is looked at must not hang on whether our wallet has spoken about it yet.
 */
function billedNow(c: Tenant, relay: string, seat: Seat, nowMs: number): Item | null {
  const item = c.renewal?.items.find((one) => one.relay === relay);
  if (item && overAt(item) > nowMs && item.plan === renewedAt(seat).plan) return item;
  return c.anchor === null ? null : renewalItem(relay, seat, c.anchor, nowMs);
}

/**
 * What becomes of a seat whose relay stops running, or is not paid for any more: the days that it ran past
 * its date follow it.
 */
export function stopped(c: Tenant, relay: string, nowMs: number): Partial<Seat> {
  const seat = c.seats[relay];
  if (seat?.is !== "on" || !isOverdue(seat, nowMs)) return {};
  const from = billedNow(c, relay, seat, nowMs)?.from ?? nowMs;
  return { servedMs: seat.servedMs + servedUnpaid(seat, from, nowMs) };
}

/** What a running relay is suspended for: what its renewal bills. */
export function owedBy(c: Tenant, relay: string, nowMs: number): Owed | null {
  const seat = c.seats[relay];
  if (!seat || !isOverdue(seat, nowMs)) return null;
  const item = billedNow(c, relay, seat, nowMs);
  if (!item) return null;
  const { plan, priceSats, sats, from, to } = item;
  return { plan, priceSats, sats, lengthMs: to - from, suspendedAt: nowMs };
}

/** What an owed length is as an item of an invoice, if the relay were back now. */
function itemOf(relay: string, { servedMs }: Seat, owed: Owed, nowMs: number): Item {
  const { plan, priceSats, sats, lengthMs } = owed;
  const span = paidSpan(lengthMs, servedMs, wholeSecond(nowMs));
  return { relay, kind: "renewal", plan, priceSats, sats, ...span };
}

/** Whether a seat is to be brought back by what it owes: dark, not covered yet, and by no other invoice. */
const isOwing = (seat: Seat, nowMs: number): boolean =>
  seat.is === "dark" && seat.owed !== null && seat.invoice === null && !isCovered(seat, nowMs);

type Debt = { relay: string; seat: Seat; owed: Owed };

/** When what these owe can be paid no longer: 60 days after the last suspension of them. */
const endOf = (debts: readonly Debt[]): number =>
  Math.max(0, ...debts.map(({ owed }) => owed.suspendedAt)) + PAST_DUE_MS;

/** Debts that no other invoice bills, oldest first. What is still in the renewal waits for its end. */
const debtsOf = (c: Tenant, nowMs: number): Debt[] =>
  Object.entries(c.seats)
    .flatMap(([relay, seat]) => {
      const { owed } = seat;
      const isMoving = c.renewal?.items.some((item) => item.relay === relay);
      return owed && isOwing(seat, nowMs) && !isMoving ? [{ relay, seat, owed }] : [];
    })
    .sort((a, b) => a.owed.suspendedAt - b.owed.suspendedAt);

/** Those that one invoice bills: one that had lapsed before the next suspension is not among them. */
function joined(c: Tenant, nowMs: number): Debt[] {
  let together: Debt[] = [];
  for (const debt of debtsOf(c, nowMs))
    together = endOf(together) <= debt.owed.suspendedAt ? [debt] : [...together, debt];
  return together;
}

/** What the past-due invoice bills, and until when it can be paid; no items where that is over. */
export function pastDueOf(c: Tenant, nowMs: number): { items: Item[]; closesAt: number } {
  const debts = joined(c, nowMs);
  const closesAt = endOf(debts);
  if (closesAt <= nowMs) return { items: [], closesAt };
  const items = debts.map(({ relay, seat, owed }) => itemOf(relay, seat, owed, nowMs));
  return { items, closesAt };
}

/** Relays whose debt can be paid no longer, and is on no invoice. */
export function lapsed(c: Tenant, nowMs: number): string[] {
  const payable = new Set(pastDueOf(c, nowMs).items.map(({ relay }) => relay));
  return debtsOf(c, nowMs).flatMap(({ relay }) =>
    payable.has(relay) || isPastDue(c, relay) ? [] : relay,
  );
}

/** Whether the open past-due invoice bills this relay. */
export const isPastDue = (c: Pick<TenantContext, "pastDue">, relay: string): boolean =>
  c.pastDue?.items.some((item) => item.relay === relay) ?? false;

/** Whether it bills this relay and no other: paying it brings back the one. */
export const isAlonePastDue = (c: Pick<TenantContext, "pastDue">, relay: string): boolean =>
  isPastDue(c, relay) && c.pastDue?.items.length === 1;

/** Whether the open past-due invoice bills something else than is past due. */
export function isPastDueStale(c: Tenant, nowMs: number): boolean {
  if (c.pastDue === null) return false;
  // At its own end it closes by itself: items are compared, not whether they can be paid.
  const line = ({ relay, plan, sats }: { relay: string; plan: PlanId; sats: number }): string =>
    `${relay} ${plan} ${sats}`;
  const owed = joined(c, nowMs).map(({ relay, owed }) => line({ relay, ...owed }));
  return owed.sort().join() !== c.pastDue.items.map(line).sort().join();
}

/** What a dark relay owes, for as long as that can be paid; null where only a fresh month brings it back. */
export function owedOf(c: Tenant, relay: string, nowMs: number): Owed | null {
  const seat = c.seats[relay];
  if (!seat?.owed || seat.is !== "dark") return null;
  const until = isPastDue(c, relay) ? endOf(joined(c, nowMs)) : seat.owed.suspendedAt + PAST_DUE_MS;
  return until > nowMs ? seat.owed : null;
}

/** The plan with which a relay that does not run comes back if no other is wanted: that which it owes for. */
export const planOfReturn = (c: Tenant, relay: string, seat: Seat, nowMs: number): PlanId =>
  owedOf(c, relay, nowMs)?.plan ?? seat.plan;

/**
 * What brings a relay back that does not run: with the plan that it owes for that, else a full month. The
 * quote says it and the tenant charges it.
 */
export function itemOfReturn(c: Tenant, relay: string, plan: PlanId, nowMs: number): Item {
  const seat = c.seats[relay];
  const owed = owedOf(c, relay, nowMs);
  if (seat && owed?.plan === plan) return itemOf(relay, seat, owed, nowMs);
  const kind = seat?.is === "dark" ? "reactivation" : "purchase";
  return monthOf(relay, kind, plan, nowMs, seat?.servedMs);
}
