/** Days that a relay ran past its date: they are not paid for, so they shorten what is paid next. */
import { DAY_MS, GRACE_MS, HOUR_MS, wholeSecond } from "../billing/calendar.ts";
import type { Seat } from "../billing/seats.ts";

/**
 * How long a relay that stops now has run unpaid. At most the days of grace: it ran longer only where our
 * own wallet could not be asked.
 * @param from - since when it was to be paid for
 */
export const servedUnpaid = ({ runsSince }: Pick<Seat, "runsSince">, from: number, nowMs: number) =>
  wholeSecond(Math.min(GRACE_MS, Math.max(0, nowMs - Math.max(from, runsSince ?? from))));

const counted = (n: number, one: string): string[] =>
  n === 0 ? [] : [`${n} ${one}${n === 1 ? "" : "s"}`];

/** `less 4 days already used`: what of a length paid for is missing at its end. Nothing where nothing is. */
export function lessUsed(usedMs: number): string {
  if (usedMs <= 0) return "";
  const hours = Math.max(1, Math.round(usedMs / HOUR_MS));
  const perDay = DAY_MS / HOUR_MS;
  const [days, rest] = [Math.floor(hours / perDay), hours % perDay];
  return `less ${[...counted(days, "day"), ...counted(rest, "hour")].join(" ")} already used`;
}
