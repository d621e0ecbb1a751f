import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  addMonths,
  creditPays,
  type Grace,
  graceEndOf,
  graceFrom,
  HOUR_MS,
  isCovered,
  monthOf,
  orderRefusal,
  remindersOf,
  totalSats,
} from "../../machines/billing.ts";
import { planIds, plans } from "../../machines/plans.ts";
import { aSeat, DAY_MS, T0 } from "./build.ts";

const iso = (ms: number): string => new Date(ms).toISOString();
const utc = (text: string): number => Date.parse(`${text}Z`);

describe("addMonths", () => {
  test("clamps to the month's last day and comes back to the anchor", () => {
    const anchor = utc("2026-01-31T12:34:56.789");
    const days = Array.from({ length: 14 }, (_, k) => iso(addMonths(anchor, k)).slice(0, 10));
    expect(days).toEqual([
      "2026-01-31",
      "2026-02-28",
      "2026-03-31",
      "2026-04-30",
      "2026-05-31",
      "2026-06-30",
      "2026-07-31",
      "2026-08-31",
      "2026-09-30",
      "2026-10-31",
      "2026-11-30",
      "2026-12-31",
      "2027-01-31",
      "2027-02-28",
    ]);
  });

  test("knows the leap day of 2028, and that 2100 has none", () => {
    expect(iso(addMonths(utc("2027-12-31T00:00:00"), 2))).toBe("2028-02-29T00:00:00.000Z");
    expect(iso(addMonths(utc("2028-02-29T00:00:00"), 12))).toBe("2029-02-28T00:00:00.000Z");
    expect(iso(addMonths(utc("2028-02-29T00:00:00"), 48))).toBe("2032-02-29T00:00:00.000Z");
    expect(iso(addMonths(utc("2100-01-30T00:00:00"), 1))).toBe("2100-02-28T00:00:00.000Z");
  });

  for (const time of ["00:00:00.000", "23:59:59.999"])
    test(`from any day of a month at ${time}, over 48 months, is clamped, rising and without drift`, () => {
      for (let day = 1; day <= 31; day++) {
        const anchor = utc(`2026-01-${String(day).padStart(2, "0")}T${time}`);
        let before = Number.NEGATIVE_INFINITY;
        for (let k = 0; k <= 48; k++) {
          const moved = new Date(addMonths(anchor, k));
          const lastDay = new Date(Date.UTC(2026, k + 1, 0)).getUTCDate();
          expect(moved.getUTCDate()).toBe(Math.min(day, lastDay));
          expect(moved.getUTCFullYear() * 12 + moved.getUTCMonth()).toBe(2026 * 12 + k);
          expect(moved.toISOString().slice(11, 23)).toBe(time);
          expect(moved.getTime()).toBeGreaterThan(before);
          before = moved.getTime();
        }
      }
    });

  test("any two steps that clamp nowhere are one step of their sum", () => {
    const anchor = fc.date({
      min: new Date("2020-01-01"),
      max: new Date("2090-01-01"),
      noInvalidDate: true,
    });
    const months = fc.integer({ min: 0, max: 240 });
    fc.assert(
      fc.property(anchor, months, months, (date, a, b) => {
        fc.pre(date.getUTCDate() <= 28);
        expect(addMonths(addMonths(date.getTime(), a), b)).toBe(addMonths(date.getTime(), a + b));
      }),
    );
  });

  test("a month lasts 28 to 31 days", () => {
    const anchor = fc.integer({ min: 0, max: utc("2100-01-01T00:00:00") });
    fc.assert(
      fc.property(anchor, fc.integer({ min: 0, max: 480 }), (ms, k) => {
        const days = (addMonths(ms, k + 1) - addMonths(ms, k)) / DAY_MS;
        expect(Number.isInteger(days) && days >= 28 && days <= 31).toBe(true);
      }),
    );
  });
});

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

describe("the days of grace", () => {
  const date = T0 + HOUR_MS;
  const [ends, day] = [date + 7 * DAY_MS, DAY_MS];
  const cases: [string, Grace | null, billedAt: number, endsAt: number, isExtended: boolean][] = [
    ["count from the date of a bill written ahead", null, T0, ends, false],
    ["count from the first bill where that came late", null, date + day, ends + day, false],
    ["go on when a bill is written anew", begun(ends), date + 3 * day, ends, false],
    ["go on when it leaves just a day", begun(ends), ends - day, ends, false],
    ["end a day after a bill that left less", begun(ends), ends - day + 1, ends + 1, true],
    [
      "end a day after a bill that came when they were over",
      begun(ends),
      ends + 9 * day,
      ends + 10 * day,
      true,
    ],
    ["are not made longer twice", begun(ends + day, true), ends + day - 5, ends + day, true],
    [
      "begin again for another date",
      { ...begun(ends), paidThrough: T0 - 31 * day },
      date,
      ends,
      false,
    ],
  ];
  for (const [what, grace, billedAt, endsAt, isExtended] of cases)
    test(what, () => {
      const paidThrough = date;
      expect(graceFrom({ paidThrough, grace }, billedAt)).toEqual({
        ...{ paidThrough, endsAt, isExtended, isCounting: true },
      });
    });

  function begun(endsAt: number, isExtended = false): Grace {
    return { paidThrough: date, endsAt, isExtended, isCounting: true };
  }

  test("of an invoice end with the first of its relays, and its reminders say so", () => {
    const item = (relay: string) => ({ ...monthOf(relay, "reactivation", "basic", date) });
    const items = [item("r1"), item("r2")];
    expect(graceEndOf(items, {}, T0)).toBe(ends);
    const anew = { r2: begun(ends) };
    expect(graceEndOf(items, anew, date + 2 * day)).toBe(ends);
    expect(remindersOf(items, anew, date + 2 * day)).toEqual([
      { stage: "due", at: date + 2 * day + HOUR_MS },
      { stage: "three_days_left", at: ends - 3 * day },
      { stage: "one_day_left", at: ends - day },
    ]);
    expect(remindersOf(items, anew, ends - 2 * day).map(({ stage }) => stage)).toEqual([
      "due",
      "one_day_left",
    ]);
    expect(remindersOf(items, anew, ends - HOUR_MS).map(({ stage }) => stage)).toEqual(["due"]);
  });
});

describe("creditPays", () => {
  const dues = fc.array(fc.integer({ min: 0, max: 60_000 }), { maxLength: 8 });
  const open = (sats: number[]) =>
    Object.fromEntries(sats.map((dueSats, n) => [`i${n}`, { dueSats }]));

  test("never spends more than there is, and only whole invoices, oldest first", () => {
    fc.assert(
      fc.property(dues, fc.integer({ min: 0, max: 200_000 }), (sats, creditSats) => {
        const paid = creditPays(open(sats), creditSats);
        let left = creditSats;
        const expected = sats.flatMap((due, n) => {
          if (due === 0 || due > left) return [];
          left -= due;
          return [{ invoice: `i${n}`, sats: due }];
        });
        expect(paid).toEqual(expected);
        expect(left).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test("passes over one that it cannot pay whole, for a younger that it can", () => {
    expect(creditPays(open([50_000, 10_000, 10_000]), 19_999)).toEqual([
      { invoice: "i1", sats: 10_000 },
    ]);
  });
});

describe("orderRefusal", () => {
  const seats = (...all: ReturnType<typeof aSeat>[]) =>
    Object.fromEntries(all.map((s, n) => [`r${n}`, s]));

  test("allows three free relays, of which those that are off do not count", () => {
    const free = aSeat("free");
    expect(orderRefusal(seats(free, free), "free")).toBeNull();
    expect(orderRefusal(seats(free, free, free), "free")).toBe("free_relay_limit");
    expect(orderRefusal(seats(free, free, aSeat("free", { is: "held" })), "free")).toBe(
      "free_relay_limit",
    );
    for (const is of ["off", "shut"] as const)
      expect(orderRefusal(seats(free, free, aSeat("free", { is })), "free")).toBeNull();
    expect(orderRefusal(seats(free, free, free), "basic")).toBeNull();
  });

  test("counts as free what is to become free", () => {
    const free = aSeat("free");
    const downgraded = aSeat("basic", { next: { plan: "free", at: T0 } });
    const replaced = aSeat("basic", { is: "new", instead: { plan: "free", invoice: "i2" } });
    for (const turning of [downgraded, replaced])
      expect(orderRefusal(seats(free, free, turning), "free")).toBe("free_relay_limit");
  });

  test("allows three unpaid reservations, of which those that are closing count", () => {
    const unpaid = aSeat("basic", { is: "new", invoice: "i1" });
    const closing = aSeat("basic", { is: "off", invoice: "i2" });
    expect(orderRefusal(seats(unpaid, unpaid), "growth")).toBeNull();
    expect(orderRefusal(seats(unpaid, unpaid, closing), "growth")).toBe("reservation_limit");
    expect(orderRefusal(seats(unpaid, unpaid, aSeat("basic")), "growth")).toBeNull();
    // What runs, or ran, waits for an upgrade or a reactivation; that reserves nothing.
    const running = aSeat("free", { invoice: "i3" });
    const dark = aSeat("basic", { is: "dark", invoice: "i3", paidThrough: T0 });
    expect(orderRefusal(seats(unpaid, unpaid, running, dark), "growth")).toBeNull();
    expect(orderRefusal(seats(unpaid, unpaid, closing), "free")).toBeNull();
  });
});
