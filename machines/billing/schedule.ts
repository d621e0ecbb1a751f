/** What is due and when: renewals, days of grace, reminders, attempts by a wallet. Pure; times are epoch ms. */
import {
  DAY_MS,
  GRACE_MS,
  HOUR_MS,
  LEAD_MS,
  lastAnchor,
  nextAnchor,
  prorate,
  REISSUE_MS,
} from "./calendar.ts";
import {
  type Grace,
  type Item,
  isCountingDown,
  isRenewed,
  renewedAt,
  type Seat,
  type Seats,
} from "./seats.ts";

/** The end of the renewal that is written now: the first anchor that lies more than the lead ahead. */
export const renewalEnd = (anchorMs: number, nowMs: number): number =>
  nextAnchor(anchorMs, nowMs + LEAD_MS);

/**
 * From when a relay's renewal is billed: its own date, or the last anchor passed where that is later. In the
 * hour in which the next period is written ahead, a whole period that nobody could pay for is over too.
 */
export function billedFrom(paidThrough: number, anchorMs: number, nowMs: number): number {
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
