/** The operator's money events: credit, refund and time, to the sat. */
import { describe, expect, test } from "bun:test";
import { addMonths } from "../../../machines/billing/calendar.ts";
import { DAY_MS, T0, TENANT } from "../build.ts";
import { aTenant } from "../lone-actor.ts";
import { credit, dark, ordered, reason, running, seat, types } from "./states.ts";

const TILL = `tenant/${TENANT}`;
const REFUND = `refund/${TENANT}`;
const grant = (sats: number) => ({ type: "admin.credit", sats, reason });
const refund = (sats: number) => ({ type: "admin.refund", sats, bolt11: "lnbcrt1", reason });
const extend = (to: number) => ({ type: "admin.extend", relay: "r1", to, reason });
const refunded = { type: "admin.refunded", preimage: "5e".repeat(32), reason };
const cancelled = { type: "admin.refundCancelled", reason };

describe("credit that is granted", () => {
  test("is named in the ledger, and pays what it covers whole", () => {
    const tenant = ordered().send(grant(10_500));
    expect(tenant.posted).toEqual([
      { fact: "ledger", from: "granted", to: TILL, sats: 10_500, why: "credit granted" },
    ]);
    expect(types(tenant)).toEqual(["invoice/i1 CREDITED"]);
    expect(tenant.context.creditSats).toBe(500);
  });

  test("is more than nothing", () => {
    for (const sats of [0, -5]) expect(aTenant().allows(grant(sats))).toBe(false);
  });
});

describe("a refund", () => {
  test("sets its sats aside before anything is paid out, where no invoice can take them", () => {
    const tenant = aTenant().send(credit(5_000)).send(refund(3_000));
    expect(tenant.posted).toMatchObject([{ from: TILL, to: REFUND, sats: 3_000 }]);
    expect(tenant.context).toMatchObject({
      creditSats: 2_000,
      refund: { sats: 3_000, bolt11: "lnbcrt1" },
    });
  });

  test("is never more than there is, and one at a time", () => {
    const tenant = aTenant().send(credit(5_000));
    for (const sats of [5_001, 0, -1]) expect(tenant.allows(refund(sats))).toBe(false);
    expect(tenant.send(refund(1_000)).allows(refund(1_000))).toBe(false);
  });

  test("that was paid out is gone, and another may follow", () => {
    const tenant = aTenant().send(credit(5_000)).send(refund(3_000)).send(refunded);
    expect(tenant.posted).toMatchObject([{ from: REFUND, to: "refunded", sats: 3_000 }]);
    expect(tenant.context).toMatchObject({ creditSats: 2_000, refund: null });
    expect(tenant.allows(refund(2_000))).toBe(true);
    for (const event of [refunded, cancelled]) expect(tenant.allows(event)).toBe(false);
  });

  test("that is cancelled is credit again, which pays what it covers", () => {
    const tenant = ordered().send(credit(9_000)).send(refund(9_000));
    tenant.send(credit(1_000)).send(cancelled);
    expect(tenant.posted).toMatchObject([{ from: REFUND, to: TILL, sats: 9_000 }]);
    expect(types(tenant)).toEqual(["invoice/i1 CREDITED"]);
    expect(tenant.context).toMatchObject({ creditSats: 0, refund: null });
  });
});

describe("more time", () => {
  test("moves a running relay's date, which the relay is told", () => {
    const to = addMonths(T0, 2) + 123;
    const tenant = running().send(extend(to));
    expect(tenant.context.seats.r1?.paidThrough).toBe(addMonths(T0, 2));
    expect(types(tenant)).toEqual(["relay/r1 EXTENDED"]);
    expect(tenant.context.anchor).toBe(T0);
  });

  test("brings back a relay that was suspended for non-payment", () => {
    const tenant = dark();
    const to = tenant.nowMs + 3 * DAY_MS;
    tenant.send(extend(to));
    expect(types(tenant)).toContain("relay/r1 EXTENDED");
    tenant.send(seat("on"));
    expect(tenant.context.seats.r1).toMatchObject({ is: "on", paidThrough: to });
    expect(tenant.rest("billing")).toBe("closing");
  });

  test("is later than now and than what is paid, and of no use to what does not run", () => {
    const tenant = running().wait(DAY_MS);
    for (const to of [T0, addMonths(T0, 1)]) expect(tenant.allows(extend(to))).toBe(false);
    for (const is of ["off", "held", "shut"])
      expect(
        running()
          .send(seat(is))
          .allows(extend(addMonths(T0, 2))),
      ).toBe(false);
    expect(ordered().allows(extend(addMonths(T0, 2)))).toBe(false);
  });
});
