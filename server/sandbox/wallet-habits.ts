import type { LightningTransaction } from "./lightning-invoice.ts";

/**
 * How wallets that exist differ from NIP-47's text, or use what it leaves open.
 *
 * `shows_preimage`: no `state`, and an unpaid bolt11 with its real preimage and `settled_at: null`
 * (LNbits' older NWC provider; NIP-47 has the preimage "optional if unpaid").
 * `amount_as_text`: msats as digits in text (Rizful).
 * `amount_with_unit`: msats as words, "10000000 msat": nothing that can be relied on.
 * `no_amount`: neither state nor amount once it is settled, and an id of its own for a preimage
 * (CoinOS, where both sides are there).
 * `no_info_event`: publishes no kind 13194 when it goes online (CoinOS).
 * `no_get_info`: does not answer get_info. `no_lists`: list_transactions is NOT_IMPLEMENTED.
 * `no_notifications`: tells of no payment. `short_expiry`: no bolt11 lasts more than an hour.
 */
export const WALLET_HABITS = [
  "shows_preimage",
  "amount_as_text",
  "amount_with_unit",
  "no_amount",
  "no_info_event",
  "no_get_info",
  "no_lists",
  "no_notifications",
  "short_expiry",
] as const;
export type WalletHabit = (typeof WALLET_HABITS)[number];

/** A transaction as NIP-47 shows it; msats, epoch seconds. */
export type Described = {
  state: string;
  amount: number;
  fees_paid: number;
  settled_at?: number;
  [field: string]: unknown;
};

/** What a wallet with these habits says in place of `described`. */
export function inItsWords(
  described: Described,
  { preimage }: LightningTransaction,
  habits: ReadonlySet<WalletHabit>,
): object {
  const { state, ...stateless } = described;
  const { amount, ...amountless } = stateless;
  if (habits.has("shows_preimage"))
    return { ...stateless, preimage, settled_at: described.settled_at ?? null };
  if (habits.has("no_amount"))
    return state === "settled" ? { ...amountless, preimage: "b9a1f6e2-internal-id" } : stateless;
  if (habits.has("amount_as_text"))
    return { ...described, amount: String(amount), fees_paid: String(described.fees_paid) };
  if (habits.has("amount_with_unit")) return { ...described, amount: `${amount} msat` };
  return described;
}
