import { decodeInvoice } from "@getalby/lightning-tools/bolt11";
import { Refused } from "../errors.ts";
import type { IssuedBolt11 } from "./wallet.ts";

/** The part of a bolt11's prefix that names the network: `lnbc…` is mainnet, `lnbcrt…` regtest. */
export type Network = "bc" | "bcrt";

/** BOLT-11: "If the `x` field is not present, 3600 seconds is assumed". */
const DEFAULT_EXPIRY_SECONDS = 3_600;
/** By how much our wallet's clock and ours may differ. */
export const MAX_CLOCK_SKEW_MS = 600_000;

/**
 * Compares a bolt11 that a wallet gave us with what we asked it for. Its signature is not looked at:
 * the wallet is our own, and the payment hash ties everything after this to this one bolt11.
 *
 * @param asked.amountSats compared in msats, exactly
 * @param asked.expirySeconds compared exactly
 * @param asked.network null takes any
 * @param asked.paymentHash what the wallet claims beside the bolt11, where it claims anything
 * @param asked.nowMs logical time; the bolt11 may be dated 10 minutes to either side
 * @throws {Refused} `bolt11_mismatch`, naming the field
 * @see BOLT-11
 */
export function checkBolt11(
  pr: string,
  asked: {
    amountSats: number;
    expirySeconds: number;
    network: Network | null;
    paymentHash?: string;
    nowMs: number;
  },
): IssuedBolt11 {
  const bolt11 = pr.toLowerCase();
  const decoded = decodeInvoice(pr);
  if (!decoded) throw mismatch("encoding", "a bolt11", "something else");
  // The digits of the amount end the network's name, else "bc" would pass for the start of "bcrt".
  const network = /^ln([a-z]+)[1-9]/.exec(bolt11)?.[1];
  if (asked.network !== null && network !== asked.network)
    throw mismatch("network", `ln${asked.network}`, `ln${network ?? "?"}`);
  const amountMsats = `${BigInt(asked.amountSats) * 1_000n}`;
  if (decoded.amountRaw !== amountMsats)
    throw mismatch("amount", `${amountMsats} msat`, `${decoded.amountRaw ?? 0} msat`);
  const { paymentHash } = decoded;
  const claimedHash = (asked.paymentHash ?? paymentHash).toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(paymentHash) || claimedHash !== paymentHash) {
    throw mismatch("payment hash", "the same in answer and bolt11", "two different ones");
  }
  const expirySeconds = decoded.expiry ?? DEFAULT_EXPIRY_SECONDS;
  if (expirySeconds !== asked.expirySeconds) {
    throw mismatch("expiry", `${asked.expirySeconds} s`, `${expirySeconds} s`);
  }
  const timestampMs = decoded.timestamp * 1_000;
  const aheadMs = timestampMs - asked.nowMs;
  if (Math.abs(aheadMs) > MAX_CLOCK_SKEW_MS) {
    const off = `${Math.abs(Math.round(aheadMs / 1_000))} s ${aheadMs > 0 ? "ahead" : "behind"}`;
    throw mismatch("timestamp", `within ${MAX_CLOCK_SKEW_MS / 1_000} s of our clock`, off);
  }
  return { bolt11, paymentHash, expiresAt: timestampMs + expirySeconds * 1_000 };
}

function mismatch(field: string, wanted: string, got: string): Refused {
  return new Refused("bolt11_mismatch", `the wallet's bolt11 is not what was asked for: ${field}`, {
    said: `${field}: wanted ${wanted}, got ${got}`,
  });
}
