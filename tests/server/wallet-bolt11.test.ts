import { describe, expect, test } from "bun:test";
import * as bolt11 from "bolt11";
import { Refused } from "../../server/errors.ts";
import { newPreimage, signBolt11 } from "../../server/sandbox/bolt11.ts";
import { checkBolt11 } from "../../server/wallet/bolt11.ts";

const NOW_SECONDS = 1_800_000_000;
const { paymentHash } = newPreimage();
const secret = "0b".repeat(32);
const terms = {
  amountMsats: 10_000_000,
  paymentHash,
  description: "Berth: a relay",
  descriptionHash: null,
  createdAt: NOW_SECONDS,
  expirySeconds: 86_400,
};
const asked = {
  amountSats: 10_000,
  expirySeconds: 86_400,
  network: "bcrt",
  paymentHash,
  nowMs: NOW_SECONDS * 1_000,
} as const;

function sign(changed: Partial<typeof terms> = {}): string {
  return signBolt11({ ...terms, ...changed }, secret);
}

/** Mainnet; without an expiry as its encoder leaves it out only where it adds nothing by itself. */
function signMainnet(expirySeconds?: number): string {
  const more =
    expirySeconds === undefined
      ? []
      : [
          { tagName: "payment_secret", data: "11".repeat(32) },
          { tagName: "expire_time", data: expirySeconds },
        ];
  const unsigned = bolt11.encode(
    {
      network: { bech32: "bc", pubKeyHash: 0, scriptHash: 5, validWitnessVersions: [0, 1] },
      millisatoshis: "10000000",
      timestamp: NOW_SECONDS,
      tags: [
        { tagName: "payment_hash", data: paymentHash },
        { tagName: "description", data: "x" },
        ...more,
      ],
    },
    expirySeconds !== undefined,
  );
  return bolt11.sign(unsigned, secret).paymentRequest ?? "";
}

function refusalOf(pr: string, ask: Parameters<typeof checkBolt11>[1]): string {
  try {
    checkBolt11(pr, ask);
  } catch (error) {
    if (error instanceof Refused && error.code === "bolt11_mismatch") return error.message;
    throw error;
  }
  return "accepted";
}

describe("a bolt11 from our wallet", () => {
  test("that is refused says which field, what was wanted and what came", () => {
    for (const [pr, said] of [
      [sign({ expirySeconds: 3_600 }), "expiry: wanted 86400 s, got 3600 s"],
      [sign({ amountMsats: 1 }), "amount: wanted 10000000 msat, got 1 msat"],
      [signMainnet(86_400), "network: wanted lnbcrt, got lnbc"],
      [
        sign({ createdAt: NOW_SECONDS - 700 }),
        "timestamp: wanted within 600 s of our clock, got 700 s behind",
      ],
      [
        sign({ createdAt: NOW_SECONDS + 700 }),
        "timestamp: wanted within 600 s of our clock, got 700 s ahead",
      ],
    ] as const) {
      try {
        checkBolt11(pr, asked);
        expect.unreachable("it was taken");
      } catch (error) {
        expect(error).toMatchObject({ code: "bolt11_mismatch", said });
      }
    }
  });

  test("that is what was asked for is taken with its own hash and expiry", () => {
    const pr = sign();
    expect(checkBolt11(pr, asked)).toEqual({
      bolt11: pr,
      paymentHash,
      expiresAt: (NOW_SECONDS + 86_400) * 1_000,
    });
  });

  test("in upper case is taken in lower case", () => {
    const pr = sign();
    expect(checkBolt11(pr.toUpperCase(), asked).bolt11).toBe(pr);
  });

  test("of another amount is refused, even by one msat", () => {
    for (const amountMsats of [9_999_999, 10_000_001, 10_000, 10_000_000_000]) {
      expect(refusalOf(sign({ amountMsats }), asked)).toContain("amount");
    }
    expect(refusalOf(sign(), { ...asked, amountSats: 10_001 })).toContain("amount");
  });

  test("of another network is refused, and none is taken for another by its beginning", () => {
    const mainnet = signMainnet(86_400);
    expect(refusalOf(sign(), { ...asked, network: "bc" })).toContain("network");
    expect(refusalOf(mainnet, asked)).toContain("network");
    expect(refusalOf(mainnet, { ...asked, network: "bc" })).toBe("accepted");
    expect(refusalOf(mainnet, { ...asked, network: null })).toBe("accepted");
    expect(refusalOf(sign(), { ...asked, network: null })).toBe("accepted");
  });

  test("of another hash than the wallet says is refused", () => {
    const other = newPreimage().paymentHash;
    expect(refusalOf(sign(), { ...asked, paymentHash: other })).toContain("payment hash");
    expect(refusalOf(sign(), { ...asked, paymentHash: paymentHash.toUpperCase() })).toBe(
      "accepted",
    );
    const { paymentHash: _, ...unclaimed } = asked;
    expect(refusalOf(sign(), unclaimed)).toBe("accepted");
  });

  test("of another expiry is refused, where none means 3600", () => {
    expect(refusalOf(sign({ expirySeconds: 86_399 }), asked)).toContain("expiry");
    const withoutExpiry = signMainnet();
    const tags = bolt11.decode(withoutExpiry).tags.map(({ tagName }) => tagName);
    expect(tags).not.toContain("expire_time");
    expect(refusalOf(withoutExpiry, { ...asked, network: "bc" })).toContain("expiry");
    expect(
      checkBolt11(withoutExpiry, { ...asked, network: "bc", expirySeconds: 3_600 }).expiresAt,
    ).toBe((NOW_SECONDS + 3_600) * 1_000);
  });

  test("dated more than 10 minutes to either side is refused", () => {
    for (const [offset, result] of [
      [-601, "timestamp"],
      [-600, "accepted"],
      [600, "accepted"],
      [601, "timestamp"],
    ] as const) {
      expect(refusalOf(sign({ createdAt: NOW_SECONDS + offset }), asked)).toContain(result);
    }
  });

  test("that was tampered with, or is none, is refused", () => {
    const pr = sign();
    const tampered = `${pr.slice(0, 30)}${pr[30] === "q" ? "p" : "q"}${pr.slice(31)}`;
    for (const nonsense of [
      tampered,
      "",
      "lnbcrt",
      `lightning:${pr}`,
      pr.slice(0, -1),
      "1".repeat(99),
    ]) {
      expect(refusalOf(nonsense, asked)).toContain("encoding");
    }
  });

  test("without an amount is refused", () => {
    const unsigned = bolt11.encode({
      network: { bech32: "bcrt", pubKeyHash: 0x6f, scriptHash: 0xc4, validWitnessVersions: [0, 1] },
      timestamp: NOW_SECONDS,
      tags: [
        { tagName: "payment_hash", data: paymentHash },
        { tagName: "description", data: "x" },
        { tagName: "expire_time", data: 86_400 },
      ],
    });
    const pr = bolt11.sign(unsigned, secret).paymentRequest ?? "";
    expect(refusalOf(pr, { ...asked, network: null })).toContain("amount");
  });
});
