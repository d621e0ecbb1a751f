import { describe, expect, test } from "bun:test";
import { type WalletProbe, walletAdvice } from "../../server/wallet/payer-advice.ts";

const enough = ["pay_invoice", "get_info", "get_budget"];

function probe(o: {
  methods?: string[];
  totalSats?: number | null;
  usedSats?: number;
  renewal?: string;
}): WalletProbe {
  const { methods = enough, totalSats, usedSats = 0, renewal = "monthly" } = o;
  const budget = totalSats === undefined ? null : { totalSats, usedSats, renewsAt: null, renewal };
  return { methods, encryption: "nip44_v2", network: "mainnet", budget, balanceSats: null };
}

const advice = (o: Parameters<typeof probe>[0], monthlySats = 10_000) =>
  walletAdvice(probe(o), { monthlySats, network: "bc" });

test("a wallet of another network than the invoices' is warned of; one that does not say is not", () => {
  const warned = (network: string | null, wanted: "bc" | "bcrt") =>
    walletAdvice({ ...probe({}), network }, { monthlySats: 1, network: wanted }).warnings;
  expect(warned("regtest", "bc")).toEqual([{ code: "other_network" }]);
  expect(warned("mainnet", "bcrt")).toEqual([{ code: "other_network" }]);
  for (const [network, wanted] of [
    ["mainnet", "bc"],
    ["bitcoin", "bc"],
    ["regtest", "bcrt"],
    [null, "bc"],
  ] as const)
    expect(warned(network, wanted)).toEqual([]);
});

test("a connection that can pay and no more, without a budget or with enough, needs no advice", () => {
  const none = { refusals: [], warnings: [] };
  for (const o of [{}, { totalSats: 10_100 }, { totalSats: null }]) expect(advice(o)).toEqual(none);
});

test("a connection without pay_invoice is refused", () => {
  for (const methods of [[], ["get_info"], ["multi_pay_invoice", "pay_keysend"]]) {
    expect(advice({ methods }).refusals).toEqual(["wallet_cannot_pay"]);
  }
});

describe("a budget", () => {
  test.each([
    [10_000, 10_099, 10_100],
    [10_001, 10_101, 10_102],
    [500, 509, 510],
    [1_000, 1_009, 1_010],
    [1, 10, 11],
  ])(
    "for %i sats a month that is %i is too low: the wallet reserves a hundredth or 10 sats for fees",
    (monthlySats, totalSats, neededBudgetSats) => {
      const warnings = [{ code: "budget_too_low" as const, neededBudgetSats }];
      expect(advice({ totalSats }, monthlySats)).toEqual({ refusals: [], warnings });
      expect(advice({ totalSats: neededBudgetSats }, monthlySats).warnings).toEqual([]);
    },
  );

  test("for a year must hold twelve payments", () => {
    expect(advice({ totalSats: 121_199, renewal: "yearly" }).warnings).toEqual([
      { code: "budget_too_low", neededBudgetSats: 121_200 },
    ]);
    expect(advice({ totalSats: 121_200, renewal: "yearly" }).warnings).toEqual([]);
  });

  test("that never renews must hold one more payment", () => {
    const used = { usedSats: 50_000, renewal: "never" };
    expect(advice({ ...used, totalSats: 60_099 }).warnings).toEqual([
      { code: "budget_too_low", neededBudgetSats: 60_100 },
    ]);
    expect(advice({ ...used, totalSats: 60_100 }).warnings).toEqual([]);
  });

  test("is no matter while nothing is charged", () => {
    expect(advice({ totalSats: 0 }, 0).warnings).toEqual([]);
  });
});

describe("what a connection can do", () => {
  test("beyond paying and looking is more than is needed, told once", () => {
    for (const method of ["make_invoice", "sign_message", "create_connection", "anything_new"]) {
      const methods = [...enough, method, "settle_hold_invoice"];
      expect(advice({ methods }).warnings).toEqual([{ code: "more_than_needed" }]);
    }
  });

  test("by looking, or comes with every right to pay, is not", () => {
    const looking = ["get_balance", "lookup_invoice", "list_transactions"];
    const paying = ["pay_keysend", "multi_pay_invoice", "multi_pay_keysend"];
    expect(advice({ methods: [...enough, ...looking, ...paying] }).warnings).toEqual([]);
  });

  test("and what it may spend are told together", () => {
    const both = advice({ methods: [...enough, "make_invoice"], totalSats: 5 });
    expect(both.warnings.map(({ code }) => code)).toEqual(["budget_too_low", "more_than_needed"]);
  });
});
