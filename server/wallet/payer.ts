import { setTimeout as sleep } from "node:timers/promises";
import type { Event } from "nostr-tools/core";
import { Refused, Unavailable } from "../errors.ts";
import type { Outbound } from "../outbound/outbound.ts";
import type { Secret } from "../secrets.ts";
import type { WalletProbe } from "./payer-advice.ts";
import {
  type Answer,
  type Connection,
  type Encryption,
  isExpired,
  methodsOf,
  parseConnection,
  readInfo,
  signRequest,
} from "./payer-messages.ts";
import { budgetOf, paymentOf, satsOf, wordOf } from "./payer-results.ts";
import { type Talk, talk } from "./payer-talk.ts";

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
const QUESTION_EXPIRES_IN_SECONDS = 60;
/** How long an answer that has been given may be held back for when the budget renews. */
const BUDGET_TIMEOUT_MS = 5_000;

/**
 * A payer over NIP-47. It is written on Nostr's primitives because the usual clients sign and publish in
 * one go: a request that was not stored in between is lost in a crash, and the next one pays again.
 *
 * @param o.timeoutMs for a call as a whole, real time
 * @param o.now real time, epoch ms, as of all Nostr events
 */
export function createPayer(o: {
  outbound: Outbound;
  timeoutMs: number;
  now?: () => number;
}): Payer {
  const { outbound, timeoutMs, now = Date.now } = o;

  async function question(
    { ask }: Talk,
    connection: Connection,
    encryption: Encryption,
    method: string,
  ): Promise<Answer> {
    const command = { method, params: {} };
    const expiresIn = QUESTION_EXPIRES_IN_SECONDS;
    return await ask(signRequest(connection, encryption, command, now(), expiresIn), method);
  }

  /** The result, or null for whatever is in the way of it. */
  async function resultOf(answer: Promise<Answer>): Promise<Record<string, unknown> | null> {
    const given = await answer.catch(() => null);
    return given && "result" in given ? given.result : null;
  }

  return {
    async sign(nwcUrl, { bolt11, expiresInSeconds }, signal) {
      const connection = parseConnection(nwcUrl);
      const { wallet, relays } = connection;
      const info = await talk({ outbound, connection, timeoutMs, signal }, ({ info }) => info());
      const { encryption } = readInfo(info);
      const command = { method: "pay_invoice", params: { invoice: bolt11 } };
      const event = signRequest(connection, encryption, command, now(), expiresInSeconds);
      return { event, wallet, relays, encryption };
    },

    async send(nwcUrl, signed, signal) {
      const { event, wallet, relays, encryption } = signed;
      const isLate = isExpired(event, now());
      try {
        const connection = { ...parseConnection(nwcUrl), relays };
        if (connection.wallet !== wallet || connection.pubkey !== event.pubkey) {
          return { outcome: "unknown", why: "wallet_changed" };
        }
        return await talk({ outbound, connection, timeoutMs, signal }, async (talk) => {
          // A wallet that ignores expiration would pay a bolt11 that has been given up since.
          const answer = await talk.ask(event, "pay_invoice", !isLate);
          if ("result" in answer) return { outcome: "paid", ...paymentOf(answer.result) };
          const { error: code } = answer;
          if (!REJECTIONS.has(code)) return { outcome: "unknown", why: codeOf(code) };
          if (code !== "QUOTA_EXCEEDED") return { outcome: "rejected", code, renewsAt: null };
          const patience = sleep(BUDGET_TIMEOUT_MS, null, { ref: false });
          const asked = resultOf(question(talk, connection, encryption, "get_budget"));
          const budget = budgetOf(await Promise.race([asked, patience]));
          return { outcome: "rejected", code, renewsAt: budget?.renewsAt ?? null };
        });
      } catch (error) {
        if (isLate) return { outcome: "unknown", why: "request_expired" };
        const isOurs = error instanceof Unavailable || error instanceof Refused;
        return { outcome: "unknown", why: isOurs ? error.code : "failed" };
      }
    },

    async probe(nwcUrl, signal) {
      const connection = parseConnection(nwcUrl);
      return await talk({ outbound, connection, timeoutMs, signal }, async (talk) => {
        const { methods: announced, encryption } = readInfo(await talk.info());
        const ask = (method: string) => question(talk, connection, encryption, method);
        const info = await ask("get_info");
        if ("error" in info && !MAY_LACK_GET_INFO.has(info.error)) throw refusalOf(info.error);
        const said = "result" in info ? info.result : {};
        const methods = Array.isArray(said.methods) ? methodsOf(said.methods) : announced;
        const askIfGranted = async (method: string) =>
          methods.includes(method) ? await resultOf(ask(method)) : null;
        const [budget, balance] = await Promise.all([
          askIfGranted("get_budget"),
          askIfGranted("get_balance"),
        ]);
        return {
          ...{ methods, encryption },
          network: wordOf(said.network),
          budget: budgetOf(budget),
          balanceSats: satsOf(balance?.balance, Math.floor),
        };
      });
    },
  };
}

const MAY_LACK_GET_INFO = new Set(["NOT_IMPLEMENTED", "RESTRICTED"]);

function refusalOf(code: string): Error {
  const message = `the wallet answered ${code}`;
  return code === "UNAUTHORIZED"
    ? new Refused(codeOf(code), message)
    : new Unavailable(codeOf(code), message);
}

const codeOf = (nip47Code: string): string => `wallet_${nip47Code.toLowerCase()}`;
