import type { Event } from "nostr-tools/core";
import { Refused, Unavailable } from "../errors.ts";
import type { Connect } from "../nostr/relay-link.ts";
import type { Secret } from "../secrets.ts";
import { type Connection, parseConnection } from "./connection.ts";
import { type Answer, type Encryption, isExpired } from "./nip47.ts";
import type { WalletProbe } from "./payer-advice.ts";
import { budgetOf, paymentOf, satsOf } from "./payer-results.ts";
import { WalletClient } from "./wallet-client.ts";
import { answered, codeOf, silent } from "./wallet-errors.ts";
import { factsOf, optional } from "./wallet-facts.ts";

/**
 * A signed pay_invoice request and what is needed to send it and to recognise its answer. JSON, and no
 * secret in it: to be stored before it is first sent, for wallets carry out an event id once.
 */
export type SignedPayment = {
  /** Kind 23194. */
  event: Event;
  /** 64 hex, the wallet service's key. */
  wallet: string;
  relays: string[];
  encryption: Encryption;
  /** The wallet announced no encryption: that it knows another says nothing of the connection. */
  isAssumed?: true;
};

export type PayOutcome =
  /** So says the payer's wallet, which proves nothing: the receiving wallet's word counts. */
  | { outcome: "paid"; preimage: string | null; feesSats: number | null }
  /**
   * So says the payer's wallet, by a NIP-47 code. After PAYMENT_FAILED the payment may still arrive: look it
   * up before another attempt. `renewsAt` (epoch ms) is the budget's where that was exceeded.
   */
  | { outcome: "rejected"; code: string; renewsAt: number | null }
  /** It may be paid, now or until the request expires. `why` is a code of ours. */
  | { outcome: "unknown"; why: string };

/** Pays from tenants' wallets. Its errors hold nothing secret, and nothing that a wallet wrote. */
export interface Payer {
  /**
   * Signs a request to pay; reads the wallet's info event first, and sends nothing.
   * @param pay.expiresInSeconds after which the wallet is to ignore it, and `send` will not send it
   * @throws {Refused} `nwc_malformed`, `outbound_refused`, `wallet_unsupported_encryption`
   * @throws {Unavailable} `wallet_unreachable`, `wallet_silent`
   */
  sign(
    nwcUrl: Secret,
    pay: { bolt11: string; expiresInSeconds: number },
    signal: AbortSignal,
  ): Promise<SignedPayment>;
  /** Sends a signed request, again if it was before, and waits for the answer. Never throws. */
  send(nwcUrl: Secret, signed: SignedPayment, signal: AbortSignal): Promise<PayOutcome>;
  /**
   * Asks a wallet what a connection to it may do.
   * @throws {Refused} as `sign`, or `wallet_unauthorized` @throws {Unavailable} as `sign`, or the
   *   wallet's error by its code, e.g. `wallet_internal`
   */
  probe(nwcUrl: Secret, signal: AbortSignal): Promise<WalletProbe>;
}

/** Definitely not carried out. Every other error leaves open what has become of the payment. */
const REJECTIONS = new Set([
  ...["INSUFFICIENT_BALANCE", "QUOTA_EXCEEDED", "RESTRICTED", "UNAUTHORIZED", "NOT_IMPLEMENTED"],
  ...["UNSUPPORTED_ENCRYPTION", "RATE_LIMITED", "PAYMENT_FAILED"],
]);

/** What a tenant's wallet gets for one call: signing takes one, sending another. */
export const PAY_TIMEOUT_MS = 60_000;

/**
 * A payer over NIP-47. It is written on Nostr's primitives because the usual clients sign and publish in
 * one go: a request that was not stored in between is lost in a crash, and the next one pays again.
 *
 * @param o.timeoutMs for a call as a whole, real time
 * @param o.now real time, epoch ms, as of all Nostr events
 */
export function createPayer(o: { connect: Connect; timeoutMs: number; now?: () => number }): Payer {
  const { connect, timeoutMs, now = Date.now } = o;

  /** A talk with a wallet, in which requests may go side by side; nothing of it is left open. */
  async function talk<T>(
    connection: Connection,
    have: (client: WalletClient) => Promise<T>,
    sinceMs?: number,
  ): Promise<T> {
    const since = sinceMs === undefined ? {} : { sinceMs };
    const client = new WalletClient({ connection, connect, timeoutMs, now, ...since });
    try {
      return await have(client);
    } finally {
      client.close();
    }
  }

  return {
    async sign(nwcUrl, { bolt11, expiresInSeconds }, signal) {
      const connection = parseConnection(nwcUrl);
      const { wallet, relays } = connection;
      const command = { method: "pay_invoice", params: { invoice: bolt11 } };
      const { event, info } = await talk(connection, (client) =>
        client.sign(command, expiresInSeconds, signal),
      );
      const signed = { event, wallet, relays, encryption: info.encryption };
      return info.isAnnounced ? signed : { ...signed, isAssumed: true };
    },

    async send(nwcUrl, signed, signal) {
      const { event, wallet, relays } = signed;
      const isLate = isExpired(event, now());
      try {
        const connection = { ...parseConnection(nwcUrl), relays };
        if (connection.wallet !== wallet || connection.pubkey !== event.pubkey) {
          return { outcome: "unknown", why: "wallet_changed" };
        }
        return await talk(
          connection,
          async (client): Promise<PayOutcome> => {
            // A wallet that ignores expiration would pay a bolt11 that has been given up since.
            const answer = await client.send(event, "pay_invoice", signal, !isLate);
            if ("result" in answer) return { outcome: "paid", ...paymentOf(answer.result) };
            const { error: code } = answer;
            const isGuessed = signed.isAssumed && code === "UNSUPPORTED_ENCRYPTION";
            if (!REJECTIONS.has(code) || isGuessed)
              return { outcome: "unknown", why: codeOf(code) };
            if (code !== "QUOTA_EXCEEDED") return { outcome: "rejected", code, renewsAt: null };
            const asked = await optional(client.ask("get_budget", {}, signal));
            return { outcome: "rejected", code, renewsAt: budgetIn(asked)?.renewsAt ?? null };
          },
          event.created_at * 1_000,
        );
      } catch (error) {
        if (isLate) return { outcome: "unknown", why: "request_expired" };
        const isOurs = error instanceof Unavailable || error instanceof Refused;
        return { outcome: "unknown", why: isOurs ? error.code : "failed" };
      }
    },

    async probe(nwcUrl, signal) {
      return await talk(parseConnection(nwcUrl), async (client) => {
        const facts = await factsOf(client, signal);
        const { methods, encryption, network, info } = facts;
        if (info && "error" in info && info.error === "UNAUTHORIZED")
          throw new Refused(codeOf(info.error), `the wallet answered ${info.error}`);
        if (info && "error" in info && !methods.includes("pay_invoice")) throw answered(info.error);
        const askIfGranted = async (method: string) =>
          methods.includes(method) ? await optional(client.ask(method, {}, signal)) : null;
        const [budget, balance] = await Promise.all([
          askIfGranted("get_budget"),
          askIfGranted("get_balance"),
        ]);
        // One that is asked what it says it knows, and answers nothing of that, is not there.
        const isAskable = QUESTIONS.some((method) => methods.includes(method));
        if (isAskable && info === null && budget === null && balance === null) throw silent();
        const { balance: msats } = balance && "result" in balance ? balance.result : {};
        return {
          ...{ methods, encryption, network },
          budget: budgetIn(budget),
          balanceSats: satsOf(msats, Math.floor),
        };
      });
    },
  };
}

const QUESTIONS = ["get_info", "get_budget", "get_balance"];

const budgetIn = (answer: Answer | null) =>
  budgetOf(answer && "result" in answer ? answer.result : null);
