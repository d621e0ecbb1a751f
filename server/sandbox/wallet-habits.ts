import type { LightningTransaction } from "./lightning-invoice.ts";

/**
 * How wallets that exist differ from NIP-47's text, or use what it leaves open.
 *
 * `shows_preimage`: no `state`, and an unpaid bolt11 with its real preimage and `settled_at: null`
 * (LNbits' older NWC provider; NIP-47 has the preimage "optional if unpaid").
 */
export const WALLET_HABITS = ["shows_preimage"] as const;
export type WalletHabit = (typeof WALLET_HABITS)[number];

/** A transaction in a wallet's own words, as NIP-47 shows it. */
export type Described = Record<string, unknown>;

/** What a wallet with these habits says in place of `described`. */
export function inItsWords(
  described: Described,
  { preimage }: LightningTransaction,
  habits: ReadonlySet<WalletHabit>,
): Described {
  if (!habits.has("shows_preimage")) return described;
  const { state: _, ...said } = described;
  return { ...said, preimage, settled_at: described.settled_at ?? null };
}
