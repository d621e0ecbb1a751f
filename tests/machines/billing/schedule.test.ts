import { describe, expect, test } from "bun:test";
import { HOUR_MS } from "../../../machines/billing/calendar.ts";
import { graceEndOf, graceFrom, remindersOf } from "../../../machines/billing/schedule.ts";
import { type Grace, monthOf } from "../../../machines/billing/seats.ts";
import { DAY_MS, T0 } from "../build.ts";

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
