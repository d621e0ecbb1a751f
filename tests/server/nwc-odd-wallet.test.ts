import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { generateSecretKey, getPublicKey } from "nostr-tools/pure";
import { Refused, Unavailable } from "../../server/errors.ts";
import { newPreimage, signBolt11 } from "../../server/sandbox/bolt11.ts";
import { type NostrRelay, startNostrRelay } from "../../server/sandbox/nostr-relay.ts";
import { createNwcWallet } from "../../server/wallet/nwc.ts";
import type { ReceivingWallet, Settlement } from "../../server/wallet/wallet.ts";
import { startCuttingProxy } from "./cutting-proxy.ts";
import { type Reply, type ScriptedWallet, startScriptedWallet } from "./scripted-wallet.ts";

const never = new AbortController().signal;
const ask = { amountSats: 10_000, description: "Berth", expirySeconds: 86_400 };
const { preimage, paymentHash } = newPreimage();
const SECRET_WORDS = "something the wallet said";
let relay: NostrRelay;
let odd: ScriptedWallet;
let wallet: ReceivingWallet;

beforeEach(async () => {
  relay = await startNostrRelay({ paths: ["/"] });
  odd = await startScriptedWallet(relay.url());
  wallet = newWallet(odd.nwcUrl);
});
afterEach(async () => {
  wallet.close();
  odd.stop();
  await relay.stop();
});

function newWallet(nwcUrl: string, timeoutMs = 5_000): ReceivingWallet {
  return createNwcWallet({ nwcUrl, network: "bcrt", timeoutMs });
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => expect.unreachable("it succeeded"),
    (error: unknown) => error,
  );
}

describe("a reply", () => {
  test("that cannot be decrypted or understood ends the call, and the next one works", async () => {
    const replies: Reply[] = [
      { unsealed: "no ciphertext at all" },
      { unsealed: "" },
      { sealed: "not JSON" },
      ...["null", "1", '"x"', "[]", "{}", '{"result":null,"error":null}', '{"result":"x"}'].map(
        (sealed) => ({ sealed }),
      ),
    ];
    for (const reply of replies) {
      odd.answer(() => reply);
      const failure = await failureOf(wallet.lookup(paymentHash, never));
      expect(failure).toMatchObject({ name: "Unavailable", code: "wallet_nonsense" });
    }
    odd.answer(() => ({ result: { state: "pending", payment_hash: paymentHash, invoice: "x" } }));
    expect((await wallet.lookup(paymentHash, never)).state).toBe("unsettled");
  });

  test("in error is told by its code, only one that NIP-47 knows; its words go to the operator alone", async () => {
    for (const [code, expected] of [
      ["RATE_LIMITED", "wallet_rate_limited"],
      ["SOMETHING_NEW", "wallet_other"],
      ["<script>", "wallet_other"],
    ] as const) {
      odd.answer(() => ({ error: { code, message: SECRET_WORDS } }));
      const failure = await failureOf(wallet.makeInvoice(ask, never));
      expect(failure).toMatchObject({ name: "Unavailable", code: expected });
      expect((failure as Unavailable).said).toContain(SECRET_WORDS);
      expect((failure as Unavailable).stack).not.toContain(SECRET_WORDS);
    }
  });

  test("that omits the invoice, the state or the hash still settles", async () => {
    for (const result of [
      { type: "incoming", state: "settled", payment_hash: paymentHash, amount: 10_000_999 },
      {
        type: "incoming",
        payment_hash: paymentHash,
        amount: 10_000_999,
        settled_at: 1_800_000_000,
      },
      { amount: 10_000_999, settled_at: 1_800_000_000 },
    ]) {
      odd.answer(() => ({ result }));
      expect(await wallet.lookup(paymentHash, never)).toMatchObject({
        state: "settled",
        settlement: { paymentHash, amountSats: 10_000 },
      });
    }
  });

  test("of another bolt11 or without a plain amount settles nothing, and is told to the operator alone", async () => {
    for (const result of [
      { state: "settled", payment_hash: newPreimage().paymentHash, amount: 1, note: SECRET_WORDS },
      { state: "settled", payment_hash: paymentHash, amount: "ten", note: SECRET_WORDS },
    ]) {
      odd.answer(() => ({ result }));
      const failure = await failureOf(wallet.lookup(paymentHash, never));
      expect(failure).toMatchObject({ name: "Unavailable", code: "wallet_nonsense" });
      expect(Bun.inspect(failure)).not.toContain(SECRET_WORDS);
    }
  });

  test("that holds a bolt11 other than was asked for is refused for good", async () => {
    const terms = {
      amountMsats: 10_000_000,
      paymentHash,
      description: "Berth",
      descriptionHash: null,
      createdAt: Math.floor(Date.now() / 1_000),
      expirySeconds: 86_400,
    };
    const sign = (changed: object) => signBolt11({ ...terms, ...changed }, "0b".repeat(32));
    odd.answer(() => ({ result: { invoice: sign({}), payment_hash: paymentHash } }));
    expect((await wallet.makeInvoice(ask, never)).paymentHash).toBe(paymentHash);
    expect(odd.requests.at(-1)?.params).toEqual({
      amount: 10_000_000,
      description: "Berth",
      expiry: 86_400,
    });
    for (const result of [
      { invoice: sign({ amountMsats: 10_000 }) },
      { invoice: sign({ expirySeconds: 3_600 }) },
      { invoice: sign({}), payment_hash: newPreimage().paymentHash },
      { invoice: "lnbcrt1" },
    ]) {
      odd.answer(() => ({ result }));
      const failure = await failureOf(wallet.makeInvoice(ask, never));
      expect(failure).toBeInstanceOf(Refused);
      expect(failure).toMatchObject({ code: "bolt11_mismatch" });
    }
    odd.answer(() => ({ result: { payment_hash: paymentHash } }));
    expect(await failureOf(wallet.makeInvoice(ask, never))).toBeInstanceOf(Unavailable);
  });
});

describe("a list of transactions", () => {
  const page = (from: number) =>
    Array.from({ length: 20 }, (_, index) => ({
      ...{ type: "incoming", state: "settled", amount: 1_000 },
      payment_hash: (from + index).toString(16).padStart(64, "0"),
    }));

  async function listed(): Promise<number> {
    let count = 0;
    for await (const _ of wallet.settledSince(0, never)) count++;
    return count;
  }

  test("is asked for in pages of settled incoming ones until nothing is left", async () => {
    odd.answer(({ params }) => {
      const left = Math.max(0, 43 - Number(params.offset));
      return { result: { transactions: page(Number(params.offset)).slice(0, left) } };
    });
    expect(await listed()).toBe(43);
    expect(odd.requests.map(({ params }) => params)).toEqual(
      [0, 20, 40, 43].map((offset) => ({
        ...{ from: 0, type: "incoming", unpaid: false, limit: 20 },
        offset,
      })),
    );
  });

  test("is read to its end where the wallet gives fewer at once than it was asked for", async () => {
    odd.answer(({ params }) => {
      const left = Math.max(0, 43 - Number(params.offset));
      return { result: { transactions: page(Number(params.offset)).slice(0, Math.min(10, left)) } };
    });
    expect(await listed()).toBe(43);
  });

  test("ends with a wallet that gives the same page for ever", async () => {
    odd.answer(() => ({ result: { transactions: page(0) } }));
    expect(await listed()).toBe(20);
    expect(odd.requests).toHaveLength(2);
  });

  test("leaves out what a wallet should not have listed", async () => {
    const [good] = page(1);
    const transactions = [
      ...[good, good, null, "x", {}, { ...page(2)[0], type: "outgoing" }],
      ...[
        { ...page(3)[0], state: "pending" },
        { ...page(4)[0], amount: "ten" },
      ],
    ];
    odd.answer(() => ({ result: { transactions } }));
    expect(await listed()).toBe(1);
    odd.answer(() => ({ result: { transactions: "none" } }));
    expect(await failureOf(listed())).toMatchObject({ code: "wallet_nonsense" });
  });
});

describe("a notification", () => {
  test("counts only if it tells of a settled incoming payment; any other does no harm", async () => {
    const heard: Settlement[] = [];
    wallet.onSettled((settlement) => heard.push(settlement));
    const settled = { type: "incoming", state: "settled", amount: 5_000 };
    const notification = { ...settled, payment_hash: paymentHash, preimage };
    const received = { notification_type: "payment_received", notification };
    const deadline = Date.now() + 3_000;
    while (heard.length === 0 && Date.now() < deadline) {
      await odd.notify(received);
      await Bun.sleep(20);
    }
    expect(heard[0]).toMatchObject({ paymentHash, amountSats: 5, preimage });

    for (const content of [
      ...[null, 1, "x", {}, { notification: null }, { ...received, notification: "x" }],
      { ...received, notification_type: "payment_sent" },
      { ...received, notification: { ...notification, type: "outgoing" } },
      { ...received, notification: { ...notification, payment_hash: undefined } },
      { ...received, notification: { ...notification, state: "accepted" } },
      { ...received, notification: { ...notification, state: undefined } },
    ]) {
      await odd.notify(content);
    }
    const last = newPreimage();
    const told = { ...notification, payment_hash: last.paymentHash, preimage: last.preimage };
    await odd.notify({ ...received, notification: told });
    while (heard.at(-1)?.paymentHash !== last.paymentHash && Date.now() < deadline) {
      await Bun.sleep(5);
    }
    expect(new Set(heard.map((settlement) => settlement.paymentHash))).toEqual(
      new Set([paymentHash, last.paymentHash]),
    );
  });
});

describe("a connection", () => {
  test.each(["a request", "a heartbeat"])(
    "that died unnoticed is replaced after %s",
    async (by) => {
      const proxy = startCuttingProxy(relay.port);
      const stranded = createNwcWallet({
        nwcUrl: odd.nwcUrl.replace(String(relay.port), String(proxy.port)),
        network: "bcrt",
        timeoutMs: 600,
        heartbeatMs: by === "a heartbeat" ? 50 : 60_000,
      });
      const heard: Settlement[] = [];
      stranded.onSettled((settlement) => heard.push(settlement));
      const settled = { type: "incoming", state: "settled", amount: 5_000 };
      const notification = { ...settled, payment_hash: paymentHash, preimage };
      const hear = async () => {
        heard.length = 0;
        const deadline = Date.now() + 5_000;
        while (heard.length === 0 && Date.now() < deadline) {
          await odd.notify({ notification_type: "payment_received", notification });
          await Bun.sleep(20);
        }
        expect(heard).not.toEqual([]);
      };
      odd.answer(() => ({ result: { state: "pending" } }));
      await hear();

      proxy.strand();
      if (by === "a request") {
        const failure = await failureOf(stranded.lookup(paymentHash, never));
        expect(failure).toBeInstanceOf(Unavailable);
        expect((await stranded.lookup(paymentHash, never)).state).toBe("unsettled");
      }
      await hear();
      stranded.close();
      proxy.stop();
    },
  );

  test("to a wallet that is not there, or of an unknown encryption, is unavailable", async () => {
    const foreign = await startScriptedWallet(relay.url(), "rot13");
    const unfit = newWallet(foreign.nwcUrl, 300);
    expect(await failureOf(unfit.lookup(paymentHash, never))).toMatchObject({
      name: "Unavailable",
      code: "wallet_unsupported_encryption",
    });
    const nobody = newWallet(
      odd.nwcUrl.replace(odd.pubkey, getPublicKey(generateSecretKey())),
      300,
    );
    expect(await failureOf(nobody.lookup(paymentHash, never))).toMatchObject({
      name: "Unavailable",
      code: "wallet_silent",
    });
    unfit.close();
    nobody.close();
    foreign.stop();
  });

  test("that is closed while it is being made leaves none behind", async () => {
    const proxy = startCuttingProxy(relay.port);
    const behindProxy = newWallet(odd.nwcUrl.replace(String(relay.port), String(proxy.port)));
    const asking = failureOf(behindProxy.lookup(paymentHash, never));
    behindProxy.close();
    expect(await asking).toBeInstanceOf(Unavailable);
    // Long enough for the connect to succeed all the same.
    await Bun.sleep(100);
    expect(proxy.connections).toBe(0);
    proxy.stop();
  });

  test("that is closed asks nothing more", async () => {
    odd.answer(() => ({ result: { state: "pending" } }));
    wallet.close();
    expect(await failureOf(wallet.lookup(paymentHash, never))).toBeInstanceOf(Unavailable);
    expect(odd.requests).toEqual([]);
  });
});
