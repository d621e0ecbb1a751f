import type { NoticeRelay } from "./facts.ts";

const months =
  "January February March April May June July August September October November December".split(
    " ",
  );

const maxNameChars = 60;
const maxListed = 20;

/** `10,000 sats`. */
export function sats(amount: number): string {
  const digits = String(amount).replace(/\B(?=(\d{3})+$)/g, ",");
  return `${digits} ${amount === 1 ? "sat" : "sats"}`;
}

/** `3 January 2027` in UTC. */
export function day(atMs: number): string {
  const date = new Date(atMs);
  return `${date.getUTCDate()} ${months[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
}

/** `3 January 2027, 14:05 UTC`. Cut to the minute, so that no deadline is told too late. */
export function moment(atMs: number): string {
  return `${day(atMs)}, ${new Date(atMs).toISOString().slice(11, 16)} UTC`;
}

/** `Art Club`, `Art Club and Book Club`, `your 5 relays`. */
export function briefly(relays: readonly NoticeRelay[]): string {
  return relays.length > 2
    ? `your ${relays.length} relays`
    : relays.map(({ name }) => plain(name)).join(" and ");
}

/** The subject of a sentence: `Your relay Art Club`, `Your relays …`, `Your 5 relays`. */
export function yours(relays: readonly NoticeRelay[]): string {
  if (relays.length > 2) return `Your ${relays.length} relays`;
  return `Your ${relays.length === 1 ? "relay" : "relays"} ${briefly(relays)}`;
}

/** The word for one relay or for several. */
export function byNumber(relays: readonly NoticeRelay[], one: string, several: string): string {
  return relays.length === 1 ? one : several;
}

/** One line per relay, name and address, and `more` of it; the first 20, so that a message stays a message. */
export function listed<R extends NoticeRelay>(
  relays: readonly R[],
  more: (relay: R) => string = () => "",
): string {
  const lines = relays
    .slice(0, maxListed)
    .map((relay) => `- ${plain(relay.name)} (${relay.url})${more(relay)}`);
  if (relays.length > maxListed) lines.push(`- and ${relays.length - maxListed} more`);
  return lines.join("\n");
}

/** A name on one line: what its owner put in it must not look like a part of the notice. */
function plain(name: string): string {
  const line = name.replace(/[\p{C}\s]+/gu, " ").trim();
  return line.length > maxNameChars ? `${line.slice(0, maxNameChars).toWellFormed()}…` : line;
}
