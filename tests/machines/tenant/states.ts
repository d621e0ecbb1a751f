/** A till, what it is told, and what it says. */
import { addMonths, HOUR_MS } from "../../../machines/billing/calendar.ts";
import { type Item, monthOf } from "../../../machines/billing/seats.ts";
import type { Tell } from "../../../machines/durable.ts";
import { type PlanId, plans } from "../../../machines/plans.ts";
import { DAY_MS, order, T0 } from "../build.ts";
import { aTenant } from "../lone-actor.ts";

export type Tenant = ReturnType<typeof aTenant>;

export const reason = "spam";
export const items = (relay = "r1") => [monthOf(relay, "purchase", "basic", T0)];
export const paid = (relay = "r1", invoice = "i1", plan: PlanId = "basic") => ({
  type: "PAID",
  invoice,
  items: [monthOf(relay, "purchase", plan, T0)],
  sats: plans[plan].priceSats,
});
export const closed = (invoice = "i1", sats = 0, isVoid = false) => ({
  type: "CLOSED",
  invoice,
  items: items(),
  sats,
  isVoid,
});
export const credit = (sats: number) => ({ type: "CREDIT", sats, why: "paid after the end i0" });
export const seat = (is: string, relay = "r1") => ({ type: "SEAT", relay, is });
export const reactivate = (plan: PlanId = "basic", invoice = "i2") => ({
  type: "REACTIVATE",
  relay: "r1",
  plan,
  invoice,
});

export const ordered = () => aTenant().send(order("basic"));
export const running = () => ordered().send(paid()).send(seat("on"));
/** Its renewal is written. */
export const renewed = () =>
  running()
    .wait(addMonths(T0, 1) - HOUR_MS - T0)
    .answers("catchUp", null);
export const renewalOf = ({ context }: Tenant): Item[] => context.renewal?.items ?? [];
/** Its renewal was not paid for all of grace. */
export const dark = () => {
  const tenant = renewed();
  const invoice = tenant.context.renewal?.invoice;
  return tenant.wait(7 * DAY_MS + HOUR_MS).send({ ...seat("dark"), invoice });
};
const ASIDE = new Set(["NUMBERED", "ROOM"]);
/** What is told, but for what comes with all of it: the receipt's number, and the community's room. */
export const events = ({ told }: Tenant): [string, Tell["event"]][] =>
  told.flatMap(([to, event]) => (ASIDE.has(event.type) ? [] : [[to, event]]));
export const types = (tenant: Tenant): string[] =>
  events(tenant).map(([to, { type }]) => `${to} ${type}`);
export const madeInvoice = ({ created }: Tenant) =>
  created.find(({ machine }) => machine === "invoice");
