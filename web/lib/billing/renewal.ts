/** What comes next by the till's own arithmetic: no request is needed to know it. */
import { dueItems } from "../../../machines/billing/schedule.ts";
import { renewalAt } from "../../../machines/tenant/orders.ts";
import type { TenantReplica } from "../live/live.ts";

/** `at`: from when it is to be paid (epoch ms). */
export type NextRenewal = { at: number; sats: number; relays: string[] };

/** The next renewal that is not written yet; null where nothing renews. */
export function nextRenewal({ context: c }: TenantReplica): NextRenewal | null {
  const writtenAt = renewalAt(c);
  if (writtenAt === null || c.anchor === null) return null;
  const items = dueItems(withRenewalPaid(c), c.anchor, writtenAt);
  if (items.length === 0) return null;
  return {
    at: Math.min(...items.map(({ from }) => from)),
    sats: items.reduce((sum, item) => sum + item.sats, 0),
    relays: items.map(({ relay }) => relay),
  };
}

/** As if what is open now were paid: the next renewal is the one after it. */
function withRenewalPaid({ seats, renewal }: TenantReplica["context"]) {
  const paid = (renewal?.items ?? []).flatMap(({ relay, to }) => {
    const seat = seats[relay];
    return seat ? [[relay, { ...seat, paidThrough: to }] as const] : [];
  });
  return { ...seats, ...Object.fromEntries(paid) };
}
