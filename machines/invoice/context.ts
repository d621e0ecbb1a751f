/** What an invoice knows and hears, and what follows from that. Pure. */
import { DAY_MS, GRACE_MS, LEAD_MS } from "../billing/calendar.ts";
import { type GraceBegun, overAt } from "../billing/schedule.ts";
import type { Item, ItemOutcome, Purpose } from "../billing/seats.ts";
import type { Stage, ToInvoice } from "../messages.ts";

/** What our wallet issued: times epoch ms, `wallet` the service's pubkey. */
export type Bolt11 = {
  paymentHash: string;
  bolt11: string;
  sats: number;
  wallet: string;
  issuedAt: number;
  expiresAt: number;
};

/** What is asked of our wallet: a bolt11 that lasts so long, and none from `notFrom` on. */
export type Mint = {
  invoice: string;
  sats: number;
  lastsUntil: number | null;
  notFrom: number | null;
};

export type InvoiceInput = {
  id: string;
  tenant: string;
  purpose: Purpose;
  items: Item[];
  creditSats: number;
  /** When it ends unpaid, where that is sooner than is usual for its purpose. */
  closesAt: number | null;
  /** Whether the tenant's wallet is to pay it. */
  auto: boolean;
  /** The days of grace that earlier bills for the same dates have begun. */
  grace: GraceBegun;
};

/** What came of asking a tenant's wallet to pay. Silence is unknown, never failed. */
export type Charged =
  | { outcome: "paid" | "unknown" }
  | { outcome: "rejected"; code: string; renewsAt: number | null }
  | { outcome: "none" };

export type InvoiceContext = InvoiceInput & {
  createdAt: number;
  amountSats: number;
  /** The current one; at most one is payable. */
  bolt11: Bolt11 | null;
  /** When its first bolt11 was issued: from then on it could be paid. */
  billedAt: number | null;
  closing: "unpaid" | "cancelled" | "superseded" | null;
  /** The next attempt by the tenant's wallet; null for none. */
  chargeAt: number | null;
  tries: number;
  /** What came of the last attempt: an outcome, or the wallet's code. */
  outcome: string | null;
  /** Reminders that are still to go out, soonest first. */
  reminders: { stage: Stage; at: number }[];
  paidAt: number | null;
  /** Which of its tenant's receipts it is, without gaps from 1; null before it is paid. */
  receiptNumber: number | null;
  /** Relays on it that had no use for what was paid: it became credit. */
  unused: string[];
  /** What paid it, for the receipt; null when credit alone did. */
  receipt: { paymentHash: string; preimage: string | null; sats: number } | null;
};

/** Our own wallet's word that money arrived for a bolt11 of this invoice; once per payment hash. */
export type Settled = {
  type: "SETTLED";
  paymentHash: string;
  sats: number;
  preimage: string | null;
  settledAt: number;
};
type InvoiceCommand =
  | Settled
  | { type: "REISSUE" }
  /** The tenant has the connected wallet pay it now. */
  | { type: "PAY_BY_WALLET" }
  | { type: "admin.void"; reason: string }
  | { type: "admin.markPaid"; reason: string }
  | { type: "admin.retry"; reason: string };

export type InvoiceEvent = InvoiceCommand | ToInvoice;

/** What is still to be paid over Lightning. */
export const dueSats = (c: Pick<InvoiceContext, "amountSats" | "creditSats">): number =>
  c.amountSats - c.creditSats;

/**
 * A purchase's bolt11 lasts as long as it, a renewal's to the end of grace and a day: with the hour by
 * which it was written ahead, so that who comes back on that day still finds it. What is past due is paid
 * when somebody asks for it.
 */
export function lastsUntil({ purpose, items, closesAt }: InvoiceContext, nowMs: number) {
  if (purpose === "renewal")
    return Math.max(nowMs, ...items.map((item) => item.from)) + GRACE_MS + DAY_MS + LEAD_MS;
  return purpose === "past_due" ? Math.min(closesAt ?? nowMs, nowMs + DAY_MS) : closesAt;
}

/** Whether what paid it may well have been the tenant's wallet at our request. */
export const wasCharged = (c: InvoiceContext): boolean =>
  c.receipt !== null && (c.outcome === "paid" || c.outcome === "unknown");

/** Codes by which a wallet says that it will never pay us like this. */
const BROKEN = ["UNAUTHORIZED", "RESTRICTED", "NOT_IMPLEMENTED", "UNSUPPORTED_ENCRYPTION"] as const;
export type BrokenCode = (typeof BROKEN)[number];
/** The same code where it is one of them; null for every other. */
export const brokenCode = (code: string | null): BrokenCode | null =>
  BROKEN.find((broken) => broken === code) ?? null;
export const isBroken = (charged: Charged): boolean =>
  charged.outcome === "rejected" && brokenCode(charged.code) !== null;

/** From when on nothing is minted for it: what it bills is over then, and is written anew. */
export const outdatedAt = ({ purpose, items }: InvoiceInput): number | null =>
  purpose === "renewal" ? Math.min(...items.map(overAt)) : null;

/** Whether a connected wallet is asked to pay it without anybody's click. */
export const isStanding = ({ purpose }: Pick<InvoiceContext, "purpose">): boolean =>
  purpose === "renewal" || purpose === "past_due";

/** What became of the money of one of its items. */
export function outcomeOf(
  c: Pick<InvoiceContext, "unused">,
  { relay }: Pick<Item, "relay">,
  status: string,
): ItemOutcome {
  if (status === "pending") return "open";
  if (status !== "paid") return "withdrawn";
  return c.unused.includes(relay) ? "credited" : "applied";
}
