import { validatePreimage } from "@getalby/lightning-tools/bolt11";
import { Unavailable } from "../errors.ts";
import type { LookedUp, Settlement } from "./wallet.ts";

/** A NIP-47 transaction as wallets really send it: any field may be missing or of another type. */
export type Transaction = Record<string, unknown>;

const UNSETTLED = {
  pending: "pending",
  // A hold invoice that was paid but not claimed: the money can still go back.
  accepted: "pending",
  expired: "expired",
  failed: "failed",
} as const;

/**
 * @param nowMs when it settled, for a wallet that does not say
 * @throws {Unavailable} `wallet_nonsense`: of another bolt11, or settled without an amount
 * @see NIP-47 lookup_invoice
 */
export function lookedUpOf(transaction: Transaction, paymentHash: string, nowMs: number): LookedUp {
  if ((hashOf(transaction) ?? paymentHash) !== paymentHash) throw nonsense();
  const named = { ...transaction, payment_hash: paymentHash };
  if (!isSettled(named)) {
    const { state } = named as Transaction;
    return { state: "unsettled", reason: isUnsettledState(state) ? UNSETTLED[state] : "pending" };
  }
  const settlement = settlementOf(named, nowMs);
  if (!settlement) throw nonsense();
  return { state: "settled", settlement };
}

/**
 * The settlement that a transaction tells of; null if it is not settled, not incoming, or lacks its
 * payment hash or amount. Never throws.
 *
 * @param nowMs when it settled, for a wallet that does not say
 */
export function settlementOf(transaction: Transaction, nowMs: number): Settlement | null {
  const paymentHash = hashOf(transaction);
  const { amount, settled_at: settledAt } = transaction;
  if (paymentHash === null || transaction.type === "outgoing" || !isSettled(transaction)) {
    return null;
  }
  if (!Number.isSafeInteger(amount) || Number(amount) < 0) return null;
  return {
    paymentHash,
    amountSats: Math.floor(Number(amount) / 1_000),
    settledAt: isTime(settledAt) ? settledAt * 1_000 : nowMs,
    preimage: preimageOf(transaction, paymentHash),
  };
}

/** Lower-case hex, or null. Never throws. */
export function hashOf(transaction: Transaction): string | null {
  const { payment_hash: hash } = transaction;
  return typeof hash === "string" && /^[0-9a-f]{64}$/i.test(hash) ? hash.toLowerCase() : null;
}

export function nonsense(): Unavailable {
  return new Unavailable("wallet_nonsense", "the wallet's answer makes no sense");
}

/**
 * Many wallets leave `state` out; then it is settled if it has a time of that. Never by a preimage: who
 * made the invoice knows it from the start, and some wallets show it while nothing has been paid.
 */
function isSettled({ state, settled_at: settledAt }: Transaction): boolean {
  if (state === "settled") return true;
  return !isUnsettledState(state) && isTime(settledAt);
}

function preimageOf({ preimage }: Transaction, paymentHash: string): string | null {
  if (typeof preimage !== "string" || !validatePreimage(preimage, paymentHash)) return null;
  return preimage.toLowerCase();
}

function isUnsettledState(state: unknown): state is keyof typeof UNSETTLED {
  return typeof state === "string" && Object.hasOwn(UNSETTLED, state);
}

/** Whole seconds until the year 5138; what is beyond was not meant as seconds. */
function isTime(seconds: unknown): seconds is number {
  return Number.isSafeInteger(seconds) && Number(seconds) > 0 && Number(seconds) < 1e11;
}
