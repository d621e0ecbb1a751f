import { describe, expect, test } from "bun:test";
import { addMonths } from "../../../machines/billing/calendar.ts";
import { monthOf } from "../../../machines/billing/seats.ts";
import type { Tell } from "../../../machines/durable.ts";
import { DAY_MS, order, T0 } from "../build.ts";
import { aTenant } from "../lone-actor.ts";
import {
  closed,
  credit,
  events,
  madeInvoice,
  ordered,
  paid,
  reactivate,
  reason,
  running,
  seat,
  type Tenant,
  types,
} from "./states.ts";

describe("reactivation", () => {
  const off = () => running().send(seat("off"));

  test("before paid-through is free and keeps the dates", () => {
    const tenant = off().wait(20 * DAY_MS);
    const { paidThrough } = tenant.context.seats.r1!;
    tenant.send(reactivate());
    expect(events(tenant).slice(1)).toEqual([
      ["relay/r1", { type: "REOPEN", covered: true } as Tell["event"]],
    ]);
    expect(tenant.created).toEqual([]);
    expect(tenant.send(seat("on")).context.seats.r1).toMatchObject({ is: "on", paidThrough });
  });

  test("after paid-through is a purchase, at today's price and from today", () => {
    const tenant = off()
      .wait(40 * DAY_MS)
      .send(reactivate());
    expect(events(tenant).slice(1)).toEqual([
      ["relay/r1", { type: "REOPEN", covered: false } as Tell["event"]],
    ]);
    expect(madeInvoice(tenant)).toMatchObject({
      id: "invoice/i2",
      input: { items: [monthOf("r1", "purchase", "basic", T0 + 40 * DAY_MS)] },
    });
    expect(tenant.context.seats.r1).toMatchObject({ is: "new", paidThrough: null, invoice: "i2" });
  });

  test("of a month that was paid and never began is free", () => {
    const tenant = ordered()
      .send(paid())
      .send(seat("off"))
      .wait(400 * DAY_MS)
      .send(reactivate());
    expect(types(tenant)).toEqual(["relay/r1 EXTENDED", "relay/r1 REOPEN"]);
    tenant.send(seat("on"));
    expect(tenant.context.seats.r1?.paidThrough).toBe(addMonths(T0 + 400 * DAY_MS, 1));
  });

  test("waits until the last invoice is closed", () => {
    const tenant = ordered().send(seat("off"));
    expect(tenant.allows(reactivate())).toBe(false);
    expect(tenant.send(closed()).allows(reactivate())).toBe(true);
  });

  test("is only for what its owner switched off, let lapse or did not pay", () => {
    for (const is of ["new", "on", "held", "shut"])
      expect(running().send(seat(is)).allows(reactivate())).toBe(false);
    expect(aTenant().allows(reactivate())).toBe(false);
  });

  test("of a paid relay that turns free counts against the free ones", () => {
    const tenant = running().send({ type: "CHANGE", relay: "r1", plan: "free", invoice: "i9" });
    tenant.send(seat("off"));
    for (const relay of ["f1", "f2", "f3"]) tenant.send(order("free", relay));
    const back = { type: "REACTIVATE", relay: "r1", plan: "basic", invoice: "i8" };
    expect(tenant.allows(back)).toBe(false);
    expect(tenant.send(seat("off", "f1")).allows(back)).toBe(true);
  });

  test("of a free relay counts against the free ones", () => {
    const tenant = aTenant();
    for (const n of [1, 2, 3]) tenant.send(order("free", `r${n}`));
    tenant.send(seat("off")).send(order("free", "r4"));
    expect(tenant.allows(reactivate("free"))).toBe(false);
    expect(tenant.send(seat("off", "r4")).allows(reactivate("free"))).toBe(true);
  });
});

describe("the anchor", () => {
  test("stays while a paid relay runs, and goes with the last", () => {
    const tenant = running()
      .wait(DAY_MS)
      .send(order("basic", "r2", "i2"));
    tenant.send(paid("r2", "i2")).send(seat("on", "r2"));
    expect(tenant.context.anchor).toBe(T0);
    expect(tenant.send(seat("off")).context.anchor).toBe(T0);
    expect(tenant.send(seat("dark", "r2")).context.anchor).toBeNull();
  });

  test("is not set by a free relay", () => {
    expect(aTenant().send(order("free")).send(seat("on")).context.anchor).toBeNull();
  });
});

describe("an admin's suspension", () => {
  const suspended = (tenant: Tenant) => tenant.send({ type: "admin.suspend", reason });

  test("holds every relay, and its end releases them", () => {
    const tenant = suspended(running().send(order("free", "r2")));
    expect(types(tenant)).toEqual(["relay/r1 HOLD", "relay/r2 HOLD"]);
    expect(tenant.rest("status")).toBe("suspended");
    tenant.send({ type: "admin.unsuspend", reason });
    expect(types(tenant)).toEqual(["relay/r1 RELEASE", "relay/r2 RELEASE"]);
  });

  test("leaves no order and no reactivation, but hears of money", () => {
    const tenant = suspended(ordered().send(seat("off")).send(closed()));
    expect(tenant.allows(reactivate())).toBe(false);
    expect(tenant.allows(order("free", "r2"))).toBe(false);
    expect(tenant.send(credit(5)).context.creditSats).toBe(5);
  });
});

test("the wallet is connected and disconnected without touching anything else", () => {
  const tenant = running().send({ type: "WALLET_SET" });
  expect(tenant.rest("wallet")).toBe("connected");
  expect(tenant.told).toEqual([]);
  expect(tenant.send({ type: "WALLET_CLEARED" }).rest("wallet")).toBe("none");
});

test("what the till hears of relays and invoices that it does not know changes nothing", () => {
  const tenant = ordered();
  const before = structuredClone({ ...tenant.context, spent: null });
  for (const event of [seat("on", "r9"), seat("off", "r9"), closed("i9")]) tenant.send(event);
  expect({ ...tenant.context, spent: null }).toEqual(before);
});
