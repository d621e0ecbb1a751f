import { afterEach, beforeEach, describe, expect, spyOn, test } from "bun:test";
import { getPublicKey } from "nostr-tools/pure";
import { Refused, Unavailable } from "../../server/errors.ts";
import { MovableClock } from "../../server/sandbox/clock.ts";
import { startWorld, type World } from "../../server/sandbox/world.ts";
import { createNwcWallet } from "../../server/wallet/nwc.ts";
import type { ReceivingWallet, Settlement } from "../../server/wallet/wallet.ts";

const never = new AbortController().signal;
const ask = { amountSats: 10_000, description: "Berth: frogs, a month", expirySeconds: 86_400 };
let world: World;
let clock: MovableClock;
let wallet: ReceivingWallet;

beforeEach(async () => {
  clock = new MovableClock();
  world = await startWorld({
    dataDir: null,
    platformPubkey: getPublicKey(new Uint8Array(32).fill(7)),
    clock,
  });
  wallet = newWallet();
});
afterEach(async () => {
  wallet.close();
  await world.stop();
});

function newWallet(changed: { timeoutMs?: number; network?: "bc" | "bcrt" | null } = {}) {
  return createNwcWallet({
    nwcUrl: world.receivingNwcUrl,
    network: "bcrt",
    clock,
    timeoutMs: 5_000,
    ...changed,
  });
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => expect.unreachable("it succeeded"),
    (error: unknown) => error,
  );
}

async function until(isTrue: () => boolean, waitMs = 4_000): Promise<void> {
  const deadline = Date.now() + waitMs;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error(`never became true: ${isTrue}`);
    await Bun.sleep(5);
  }
}

async function collect(settlements: AsyncIterable<Settlement>): Promise<Settlement[]> {
  const all: Settlement[] = [];
  for await (const settlement of settlements) all.push(settlement);
  return all;
}

describe("the receiving wallet", () => {
  test("issues what was asked for, names itself, and says pending until it is paid", async () => {
    const issued = await wallet.makeInvoice(ask, never);
    expect(issued.bolt11).toStartWith("lnbcrt100u1");
    expect(issued.paymentHash).toMatch(/^[0-9a-f]{64}$/);
    expect(Math.abs(issued.expiresAt - clock.now() - 86_400_000)).toBeLessThan(5_000);
    expect(wallet.pubkey).toBe(world.receivingWallet.pubkey);
    expect(await wallet.lookup(issued.paymentHash, never)).toEqual({
      state: "unsettled",
      reason: "pending",
    });
    world.pay(issued.bolt11);
    const looked = await wallet.lookup(issued.paymentHash, never);
    expect(looked).toMatchObject({
      state: "settled",
      settlement: {
        paymentHash: issued.paymentHash,
        amountSats: 10_000,
        preimage: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    });
  });

  test("says expired after its time, and not found of what it never issued", async () => {
    const issued = await wallet.makeInvoice(ask, never);
    clock.offsetMs += 86_400_000;
    expect(await wallet.lookup(issued.paymentHash, never)).toEqual({
      state: "unsettled",
      reason: "expired",
    });
    expect(await wallet.lookup("ab".repeat(32), never)).toEqual({
      state: "unsettled",
      reason: "not_found",
    });
  });

  test("dates by logical time", async () => {
    clock.offsetMs += 30 * 86_400_000;
    const issued = await wallet.makeInvoice(ask, never);
    expect(Math.abs(issued.expiresAt - clock.now() - 86_400_000)).toBeLessThan(5_000);
  });

  test("refuses its own bolt11 of another network", async () => {
    const mainnet = newWallet({ network: "bc" });
    const failure = await failureOf(mainnet.makeInvoice(ask, never));
    expect(failure).toBeInstanceOf(Refused);
    expect(failure).toMatchObject({ code: "bolt11_mismatch" });
    mainnet.close();
  });

  test("lists what settled since then, over several pages, and nothing unpaid", async () => {
    const paid: string[] = [];
    for (let i = 0; i < 45; i++) {
      const issued = world.network.makeInvoice(world.receivingWallet.node, { amountMsats: 21_000 });
      if (i % 9 === 8) continue;
      world.pay(issued.bolt11);
      paid.push(issued.paymentHash);
    }
    const listed = await collect(wallet.settledSince(clock.now() - 60_000, never));
    expect(listed.map(({ paymentHash }) => paymentHash).sort()).toEqual(paid.sort());
    expect(new Set(listed.map(({ amountSats }) => amountSats))).toEqual(new Set([21]));
    expect(await collect(wallet.settledSince(clock.now() + 60_000, never))).toEqual([]);
  });
});

describe("a payment", () => {
  test("is told to every listener as it arrives, once unsubscribed no more", async () => {
    const heard: Settlement[] = [];
    const alsoHeard: Settlement[] = [];
    const stop = wallet.onSettled((settlement) => heard.push(settlement));
    wallet.onSettled((settlement) => alsoHeard.push(settlement));
    const first = await wallet.makeInvoice(ask, never);
    await subscribed(heard);
    const before = heard.length;
    world.pay(first.bolt11);
    await until(() => heard.length > before);
    expect(heard.at(-1)).toMatchObject({ paymentHash: first.paymentHash, amountSats: 10_000 });
    expect(alsoHeard.at(-1)).toEqual(heard.at(-1) as Settlement);
    stop();
    const second = await wallet.makeInvoice(ask, never);
    const soFar = heard.length;
    world.pay(second.bolt11);
    await until(() => alsoHeard.at(-1)?.paymentHash === second.paymentHash);
    expect(heard).toHaveLength(soFar);
  });

  test("is heard of again after the relay went away and came back", async () => {
    const heard: Settlement[] = [];
    wallet.onSettled((settlement) => heard.push(settlement));
    await subscribed(heard);
    await world.setFaults({ wallet: "down" });
    await world.setFaults({ wallet: "ok" });
    heard.length = 0;
    await subscribed(heard);
  }, 15_000);

  test("is heard of though the wallet could not be reached when listening began", async () => {
    await world.setFaults({ wallet: "down" });
    const heard: Settlement[] = [];
    wallet.onSettled((settlement) => heard.push(settlement));
    await Bun.sleep(20);
    await world.setFaults({ wallet: "ok" });
    await subscribed(heard);
  }, 15_000);
});

/** Pays small amounts until one is heard of: a subscription over a relay says not when it stands. */
async function subscribed(heard: Settlement[]): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (heard.length === 0) {
    if (Date.now() > deadline) throw new Error("no payment was ever heard of");
    const { node } = world.receivingWallet;
    world.pay(world.network.makeInvoice(node, { amountMsats: 1_000 }).bolt11);
    await Bun.sleep(50);
  }
}

describe("a wallet that cannot", () => {
  test("be reached is unavailable at once, and heals by itself", async () => {
    const issued = await wallet.makeInvoice(ask, never);
    await world.setFaults({ wallet: "down" });
    const begun = performance.now();
    expect(await failureOf(wallet.lookup(issued.paymentHash, never))).toMatchObject({
      name: "Unavailable",
      code: "wallet_unreachable",
    });
    expect(performance.now() - begun).toBeLessThan(1_500);
    world.pay(issued.bolt11);
    await world.setFaults({ wallet: "ok" });
    expect((await wallet.lookup(issued.paymentHash, never)).state).toBe("settled");
  });

  test("say anything is given up in time, and answers when it speaks again", async () => {
    const hasty = newWallet({ timeoutMs: 300 });
    const issued = await hasty.makeInvoice(ask, never);
    await world.setFaults({ wallet: "silent" });
    const begun = performance.now();
    for (const work of [hasty.makeInvoice(ask, never), hasty.lookup(issued.paymentHash, never)]) {
      expect(await failureOf(work)).toMatchObject({ name: "Unavailable", code: "wallet_silent" });
    }
    expect(performance.now() - begun).toBeLessThan(1_000);
    await world.setFaults({ wallet: "ok" });
    expect((await hasty.lookup(issued.paymentHash, never)).state).toBe("unsettled");
    hasty.close();
  });

  test("answer before the caller gives up is unavailable too, and asked nothing after that", async () => {
    await wallet.makeInvoice(ask, never);
    await world.setFaults({ wallet: "silent" });
    const failure = await failureOf(wallet.makeInvoice(ask, AbortSignal.timeout(50)));
    expect(failure).toBeInstanceOf(Unavailable);
    await world.setFaults({ wallet: "ok" });
    // Nor may the one that was given up be still on its way.
    await wallet.lookup("ab".repeat(32), never);
    const { issued } = world.network.counts();
    expect(await failureOf(wallet.makeInvoice(ask, AbortSignal.abort()))).toBeInstanceOf(
      Unavailable,
    );
    // What was sent before this look-up would have been carried out before it.
    await wallet.lookup("ab".repeat(32), never);
    expect(world.network.counts().issued).toBe(issued);
  });

  test("serve us says why, is never a refusal for good, and heals by itself", async () => {
    const { receivingWallet } = world;
    for (const code of [
      ...(["RESTRICTED", "UNAUTHORIZED", "NOT_IMPLEMENTED", "UNSUPPORTED_ENCRYPTION"] as const),
      ...(["RATE_LIMITED", "INTERNAL", "OTHER", "QUOTA_EXCEEDED"] as const),
    ]) {
      receivingWallet.refuseWith = code;
      const expected = code === "QUOTA_EXCEEDED" ? "wallet_other" : `wallet_${code.toLowerCase()}`;
      for (const work of [
        wallet.makeInvoice(ask, never),
        wallet.lookup("ab".repeat(32), never),
        collect(wallet.settledSince(0, never)),
      ]) {
        expect(await failureOf(work)).toMatchObject({ name: "Unavailable", code: expected });
      }
    }
    receivingWallet.refuseWith = null;
    expect((await wallet.makeInvoice(ask, never)).bolt11).toStartWith("lnbcrt");
  }, 20_000);
});

test("nothing that was asked or answered gets into the log", async () => {
  const written: string[] = [];
  const spies = (["error", "warn", "log", "debug"] as const).map((level) =>
    spyOn(console, level).mockImplementation((...args) => void written.push(Bun.inspect(args))),
  );
  try {
    const issued = await wallet.makeInvoice(ask, never);
    world.receivingWallet.refuseWith = "OTHER";
    await failureOf(wallet.makeInvoice(ask, never));
    await failureOf(wallet.lookup(issued.paymentHash, never));
    await world.setFaults({ wallet: "down" });
    await failureOf(wallet.lookup(issued.paymentHash, never));
    await failureOf(wallet.lookup(issued.paymentHash, never));
    wallet.close();
    await failureOf(wallet.lookup(issued.paymentHash, never));
    expect(written).toEqual([]);
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
});
