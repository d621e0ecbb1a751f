/**
 * Time: how long things last, months from an anchor, and what a span of a plan costs. Pure; UTC
 * throughout; sats are integers; times are epoch ms.
 */

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
/** How long an unpaid purchase, upgrade or reactivation, and the name it reserves, is kept. */
export const RESERVATION_MS = DAY_MS;
/** How long what led to a suspension stays payable. */
export const PAST_DUE_MS = 60 * DAY_MS;
/** A renewal is written this long before its period, so that a wallet that pays never sees grace. */
export const LEAD_MS = HOUR_MS;
export const GRACE_MS = 7 * DAY_MS;
/** What is left at least of the days of grace when a bill is written anew, once for each date. */
export const REISSUE_MS = DAY_MS;
/** How long a name given up stays with its former owner. */
export const QUARANTINE_MS = 30 * DAY_MS;
/** A relay may be renamed once in this time. */
export const RENAME_INTERVAL_MS = DAY_MS;

/** Periods begin and end on whole seconds, the unit of the wire. */
export const wholeSecond = (ms: number): number => Math.floor(ms / 1000) * 1000;

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

/** The k of the period that `atMs` lies in: anchor + k months ≤ at < anchor + (k + 1) months. */
function periodOf(anchorMs: number, atMs: number): number {
  const anchor = new Date(anchorMs);
  const moment = new Date(atMs);
  const months =
    (moment.getUTCFullYear() - anchor.getUTCFullYear()) * 12 +
    moment.getUTCMonth() -
    anchor.getUTCMonth();
  return addMonths(anchorMs, months) <= atMs ? months : months - 1;
}

/** The last anchor at or before `atMs`. */
export const lastAnchor = (anchorMs: number, atMs: number): number =>
  addMonths(anchorMs, periodOf(anchorMs, atMs));

/** The first anchor after `atMs`. */
export const nextAnchor = (anchorMs: number, atMs: number): number =>
  addMonths(anchorMs, periodOf(anchorMs, atMs) + 1);

/** What a plan has cost since the anchor, rounded: differences of it add up exactly. */
function accruedSats(priceSats: number, anchorMs: number, atMs: number): number {
  const k = periodOf(anchorMs, atMs);
  const start = addMonths(anchorMs, k);
  const length = (addMonths(anchorMs, k + 1) - start) / 1000;
  return k * priceSats + Math.round((priceSats * Math.floor((atMs - start) / 1000)) / length);
}

/**
 * What a plan costs from `from` to `to`, prorated to the second. A whole period costs the price, and
 * however a span is split its parts cost what the whole does.
 */
export const prorate = (priceSats: number, anchorMs: number, from: number, to: number): number =>
  accruedSats(priceSats, anchorMs, to) - accruedSats(priceSats, anchorMs, from);
