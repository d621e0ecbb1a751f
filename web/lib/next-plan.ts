import type { Seat } from "../../machines/billing.ts";
import { plans } from "../../machines/plans.ts";
import { switchesByItself } from "../../machines/tenant.ts";
import { day } from "./format.ts";

/** `Growth from 27 Dec`, `Growth once the renewal is paid`: the change of plan to come; null for none. */
export function nextPlan(seat: Seat | undefined, nowMs: number): string | null {
  if (!seat?.next) return null;
  const { name } = plans[seat.next.plan];
  return switchesByItself(seat)
    ? `${name} from ${day(seat.next.at, nowMs)}`
    : `${name} once the renewal is paid`;
}
