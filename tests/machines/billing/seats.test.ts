import { describe, expect, test } from "bun:test";
import { addMonths } from "../../../machines/billing/calendar.ts";
import { isCovered, monthOf, totalSats } from "../../../machines/billing/seats.ts";
import { planIds, plans } from "../../../machines/plans.ts";
import { T0 } from "../build.ts";

describe("the catalogue", () => {
  test("has whole sats, rising, and knows what each plan includes", () => {
    const prices = planIds.map((id) => plans[id].priceSats);
    expect(prices).toEqual([0, 10_000, 50_000]);
    expect(planIds.map((id) => plans[id].memberLimit)).toEqual([10, 100, null]);
    expect(plans.free).toMatchObject({ blossom: false, livekit: false });
    for (const id of ["basic", "growth"] as const)
      expect(plans[id]).toMatchObject({ blossom: true, livekit: true });
  });

  test("sells a full month at the listed price", () => {
    expect(monthOf("r1", "purchase", "growth", T0)).toEqual({
      relay: "r1",
      kind: "purchase",
      plan: "growth",
      priceSats: 50_000,
      sats: 50_000,
      from: T0,
      to: addMonths(T0, 1),
      usedMs: 0,
    });
    expect(
      totalSats([
        monthOf("r1", "purchase", "growth", T0),
        monthOf("r2", "reactivation", "basic", T0),
      ]),
    ).toBe(60_000);
    expect(totalSats([])).toBe(0);
  });
});

test("a relay is covered when it is free, prepaid, or paid through a later moment", () => {
  const seat = { priceSats: 10_000, prepaid: null, paidThrough: null };
  expect(isCovered(seat, T0)).toBe(false);
  expect(isCovered({ ...seat, priceSats: 0 }, T0)).toBe(true);
  expect(isCovered({ ...seat, prepaid: { invoice: "i1", lengthMs: "month" } }, T0)).toBe(true);
  expect(isCovered({ ...seat, prepaid: true }, T0)).toBe(true);
  expect(isCovered({ ...seat, prepaid: false }, T0)).toBe(false);
  expect(isCovered({ ...seat, paidThrough: T0 + 1 }, T0)).toBe(true);
  expect(isCovered({ ...seat, paidThrough: T0 }, T0)).toBe(false);
});
