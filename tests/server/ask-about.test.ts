import { expect, test } from "bun:test";
import type { Queries } from "../../db/index.ts";
import type { EffectParts } from "../../server/effects/parts.ts";
import { askAbout, mintBolt11, NoAnswerYet } from "../../server/effects/wallet.ts";
import { Unavailable } from "../../server/errors.ts";
import type { LookedUp, ReceivingWallet, Settlement } from "../../server/wallet/wallet.ts";

const NOW = Date.UTC(2026, 10, 26);
const HOUR_SECONDS = 3_600;
const [OURS, FORMER] = ["a1".repeat(32), "b2".repeat(32)];
const { signal } = new AbortController();
const unsettled = (reason: "pending" | "expired" | "failed" | "not_found"): LookedUp => ({
  state: "unsettled",
  reason,
});

type Issued = {
  hash: string;
  answer?: LookedUp | Unavailable;
  ageSeconds?: number;
  wallet?: string;
};

/** Asks about an invoice with these bolt11s, oldest first. @returns also what was reported and asked */
async function asking(...issued: Issued[]) {
  const reported: string[] = [];
  const asked: string[] = [];
  const bolt11s = issued.map(({ hash, ageSeconds = 2 * HOUR_SECONDS, wallet = OURS }) => ({
    ...{ paymentHash: hash, wallet, settledAt: null },
    issuedAt: NOW / 1000 - ageSeconds,
  }));
  const wallet = {
    pubkey: OURS,
    async lookup(hash: string) {
      asked.push(hash);
      const answer = issued.find((one) => one.hash === hash)?.answer;
      if (answer instanceof Unavailable) throw answer;
      return answer;
    },
  } as unknown as ReceivingWallet;
  const queries = { invoices: { bolt11sOf: async () => bolt11s } } as unknown as Queries;
  const report = async ({ paymentHash }: Settlement) => reported.push(paymentHash);
  const parts = { queries, wallet, clock: { now: () => NOW }, report };
  const answer = await askAbout(parts, "i", signal).catch((error: unknown) => error);
  return { answer, reported, asked };
}

const settled = (paymentHash: string): LookedUp => ({
  state: "settled",
  settlement: { paymentHash, amountSats: 1, settledAt: NOW, preimage: null },
});

test("what was not paid is not settled, by whatever word our wallet says so", async () => {
  for (const reason of ["pending", "expired", "failed", "not_found"] as const)
    expect((await asking({ hash: "a", answer: unsettled(reason) })).answer).toEqual({
      settled: false,
    });
});

test("that our wallet does not know one of this hour yet is no answer", async () => {
  const answer = unsettled("not_found");
  const fresh = await asking({ hash: "a", answer, ageSeconds: HOUR_SECONDS - 1 });
  expect(fresh.answer).toBeInstanceOf(NoAnswerYet);
  expect(fresh.answer).toMatchObject({ code: "wallet_does_not_know_it_yet" });
  const known = { hash: "a", answer: unsettled("pending"), ageSeconds: 1 };
  expect((await asking(known)).answer).toEqual({ settled: false });
});

test("one that a former wallet issued leaves it open, but hides no payment to ours", async () => {
  const former = { hash: "old", wallet: FORMER };
  const unpaid = await asking(former, { hash: "new", answer: unsettled("pending") });
  expect(unpaid.answer).toMatchObject({ code: "issued_by_another_wallet" });
  expect(unpaid.asked).toEqual(["new"]);
  const paid = await asking(former, { hash: "new", answer: settled("new") });
  expect(paid).toMatchObject({ answer: { settled: true }, reported: ["new"] });
});

const answering = ["wallet_internal", "wallet_other", "wallet_nonsense"];
const unreachable = ["wallet_silent", "wallet_unreachable", "wallet_rate_limited"];

test("one that our wallet cannot tell about leaves it open, and keeps nobody else's question waiting", async () => {
  for (const code of answering) {
    const odd = { hash: "odd", answer: new Unavailable(code, "") };
    const { answer, asked } = await asking(odd, { hash: "b", answer: unsettled("pending") });
    expect(answer).toMatchObject({ name: "NoAnswerYet", code: "wallet_cannot_tell" });
    expect(asked).toEqual(["odd", "b"]);
  }
  // Nobody else is answered either: the lane is to close.
  for (const code of unreachable) {
    const { answer } = await asking({ hash: "a", answer: new Unavailable(code, "") });
    expect(answer).toMatchObject({ name: "Unavailable", code });
  }
});

test("one that our wallet cannot issue keeps no other from being issued", async () => {
  const mint = async (code: string) => {
    const wallet = { makeInvoice: () => Promise.reject(new Unavailable(code, "")) };
    const parts = { wallet, clock: { now: () => NOW }, read: () => null } as unknown as EffectParts;
    const input = { invoice: "i", sats: 1, lastsUntil: null } as never;
    const memo = <T>(make: () => Promise<T>): Promise<T> => make();
    const context = { key: "k", attempt: 1, signal, memo };
    return await mintBolt11(parts)
      .run(input, context)
      .catch((error: unknown) => error);
  };
  for (const code of answering)
    expect(await mint(code)).toMatchObject({ name: "NoAnswerYet", code: "wallet_cannot_issue_it" });
  for (const code of unreachable)
    expect(await mint(code)).toMatchObject({ name: "Unavailable", code });
});
