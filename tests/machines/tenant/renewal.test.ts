import { describe, expect, test } from "bun:test";
import { addMonths, prorate } from "../../../machines/billing/calendar.ts";
import type { Item } from "../../../machines/billing/seats.ts";
import { DAY_MS, HOUR_MS, order, T0, TENANT } from "../build.ts";
import {
  credit,
  dark,
  madeInvoice,
  ordered,
  paid,
  reason,
  renewalOf,
  renewed,
  running,
  seat,
  type Tenant,
  types,
} from "./states.ts";

const END = addMonths(T0, 1);
const NEXT = addMonths(T0, 2);
const RENEWAL = `i${TENANT.slice(0, 16)}00000001`;
const written = (tenant: Tenant) =>
  madeInvoice(tenant)?.input as { items: Item[]; auto: boolean; creditSats: number } | undefined;
const spans = (tenant: Tenant) =>
  written(tenant)?.items.map(({ relay, from, to, sats }) => [relay, from, to, sats]);
/** Its lead begins, and the present is known. */
const due = (tenant: Tenant) => tenant.wait(END - HOUR_MS - tenant.nowMs).answers("catchUp", null);
const paidRenewal = ({ context: { renewal } }: Tenant) => ({
  type: "PAID",
  invoice: renewal?.invoice,
  items: renewal?.items,
  sats: renewal?.items.reduce((sum, { sats }) => sum + sats, 0),
});
const closedRenewal = ({ context: { renewal } }: Tenant) => ({
  type: "CLOSED",
  invoice: renewal?.invoice,
  items: renewal?.items,
  sats: 0,
  isVoid: false,
});

describe("a renewal", () => {
  test("is written an hour before the anchor, and not before it is known what time it is", () => {
    const tenant = running().wait(END - HOUR_MS - T0 - 1);
    expect(tenant.waitsFor).toEqual([]);
    tenant.wait(1);
    expect(tenant.began).toEqual(["catchUp"]);
    expect(tenant.context.renewal).toBeNull();
    tenant.answers("catchUp", null);
    expect(madeInvoice(tenant)).toMatchObject({
      id: `invoice/${RENEWAL}`,
      sats: 0,
      input: { purpose: "renewal", auto: false, closesAt: null },
    });
    expect(spans(tenant)).toEqual([["r1", END, NEXT, 10_000]]);
  });

  test("is one, for all relays, each from its own date, and aligns them", () => {
    const tenant = running()
      .wait(10 * DAY_MS)
      .send(order("growth", "r2", "i2"));
    tenant.send(paid("r2", "i2", "growth")).send(seat("on", "r2"));
    const ends = addMonths(T0 + 10 * DAY_MS, 1);
    due(tenant);
    const share = prorate(50_000, T0, ends, NEXT);
    expect(spans(tenant)).toEqual([
      ["r1", END, NEXT, 10_000],
      ["r2", ends, NEXT, share],
    ]);
    expect(share).toBeLessThan(50_000);
    tenant.send(paidRenewal(tenant)).wait(addMonths(T0, 2) - HOUR_MS - tenant.nowMs);
    tenant.answers("catchUp", null);
    expect(spans(tenant)?.map(([, from, to]) => [from, to])).toEqual([
      [NEXT, addMonths(T0, 3)],
      [NEXT, addMonths(T0, 3)],
    ]);
  });

  test("bills no relay that is free, off, suspended or not paid for yet", () => {
    const tenant = running().send(order("free", "r2")).send(seat("on", "r2"));
    tenant.send(order("basic", "r3", "i3"));
    expect(renewalOf(due(tenant)).map(({ relay }) => relay)).toEqual(["r1"]);
  });

  test("takes credit first, and moves no date before it is paid", () => {
    const tenant = due(running().send(credit(4_000)));
    expect(written(tenant)).toMatchObject({ creditSats: 4_000 });
    expect(tenant.context).toMatchObject({
      creditSats: 0,
      open: { [RENEWAL]: { dueSats: 6_000 } },
    });
    expect(tenant.context.seats.r1?.paidThrough).toBe(END);
  });

  test("that is paid extends every relay to its end, and is revenue", () => {
    const tenant = renewed();
    tenant.send(paidRenewal(tenant));
    expect(tenant.context.seats.r1).toMatchObject({ paidThrough: NEXT, prepaid: null });
    expect(tenant.posted).toMatchObject([
      { from: `tenant/${TENANT}`, to: "revenue", sats: 10_000 },
    ]);
    expect(types(tenant)).toEqual(["relay/r1 EXTENDED"]);
    expect(tenant.context).toMatchObject({ renewal: null, open: {}, anchor: T0 });
  });

  test("that is paid in grace keeps the old dates", () => {
    const tenant = renewed().wait(6 * DAY_MS);
    tenant.send(paidRenewal(tenant));
    expect(tenant.context.seats.r1?.paidThrough).toBe(NEXT);
  });

  test("is to be paid by the wallet where one is connected", () => {
    expect(written(due(running().send({ type: "WALLET_SET" })))?.auto).toBe(true);
    const broken = running().send({ type: "WALLET_SET" });
    broken.send({ type: "WALLET_BROKEN", invoice: "i9", code: "UNAUTHORIZED" });
    expect(written(due(broken))?.auto).toBe(false);
  });

  test("after a downtime of months goes to the first anchor ahead, and forgives what was skipped", () => {
    const tenant = running().wait(END - HOUR_MS - T0);
    // The clock's answer comes half a year late.
    tenant.nowMs = addMonths(T0, 6) + DAY_MS;
    tenant.answers("catchUp", null);
    expect(spans(tenant)).toEqual([["r1", addMonths(T0, 6), addMonths(T0, 7), 10_000]]);
    expect(tenant.context.nextAnchor).toBe(addMonths(T0, 7));
    expect(tenant.alarms.size).toBe(1);
  });

  test("tells its relays when it can be paid, and when it no longer is", () => {
    const tenant = renewed();
    const { items = [] } = tenant.context.renewal ?? {};
    tenant.send({ type: "BILLED", invoice: RENEWAL, items });
    const graceEnds = END + 7 * DAY_MS;
    const told = { type: "BILLED", invoice: RENEWAL, graceEnds };
    expect(tenant.told as unknown).toEqual([["relay/r1", told, 0]]);
    tenant.send(closedRenewal(tenant));
    expect(types(tenant)).toContain("relay/r1 UNBILLED");
  });
});

test("one that is written anew knows the days of grace that have begun, for that date alone", () => {
  const tenant = renewed();
  const billed = () => ({ ...paidRenewal(tenant), type: "BILLED" });
  tenant.send(billed()).wait(HOUR_MS + 3 * DAY_MS);
  tenant.send(closedRenewal(tenant));
  const begun = {
    paidThrough: END,
    endsAt: END + 7 * DAY_MS,
    isExtended: false,
    isCounting: false,
  };
  expect(madeInvoice(tenant)).toMatchObject({ input: { grace: { r1: begun } } });
  tenant.send(billed());
  expect(tenant.context.seats.r1?.grace).toEqual({ ...begun, isCounting: true });
  // Paid for, it has another date.
  tenant
    .send(paidRenewal(tenant))
    .wait(NEXT - HOUR_MS - tenant.nowMs)
    .answers("catchUp", null);
  expect(madeInvoice(tenant)).toMatchObject({ input: { grace: {} } });
});

test("one that is written for a relay that was off meanwhile counts anew", () => {
  const tenant = renewed();
  tenant.send({ ...paidRenewal(tenant), type: "BILLED" }).send(seat("off"));
  expect(tenant.context.seats.r1?.grace).toBeNull();
});

describe("an open renewal whose relays change", () => {
  const stale: [string, object[]][] = [
    ["one is deactivated", [seat("off")]],
    ["one is suspended by an admin", [seat("held")]],
    ["one is given more time", [{ type: "admin.extend", relay: "r1", to: NEXT, reason }]],
    ["one gets another plan", [{ type: "CHANGE", relay: "r1", plan: "growth", invoice: "i4" }]],
  ];
  for (const [what, said] of stale)
    test(`is superseded where ${what}, once our wallet was asked about it`, () => {
      const tenant = renewed();
      for (const event of said) tenant.send(event as { type: string });
      expect(tenant.rest("billing")).toBe("closing");
      expect(tenant.told).toContainEqual([
        `invoice/${RENEWAL}`,
        { type: "CLOSE", why: "superseded" } as never,
        0,
      ]);
      expect(tenant.context.open).toEqual({});
      expect(madeInvoice(tenant)).toBeUndefined();
    });

  test("is followed by one at the new price, if anything is due still", () => {
    const tenant = renewed().send({ type: "CHANGE", relay: "r1", plan: "growth", invoice: "i4" });
    tenant.send(closedRenewal(tenant));
    expect(spans(tenant)).toEqual([["r1", END, NEXT, 50_000]]);
    expect(tenant.rest("billing")).toBe("waiting");
    const gone = renewed().send(seat("off"));
    gone.send(closedRenewal(gone));
    expect(madeInvoice(gone)).toBeUndefined();
    expect(gone.context).toMatchObject({ renewal: null, anchor: null });
  });

  test("is paid all the same by money that came in time, and changes nothing twice", () => {
    const tenant = renewed().send(seat("off"));
    tenant.send(paidRenewal(tenant));
    expect(tenant.context).toMatchObject({ creditSats: 10_000, renewal: null });
    expect(tenant.rest("billing")).toBe("waiting");
  });

  test("that is paid for dates that an operator gave meanwhile is credit, and moves none back", () => {
    const tenant = renewed();
    const { renewal } = tenant.context;
    const to = addMonths(T0, 6);
    tenant.send({ type: "admin.extend", relay: "r1", to, reason: "sorry" });
    tenant.send({ type: "PAID", ...renewal, sats: 10_000 } as never);
    expect(tenant.context.seats.r1).toMatchObject({ paidThrough: to });
    expect(tenant.context).toMatchObject({ creditSats: 10_000, spent: { revenueSats: 0 } });
  });

  test("is superseded where one went dark, which is past due from then on, for 60 days", () => {
    const tenant = dark();
    const suspendedAt = tenant.nowMs;
    expect([tenant.rest("billing"), tenant.rest("pastDue")]).toEqual(["closing", "settled"]);
    expect(madeInvoice(tenant)).toBeUndefined();
    tenant.send(closedRenewal(tenant));
    expect(madeInvoice(tenant)).toMatchObject({
      input: { purpose: "past_due", closesAt: suspendedAt + 60 * DAY_MS, auto: false },
    });
    expect(tenant.context).toMatchObject({ renewal: null, anchor: null });
    expect(tenant.context.pastDue?.items).toMatchObject([
      { relay: "r1", kind: "renewal", sats: 10_000, usedMs: 7 * DAY_MS },
    ]);
  });
});

describe("a relay that was suspended for non-payment", () => {
  test("brings one message, each time", () => {
    expect(dark().created).toMatchObject([
      { id: "notice/r1/suspended/1", once: true, input: { stage: "suspended", about: ["r1"] } },
    ]);
    expect(running().send(seat("dark")).created).toEqual([]);
  });

  test("gets, when it is paid, what it paid for from when it is back: dark days are not billed", () => {
    const tenant = dark();
    tenant.send(paidRenewal(tenant)).wait(20 * DAY_MS);
    expect(tenant.context.seats.r1).toMatchObject({
      is: "dark",
      prepaid: { invoice: RENEWAL, lengthMs: NEXT - END },
    });
    tenant.send(seat("on"));
    const usedMs = 7 * DAY_MS;
    const to = tenant.nowMs + (NEXT - END) - usedMs;
    expect(tenant.context.seats.r1).toMatchObject({ prepaid: null, paidThrough: to });
    expect(tenant.context.anchor).toBe(tenant.nowMs);
    expect(tenant.told).toContainEqual([
      `invoice/${RENEWAL}`,
      { type: "STARTED", relay: "r1", from: tenant.nowMs, to, usedMs } as never,
      0,
    ]);
    expect(tenant.created).toMatchObject([{ id: `notice/${RENEWAL}/reactivated` }]);
  });

  test("is in no further renewal", () => {
    const tenant = dark().send(closedRenewal(renewed()));
    const invoices = () => tenant.allCreated.filter(({ machine }) => machine === "invoice").length;
    const before = invoices();
    tenant.wait(200 * DAY_MS);
    expect(invoices()).toBe(before);
    expect(tenant.alarms.size).toBe(0);
  });

  test("may be bought for a fresh month instead, with any plan, and stays dark until that is paid", () => {
    const tenant = dark().send({
      type: "REACTIVATE",
      relay: "r1",
      plan: "growth",
      invoice: "i5",
    });
    expect(madeInvoice(tenant)).toMatchObject({ input: { purpose: "reactivation" } });
    expect(tenant.context.seats.r1).toMatchObject({ is: "dark", plan: "basic", invoice: "i5" });
    tenant.send(paid("r1", "i5", "growth"));
    expect(tenant.context.seats.r1).toMatchObject({
      plan: "growth",
      prepaid: { invoice: "i5", lengthMs: "month" },
    });
  });

  test("is free at once with the free plan", () => {
    const tenant = dark().send({ type: "REACTIVATE", relay: "r1", plan: "free", invoice: "i5" });
    expect(types(tenant)).toContain("relay/r1 REOPEN");
    expect(tenant.context.seats.r1).toMatchObject({
      plan: "free",
      priceSats: 0,
      paidThrough: null,
    });
    expect(madeInvoice(tenant)).toBeUndefined();
  });
});

test("a wallet that is connected is asked to pay the open renewal at once", () => {
  const tenant = renewed().send({ type: "WALLET_SET" });
  expect(types(tenant)).toEqual([`invoice/${RENEWAL} CHARGE`]);
  expect(ordered().send({ type: "WALLET_SET" }).told).toEqual([]);
});

test("a wallet that is broken is said once, and connected again is whole", () => {
  const broken = { type: "WALLET_BROKEN", invoice: RENEWAL, code: "UNAUTHORIZED" };
  const tenant = renewed().send({ type: "WALLET_SET" }).send(broken);
  expect(tenant.rest("wallet")).toBe("broken");
  expect(tenant.created).toMatchObject([{ id: `notice/${RENEWAL}/wallet_broken` }]);
  expect(tenant.send(broken).created).toEqual([]);
  expect(tenant.send({ type: "WALLET_SET" }).rest("wallet")).toBe("connected");
  tenant.send({ type: "WALLET_CLEARED" }).send(broken);
  expect(tenant.rest("wallet")).toBe("none");
  // What is due is said to who has no wallet any more.
  expect(tenant.created).toMatchObject([{ id: `notice/${RENEWAL}/due` }]);
});

test("that they run again is said of the relays that were suspended, and of no others", () => {
  const tenant = running()
    .send(order("growth", "r2", "i2"))
    .send(paid("r2", "i2", "growth"))
    .send(seat("on", "r2"))
    .send(order("basic", "r3", "i3"))
    .send(paid("r3", "i3"))
    .send(seat("on", "r3"));
  due(tenant);
  const { invoice } = tenant.context.renewal ?? {};
  tenant.wait(8 * DAY_MS);
  for (const relay of ["r1", "r3"]) tenant.send({ ...seat("dark", relay), invoice });
  tenant.send(paidRenewal(tenant)).send(seat("on"));
  expect(tenant.created).toMatchObject([
    { id: `notice/${RENEWAL}/reactivated`, input: { about: ["r1", "r3"] } },
  ]);
});
