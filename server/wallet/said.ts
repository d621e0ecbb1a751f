import { printable } from "../nostr/relay-link-frame.ts";

/** Of a transaction what tells what became of it, and nothing that could be spent or proven with. */
const TOLD = [
  ...["type", "state", "amount", "fees_paid", "created_at", "expires_at", "settled_at"],
] as const;
const MAX_CHARS = 40;

/**
 * What a wallet said of a transaction, fit for the operator to read: the fields that were not
 * understood, never the preimage, never a bolt11, and nothing else in the answer.
 */
export function said(transaction: Record<string, unknown>): string {
  const fields = TOLD.filter((field) => field in transaction).map((field) => {
    const value = JSON.stringify(transaction[field]) ?? "";
    return `${field} ${withoutSecrets(printable(value)).slice(0, MAX_CHARS)}`;
  });
  return fields.length > 0 ? fields.join(", ") : "nothing of state, amount or settled_at";
}

/** A wallet's own words without what is long enough to be a key, a preimage or a bolt11. */
export const withoutSecrets = (text: string): string => text.replace(/[0-9a-z+/=_-]{24,}/gi, "…");
