/** What actors tell each other. A star: relays and invoices talk only to their tenant. */
import type { Item, Seat } from "./billing.ts";
import type { PlanId } from "./plans.ts";

/** From the till to a relay. */
export type ToRelay =
  /** Paid for, or its dates changed. `prepaid`: a month is paid that begins when it is active. */
  | {
      type: "EXTENDED";
      plan: PlanId;
      priceSats: number;
      paidThrough: number | null;
      prepaid: boolean;
    }
  /** The reservation was not paid in time. */
  | { type: "LAPSED" }
  /** The owner brings it back: at once where `covered`, else once its new purchase is paid. */
  | { type: "REOPEN"; covered: boolean }
  /** The tenant was suspended by an admin, or is no longer. */
  | { type: "HOLD" }
  | { type: "RELEASE" };

/** From the till to an invoice. */
export type ToInvoice =
  | { type: "CLOSE"; why: "cancelled" }
  /** The tenant's credit pays what is due. */
  | { type: "CREDITED"; sats: number }
  /** The month that it paid for has begun. */
  | { type: "STARTED"; relay: string; from: number; to: number };

/** From a relay or an invoice to the till. */
export type ToTenant =
  | { type: "SEAT"; relay: string; is: Seat["is"] }
  | { type: "CREDIT"; sats: number; why: string }
  | { type: "PAID"; invoice: string; items: Item[]; sats: number }
  | { type: "CLOSED"; invoice: string; items: Item[] };

/** Addresses. A tenant's id is its pubkey. */
export const tenantActor = (pubkey: string): string => `tenant/${pubkey}`;
export const relayActor = (id: string): string => `relay/${id}`;
export const invoiceActor = (id: string): string => `invoice/${id}`;

/** Builders that check the message against its receiver. */
export const tellTenant = (pubkey: string, event: ToTenant, sats?: number) =>
  sats === undefined
    ? { to: tenantActor(pubkey), event }
    : { to: tenantActor(pubkey), event, sats };
export const tellRelay = (id: string, event: ToRelay) => ({ to: relayActor(id), event });
export const tellInvoice = (id: string, event: ToInvoice, sats?: number) =>
  sats === undefined ? { to: invoiceActor(id), event } : { to: invoiceActor(id), event, sats };
