/** The renewal that is to come, reckoned from the till by the functions that the till itself reckons with. */
import { dueItems } from "../../../machines/billing/schedule.ts";
import type { Item } from "../../../machines/billing/seats.ts";
import type { TenantContext } from "../../../machines/tenant/context.ts";
import { renewalAt } from "../../../machines/tenant/orders.ts";

/**
 * What the next renewal that has this relay will bill. One that bills it nothing, as for the seconds by
 * which a relay that came back is out of step, is passed over.
 *
 * @param nowMs - logical
 */
export function upcoming(c: TenantContext, id: string, nowMs: number): Item[] {
  const { anchor } = c;
  const seat = c.seats[id];
  if (anchor === null || !seat) return [];
  const isOfIt = ({ relay }: Item): boolean => relay === id;
  let items = dueItems(c.seats, anchor, Math.max(renewalAt(c) ?? nowMs, nowMs));
  if (!items.some(isOfIt))
    items = dueItems(c.seats, anchor, Math.max((seat.paidThrough ?? 0) - 1000, nowMs));
  const item = items.find(isOfIt);
  if (item?.sats !== 0) return items;
  const seats = { ...c.seats, [id]: { ...seat, paidThrough: item.to } };
  return dueItems(seats, anchor, item.to - 1000).filter(isOfIt);
}
