import { describe, expect, test } from "bun:test";
import { addMonths, prorate } from "../../../machines/billing/calendar.ts";
import type { Item, Seat } from "../../../machines/billing/seats.ts";
import { type PlanId, plans } from "../../../machines/plans.ts";
import { planOfReturn } from "../../../machines/tenant/past-due.ts";
import { DAY_MS, HOUR_MS, order, T0 } from "../build.ts";
import { aTenant } from "../lone-actor.ts";
import {
  closed,
  dark,
  madeInvoice,
  ordered,
  paid,
  renewed,
  running,
  seat,
  type Tenant,
  types,
} from "./states.ts";

const END = addMonths(T0, 1);
const change = (plan: PlanId, invoice = "i4") => ({ type: "CHANGE", relay: "r1", plan, invoice });
const runningOn = (plan: PlanId): Tenant =>
  plan === "free"
    ? aTenant().send(order("free")).send(seat("on"))
    : aTenant()
        .send(order(plan))
        .send(paid("r1", "i1", plan))
        .send(seat("on"));
const seatOf = ({ context }: Tenant) => context.seats.r1;
const itemsOf = (tenant: Tenant) =>
  (madeInvoice(tenant)?.input as { items: Item[] } | undefined)?.items ?? [];
/** What the tenant pays of the invoice that was just written. */
const payFor = (tenant: Tenant, items = itemsOf(tenant)) =>
  tenant.send({
    type: "PAID",
    invoice: tenant.context.draft?.id,
    items,
    sats: items.reduce((sum, { sats }) => sum + sats, 0),
  });

describe("an upgrade", () => {
  test("is invoiced for the rest of the period, and applied when paid, with the same dates", () => {
    const tenant = running()
      .wait(10 * DAY_MS)
      .send(change("growth"));
    const sats = prorate(50_000, T0, tenant.nowMs, END) - prorate(10_000, T0, tenant.nowMs, END);
    expect(madeInvoice(tenant)).toMatchObject({ input: { id: "i4", purpose: "upgrade" } });
    expect(itemsOf(tenant)).toMatchObject([{ kind: "upgrade", sats, from: tenant.nowMs, to: END }]);
    expect(seatOf(tenant)).toMatchObject({ plan: "basic", invoice: "i4" });
    payFor(tenant);
    expect(seatOf(tenant)).toMatchObject({
      plan: "growth",
      priceSats: 50_000,
      paidThrough: END,
      invoice: null,
    });
    expect(types(tenant)).toEqual(["relay/r1 EXTENDED"]);
  });

  test("ends before the next renewal is written", () => {
    const tenant = running()
      .wait(END - T0 - 5 * HOUR_MS)
      .send(change("growth"));
    expect(madeInvoice(tenant)).toMatchObject({ input: { closesAt: END - HOUR_MS } });
  });

  test("waits for the one before it", () => {
    const tenant = running().send(change("growth"));
    expect(tenant.allows(change("growth", "i5"))).toBe(false);
    expect(tenant.send(closed("i4")).allows(change("growth", "i5"))).toBe(true);
  });

  test("that is paid too late, for dates that have moved, is credit", () => {
    const tenant = running().send(change("growth"));
    const items = itemsOf(tenant);
    const sats = items.reduce((sum, item) => sum + item.sats, 0);
    tenant.send({ type: "admin.extend", relay: "r1", to: addMonths(T0, 3), reason: "sorry" });
    payFor(tenant, items);
    expect(seatOf(tenant)?.plan).toBe("basic");
    expect(tenant.context.creditSats).toBe(sats);
  });
});

describe("a downgrade", () => {
  test("comes at the end of what is paid, costs nothing, and renews at the new price", () => {
    const tenant = runningOn("growth")
      .wait(5 * DAY_MS)
      .send(change("basic"));
    expect([tenant.created, tenant.told]).toEqual([[], []]);
    expect(seatOf(tenant)).toMatchObject({ plan: "growth", next: { plan: "basic", at: END - 1 } });
    tenant.wait(END - HOUR_MS - tenant.nowMs).answers("catchUp", null);
    expect(itemsOf(tenant)).toMatchObject([{ plan: "basic", sats: 10_000, from: END }]);
    payFor(tenant);
    expect(seatOf(tenant)).toMatchObject({ plan: "growth", paidThrough: addMonths(T0, 2) });
    tenant.wait(HOUR_MS);
    expect(seatOf(tenant)).toMatchObject({ plan: "basic", priceSats: 10_000, next: null });
  });

  test("whose month is paid stands: it cannot be cancelled, changed or put off", () => {
    const tenant = runningOn("growth").send(change("basic"));
    tenant.wait(END - HOUR_MS - tenant.nowMs).answers("catchUp", null);
    payFor(tenant);
    for (const plan of ["growth", "free"] as const) expect(tenant.allows(change(plan))).toBe(false);
    const to = addMonths(T0, 3);
    tenant.send({ type: "admin.extend", relay: "r1", to, reason: "sorry" });
    expect(seatOf(tenant)).toMatchObject({ plan: "growth", paidThrough: to });
    tenant.wait(HOUR_MS);
    expect(seatOf(tenant)).toMatchObject({ plan: "basic", paidThrough: to, next: null });
    expect(tenant.allows(change("free"))).toBe(true);
  });

  test("whose month is paid while another is asked for comes first, and the other at that month's end", () => {
    for (const [from, to] of [
      ["growth", "basic"],
      ["basic", "growth"],
    ] as const) {
      const tenant = runningOn(from).wait(END - HOUR_MS - T0);
      tenant.answers("catchUp", null).send(change(to));
      tenant.send({ type: "CLOSED", ...tenant.context.renewal, sats: 0 } as never);
      const items = itemsOf(tenant);
      // What is being withdrawn is paid after all.
      tenant.send(change("free"));
      expect(tenant.rest("billing")).toBe("closing");
      payFor(tenant, items);
      expect(seatOf(tenant)).toMatchObject({ plan: from, paidThrough: addMonths(T0, 2) });
      expect(tenant.allows(change(from))).toBe(false);
      tenant.wait(HOUR_MS);
      expect(seatOf(tenant)).toMatchObject({ plan: to, priceSats: plans[to].priceSats });
      expect(seatOf(tenant)?.next).toEqual({ plan: "free", at: addMonths(T0, 2) - 1 });
      tenant.wait(addMonths(T0, 2) - END);
      expect(seatOf(tenant)).toMatchObject({ plan: "free", paidThrough: null, next: null });
    }
  });

  test("begins with the first day that is paid at its price, whatever is paid on top", () => {
    const tenant = runningOn("growth").send(change("basic"));
    tenant.wait(END - HOUR_MS - T0).answers("catchUp", null);
    const [first] = itemsOf(tenant);
    if (!first) throw new Error("no renewal was written");
    // Its date is apart from the anchor: what is left until that, and the month after it.
    const anchor = END + HOUR_MS / 2;
    payFor(tenant, [{ ...first, to: anchor }]);
    payFor(tenant, [{ ...first, from: anchor }]);
    expect(seatOf(tenant)).toMatchObject({ paidThrough: first.to, next: { at: END - 1 } });
  });

  test("that was scheduled is cancelled, and nothing has changed", () => {
    const tenant = runningOn("growth");
    const before = structuredClone(tenant.context);
    tenant.send(change("basic"));
    expect(tenant.allows(change("basic"))).toBe(false);
    tenant.send(change("growth"));
    expect(tenant.context).toEqual(before);
    expect([tenant.created, tenant.told]).toEqual([[], []]);
  });

  test("that is taken back while its month is being paid is had for that month alone", () => {
    const tenant = runningOn("growth").send(change("basic"));
    tenant.wait(END - HOUR_MS - T0).answers("catchUp", null);
    const { renewal } = tenant.context;
    tenant.send(change("growth"));
    expect(seatOf(tenant)).toMatchObject({ next: null });
    const items = renewal?.items ?? [];
    tenant.send({ type: "PAID", invoice: renewal?.invoice, items, sats: 10_000 } as never);
    expect(seatOf(tenant.wait(HOUR_MS))).toMatchObject({ plan: "basic", next: { plan: "growth" } });
    // What was wanted is what is billed next.
    tenant.wait(addMonths(T0, 2) - HOUR_MS - tenant.nowMs).answers("catchUp", null);
    expect(itemsOf(tenant)).toMatchObject([{ plan: "growth", sats: 50_000 }]);
  });

  test("to free ends the billing of a relay, a moment before its date: it never sees grace", () => {
    const tenant = running().send(change("free"));
    tenant.wait(END - 1 - T0 - 1);
    expect(seatOf(tenant)).toMatchObject({ plan: "basic", paidThrough: END });
    expect(tenant.context.renewal).toBeNull();
    tenant.answers("catchUp", null).wait(1);
    expect(seatOf(tenant)).toMatchObject({ plan: "free", priceSats: 0, paidThrough: null });
    expect(types(tenant)).toEqual(["relay/r1 EXTENDED"]);
    expect(tenant.context).toMatchObject({ anchor: null, nextAnchor: null });
    expect(tenant.alarms.size).toBe(0);
  });

  test("moves with a date that an operator extends", () => {
    const tenant = runningOn("growth").send(change("basic"));
    const to = addMonths(T0, 2);
    tenant.send({ type: "admin.extend", relay: "r1", to, reason: "sorry" });
    expect(seatOf(tenant)).toMatchObject({ next: { plan: "basic", at: to - 1 } });
  });
});

/** Two days overdue, with the renewal written anew for what was asked. */
function overdueFor(asked: ReturnType<typeof change>): Tenant {
  const tenant = runningOn("basic")
    .wait(END - HOUR_MS - T0)
    .answers("catchUp", null)
    .wait(2 * DAY_MS)
    .send(asked);
  return tenant.send({ type: "CLOSED", ...tenant.context.renewal, sats: 0 } as never);
}

describe("a change in grace", () => {
  const overdue = (plan: PlanId = "basic") => {
    const tenant = runningOn(plan)
      .wait(END - HOUR_MS - T0)
      .answers("catchUp", null);
    return tenant.wait(2 * DAY_MS);
  };

  test("supersedes the open renewal by one at the new price", () => {
    for (const [from, to] of [
      ["basic", "growth"],
      ["growth", "basic"],
    ] as const) {
      const tenant = overdue(from).send(change(to));
      const { renewal } = tenant.context;
      expect(types(tenant)).toEqual([`invoice/${renewal?.invoice} CLOSE`]);
      tenant.send({ type: "CLOSED", ...renewal, sats: 0 } as never);
      expect(itemsOf(tenant)).toMatchObject([
        { plan: to, sats: plans[to].priceSats, from: END, to: addMonths(T0, 2) },
      ]);
      // It is had when it is paid for, and not for the days of grace before.
      expect(seatOf(tenant.wait(DAY_MS))).toMatchObject({ plan: from, next: { plan: to } });
      payFor(tenant);
      expect(seatOf(tenant)).toMatchObject({ plan: to, paidThrough: addMonths(T0, 2) });
    }
  });

  test("to free applies at once, and drops the item", () => {
    const tenant = overdue().send(change("free"));
    expect(seatOf(tenant)).toMatchObject({ plan: "free", paidThrough: null });
    expect(types(tenant)).toContain("relay/r1 EXTENDED");
    expect(tenant.rest("billing")).toBe("closing");
    tenant.send({ type: "CLOSED", ...tenant.context.renewal, sats: 0 } as never);
    expect(madeInvoice(tenant)).toBeUndefined();
  });
});

test("a relay that went dark by a renewal of another plan comes back with that one", () => {
  const tenant = overdueFor(change("growth"));
  tenant.send(seat("dark"));
  const { context } = tenant;
  expect(context.seats.r1).toMatchObject({ is: "dark", plan: "basic", next: { plan: "growth" } });
  const dark = context.seats.r1 as Seat;
  expect(planOfReturn(context, "r1", dark, tenant.nowMs)).toBe("growth");
  const late = tenant.nowMs + 60 * DAY_MS;
  expect(planOfReturn(context, "r1", dark, late)).toBe("basic");
});

test("a dearer plan asked for in the last hour begins at its date if it is paid, else with the payment", () => {
  const ask = () => {
    const tenant = renewed().send(change("growth"));
    tenant.send({ type: "CLOSED", ...tenant.context.renewal, sats: 0 } as never);
    return { tenant, items: itemsOf(tenant) };
  };
  const early = ask();
  payFor(early.tenant, early.items);
  expect(seatOf(early.tenant.wait(DAY_MS))).toMatchObject({ plan: "growth", next: null });
  const late = ask();
  expect(seatOf(late.tenant.wait(DAY_MS))).toMatchObject({ plan: "basic", priceSats: 10_000 });
  payFor(late.tenant, late.items);
  expect(seatOf(late.tenant)).toMatchObject({ plan: "growth", priceSats: 50_000, next: null });
});

test("a change in the last hour, when the renewal is written, is written anew at the new price", () => {
  const tenant = renewed().send(change("growth"));
  expect(tenant.rest("billing")).toBe("closing");
  expect(madeInvoice(tenant)).toBeUndefined();
});

describe("from free to paid", () => {
  test("is a purchase of a full month from when it is paid, and sets the anchor", () => {
    const tenant = runningOn("free").send(change("basic"));
    expect(madeInvoice(tenant)).toMatchObject({ input: { purpose: "purchase" } });
    expect(tenant.context.anchor).toBeNull();
    tenant.wait(5 * HOUR_MS);
    payFor(tenant, (tenant.context.draft?.items ?? []) as Item[]);
    expect(seatOf(tenant)).toMatchObject({
      plan: "basic",
      paidThrough: addMonths(T0 + 5 * HOUR_MS, 1),
    });
    expect(tenant.context.anchor).toBe(T0 + 5 * HOUR_MS);
    // Its invoice learns the exact dates.
    const [from, to] = [T0 + 5 * HOUR_MS, addMonths(T0 + 5 * HOUR_MS, 1)];
    expect(tenant.told).toContainEqual([
      ...["invoice/i4", { type: "STARTED", relay: "r1", from, to, usedMs: 0 }, 0],
    ] as never);
  });

  test("leaves a relay free where its invoice is not paid", () => {
    const tenant = runningOn("free").send(change("basic")).send(closed("i4"));
    expect(seatOf(tenant)).toMatchObject({ is: "on", plan: "free", invoice: null });
  });
});

describe("a pending relay's other plan", () => {
  test("waits until its invoice is closed, for that may be paid already", () => {
    const tenant = ordered().send(change("growth"));
    expect(types(tenant)).toEqual(["invoice/i1 CLOSE"]);
    expect(tenant.context.open).toEqual({});
    expect(tenant.allows(change("basic", "i5"))).toBe(false);
    tenant.send(closed());
    expect(itemsOf(tenant)).toMatchObject([{ plan: "growth", sats: 50_000 }]);
    expect(seatOf(tenant)).toMatchObject({ plan: "growth", invoice: "i4", instead: null });
    expect(types(tenant)).toEqual(["relay/r1 EXTENDED"]);
  });

  test("is free at once when it costs nothing", () => {
    const tenant = ordered().send(change("free")).send(closed());
    expect(seatOf(tenant)).toMatchObject({ plan: "free", priceSats: 0, invoice: null });
    expect(madeInvoice(tenant)).toBeUndefined();
    expect(types(tenant)).toEqual(["relay/r1 EXTENDED"]);
  });

  test("is dropped where the relay is given up meanwhile: no invoice is written for it", () => {
    for (const is of ["off", "shut"]) {
      const tenant = ordered().send(change("growth")).send(seat(is)).send(closed());
      expect(madeInvoice(tenant)).toBeUndefined();
      expect(seatOf(tenant)).toMatchObject({ is, plan: "basic", invoice: null, instead: null });
    }
  });

  test("is dropped where the first was paid after all", () => {
    const tenant = ordered().send(change("growth")).send(paid());
    expect(seatOf(tenant)).toMatchObject({ plan: "basic", instead: null, invoice: null });
  });
});

test("the plan of a relay that does not run cannot be changed; it is brought back with another", () => {
  for (const tenant of [running().send(seat("off")), running().send(seat("held")), dark()])
    expect(tenant.allows(change("growth"))).toBe(false);
  expect(ordered().send(paid()).allows(change("growth"))).toBe(false);
  expect(running().allows(change("basic"))).toBe(false);
});
