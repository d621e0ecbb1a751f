import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { addMonths } from "../../../machines/billing/calendar.ts";
import { DAY_MS } from "../build.ts";

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
