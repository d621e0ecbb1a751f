import type { BrokenCode } from "../../machines/bill.ts";

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
    /** `payableUntil`: when the invoice ends; payment before that brings the relays back. */
    | ({ stage: "suspended"; suspendedAt: number; payableUntil: number } & Bill)
    /** `paidThrough` null: free of charge. */
    | { stage: "reactivated"; paidThrough: number | null }
    /** After an automatic payment. `amountSats`: what the wallet paid; `creditSats`: what credit paid. */
    | { stage: "receipt"; amountSats: number; creditSats: number; paidThrough: number }
    /** `reason`: the wallet's own error code (NIP-47). */
    | ({
        stage: "wallet_broken";
        reason: BrokenCode;
        graceEndsAt: number;
      } & Bill)
  );

export type NoticeStage = NoticeFacts["stage"];
