import type { BrokenCode } from "../../machines/invoice/context.ts";
import type { Refusal } from "../../machines/invoice/refusal.ts";

/** A relay that a notice is about. */
export type NoticeRelay = {
  /** As its owner wrote it. */
  name: string;
  /** Where it is reached: `wss://…`. */
  url: string;
};

/** What is to be paid. Sats are whole; times are epoch ms, as everywhere below. */
type Bill = {
  /** What is left to pay after credit. */
  amountSats: number;
  /** One way to pay it; null while there is none, and the invoice page gives the next. */
  bolt11: { text: string; expiresAt: number } | null;
  /** Why the connected wallet did not pay it, where that was asked; null where there is nothing to tell. */
  refusal: Refusal | null;
};

type Common = {
  /** Those that the invoice bills, or those that the event is about; at least one. */
  relays: readonly NoticeRelay[];
  /** The invoice's id, for the link. */
  invoice: string;
  /** Origin of the web app. */
  publicUrl: string;
};

/**
 * What a notice tells, by stage. Where the relays have different dates, `dueAt` and `graceEndsAt` are
 * the earliest: what the text promises then holds for all of them.
 */
export type NoticeFacts = Common &
  (
    | ({ stage: "due"; dueAt: number; graceEndsAt: number } & Bill)
    | ({ stage: "three_days_left"; graceEndsAt: number } & Bill)
    | ({ stage: "one_day_left"; graceEndsAt: number } & Bill)
    /**
     * One relay, by its id. `payableUntil`: until then this amount brings it back, null where that is over.
     * `usedMs`: of what is paid for, what it ran unpaid.
     */
    | {
        stage: "suspended";
        relay: string;
        suspendedAt: number;
        amountSats: number;
        payableUntil: number | null;
        usedMs: number;
      }
    /** `paidThrough` null: free of charge. `usedMs`: of what was paid for, what they ran unpaid before. */
    | { stage: "reactivated"; paidThrough: number | null; usedMs: number }
    /**
     * After an automatic payment, of which credit may have paid a part. `paidThrough` null: what was paid
     * for begins when the relays run again.
     */
    | { stage: "receipt"; amountSats: number; creditSats: number; paidThrough: number | null }
    /** `reason`: the wallet's own error code (NIP-47). `graceEndsAt` null: they are suspended already. */
    | ({
        stage: "wallet_broken";
        reason: BrokenCode;
        graceEndsAt: number | null;
      } & Bill)
  );

export type NoticeStage = NoticeFacts["stage"];
