/** The renewal that is to come, reckoned from the till by the functions that the till itself reckons with. */
import { dueItems, type Item } from "../../machines/billing.ts";
import type { TenantContext } from "../../machines/tenant.ts";
import { renewalAt } from "../../machines/till.ts";

/** What the next renewal that has this relay will bill. @param nowMs - logical */
export function upcoming(c: TenantContext, id: string, nowMs: number): Item[] {
  const { anchor } = c;
  if (anchor === null) return [];
  const soonest = Math.max(renewalAt(c) ?? nowMs, nowMs);
  const items = dueItems(c.seats, anchor, soonest);
  if (items.some(({ relay }) => relay === id)) return items;
  return dueItems(c.seats, anchor, Math.max((c.seats[id]?.paidThrough ?? 0) - 1000, nowMs));
}
