/** Numbers, dates and keys as people read them. Times are epoch ms, in the reader's own zone. */

const whole = new Intl.NumberFormat("en-US");
const dayFormat = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const dayWithYear = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  year: "numeric",
});
const timeFormat = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const exactFormat = new Intl.DateTimeFormat("en-GB", {
  dateStyle: "full",
  timeStyle: "long",
});

/** `10,000 sats`. */
export const sats = (amount: number): string =>
  `${whole.format(amount)} ${Math.abs(amount) === 1 ? "sat" : "sats"}`;
export const number = (amount: number): string => whole.format(amount);

/** `27 Dec`, with the year where it is another one than now. */
export function day(atMs: number, nowMs: number): string {
  const isThisYear = new Date(atMs).getFullYear() === new Date(nowMs).getFullYear();
  return (isThisYear ? dayFormat : dayWithYear).format(atMs);
}
/** `27 Dec 2026`. */
export const exactDay = (atMs: number): string => dayWithYear.format(atMs);
/** `27 Dec 14:05`. */
export const moment = (atMs: number, nowMs: number): string =>
  `${day(atMs, nowMs)} ${timeFormat.format(atMs)}`;
/** `Sunday, 27 December 2026 at 14:05:00 CET`: for who wants to know exactly. */
export const exact = (atMs: number): string => exactFormat.format(atMs);

const utcFormat = new Intl.DateTimeFormat("en-GB", {
  dateStyle: "medium",
  timeStyle: "short",
  timeZone: "UTC",
});
/** `27 Dec 2026, 14:05 UTC`: the same for whoever reads it, as on a receipt. */
export const utc = (atMs: number): string => `${utcFormat.format(atMs)} UTC`;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `4 days`, `3 hours`, `12 minutes`, `less than a minute`: rounded down, so that no time is promised too much. */
export function span(ms: number): string {
  const say = (count: number, unit: string) => `${count} ${unit}${count === 1 ? "" : "s"}`;
  if (ms >= 2 * DAY) return say(Math.floor(ms / DAY), "day");
  if (ms >= 2 * HOUR) return say(Math.floor(ms / HOUR), "hour");
  if (ms >= MINUTE) return say(Math.floor(ms / MINUTE), "minute");
  return "less than a minute";
}
/** `in 4 days`, `3 hours ago`. */
export const relative = (atMs: number, nowMs: number): string =>
  atMs >= nowMs ? `in ${span(atMs - nowMs)}` : `${span(nowMs - atMs)} ago`;

/** `23:59:04` or `04:12`: what is left until a deadline; never below nothing. */
export function countdown(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(total / 3600);
  const rest = `${two(Math.floor((total % 3600) / 60))}:${two(total % 60)}`;
  return hours > 0 ? `${two(hours)}:${rest}` : rest;
}

/** The ends of something long: `npub1abcd…wxyz`. */
export const short = (text: string, head = 9, tail = 4): string =>
  text.length <= head + tail + 1 ? text : `${text.slice(0, head)}…${text.slice(-tail)}`;
