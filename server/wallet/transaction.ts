import { validatePreimage } from "@getalby/lightning-tools/bolt11";
import { said } from "./said.ts";
import type { LookedUp, Settlement, Unclear } from "./wallet.ts";
import { nonsense } from "./wallet-errors.ts";

/** A NIP-47 transaction as wallets really send it: any field may be missing or of another type. */
export type Transaction = Record<string, unknown>;

const UNSETTLED = {
  pending: "pending",
  // A hold invoice that was paid but not claimed: the money can still go back.
  accepted: "pending",
  expired: "expired",
  failed: "failed",
} as const;

/** `unclear`: it may be settled, but not in words that we can be sure of. */
type Reading = LookedUp | { state: "unclear" };

/**
 * @param nowMs when it settled, for a wallet that does not say
 * @throws {Unavailable} `wallet_nonsense`, with what was said: of another bolt11, in a state that
 *   NIP-47 does not know, or settled for an amount that is none
 * @see NIP-47 lookup_invoice
 */
export function lookedUpOf(transaction: Transaction, paymentHash: string, nowMs: number): LookedUp {
  const isAnother = (hashOf(transaction) ?? paymentHash) !== paymentHash;
  const reading: Reading = isAnother
    ? { state: "unclear" }
    : read({ ...transaction, payment_hash: paymentHash }, paymentHash, nowMs);
  if (reading.state !== "unclear") return reading;
  throw nonsense(`${isAnother ? "of another payment_hash, " : ""}${said(transaction)}`);
}

/** What a list says of a payment that may have arrived, in words that we cannot be sure of; null of others. */
export function unclearOf(transaction: Transaction): Unclear | null {
  const paymentHash = hashOf(transaction);
  if (paymentHash === null || transaction.type === "outgoing") return null;
  const { state } = read(transaction, paymentHash, 0);
  return state === "unclear" ? { paymentHash, said: said(transaction) } : null;
}

/**
 * The settlement that a transaction tells of; null if it is not settled, not incoming, lacks its payment
 * hash, or cannot be understood. Never throws.
 *
 * @param nowMs when it settled, for a wallet that does not say
 */
export function settlementOf(transaction: Transaction, nowMs: number): Settlement | null {
  const paymentHash = hashOf(transaction);
  if (paymentHash === null || transaction.type === "outgoing") return null;
  const reading = read(transaction, paymentHash, nowMs);
  return reading.state === "settled" ? reading.settlement : null;
}

/** Lower-case hex, or null. Never throws. */
export function hashOf(transaction: Transaction): string | null {
  const { payment_hash: hash } = transaction;
  return typeof hash === "string" && /^[0-9a-f]{64}$/i.test(hash) ? hash.toLowerCase() : null;
}

/**
 * Many wallets leave `state` out; then it is settled if it has a time of that. Never by a preimage: who
 * made the invoice knows it from the start, and some wallets show it while nothing has been paid.
 */
function read(transaction: Transaction, paymentHash: string, nowMs: number): Reading {
  const { state, amount, preimage } = transaction;
  const settledAt = timeOf(transaction.settled_at);
  if (isUnsettledState(state)) return { state: "unsettled", reason: UNSETTLED[state] };
  if (isMissing(state) && settledAt === null) return { state: "unsettled", reason: "pending" };
  if (state !== "settled" && !isMissing(state)) return { state: "unclear" };
  const msats = isMissing(amount) ? null : wholeOf(amount);
  if (msats === null && !isMissing(amount)) return { state: "unclear" };
  return {
    state: "settled",
    settlement: {
      paymentHash,
      amountSats: msats === null ? null : Math.floor(msats / 1_000),
      settledAt: settledAt ?? nowMs,
      preimage: isPreimage(preimage, paymentHash) ? preimage.toLowerCase() : null,
    },
  };
}

const isMissing = (value: unknown): boolean =>
  value === undefined || value === null || value === "";

/** A whole number, also as digits in text; null for anything else. */
function wholeOf(value: unknown): number | null {
  const number = typeof value === "string" && /^\d{1,16}$/.test(value) ? Number(value) : value;
  return Number.isSafeInteger(number) && Number(number) >= 0 ? Number(number) : null;
}

/** Epoch ms of a time in seconds or, past the year 5138, in ms; null where it is no time. */
function timeOf(value: unknown): number | null {
  const time = wholeOf(value);
  if (time === null || time === 0) return null;
  return time < 1e11 ? time * 1_000 : time;
}

const isPreimage = (preimage: unknown, paymentHash: string): preimage is string =>
  typeof preimage === "string" && validatePreimage(preimage, paymentHash);

const isUnsettledState = (state: unknown): state is keyof typeof UNSETTLED =>
  typeof state === "string" && Object.hasOwn(UNSETTLED, state);
