/** What the tenant knows, what it hears, and the shape of what it makes of that. Types, and ways into them. */
import type { Item, Seat } from "../billing/seats.ts";
import type { InvoiceInput } from "../invoice/context.ts";
import type { ToTenant } from "../messages.ts";
import type { PlanId } from "../plans.ts";
import type { Settings } from "../relay/context.ts";
import type { OpenInvoice } from "./credit.ts";

export type TenantInput = { pubkey: string };

/** `seats` by relay id, `open` by invoice id in order of issue. Sats and dates are owned here alone. */
export type TenantContext = TenantInput & {
  createdAt: number;
  /** Day and time of month to which periods align; null while no paid relay runs. */
  anchor: number | null;
  /** The anchor for which the next renewal is written. */
  nextAnchor: number | null;
  creditSats: number;
  /** Of the credit, what a refund that is under way has set aside. */
  refund: { sats: number; bolt11: string } | null;
  seats: Record<string, Seat>;
  open: Record<string, OpenInvoice>;
  /** The open renewal of what runs: at most one. */
  renewal: { invoice: string; items: Item[] } | null;
  /** The open invoice of what is suspended for non-payment: at most one. */
  pastDue: { invoice: string; items: Item[] } | null;
  /** How many renewals were written: their ids. */
  issued: number;
  /** How many of its invoices were paid: the number of the last receipt. */
  receipts: number;
  /** The invoice being written in this transition. */
  draft: InvoiceInput | null;
  /** What the last PAID or CREDIT was used for; `unused` are relays that had no use for what was paid. */
  spent: {
    revenueSats: number;
    credit: { invoice: string; sats: number }[];
    unused: string[];
  };
};

export type Order = Settings & {
  type: "ORDER";
  relay: string;
  schema: string;
  plan: PlanId;
  /** Id of the invoice to write; unused for a free plan. */
  invoice: string;
};
type Reactivate = { type: "REACTIVATE"; relay: string; plan: PlanId; invoice: string };
type Change = { type: "CHANGE"; relay: string; plan: PlanId; invoice: string };
type TenantCommand =
  | Order
  | Reactivate
  | Change
  | { type: "WALLET_SET" }
  | { type: "WALLET_CLEARED" }
  | { type: "admin.suspend"; reason: string }
  | { type: "admin.unsuspend"; reason: string }
  | { type: "admin.extend"; relay: string; to: number; reason: string }
  | { type: "admin.credit"; sats: number; reason: string }
  | { type: "admin.refund"; sats: number; bolt11: string; reason: string }
  | { type: "admin.refunded"; preimage: string; reason: string }
  | { type: "admin.refundCancelled"; reason: string };
export type TenantEvent = TenantCommand | ToTenant;

/** What an event changes of the tenant. */
export type Changes = Partial<TenantContext>;
/** What becomes of the context, at `nowMs`. */
export type Transformation = (c: TenantContext, e: TenantEvent, nowMs: number) => Changes;
/** Whether something holds, at `nowMs`. */
export type Condition = (c: TenantContext, e: TenantEvent, nowMs: number) => boolean;

/** The seat that an event is about. */
export const seatOf = (c: TenantContext, e: TenantEvent): Seat | undefined =>
  "relay" in e ? c.seats[e.relay] : undefined;

export const setSeat = (c: TenantContext, relay: string, set: Partial<Seat>): Changes => {
  const seat = c.seats[relay];
  return seat ? { seats: { ...c.seats, [relay]: { ...seat, ...set } } } : {};
};

/** Whether the open renewal has this relay. */
export const renews = (c: Pick<TenantContext, "renewal">, relay: string): boolean =>
  c.renewal?.items.some((item) => item.relay === relay) ?? false;

/** The open invoices but one. */
export const without = (open: TenantContext["open"], invoice: string): TenantContext["open"] => {
  const { [invoice]: _gone, ...rest } = open;
  return rest;
};
