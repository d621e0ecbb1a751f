import type { Seat } from "../../../machines/billing/seats.ts";
import { plans } from "../../../machines/plans.ts";
import { switchesByItself } from "../../../machines/tenant/orders.ts";
import { day } from "../words/format.ts";

/** `Growth on 27 Dec`, `Growth once the renewal is paid`: the change of plan to come; null for none. */
export function nextPlan(seat: Seat | undefined, nowMs: number): string | null {
  if (!seat?.next) return null;
  const { plan, at, then } = seat.next;
  const { name } = plans[plan];
  const after = then ? `, then to ${plans[then.plan].name}` : "";
  return switchesByItself(seat)
    ? `${name} on ${day(at + 1, nowMs)}${after}`
    : `${name} once the renewal is paid`;
}
