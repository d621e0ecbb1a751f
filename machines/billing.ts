/** The arithmetic of time and money. Pure; UTC throughout; sats are integers; times are epoch ms. */
import { type Plan, type PlanId, plans } from "./plans.ts";

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
/**
 * At most this many relays per tenant, deactivated ones too: all of them are in one snapshot, and what
 * happens to all of them at once is one transaction.
 */
export const RELAYS_MAX = 200;
/** At most this many free relays, and this many unpaid reservations, per tenant. */
export const FREE_RELAYS_MAX = 3;
export const RESERVATIONS_MAX = 3;

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

/** What an item pays for. */
type ItemKind = "purchase" | "upgrade" | "renewal" | "reactivation";

/** Why an invoice was written. `past_due` bills what is suspended for non-payment, apart from what runs. */
export type Purpose = ItemKind | "past_due";

/** What became of an item: not known yet, time for its relay, credit, or nothing: it was never paid. */
export type ItemOutcome = "open" | "applied" | "credited" | "withdrawn";

/** One line of an invoice: a relay, what it costs, and the period that it pays for. */
export type Item = {
  relay: string;
  kind: ItemKind;
  plan: PlanId;
  /** The price agreed by paying it, a month's. */
  priceSats: number;
  sats: number;
  /** For what begins when the relay becomes active an estimate until then. */
  from: number;
  to: number;
  /** Of the length paid for, what was used before it was paid: it is missing at the end. */
  usedMs: number;
};

/** A paid span that has not begun: a calendar month, or as long as the item that paid for it was. */
export type Prepaid = { invoice: string; lengthMs: number | "month" };

/**
 * The days of grace of one paid-through date, which begin once. While they are `isCounting` the relay is
 * suspended at their end, once our wallet was asked; they stop where its bill is closed before that.
 */
export type Grace = {
  paidThrough: number;
  endsAt: number;
  isExtended: boolean;
  isCounting: boolean;
};

/** What led to a suspension for non-payment. What it buys counts from when the relay is back. */
export type Owed = {
  plan: PlanId;
  priceSats: number;
  sats: number;
  lengthMs: number;
  suspendedAt: number;
};

/**
 * What the tenant's till knows of one relay.
 *
 * `is`: new (waits for money or provisioning) · on (runs) · dark (suspended for non-payment) · held
 * (suspended by an admin) · off (deactivated, its owner may bring it back) · shut (deactivated by an
 * admin).
 */
export type Seat = {
  plan: PlanId;
  /** The price agreed, a month's. */
  priceSats: number;
  is: "new" | "on" | "dark" | "held" | "off" | "shut";
  paidThrough: number | null;
  /** Begins when the relay becomes active. */
  prepaid: Prepaid | null;
  /** The open purchase, upgrade or reactivation invoice; a renewal is the tenant's, not the seat's. */
  invoice: string | null;
  /** Since the first bolt11 that was issued for its date; of another date it does not count. */
  grace: Grace | null;
  /**
   * The plan that it has from `at` on where it switches by itself, else from the payment that bills it.
   * `then` is what was wanted while it was being paid: it comes at the end of what is paid.
   */
  next: { plan: PlanId; at: number; then?: { plan: PlanId } } | null;
  /** A pending relay's other plan: its invoice, once the open one has closed. */
  instead: { plan: PlanId; invoice: string } | null;
  /** Since when it runs without a break; null while it does not. */
  runsSince: number | null;
  /** How long it ran unpaid and is not paid for: the next length bought is so much shorter. */
  servedMs: number;
  /** While it is dark: what it was suspended for. */
  owed: Owed | null;
  /** How often it was suspended for non-payment: each time is told. */
  suspensions: number;
};

/** Nothing more has to be paid for this relay to run now. */
export const isCovered = (
  seat: { priceSats: number; prepaid: boolean | Prepaid | null; paidThrough: number | null },
  nowMs: number,
): boolean => seat.priceSats === 0 || Boolean(seat.prepaid) || (seat.paidThrough ?? 0) > nowMs;

/** A paid relay that ran past its date. */
export const isOverdue = (seat: Pick<Seat, "priceSats" | "paidThrough">, nowMs: number): boolean =>
  seat.priceSats > 0 && seat.paidThrough !== null && seat.paidThrough <= nowMs;

/**
 * The time that a length which was paid for becomes, if it begins at `from`: days that were served unpaid
 * are missing at its end. A day is left at least; what is then still to be made up for stays.
 */
export function paidSpan(
  lengthMs: Prepaid["lengthMs"],
  servedMs: number,
  from: number,
): { from: number; to: number; usedMs: number } {
  const paidTo = lengthMs === "month" ? addMonths(from, 1) : from + lengthMs;
  const to = Math.min(paidTo, Math.max(from + DAY_MS, paidTo - servedMs));
  return { from, to, usedMs: paidTo - to };
}

/** A full month of a plan, from now, at the listed price. */
export function monthOf(
  relay: string,
  kind: "purchase" | "reactivation",
  plan: PlanId,
  nowMs: number,
  servedMs = 0,
): Item {
  const { priceSats } = plans[plan];
  const span = paidSpan("month", servedMs, wholeSecond(nowMs));
  return { relay, kind, plan, priceSats, sats: priceSats, ...span };
}

/** The length that an item pays for. */
export const lengthOf = ({ kind, from, to, usedMs }: Item): Prepaid["lengthMs"] =>
  kind === "renewal" ? to - from + usedMs : "month";

/** Sum of the items: an invoice's amount. */
export const totalSats = (items: readonly Item[]): number =>
  items.reduce((sum, item) => sum + item.sats, 0);

type Seats = Readonly<Record<string, Seat>>;

/** The plan that a seat is renewed at, and its price: the agreed one, or the listed one of a change. */
export function renewedAt({ plan, priceSats, next }: Seat): { plan: PlanId; priceSats: number } {
  const last = next?.then ?? next;
  return last === null
    ? { plan, priceSats }
    : { plan: last.plan, priceSats: plans[last.plan].priceSats };
}

/**
 * Whether the plan that a seat has next is paid for already: its renewal was paid before its date, so
 * that it begins before what is paid ends. A change that is only scheduled begins at that end.
 */
export const isNextPaid = ({ next, paidThrough }: Pick<Seat, "next" | "paidThrough">): boolean =>
  next !== null && paidThrough !== null && next.at < paidThrough - 1;

/** Whether a renewal bills this seat when its date comes: it runs, and goes on at a price. */
export const isRenewed = (seat: Seat): boolean =>
  seat.is === "on" && seat.priceSats > 0 && renewedAt(seat).priceSats > 0;

/** The end of the renewal that is written now: the first anchor that lies more than the lead ahead. */
export const renewalEnd = (anchorMs: number, nowMs: number): number =>
  nextAnchor(anchorMs, nowMs + LEAD_MS);

/**
 * From when a relay's renewal is billed: its own date, or the last anchor passed where that is later. In the
 * hour in which the next period is written ahead, a whole period that nobody could pay for is over too.
 */
function billedFrom(paidThrough: number, anchorMs: number, nowMs: number): number {
  const isOfThisPeriod = paidThrough > lastAnchor(anchorMs, nowMs);
  return isOfThisPeriod ? paidThrough : lastAnchor(anchorMs, nowMs + LEAD_MS);
}

/** What renewing this relay now costs, up to the first anchor ahead. */
export function renewalItem(relay: string, seat: Seat, anchorMs: number, nowMs: number): Item {
  const { plan, priceSats } = renewedAt(seat);
  const from = billedFrom(seat.paidThrough ?? nowMs, anchorMs, nowMs);
  const to = renewalEnd(anchorMs, nowMs);
  const sats = prorate(priceSats, anchorMs, from, to);
  return { relay, kind: "renewal", plan, priceSats, sats, from, to, usedMs: 0 };
}

/** From when on an item of a renewal is over: what is due then is another period. */
export const overAt = ({ to }: Pick<Item, "to">): number => to - LEAD_MS;

/** Whether days of grace count for the date that the seat has now, to their end. */
export const isCountingDown = ({ grace, paidThrough }: Seat): boolean =>
  grace !== null && grace.paidThrough === paidThrough && grace.isCounting;

/** Its days of grace are over, and it goes dark as soon as our wallet has spoken. */
const isEnding = (seat: Seat, nowMs: number): boolean =>
  isCountingDown(seat) && (seat.grace?.endsAt ?? 0) <= nowMs;

/**
 * What one renewal bills: every running paid relay, from its own paid-through date to the first anchor
 * ahead. However long nobody looked, an item starts no earlier than the last anchor passed: what was
 * skipped is forgiven.
 */
export function dueItems(seats: Seats, anchorMs: number, nowMs: number): Item[] {
  const to = renewalEnd(anchorMs, nowMs);
  return Object.entries(seats).flatMap(([relay, seat]) => {
    if (!isRenewed(seat) || seat.paidThrough === null || seat.paidThrough >= to) return [];
    return isEnding(seat, nowMs) ? [] : renewalItem(relay, seat, anchorMs, nowMs);
  });
}

/** Whether what an open renewal bills is no longer what is due. What went dark is billed apart. */
export const isStale = (seats: Seats, items: readonly Item[]): boolean =>
  items.some(({ relay, plan, from }) => {
    const seat = seats[relay];
    if (seat?.is !== "on") return true;
    return renewedAt(seat).plan !== plan || (seat.paidThrough ?? 0) > from;
  });

/** What changing a plan means, and costs. `at` is when it takes effect, null where that is on payment. */
export type Quote = {
  change:
    | "none"
    | "cancel"
    | "purchase"
    | "upgrade"
    | "downgrade"
    | "renewal"
    | "reactivation"
    | "free";
  plan: PlanId;
  amountSats: number;
  applies: "now" | "when_paid" | "at_period_end";
  at: number | null;
  from: number | null;
  to: number | null;
  /** Of the length paid for, what was used before it was paid: already taken off `to`. */
  usedMs: number;
  /** What the relay has now and will not have then. */
  switchesOff: string[];
};

/** What `from` offers and `to` does not, in words. */
function switchedOff(from: Plan, to: Plan): string[] {
  const off: string[] = [];
  if (from.blossom && !to.blossom) off.push("file hosting (Blossom)");
  if (from.livekit && !to.livekit) off.push("calls (LiveKit)");
  if (to.memberLimit !== null && (from.memberLimit ?? Number.POSITIVE_INFINITY) > to.memberLimit)
    off.push(`more than ${to.memberLimit} members`);
  return off;
}

/** What it would mean to give this relay `plan` now. The machine acts on it: quote and charge are one. */
export function quote(
  seat: Seat,
  plan: PlanId,
  nowMs: number,
  till: { anchor: number | null; isRenewing: boolean },
): Quote {
  const { priceSats } = plans[plan];
  const base = {
    plan,
    amountSats: 0,
    at: null,
    from: null,
    to: null,
    usedMs: 0,
    switchesOff: switchedOff(plans[seat.plan], plans[plan]),
  };
  const { from, to, usedMs } = monthOf("", "purchase", plan, nowMs, seat.servedMs);
  const full = { ...base, amountSats: priceSats, applies: "when_paid" as const, from, to, usedMs };
  const free = { ...base, change: "free" as const, applies: "now" as const, at: nowMs };
  if (seat.is !== "on" && seat.is !== "new")
    return priceSats === 0 ? free : { ...full, change: "reactivation" };
  if (plan === (seat.next ?? seat.instead ?? seat).plan)
    return { ...base, change: "none", applies: "now", switchesOff: [] };
  if (plan === seat.plan && seat.next !== null)
    return { ...base, change: "cancel", applies: "now", switchesOff: [] };
  if (seat.is === "new") return priceSats === 0 ? free : { ...full, change: "purchase" };
  if (seat.priceSats === 0) return { ...full, change: "purchase" };
  const { paidThrough } = seat;
  if (isOverdue(seat, nowMs)) {
    if (priceSats === 0) return free;
    if (till.anchor === null || paidThrough === null) return { ...full, change: "renewal" };
    const from = billedFrom(paidThrough, till.anchor, nowMs);
    const to = renewalEnd(till.anchor, nowMs);
    const amountSats = prorate(priceSats, till.anchor, from, to);
    return { ...base, change: "renewal", applies: "when_paid", amountSats, from, to };
  }
  const later = { ...base, applies: "at_period_end" as const, at: paidThrough };
  if (priceSats < seat.priceSats) return { ...later, change: "downgrade" };
  if (till.anchor === null || paidThrough === null) return { ...later, change: "renewal" };
  if (till.isRenewing) {
    // In the last hour the renewal is already written: it is written anew at the new price.
    const to = renewalEnd(till.anchor, nowMs);
    const amountSats = prorate(priceSats, till.anchor, paidThrough, to);
    return { ...later, change: "renewal", amountSats, from: paidThrough, to };
  }
  const rest = { from: wholeSecond(nowMs), to: paidThrough };
  const cost = (sats: number, anchor: number) => prorate(sats, anchor, rest.from, rest.to);
  const amountSats = cost(priceSats, till.anchor) - cost(seat.priceSats, till.anchor);
  return { ...base, change: "upgrade", applies: "when_paid", amountSats, ...rest };
}

/** Why this tenant may not take one more relay of this plan now; null when they may. */
export function orderRefusal(
  seats: Seats,
  plan: PlanId,
): "free_relay_limit" | "reservation_limit" | null {
  const all = Object.values(seats);
  if (plans[plan].priceSats === 0) {
    const isOrTurnsFree = (s: Seat) =>
      [s, s.next, s.next?.then, s.instead].some((has) => has && plans[has.plan].priceSats === 0);
    const free = all.filter((s) => isOrTurnsFree(s) && s.is !== "off" && s.is !== "shut");
    return free.length >= FREE_RELAYS_MAX ? "free_relay_limit" : null;
  }
  // One that was given up counts until its invoice has closed: it may be paid yet.
  const unpaid = all.filter((s) => s.invoice !== null && s.paidThrough === null && s.is !== "on");
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

/** How long after a refused attempt the next one waits, by how many were made. */
const CHARGE_LADDER_MS = [HOUR_MS, 6 * HOUR_MS, 12 * HOUR_MS];

/**
 * When to try a wallet again that refused: its budget's renewal where that is known and near, else by the
 * ladder, whose last step goes on for as long as there is something to pay.
 * @param attempts - made before the one that was refused.
 */
export function nextChargeAt(attempts: number, nowMs: number, renewsAt: number | null): number {
  if (renewsAt !== null && renewsAt > nowMs && renewsAt < nowMs + GRACE_MS)
    return Math.max(renewsAt, nowMs) + 60_000;
  const step = Math.min(attempts, CHARGE_LADDER_MS.length - 1);
  return nowMs + (CHARGE_LADDER_MS[step] ?? DAY_MS);
}

/** When to look again after silence: soon, then less often. */
export const nextLookAt = (tries: number, nowMs: number): number =>
  nowMs + Math.min(6 * HOUR_MS, 60_000 * 5 ** Math.min(tries, 4));

/**
 * The days of grace of a relay that can be paid for since `billedAt`: seven, from the later of its date
 * and the first bolt11 issued for that. A bill that is written anew does not begin them again, or a
 * change of plan every few days would be a free relay; it leaves a day to pay it, once for each date.
 */
export function graceFrom(
  { paidThrough, grace }: { paidThrough: number | null; grace: Grace | null },
  billedAt: number,
): Grace {
  const date = paidThrough ?? billedAt;
  const counts = { paidThrough: date, isCounting: true };
  if (grace?.paidThrough !== date)
    return { ...counts, endsAt: Math.max(date, billedAt) + GRACE_MS, isExtended: false };
  const leastEnd = billedAt + REISSUE_MS;
  if (grace.isExtended || grace.endsAt >= leastEnd) return { ...grace, ...counts };
  return { ...counts, endsAt: leastEnd, isExtended: true };
}

/** Days of grace that have begun already when a renewal is written, by relay. */
export type GraceBegun = Readonly<Record<string, Grace>>;

/** The end of grace for items of a renewal that can be paid since `billedAt`; the earliest of them. */
export const graceEndOf = (items: readonly Item[], begun: GraceBegun, billedAt: number): number =>
  Math.min(
    ...items.map(({ relay, from }) => {
      const grace = begun[relay] ?? null;
      return graceFrom({ paidThrough: grace?.paidThrough ?? from, grace }, billedAt).endsAt;
    }),
  );

/** How long what a reminder says stays true: that less than 3 days are left, until none are. */
const TRUE_FOR_MS: Readonly<Record<string, number>> = {
  three_days_left: 3 * DAY_MS,
  one_day_left: DAY_MS,
};

/** After this a reminder would only mislead: the end of grace, by which it says how long is left. */
export const reminderEndsAt = (
  { stage, at }: { stage: string; at: number },
  graceEnds: number,
): number => {
  const trueForMs = TRUE_FOR_MS[stage];
  return trueForMs === undefined ? graceEnds : at + trueForMs;
};

/**
 * What is still to be said of a renewal that can be paid since `billedAt`, and when, soonest first. That
 * it is due is said at its date, or an hour after it was written: until then the tenant's wallet may have
 * paid it. Of one that was written anew only what is still ahead.
 */
export function remindersOf(items: readonly Item[], begun: GraceBegun, billedAt: number) {
  const graceEnds = graceEndOf(items, begun, billedAt);
  const dueAt = Math.max(billedAt + LEAD_MS, Math.min(...items.map((item) => item.from)));
  return [
    { stage: "due" as const, at: dueAt },
    { stage: "three_days_left" as const, at: graceEnds - 3 * DAY_MS },
    { stage: "one_day_left" as const, at: graceEnds - DAY_MS },
  ]
    .filter(({ at }) => at > billedAt)
    .sort((a, b) => a.at - b.at);
}
