import { describe, expect, test } from "bun:test";
import { addMonths } from "../../../machines/billing/calendar.ts";
import { RELAYS_MAX } from "../../../machines/billing/quote.ts";
import type { Tell } from "../../../machines/durable.ts";
import { SNAPSHOT_BYTES_MAX } from "../../../server/host/run.ts";
import { DAY_MS, HOUR_MS, order, T0, TENANT } from "../build.ts";
import { aTenant } from "../lone-actor.ts";
import {
  closed,
  credit,
  events,
  items,
  madeInvoice,
  ordered,
  paid,
  running,
  seat,
  types,
} from "./states.ts";

describe("an order", () => {
  test("of a paid plan seats the relay, creates it, and writes its invoice", () => {
    const tenant = ordered();
    expect(tenant.created.map(({ id }) => id)).toEqual(["relay/r1", "community/r1", "invoice/i1"]);
    expect(madeInvoice(tenant)).toMatchObject({
      sats: 0,
      input: { id: "i1", tenant: TENANT, purpose: "purchase", items: items(), creditSats: 0 },
    });
    expect(tenant.context.seats.r1).toEqual({
      plan: "basic",
      priceSats: 10_000,
      is: "new",
      paidThrough: null,
      prepaid: null,
      invoice: "i1",
      grace: null,
      next: null,
      instead: null,
      runsSince: null,
      servedMs: 0,
      owed: null,
      suspensions: 0,
    });
    expect(tenant.context.open).toEqual({ i1: { dueSats: 10_000 } });
  });

  test("of a free plan writes no invoice", () => {
    const tenant = aTenant().send(order("free"));
    expect(tenant.created.map(({ id }) => id)).toEqual(["relay/r1", "community/r1"]);
    expect(tenant.context.seats.r1?.invoice).toBeNull();
    expect(tenant.context.open).toEqual({});
  });

  test("takes credit first, which the invoice holds", () => {
    const tenant = aTenant().send(credit(4_000)).send(order("basic"));
    expect(madeInvoice(tenant)).toMatchObject({ sats: 4_000, input: { creditSats: 4_000 } });
    expect(tenant.context).toMatchObject({ creditSats: 0, open: { i1: { dueSats: 6_000 } } });
    const rich = aTenant().send(credit(25_000)).send(order("basic"));
    expect(madeInvoice(rich)).toMatchObject({ sats: 10_000 });
    expect(rich.context.creditSats).toBe(15_000);
  });

  test("of a relay that has a seat, of a fourth free or a fourth unpaid one is refused", () => {
    expect(ordered().allows(order("basic", "r1", "i9"))).toBe(false);
    const free = aTenant();
    const unpaid = aTenant();
    for (const n of [1, 2, 3]) {
      free.send(order("free", `r${n}`));
      unpaid.send(order("basic", `r${n}`, `i${n}`));
    }
    expect(free.allows(order("free", "r4"))).toBe(false);
    expect(free.allows(order("basic", "r4"))).toBe(true);
    expect(unpaid.allows(order("basic", "r4", "i4"))).toBe(false);
    expect(unpaid.allows(order("free", "r4"))).toBe(true);
    expect(unpaid.send(paid()).allows(order("basic", "r4", "i4"))).toBe(true);
  });

  test("of one relay more than a snapshot holds is refused, and all of them are renewed together", () => {
    const tenant = aTenant();
    const id = (prefix: string, n: number) => prefix + n.toString(16).padStart(24, "0");
    for (let n = 0; n < RELAYS_MAX; n++) {
      const [relay, invoice] = [id("r", n), id("i", n)];
      tenant.send(order("basic", relay, invoice));
      tenant.send(paid(relay, invoice)).send(seat("on", relay));
    }
    expect(tenant.allows(order("basic", "r1", "i1"))).toBe(false);
    tenant.wait(31 * DAY_MS).answers("catchUp", null);
    const { renewal, anchor } = tenant.context;
    expect(renewal?.items).toHaveLength(RELAYS_MAX);
    tenant.send({ type: "BILLED", ...renewal } as never);
    expect(anchor).not.toBeNull();
    expect(JSON.stringify(tenant.context).length).toBeLessThan(SNAPSHOT_BYTES_MAX / 2);
  });
});

describe("a payment", () => {
  test("for a relay that waits is revenue, and a month that has not begun", () => {
    const tenant = ordered().wait(HOUR_MS).send(paid());
    expect(tenant.posted).toEqual([
      { fact: "ledger", from: `tenant/${TENANT}`, to: "revenue", sats: 10_000, why: "paid i1" },
    ]);
    expect(tenant.context.seats.r1).toMatchObject({
      prepaid: { invoice: "i1", lengthMs: "month" },
      invoice: null,
      paidThrough: null,
    });
    const extended = { plan: "basic", priceSats: 10_000, paidThrough: null, prepaid: true };
    expect(events(tenant)).toEqual([["relay/r1", { type: "EXTENDED", ...extended }]]);
    expect(tenant.context.open).toEqual({});
  });

  test("begins its month when the relay becomes active, and the invoice learns the dates", () => {
    const tenant = ordered()
      .send(paid())
      .wait(3 * HOUR_MS)
      .send(seat("on"));
    const from = T0 + 3 * HOUR_MS;
    const to = addMonths(from, 1);
    expect(tenant.context.seats.r1).toMatchObject({ is: "on", prepaid: null, paidThrough: to });
    expect(tenant.context.anchor).toBe(from);
    const extended = { plan: "basic", priceSats: 10_000, paidThrough: to, prepaid: false };
    expect(events(tenant)).toEqual([
      ["invoice/i1", { type: "STARTED", relay: "r1", from, to, usedMs: 0 } as Tell["event"]],
      ["relay/r1", { type: "EXTENDED", ...extended }],
    ]);
  });

  test("for a relay that is held is kept until it may run", () => {
    const tenant = ordered().send(seat("held")).send(paid());
    expect(tenant.context.seats.r1).toMatchObject({
      is: "held",
      prepaid: { invoice: "i1", lengthMs: "month" },
    });
    expect(types(tenant)).toEqual(["relay/r1 EXTENDED"]);
  });

  test("begins the month of a second relay when that one becomes active, not at the anchor", () => {
    const tenant = running()
      .wait(10 * DAY_MS)
      .send(order("basic", "r2", "i2"));
    tenant.send(paid("r2", "i2")).send(seat("on", "r2"));
    expect(tenant.context.seats.r2?.paidThrough).toBe(addMonths(T0 + 10 * DAY_MS, 1));
  });

  test("that lets a relay run tells its community how many it may have", () => {
    const room = running().told.find(([, { type }]) => type === "ROOM");
    expect(room).toMatchObject(["community/r1", { limit: 100, isServed: true }, 0]);
  });

  test("begins its month once, however often the relay comes and goes", () => {
    const tenant = running();
    const { paidThrough } = tenant.context.seats.r1!;
    tenant.wait(DAY_MS).send(seat("held")).send(seat("on"));
    expect(tenant.context.seats.r1?.paidThrough).toBe(paidThrough);
    expect(events(tenant)).toEqual([]);
  });

  test("for a relay that went off meanwhile is credit", () => {
    for (const is of ["off", "shut"]) {
      const tenant = ordered().send(seat(is));
      expect(events(tenant)).toEqual([
        ["invoice/i1", { type: "CLOSE", why: "cancelled" } as Tell["event"]],
      ]);
      tenant.send(paid());
      expect(tenant.context.creditSats).toBe(10_000);
      expect(tenant.posted).toMatchObject([{ sats: 0 }]);
      // Its invoice knows that it bought nothing.
      expect(events(tenant)).toEqual([
        ["invoice/i1", { type: "UNUSED", relays: ["r1"] } as Tell["event"]],
      ]);
      expect(tenant.context.seats.r1).toMatchObject({ is, prepaid: null, invoice: null });
    }
  });
});

describe("credit", () => {
  const three = () =>
    aTenant()
      .send(order("growth", "r1", "i1"))
      .send(order("basic", "r2", "i2"))
      .send(order("basic", "r3", "i3"));

  test("pays the oldest open invoice that it covers whole", () => {
    const tenant = three().send(credit(12_000));
    expect(tenant.told).toEqual([
      ["invoice/i2", { type: "CREDITED", sats: 10_000 } as Tell["event"], 10_000],
    ]);
    expect(tenant.context).toMatchObject({ creditSats: 2_000, open: { i2: { dueSats: 0 } } });
    tenant.send(credit(60_000));
    expect(types(tenant)).toEqual(["invoice/i1 CREDITED", "invoice/i3 CREDITED"]);
    expect(tenant.context.creditSats).toBe(2_000);
  });

  test("that covers none whole is kept", () => {
    const tenant = three().send(credit(9_999));
    expect(tenant.told).toEqual([]);
    expect(tenant.context.creditSats).toBe(9_999);
  });

  test("does not pay an invoice that is being cancelled", () => {
    const tenant = ordered().send(seat("off")).send(credit(10_000));
    expect(tenant.told).toEqual([]);
    expect(tenant.context.creditSats).toBe(10_000);
  });

  test("that a payment left over pays on", () => {
    const tenant = three().send(seat("off", "r2"));
    tenant.send(paid("r2", "i2"));
    expect(types(tenant)).toEqual(["invoice/i2 UNUSED", "invoice/i3 CREDITED"]);
    expect(tenant.context.creditSats).toBe(0);
  });
});

describe("an invoice that closed", () => {
  test("lets its relay lapse, and leaves nothing open", () => {
    const tenant = ordered().send(closed());
    expect(events(tenant)).toEqual([["relay/r1", { type: "LAPSED" }]]);
    expect(tenant.context.open).toEqual({});
    expect(tenant.context.seats.r1?.invoice).toBeNull();
  });
});
