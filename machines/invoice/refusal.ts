/** What NIP-47 codes mean of a wallet that did not pay, in words that follow "your wallet did not pay:". */
const WORDS: Record<string, string> = {
  QUOTA_EXCEEDED: "its budget is used up",
  INSUFFICIENT_BALANCE: "there was not enough in it",
  RATE_LIMITED: "it was asked too often",
  PAYMENT_FAILED: "the payment found no way",
  INTERNAL: "it had a problem of its own",
  UNAUTHORIZED: "it does not know the connection any more",
  RESTRICTED: "the connection may not pay",
};

/** Why a connected wallet did not pay an invoice. `againAt`, epoch ms: when it is asked next; null: never. */
export type Refusal = { code: string; words: string; againAt: number | null };

/** The last refusal of an invoice's wallet; null where it paid, was not asked, or said nothing. */
export function refusalOf(invoice: {
  outcome: string | null;
  chargeAt: number | null;
}): Refusal | null {
  const { outcome: code, chargeAt: againAt } = invoice;
  if (code === null || !/^[A-Z_]+$/.test(code)) return null;
  return { code, words: WORDS[code] ?? `it said ${code}`, againAt };
}
