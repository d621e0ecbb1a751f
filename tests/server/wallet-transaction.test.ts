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

  test("of another bolt11, or settled without an amount, is nonsense and says nothing", () => {
    const state = "settled";
    for (const nonsense of [
      { ...tx, state, payment_hash: newPreimage().paymentHash },
      { ...tx, state, amount: undefined },
      { ...tx, state, amount: "10000000" },
      { ...tx, state, amount: 0.5 },
      { ...tx, state, amount: -1 },
    ]) {
      expect(() => lookedUpOf(nonsense, paymentHash, NOW_MS)).toThrow(Unavailable);
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

  test("is dated now by a wallet that gives no time, or none in seconds", () => {
    const settledAt = (given: unknown) => {
      return settlementOf({ ...tx, state: "settled", settled_at: given }, NOW_MS)?.settledAt;
    };
    expect(settledAt(1_799_999_999)).toBe(1_799_999_999_000);
    for (const given of [undefined, null, 0, -1, 1.5, "1799999999", 1_799_999_999_000, 2 ** 53]) {
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
      { amount: null },
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
        expect(Number.isSafeInteger(settlement.amountSats) && settlement.amountSats >= 0).toBe(
          true,
        );
        expect(Number.isSafeInteger(settlement.settledAt)).toBe(true);
        expect([null, preimage]).toContain(settlement.preimage);
      }),
      { numRuns: 3_000 },
    );
  });
});
