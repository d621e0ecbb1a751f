import { setTimeout as sleep } from "node:timers/promises";
import type { Nip47SingleMethod } from "@getalby/sdk/nwc";
import { type Clock, systemClock } from "../clock.ts";
import { Unavailable } from "../errors.ts";
import { checkBolt11, type Network } from "./bolt11.ts";
import { NwcConnection } from "./nwc-connection.ts";
import { isDead, unavailable } from "./nwc-errors.ts";
import { hashOf, lookedUpOf, settlementOf } from "./transaction.ts";
import type { ReceivingWallet, Settlement } from "./wallet.ts";
import { nonsense } from "./wallet-errors.ts";

/** NIP-47: list_transactions gives at most 20 at once. */
const PAGE_SIZE = 20;
/** Against a wallet that invents for ever; ten thousand tenants pay a tenth of this in the longest search. */
const MAX_PAGES = 5_000;
const SUBSCRIBE_AGAIN_MS = { first: 500, longest: 60_000 };

/** Beside what every receiving wallet does. */
export type NwcWallet = ReceivingWallet & {
  /** Whether the connection can spend, which it should not. @throws {Unavailable} as all others */
  canPay(signal: AbortSignal): Promise<boolean>;
};

/**
 * The wallet that receives, over Nostr Wallet Connect.
 *
 * Whatever it answers in error is {@link Unavailable}, with the code `wallet_` + NIP-47's in lower case
 * or `wallet_unreachable`, `wallet_silent`, `wallet_nonsense`: it is our own wallet, so a revoked or
 * misconfigured connection is an operator's to repair, and no sale must be lost meanwhile.
 *
 * @param o.nwcUrl `nostr+walletconnect://…`, validated; holds a secret
 * @param o.network what bolt11s must be of; null takes any
 * @param o.timeoutMs real time for one call
 * @param o.clock dates bolt11s, and settlements that the wallet does not date
 * @param o.heartbeatMs how often, while somebody listens, the connection is proven to be alive
 * @see NIP-47
 */
export function createNwcWallet(o: {
  nwcUrl: string;
  network: Network | null;
  timeoutMs?: number;
  clock?: Clock;
  heartbeatMs?: number;
}): NwcWallet {
  const { timeoutMs = 15_000, clock = systemClock, heartbeatMs = 30_000 } = o;
  const listeners = new Set<(settlement: Settlement) => void>();
  const closing = new AbortController();
  let connection = new NwcConnection(o.nwcUrl, timeoutMs);
  let listenedTo: NwcConnection | null = null;

  async function ask(
    method: Nip47SingleMethod,
    params: object,
    signal: AbortSignal,
  ): Promise<Record<string, unknown>> {
    const used = connection;
    try {
      const ends = AbortSignal.any([signal, used.closed, AbortSignal.timeout(timeoutMs)]);
      return await until(ends, () => used.request(method, params));
    } catch (error) {
      if (used === connection && isDead(error)) renew();
      throw unavailable(error);
    }
  }

  function renew(): void {
    const old = connection;
    // Other calls on it may still be answered; by then they have all ended.
    void pause(timeoutMs, closing.signal).then(() => old.close());
    if (closing.signal.aborted) return;
    connection = new NwcConnection(o.nwcUrl, timeoutMs);
    if (listenedTo !== null) void listen(connection);
  }

  /** Subscribes, as soon as that is possible, and watches over the connection until it is replaced. */
  async function listen(used: NwcConnection): Promise<void> {
    listenedTo = used;
    let delayMs = SUBSCRIBE_AGAIN_MS.first;
    while (!(await subscribe(used)) && !used.closed.aborted) {
      await pause(delayMs, used.closed);
      delayMs = Math.min(delayMs * 2, SUBSCRIBE_AGAIN_MS.longest);
    }
    // After an outage the SDK waits up to 5 minutes until it subscribes again; a new connection does not.
    do await pause(heartbeatMs, used.closed);
    while (await isAlive(used));
    if (used === connection) renew();
  }

  async function subscribe(used: NwcConnection): Promise<boolean> {
    try {
      await used.connect();
      const stop = await used.subscribeNotifications(
        (message) => heard(message.notification),
        ["payment_received"],
      );
      used.closed.addEventListener("abort", stop);
      if (used.closed.aborted) stop();
      return true;
    } catch {
      return false;
    }
  }

  async function isAlive(used: NwcConnection): Promise<boolean> {
    const ends = AbortSignal.any([used.closed, AbortSignal.timeout(timeoutMs)]);
    return await until(ends, () => used.probe()).then(
      () => true,
      () => false,
    );
  }

  function heard(transaction: object): void {
    const settlement = settlementOf({ ...transaction }, clock.now());
    if (!settlement) return;
    for (const listener of listeners) listener(settlement);
  }

  return {
    pubkey: connection.walletPubkey,

    async makeInvoice({ amountSats, description, expirySeconds }, signal) {
      const params = { amount: amountSats * 1_000, description, expiry: expirySeconds };
      const { invoice, payment_hash: paymentHash } = await ask("make_invoice", params, signal);
      if (typeof invoice !== "string") throw nonsense();
      return checkBolt11(invoice, {
        amountSats,
        expirySeconds,
        network: o.network,
        ...(typeof paymentHash === "string" ? { paymentHash } : {}),
        nowMs: clock.now(),
      });
    },

    async lookup(paymentHash, signal) {
      try {
        const transaction = await ask("lookup_invoice", { payment_hash: paymentHash }, signal);
        return lookedUpOf(transaction, paymentHash, clock.now());
      } catch (error) {
        if (error instanceof Unavailable && error.code === "wallet_not_found") {
          return { state: "unsettled", reason: "not_found" };
        }
        throw error;
      }
    },

    async *settledSince(fromMs, signal) {
      const seen = new Set<string>();
      const filter = { from: Math.floor(fromMs / 1_000), type: "incoming", unpaid: false };
      for (let page = 0, offset = 0; page < MAX_PAGES; page++) {
        const params = { ...filter, limit: PAGE_SIZE, offset };
        const { transactions } = await ask("list_transactions", params, signal);
        if (!Array.isArray(transactions)) throw nonsense();
        const seenBefore = seen.size;
        for (const transaction of transactions) {
          const hash = hashOf({ ...transaction });
          if (hash === null || seen.has(hash)) continue;
          seen.add(hash);
          const settlement = settlementOf({ ...transaction }, clock.now());
          if (settlement) yield settlement;
        }
        // Until a page brings nothing new: it is past the end, or the wallet does not know `offset`. A
        // short one is not the last where the wallet, or what its relay carries, allows for fewer.
        if (seen.size === seenBefore) return;
        offset += transactions.length;
      }
    },

    async canPay(signal) {
      const { methods } = await ask("get_info", {}, signal);
      if (!Array.isArray(methods)) throw nonsense();
      return methods.some((method) => /^(multi_)?pay_/.test(String(method)));
    },

    onSettled(callback) {
      listeners.add(callback);
      if (listenedTo !== connection) void listen(connection);
      return () => listeners.delete(callback);
    },

    close() {
      closing.abort();
      connection.close();
    },
  };
}

async function pause(delayMs: number, ends: AbortSignal): Promise<void> {
  await sleep(delayMs, undefined, { signal: ends }).catch(() => {});
}

/** The SDK has calls that never settle, so each is raced with everything that may end it. */
async function until<T>(ends: AbortSignal, call: () => Promise<T>): Promise<T> {
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const end = () => reject(new Unavailable("wallet_silent", "the wallet did not answer in time"));
  if (ends.aborted) end();
  ends.addEventListener("abort", end, { once: true });
  try {
    return await Promise.race([ended, ...(ends.aborted ? [] : [call()])]);
  } finally {
    ends.removeEventListener("abort", end);
  }
}
