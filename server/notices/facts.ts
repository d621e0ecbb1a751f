import type { BrokenCode } from "../../machines/bill.ts";
import type { Refusal } from "../../machines/refusal.ts";

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
     * `payableUntil`: when the invoice ends; payment before that brings the relays back. `following`:
     * others of the invoice that run on for now, each until its days of grace end.
     */
    | ({
        stage: "suspended";
        suspendedAt: number;
        payableUntil: number;
        following: readonly (NoticeRelay & { graceEndsAt: number })[];
      } & Bill)
    /** `paidThrough` null: free of charge. */
    | { stage: "reactivated"; paidThrough: number | null }
    /**
     * After an automatic payment, of which credit may have paid a part. `paidThrough` null: what was paid
     * for begins when the relays run again.
     */
    | { stage: "receipt"; amountSats: number; creditSats: number; paidThrough: number | null }
    /** `reason`: the wallet's own error code (NIP-47). */
    | ({
        stage: "wallet_broken";
        reason: BrokenCode;
        graceEndsAt: number;
      } & Bill)
  );

export type NoticeStage = NoticeFacts["stage"];
