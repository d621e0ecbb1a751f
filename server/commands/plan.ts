import { tenantActor } from "../../machines/addresses.ts";
import { type Quote, quote } from "../../machines/billing/quote.ts";
import { isCovered, type Seat } from "../../machines/billing/seats.ts";
import { type Offer, type PlanId, switchedOff } from "../../machines/plans.ts";
import { renews, type TenantContext } from "../../machines/tenant/context.ts";
import { changeRefusal } from "../../machines/tenant/orders.ts";
import { itemOfReturn, planOfReturn } from "../../machines/tenant/past-due.ts";
import { AppError } from "../errors.ts";
import type { Tx } from "../host/host.ts";
import { toSeconds } from "../projections/seconds.ts";
import type { CommandParts } from "./index.ts";
import { assertBillable, assertNoPaidTimeLost, assertRoom, newId } from "./order.ts";
import { assertInvoiceDue } from "./quotas.ts";

/**
 * The till's own quote for giving a relay of `pubkey` a plan now; for one that does not run, what bringing
 * it back with that plan costs.
 * @throws AppError 404, 409 `next_plan_paid`, `paid_time_left`
 */
export async function quotePlan(
  { host, clock }: CommandParts,
  pubkey: string,
  relay: string,
  plan: PlanId,
): Promise<{ quote: Quote; from: PlanId }> {
  const till = (await host.read(tenantActor(pubkey)))?.persisted.context;
  const seat = till?.seats[relay];
  if (!till || !seat) throw new AppError("relay_not_found", 404, "you have no such relay");
  const nowMs = clock.now();
  if (seat.is === "dark" || seat.is === "off") {
    assertNoPaidTimeLost(seat, plan, nowMs);
    if (plan === planOfReturn(till, relay, seat, nowMs))
      return { quote: quoteReturn(till, seat, relay, plan, nowMs), from: seat.plan };
  }
  const quoted = quoteOf(till, seat, relay, plan, nowMs);
  // What stands whatever is offered for it has no price.
  if (quoted.change !== "none" && changeRefusal(seat, quoted.change) === "next_plan_paid")
    throw refused("next_plan_paid");
  return { quote: quoted, from: seat.plan };
}

/** What bringing a relay back as it was would cost: nothing, what it owes, or a month. */
function quoteReturn(
  till: TenantContext,
  seat: Seat,
  relay: string,
  plan: PlanId,
  nowMs: number,
): Quote {
  const back = { change: "reactivation" as const, plan, at: null };
  if (isCovered(seat, nowMs))
    return { ...back, amountSats: 0, applies: "now", at: nowMs, from: null, to: null, usedMs: 0 };
  const { sats, from, to, usedMs } = itemOfReturn(till, relay, plan, nowMs);
  return { ...back, amountSats: sats, applies: "when_paid", from, to, usedMs };
}

const quoteOf = (
  till: TenantContext,
  seat: Seat,
  relay: string,
  plan: PlanId,
  nowMs: number,
): Quote => quote(seat, plan, nowMs, { anchor: till.anchor, isRenewing: renews(till, relay) });

/**
 * Changes the plan of a relay as {@link quotePlan} says: at once, when paid, or at the period's end.
 * Inside the transaction of an edit.
 *
 * @returns whether anything changes
 * @throws AppError 409 `relay_not_running`, `relay_not_ready`, `change_still_open`, `next_plan_paid`; 429
 * `invoice_limit`; 429 and 503 as for an order
 */
export async function changePlan(
  parts: CommandParts,
  tx: Tx,
  till: TenantContext,
  relay: string,
  plan: PlanId,
): Promise<boolean> {
  const seat = till.seats[relay];
  if (!seat) throw new AppError("relay_not_found", 404, "you have no such relay");
  // Said again in an edit, the plan that it has is no change, also of one that does not run.
  const isAsItWas = plan === seat.plan || plan === planOfReturn(till, relay, seat, tx.now);
  if (isAsItWas && seat.is !== "on" && seat.is !== "new") return false;
  const wanted = quoteOf(till, seat, relay, plan, tx.now);
  if (wanted.change === "none") return false;
  const refusal = changeRefusal(seat, wanted.change);
  if (refusal) throw refused(refusal);
  if (wanted.applies === "when_paid") {
    assertBillable(parts, plan);
    await assertInvoiceDue(parts, till.pubkey, relay, tx.now);
  }
  if (wanted.change === "free" || wanted.applies === "at_period_end")
    assertRoom(till.seats, plan, relay);
  const event = { type: "CHANGE" as const, relay, plan, invoice: newId("i") };
  tx.send(tenantActor(till.pubkey), event, { cause: "http", by: till.pubkey });
  return true;
}

const REFUSALS = {
  relay_not_running: "this relay does not run; reactivate it with the plan you want",
  relay_not_ready: "this relay is being set up; change its plan once it is active",
  next_plan_paid:
    "the next month is paid on the plan that it begins with; change the plan once it has begun",
  change_still_open: "an earlier change of plan is still open; pay it or let it run out first",
} as const;

const refused = (code: keyof typeof REFUSALS): AppError =>
  new AppError(code, 409, REFUSALS[code], { field: "plan" });

/** A quote as it goes over the wire. @param from - the relay's plan now */
export const viewQuote = (q: Quote, from: PlanId, offer: Offer) => ({
  change: q.change,
  plan: q.plan,
  amount: q.amountSats,
  applies: q.applies,
  at: q.at === null ? null : toSeconds(q.at),
  period_start: q.from === null ? null : toSeconds(q.from),
  period_end: q.to === null ? null : toSeconds(q.to),
  used: toSeconds(q.usedMs),
  switches_off: q.change === "none" ? [] : switchedOff(from, q.plan, offer),
});
