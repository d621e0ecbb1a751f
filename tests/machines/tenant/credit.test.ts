import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { creditPays } from "../../../machines/tenant/credit.ts";

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
