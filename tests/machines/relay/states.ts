/** Relays brought to the states that tests begin from. */
import { addMonths } from "../../../machines/billing/calendar.ts";
import type { PlanId } from "../../../machines/plans.ts";
import { applied, DAY_MS, T0, TENANT } from "../build.ts";
import { aRelay, type LoneActor } from "../lone-actor.ts";

export type Relay = ReturnType<typeof aRelay>;

export const TILL = `tenant/${TENANT}`;
export const reason = "spam";
export const paid = {
  type: "EXTENDED",
  plan: "basic",
  priceSats: 10_000,
  paidThrough: null,
  prepaid: true,
};
export const month = { ...paid, paidThrough: addMonths(T0, 1), prepaid: false };

/** zooid takes what is wanted now and says it over NIP-11. */
export const apply = (relay: Relay): Relay =>
  relay.answers("apply", applied(relay.context.wanted, relay.context));
export const provisioning = (): Relay => aRelay("basic").send(paid);
export const active = (plan: PlanId = "basic"): Relay =>
  plan === "free" ? apply(aRelay("free")) : apply(provisioning()).send(month);
export const suspended = (): Relay => apply(active().send({ type: "admin.suspend", reason }));
export const deactivated = (): Relay => apply(active().send({ type: "DEACTIVATE" }));

export const status = (relay: LoneActor<unknown>): string => relay.rest("status");
export const seats = (relay: Relay) =>
  relay.told.map(([to, event]) => [to, (event as unknown as { is: string }).is]);

/** A renewal can be paid; its days of grace end then. */
export const billed = (invoice = "i2", graceEnds = month.paidThrough + 7 * DAY_MS) => ({
  type: "BILLED",
  invoice,
  graceEnds,
});
/** Past its date, with no renewal that could be paid. */
export const overdue = (): Relay => active().wait(month.paidThrough - T0);
/** Suspended for non-payment of `i2`. */
export const unpaid = (): Relay =>
  apply(
    overdue()
      .send(billed())
      .wait(7 * DAY_MS)
      .answers("ask", { settled: false }),
  );
