/** A bolt11 that our wallet issued and that was checked to be what was asked for. */
export type IssuedBolt11 = {
  /** Lower case, as the wallet gave it. */
  bolt11: string;
  /** 64 lower-case hex. */
  paymentHash: string;
  /** Epoch ms: the bolt11's own timestamp plus its expiry (BOLT-11 field `x`). */
  expiresAt: number;
};

/** Money that our own wallet says has arrived. */
export type Settlement = {
  paymentHash: string;
  /**
   * Whole sats; a fraction of a sat that arrived is dropped by rounding down. Null where the wallet does
   * not say: then it is the amount of the bolt11, which has one.
   */
  amountSats: number | null;
  /** Epoch ms. */
  settledAt: number;
  /** 64 lower-case hex where the wallet gives it and it hashes to `paymentHash`. */
  preimage: string | null;
};

/** A payment that may have arrived: what our wallet `said` of it cannot be understood. */
export type Unclear = { paymentHash: string; said: string };

/** What the wallet says of one bolt11. `not_found` is a word of its own: fresh bolt11s may lag. */
export type LookedUp =
  | { state: "settled"; settlement: Settlement }
  | { state: "unsettled"; reason: "pending" | "expired" | "failed" | "not_found" };

/**
 * The wallet that receives. Every method throws {@link Unavailable} when the wallet is silent,
 * unreachable or answers nonsense, and {@link Refused} when it refuses for good.
 */
export interface ReceivingWallet {
  /** 64 hex, the wallet service's key: says by which wallet a bolt11 was issued. */
  readonly pubkey: string;
  makeInvoice(
    ask: { amountSats: number; description: string; expirySeconds: number },
    signal: AbortSignal,
  ): Promise<IssuedBolt11>;
  lookup(paymentHash: string, signal: AbortSignal): Promise<LookedUp>;
  /**
   * Incoming settled payments of bolt11s created at or after `fromMs`, by pages of list_transactions.
   *
   * @param onUnclear - is told of those that cannot be understood
   */
  settledSince(
    fromMs: number,
    signal: AbortSignal,
    onUnclear?: (unclear: Unclear) => void,
  ): AsyncIterable<Settlement>;
  /** Calls back on payment_received notifications; may repeat, may miss. @returns unsubscribe. */
  onSettled(callback: (settlement: Settlement) => void): () => void;
  close(): void;
}
