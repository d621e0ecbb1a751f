/** What actors tell each other. A star: relays and invoices talk only to their tenant. */
import type { Item, Seat } from "./billing/seats.ts";
import type { PlanId } from "./plans.ts";

/** From the tenant to a relay. */
export type ToRelay =
  /** Paid for, or its dates or plan changed. `prepaid`: a paid span begins when it is active. */
  | {
      type: "EXTENDED";
      plan: PlanId;
      priceSats: number;
      paidThrough: number | null;
      prepaid: boolean;
    }
  /** A payable renewal was issued: the days of grace count, until then (epoch ms). */
  | { type: "BILLED"; invoice: string; graceEnds: number }
  /** That renewal is no more: they cannot. */
  | { type: "UNBILLED"; invoice: string }
  /** The reservation was not paid in time. */
  | { type: "LAPSED" }
  /** The owner brings it back: at once where `covered`, else once its new purchase is paid. */
  | { type: "REOPEN"; covered: boolean }
  /** The tenant was suspended by an admin, or is no longer. */
  | { type: "HOLD" }
  | { type: "RELEASE" };

/** From the tenant to a relay's community: how many it may have, and whether it answers. */
export type ToCommunity = { type: "ROOM"; limit: number | null; isServed: boolean };

/** From the tenant to an invoice. */
export type ToInvoice =
  | { type: "CLOSE"; why: "cancelled" | "superseded" }
  /** The tenant's credit pays what is due. */
  | { type: "CREDITED"; sats: number }
  /** The tenant connected a wallet: try it now. */
  | { type: "CHARGE" }
  /** The span that it paid for has begun; `usedMs` of it was used before. */
  | { type: "STARTED"; relay: string; from: number; to: number; usedMs: number }
  /** Which of its tenant's receipts it is, from 1. */
  | { type: "NUMBERED"; receipt: number }
  /** These relays had no use for what was paid: it became credit. */
  | { type: "UNUSED"; relays: string[] };

/** From a relay or an invoice to the tenant. */
export type ToTenant =
  /** `invoice` is the one that was not paid, where it went dark. */
  | { type: "SEAT"; relay: string; is: Seat["is"]; invoice?: string | null }
  | { type: "CREDIT"; sats: number; why: string }
  | { type: "BILLED"; invoice: string; items: Item[] }
  | { type: "PAID"; invoice: string; items: Item[]; sats: number }
  /** It ended unpaid, or was withdrawn by the operator; `sats` is the credit that it held. */
  | { type: "CLOSED"; invoice: string; items: Item[]; sats: number; isVoid: boolean }
  | { type: "WALLET_BROKEN"; invoice: string; code: string };

/** What a tenant is told by message, once per invoice, or per time that a relay is suspended. */
export type Stage =
  | "due"
  | "three_days_left"
  | "one_day_left"
  | "suspended"
  | "reactivated"
  | "receipt"
  | "wallet_broken";
