import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Unavailable } from "../../server/errors.ts";
import { newPreimage } from "../../server/sandbox/bolt11.ts";
import { lookedUpOf, settlementOf } from "../../server/wallet/transaction.ts";

const NOW_MS = 1_800_000_000_000;
const { preimage, paymentHash } = newPreimage();
const tx = { type: "incoming", payment_hash: paymentHash, amount: 10_000_000 };
const unsettled = (reason: string) => ({ state: "unsettled", reason });

describe("a looked-up transaction", () => {
  test("is what its state says, whatever else it holds", () => {
    const proofs = { settled_at: 1_799_999_999, preimage };
    for (const [state, reason] of [
      ["pending", "pending"],
      ["accepted", "pending"],
      ["expired", "expired"],
      ["failed", "failed"],
    ]) {
      expect(lookedUpOf({ ...tx, ...proofs, state }, paymentHash, NOW_MS)).toEqual(
        unsettled(reason ?? "") as never,
      );
    }
    expect(lookedUpOf({ ...tx, ...proofs, state: "settled" }, paymentHash, NOW_MS)).toEqual({
      state: "settled",
      settlement: { paymentHash, amountSats: 10_000, settledAt: 1_799_999_999_000, preimage },
    });
  });

  test("without a state is settled by its time alone", () => {
    const settledAt = (given: unknown) =>
      lookedUpOf({ ...tx, settled_at: given }, paymentHash, NOW_MS).state;
    expect(settledAt(1_799_999_999)).toBe("settled");
    for (const none of [undefined, null, 0, -1, "", "soon", true]) {
      expect(settledAt(none)).toBe("unsettled");
    }
  });

  test("is not settled by a preimage: who made the invoice knows it from the start", () => {
    // LNbits' older NWC provider, of an invoice that nobody has paid.
    const shown = {
      ...tx,
      invoice: "lnbc1",
      description: "Berth",
      preimage,
      fees_paid: 0,
      created_at: 1_796_068_000,
      expires_at: 1_796_154_405,
      settled_at: null,
      metadata: {},
    };
    expect(lookedUpOf(shown, paymentHash, NOW_MS)).toEqual(unsettled("pending") as never);
    expect(settlementOf(shown, NOW_MS)).toBeNull();
    const { payment_hash: _, ...unnamed } = shown;
    expect(lookedUpOf(unnamed, paymentHash, NOW_MS)).toEqual(unsettled("pending") as never);
    const { settled_at: __, ...undated } = shown;
    expect(settlementOf(undated, NOW_MS)).toBeNull();
  });

  test("without its payment hash is the one that was asked for", () => {
    const { payment_hash: _, ...unnamed } = tx;
    expect(lookedUpOf({ ...unnamed, state: "settled" }, paymentHash, NOW_MS)).toEqual({
      state: "settled",
      settlement: { paymentHash, amountSats: 10_000, settledAt: NOW_MS, preimage: null },
    });
  });

  test("gives its amount as a number or as digits in text", () => {
    // Rizful.
    const given = {
      ...{ type: "incoming", state: "settled", payment_hash: paymentHash, preimage },
      ...{ amount: "10000000", fees_paid: "0", settled_at: 1_796_068_100 },
    };
    const settlement = { paymentHash, amountSats: 10_000, settledAt: 1_796_068_100_000, preimage };
    expect(lookedUpOf(given, paymentHash, NOW_MS)).toEqual({ state: "settled", settlement });
    expect(settlementOf(given, NOW_MS)).toEqual(settlement);
  });

  test("that is settled without an amount leaves it to the bolt11", () => {
    // CoinOS, where another of its users paid.
    const given = {
      ...{ type: "incoming", invoice: "lnbc1", description: "Berth", fees_paid: 0 },
      ...{ preimage: "b9a1f6e2-internal-id", payment_hash: paymentHash },
      ...{ created_at: 1_796_068_000, expires_at: 1_796_154_405, settled_at: 1_796_068_100 },
    };
    const settlement = { paymentHash, amountSats: null, settledAt: 1_796_068_100_000 };
    expect(lookedUpOf(given, paymentHash, NOW_MS)).toEqual({
      state: "settled",
      settlement: { ...settlement, preimage: null },
    });
    for (const amount of [null, ""])
      expect(settlementOf({ ...given, amount }, NOW_MS)?.amountSats).toBeNull();
  });

  test("that cannot be understood is nonsense, with what was said and no secret", () => {
    const state = "settled";
    for (const [changed, said] of [
      [{ state, payment_hash: newPreimage().paymentHash }, "of another payment_hash"],
      [{ state, amount: "10000000 msat" }, 'amount "10000000 msat"'],
      [{ state, amount: 0.5 }, "amount 0.5"],
      [{ state, amount: -1 }, "amount -1"],
      [{ state, amount: preimage }, 'amount "…"'],
      [{ state: "paid", settled_at: 1_796_068_100 }, 'state "paid"'],
    ] as const) {
      const given = { ...tx, invoice: "lnbc1secret", preimage, ...changed };
      try {
        lookedUpOf(given, paymentHash, NOW_MS);
        expect.unreachable("it was understood");
      } catch (error) {
        expect(error).toBeInstanceOf(Unavailable);
        expect((error as Unavailable).said).toContain(said);
        expect(Bun.inspect(error)).not.toMatch(new RegExp(`${preimage}|lnbc1secret`));
      }
    }
  });
});

describe("a settlement", () => {
  test("is in whole sats, rounded down", () => {
    for (const [amount, amountSats] of [
      [10_000_999, 10_000],
      [999, 0],
      [1_000, 1],
    ]) {
      expect(settlementOf({ ...tx, amount, state: "settled" }, NOW_MS)?.amountSats).toBe(
        amountSats ?? -1,
      );
    }
  });

  test("is dated in seconds or ms, and now by a wallet that gives no time", () => {
    const settledAt = (given: unknown) => {
      return settlementOf({ ...tx, state: "settled", settled_at: given }, NOW_MS)?.settledAt;
    };
    expect(settledAt(1_799_999_999)).toBe(1_799_999_999_000);
    expect(settledAt("1799999999")).toBe(1_799_999_999_000);
    expect(settledAt(1_799_999_999_123)).toBe(1_799_999_999_123);
    for (const given of [undefined, null, 0, -1, 1.5, "soon", 2 ** 53]) {
      expect(settledAt(given)).toBe(NOW_MS);
    }
  });

  test("keeps a preimage only if it hashes to the payment hash", () => {
    const settled = { ...tx, state: "settled" };
    const preimageKept = (given: unknown) =>
      settlementOf({ ...settled, preimage: given }, NOW_MS)?.preimage;
    expect(preimageKept(preimage.toUpperCase())).toBe(preimage);
    for (const given of [newPreimage().preimage, "", "00", null, 1, undefined]) {
      expect(preimageKept(given)).toBeNull();
    }
  });

  test("is not read out of what is outgoing, unsettled or without its payment hash", () => {
    const settled = { ...tx, state: "settled" };
    expect(settlementOf(settled, NOW_MS)).not.toBeNull();
    for (const changed of [
      { type: "outgoing" },
      { state: "pending" },
      { payment_hash: undefined },
      { payment_hash: "zz" },
      { amount: "ten" },
      { state: "paid" },
    ]) {
      expect(settlementOf({ ...settled, ...changed }, NOW_MS)).toBeNull();
    }
  });

  test("never throws and never holds what it must not, whatever a wallet sends", () => {
    const field = fc.oneof(
      fc.anything(),
      fc.constantFrom("settled", "pending", preimage, paymentHash),
    );
    const transaction = fc.record(
      {
        type: field,
        state: field,
        payment_hash: fc.oneof(field, fc.constant(paymentHash)),
        amount: fc.oneof(field, fc.integer()),
        settled_at: fc.oneof(field, fc.integer()),
        preimage: field,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(transaction, (given) => {
        const settlement = settlementOf(given, NOW_MS);
        if (settlement === null) return;
        expect(settlement.paymentHash).toMatch(/^[0-9a-f]{64}$/);
        const sats = settlement.amountSats ?? 0;
        expect(Number.isSafeInteger(sats) && sats >= 0).toBe(true);
        expect(Number.isSafeInteger(settlement.settledAt)).toBe(true);
        expect([null, preimage]).toContain(settlement.preimage);
      }),
      { numRuns: 3_000 },
    );
  });
});
