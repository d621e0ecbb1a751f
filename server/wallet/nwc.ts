import { type Clock, systemClock } from "../clock.ts";
import { Refused, Unavailable } from "../errors.ts";
import type { Allowance, Connect } from "../nostr/relay-link.ts";
import { createOutbound } from "../outbound/outbound.ts";
import { Secret } from "../secrets.ts";
import { checkBolt11, type Network } from "./bolt11.ts";
import { parseConnection } from "./connection.ts";
import { hashOf, lookedUpOf, settlementOf, unclearOf } from "./transaction.ts";
import type { ReceivingWallet } from "./wallet.ts";
import { WalletClient } from "./wallet-client.ts";
import { answered, nonsense } from "./wallet-errors.ts";
import { factsOf, type WalletFacts } from "./wallet-facts.ts";

/** NIP-47: list_transactions gives at most 20 at once. */
const PAGE_SIZE = 20;
/** Against a wallet that invents for ever; ten thousand tenants pay a tenth of this in the longest search. */
const MAX_PAGES = 5_000;
/** Of its relays, which the operator chose: each question has an answer, and thousands may be due at once. */
const OWN_ALLOWANCE: Allowance = { atOnce: 5_000, perSecond: 1_000 };
const OWN_LIMITS = {
  maxMessageBytes: 262_144,
  maxTotalBytes: Number.POSITIVE_INFINITY,
  maxFrames: Number.POSITIVE_INFINITY,
};

/** Beside what every receiving wallet does. */
export type NwcWallet = ReceivingWallet & {
  /** What the wallet says of the connection. @throws {Unavailable} as all others */
  facts(signal: AbortSignal): Promise<WalletFacts>;
};

/**
 * The wallet that receives, over Nostr Wallet Connect.
 *
 * Whatever it answers in error is {@link Unavailable}, with the code `wallet_` + NIP-47's in lower case
 * or `wallet_unreachable`, `wallet_silent`, `wallet_nonsense`: it is our own wallet, so a revoked or
 * misconfigured connection is an operator's to repair, and no sale must be lost meanwhile.
 *
 * @param o.nwcUrl `nostr+walletconnect://…`, validated; holds a secret
 * @param o.connect to its relays, which may be anywhere, as the operator names them
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
  connect?: Connect;
}): NwcWallet {
  const { timeoutMs = 15_000, clock = systemClock, heartbeatMs = 30_000 } = o;
  const own = createOutbound({ allowLoopback: true, allowPrivate: true, limits: OWN_LIMITS });
  const { connect = own.connect } = o;
  const connection = parseConnection(new Secret(o.nwcUrl));
  const client = new WalletClient({ connection, connect, timeoutMs, allowance: OWN_ALLOWANCE });

  async function ask(
    method: string,
    params: object,
    signal: AbortSignal,
  ): Promise<Record<string, unknown>> {
    const answer = await client.ask(method, params, signal).catch((error: unknown) => {
      throw unavailable(error);
    });
    if ("error" in answer) throw answered(spoken(answer.error), answer.said);
    return answer.result;
  }

  return {
    pubkey: connection.wallet,

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

    async *settledSince(fromMs, signal, onUnclear = () => {}) {
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
          const unclear = unclearOf({ ...transaction });
          if (unclear) onUnclear(unclear);
        }
        // Until a page brings nothing new: it is past the end, or the wallet does not know `offset`. A
        // short one is not the last where the wallet, or what its relay carries, allows for fewer.
        if (seen.size === seenBefore) return;
        offset += transactions.length;
      }
    },

    async facts(signal) {
      const facts = await factsOf(client, signal).catch((error: unknown) => {
        throw unavailable(error);
      });
      const { info } = facts;
      if (info && "error" in info && !facts.methods.includes("make_invoice"))
        throw answered(spoken(info.error), info.said);
      return facts;
    },

    onSettled(callback) {
      return client.listen((type, told) => {
        if (type !== "payment_received") return;
        const settlement = settlementOf(told, clock.now());
        if (settlement) callback(settlement);
      }, heartbeatMs);
    },

    close: () => client.close(),
  };
}

/** Codes that a receiving wallet has a use for; any other is OTHER. */
const SPOKEN = new Set([
  ...["RATE_LIMITED", "NOT_IMPLEMENTED", "RESTRICTED", "UNAUTHORIZED", "INTERNAL"],
  ...["UNSUPPORTED_ENCRYPTION", "NOT_FOUND"],
]);
const spoken = (code: string): string => (SPOKEN.has(code) ? code : "OTHER");

/** Of our own wallet nothing is a refusal for good: what is wrong with it is the operator's to mend. */
function unavailable(error: unknown): Unavailable {
  if (error instanceof Unavailable) return error;
  if (error instanceof Refused && error.code.startsWith("wallet_"))
    return new Unavailable(error.code, error.message);
  return new Unavailable("wallet_unreachable", "the wallet cannot be reached over its relays");
}
