import { compareEvents, type Event } from "nostr-tools/core";
import { DirectMessageRelaysList } from "nostr-tools/kinds";
import { Unavailable } from "../errors.ts";
import type { Indexers } from "./indexers.ts";

/** NIP-17 speaks of one to three; the rest of a long list is not connected to. */
const maxRelays = 5;
const maxUrlChars = 500;

/**
 * Where someone reads direct messages (NIP-17): the relays of their newest kind 10050 that any of the
 * indexer relays has.
 *
 * @returns at most 5 URLs, each once; none where no list is published or it names no usable relay.
 * `isUnsure`: there is no list where we were told, but an indexer that did not answer may have one
 * @throws {Unavailable} `indexers_unreachable`: no indexer gave an answer, which says nothing of the list
 * @throws the signal's reason
 */
export async function findInbox(
  indexers: Indexers,
  pubkey: string,
  signal: AbortSignal,
): Promise<{ relays: string[]; isUnsure: boolean }> {
  const filter = { kinds: [DirectMessageRelaysList], authors: [pubkey] };
  const answers = await indexers.query(filter, signal);
  const found = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
  if (found.length === 0) {
    throw new Unavailable("indexers_unreachable", "no indexer relay answered");
  }
  const newest = newestOf(found.flat());
  if (newest === null) return { relays: [], isUnsure: found.length < answers.length };
  // Spelled as they are listed: relays compare their address as text when they ask who we are (NIP-42).
  const relays = [...usable(newest.tags, "relay", maxRelays).values()];
  return { relays, isUnsure: false };
}

/** Of several versions of a replaceable event the one that counts (NIP-01); null where there is none. */
export function newestOf(events: readonly Event[]): Event | null {
  return events.toSorted(compareEvents)[0] ?? null;
}

/** The usable ones of the tags of that name: wss://, or ws:// to this machine, each once, normalized. */
export const relayUrls = (tags: readonly string[][], tag: string, max: number): string[] => [
  ...usable(tags, tag, max).keys(),
];

/** The same, normalized, and as they are listed. */
function usable(tags: readonly string[][], tag: string, max: number): Map<string, string> {
  const urls = new Map<string, string>();
  for (const [name, value] of tags) {
    const url = name === tag && value !== undefined ? readUrl(value) : null;
    if (url !== null && !urls.has(url.href)) urls.set(url.href, url.spelling);
  }
  return new Map([...urls].slice(0, max));
}

function readUrl(value: string): { href: string; spelling: string } | null {
  const url = value.length <= maxUrlChars ? URL.parse(value.trim()) : null;
  if (url === null || url.username !== "" || url.password !== "") return null;
  const isLocal = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol !== "wss:" && !(url.protocol === "ws:" && isLocal)) return null;
  url.hash = "";
  const bare = url.href.replace(/\/$/, "");
  // Any other spelling than with or without the slash is not one that a relay could mean.
  return { href: url.href, spelling: value.trim() === bare ? bare : url.href };
}
