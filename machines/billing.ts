/** The arithmetic of time and money. Pure; UTC throughout; sats are integers; times are epoch ms. */
import { type PlanId, plans } from "./plans.ts";

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** How long an unpaid purchase, and the name it reserves, is kept. */
export const RESERVATION_MS = DAY_MS;
/** How long a name given up stays with its former owner. */
export const QUARANTINE_MS = 30 * DAY_MS;
/** A relay may be renamed once in this time. */
export const RENAME_INTERVAL_MS = DAY_MS;
/** At most this many free relays, and this many unpaid reservations, per tenant. */
export const FREE_RELAYS_MAX = 3;
export const RESERVATIONS_MAX = 3;

/**
 * `anchorMs` plus `months`, clamped to the month's last day: 31 Jan + 1 = 28 Feb, + 2 = 31 Mar.
 * Always from the anchor, never from the previous end, so that a period never drifts.
 */
export function addMonths(anchorMs: number, months: number): number {
  const anchor = new Date(anchorMs);
  const year = anchor.getUTCFullYear();
  const month = anchor.getUTCMonth() + months;
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const moved = new Date(anchorMs);
  moved.setUTCFullYear(year, month, Math.min(anchor.getUTCDate(), lastDay));
  return moved.getTime();
}

/** Why an invoice was written. */
export type Purpose = "purchase" | "upgrade" | "renewal" | "reactivation";

/** One line of an invoice: a relay, what it costs, and the period that it pays for. */
export type Item = {
  relay: string;
  kind: Purpose;
  plan: PlanId;
  sats: number;
  /** For a purchase an estimate until the relay is active, then exact. */
  from: number;
  to: number;
};

/**
 * What the tenant's till knows of one relay.
 *
 * `is`: new (waits for money or provisioning) · on (runs) · dark (suspended) · off (deactivated, its
 * owner may bring it back) · shut (deactivated by an admin).
 */
export type Seat = {
  plan: PlanId;
  /** The price agreed, a month's. */
  priceSats: number;
  is: "new" | "on" | "dark" | "off" | "shut";
  paidThrough: number | null;
  /** The invoice that paid a month which has not begun: it begins when the relay becomes active. */
  prepaid: string | null;
  /** The open purchase that it waits for. */
  invoice: string | null;
};

/** Nothing more has to be paid for this relay to run now. */
export const isCovered = (
  seat: { priceSats: number; prepaid: boolean | string | null; paidThrough: number | null },
  nowMs: number,
): boolean => seat.priceSats === 0 || Boolean(seat.prepaid) || (seat.paidThrough ?? 0) > nowMs;

/** A full month of a plan, from now, at the listed price. */
export function monthOf(relay: string, plan: PlanId, nowMs: number): Item {
  const sats = plans[plan].priceSats;
  return { relay, kind: "purchase", plan, sats, from: nowMs, to: addMonths(nowMs, 1) };
}

/** Sum of the items: an invoice's amount. */
export const totalSats = (items: readonly Item[]): number =>
  items.reduce((sum, item) => sum + item.sats, 0);

/** Why this tenant may not take one more relay of this plan now; null when they may. */
export function orderRefusal(
  seats: Readonly<Record<string, Seat>>,
  plan: PlanId,
): "free_relay_limit" | "reservation_limit" | null {
  const all = Object.values(seats);
  if (plans[plan].priceSats === 0) {
    const free = all.filter((s) => s.priceSats === 0 && s.is !== "off" && s.is !== "shut");
    return free.length >= FREE_RELAYS_MAX ? "free_relay_limit" : null;
  }
  const unpaid = all.filter((s) => s.invoice !== null);
  return unpaid.length >= RESERVATIONS_MAX ? "reservation_limit" : null;
}

/** An open invoice, as the till remembers it. */
export type OpenInvoice = { dueSats: number };

/**
 * Which open invoices credit pays: oldest first, each only as a whole.
 * @param open - in order of issue.
 */
export function creditPays(
  open: Readonly<Record<string, OpenInvoice>>,
  creditSats: number,
): { invoice: string; sats: number }[] {
  const paid: { invoice: string; sats: number }[] = [];
  let left = creditSats;
  for (const [invoice, { dueSats }] of Object.entries(open)) {
    if (dueSats === 0 || dueSats > left) continue;
    paid.push({ invoice, sats: dueSats });
    left -= dueSats;
  }
  return paid;
}
