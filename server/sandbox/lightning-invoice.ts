export type LightningErrorCode =
  | "malformed"
  | "unknown"
  | "expired"
  | "already_paid"
  | "insufficient_balance";

/** Why the network does not do what was asked; nothing has moved. */
export class LightningError extends Error {
  override readonly name = "LightningError";
  constructor(
    readonly code: LightningErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/** A node of the network. `pubkey` is 66 hex, compressed: the payee that its bolt11s are signed by. */
export type LightningNode = { readonly name: string; readonly pubkey: string };

/** A bolt11 and what became of it. */
export type LightningInvoice = {
  bolt11: string;
  paymentHash: string;
  /** Secret until settled. */
  preimage: string;
  amountMsats: number;
  description: string;
  descriptionHash: string | null;
  /** Node names. `payer` is null until settled. */
  payee: string;
  payer: string | null;
  /** Epoch seconds, as in the bolt11 itself. */
  createdAt: number;
  expiresAt: number;
  /** Epoch ms. */
  settledAtMs: number | null;
  feesMsats: number;
};

/** An invoice seen from one of its two ends. */
export type LightningTransaction = LightningInvoice & { type: "incoming" | "outgoing" };
