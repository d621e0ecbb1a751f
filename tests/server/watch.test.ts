import { afterEach, expect, test } from "bun:test";
import type { Queries } from "../../db/index.ts";
import type { LookedUp, ReceivingWallet } from "../../server/wallet/wallet.ts";
import { SettlementWatch } from "../../server/watch.ts";
import { until } from "../sandbox/relay-socket.ts";

const MINUTE_MS = 60_000;
const T0 = Date.UTC(2026, 10, 26);
const OLDEST = T0 / 1000 - 5 * 86_400;

const endings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

/** A watch over one open bolt11 that its tenant looks at, and what it asks our wallet. */
function watchOver(
  settledSince: (signal: AbortSignal) => Promise<void>,
  lookup: (hash: string) => LookedUp = () => ({ state: "unsettled", reason: "pending" }),
  fresh: string[] = [],
) {
  const asked = { lookups: 0, since: [] as number[] };
  const clock = { at: T0, now: () => clock.at };
  const wallet: ReceivingWallet = {
    pubkey: "a1".repeat(32),
    makeInvoice: () => Promise.reject(new Error("not asked for")),
    async lookup(hash) {
      asked.lookups++;
      return lookup(hash);
    },
    async *settledSince(fromMs, signal) {
      asked.since.push(fromMs);
      await settledSince(signal);
      yield* [];
    },
    onSettled: () => () => {},
    close() {},
  };
  const invoices = {
    unsettledOf: async () => fresh,
    payableOf: async () => ["5a".repeat(32)],
    oldestUnsettled: async () => OLDEST,
  };
  const watch = new SettlementWatch({
    ...{ clock, wallet, queries: { invoices } as unknown as Queries },
    report: async () => {},
    watching: () => ["tenant"],
  });
  endings.push(() => watch.stop());
  return { watch, clock, asked };
}

test("somebody at a checkout does not wait for a search through payments, and a stop ends it", async () => {
  const { watch, clock, asked } = watchOver(
    (signal) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(new Error("stopped")));
      }),
  );
  await until(() => {
    void watch.tick();
    clock.at += 3_000;
    return asked.lookups >= 3;
  });
  expect(asked.since).toHaveLength(1);
});

test("a search begins as much earlier as our wallet's clock may be behind", async () => {
  const { watch, asked } = watchOver(async () => {});
  await watch.tick();
  expect(asked.since).toEqual([OLDEST * 1000 - 11 * MINUTE_MS]);
});

test("a wallet that gives no list is asked for one once a minute, not every tick", async () => {
  const { watch, clock, asked } = watchOver(() => Promise.reject(new Error("rate limited")));
  for (let ticks = 0; ticks < 21; ticks++) {
    await watch.tick();
    clock.at += 3_000;
  }
  expect(asked.since).toHaveLength(2);
  expect(asked.lookups).toBe(21);
});

test("one bolt11 about which our wallet never answers does not keep it from the others", async () => {
  const answered: string[] = [];
  const lookup = (hash: string): LookedUp => {
    if (hash === "silent") throw new Error("no answer");
    answered.push(hash);
    return { state: "unsettled", reason: "pending" };
  };
  const { watch } = watchOver(async () => {}, lookup, ["silent", "other"]);
  for (let ticks = 0; ticks < 3; ticks++) await watch.tick();
  expect(answered).toContain("other");
});
