import { isDeepStrictEqual } from "node:util";
import type { Event, EventTemplate } from "nostr-tools/core";
import { DirectMessageRelaysList, Metadata, RelayList } from "nostr-tools/kinds";
import { publicKeyOf, signEvent } from "./event.ts";
import { newestOf } from "./inbox.ts";
import { type Connect, isPassing } from "./relay-link.ts";
import { RelayLinkPool } from "./relay-link-pool.ts";

/** What one relay has now. All is well where `refused` is empty and `failed` null. */
export type ProfileReport = {
  url: string;
  /** Kinds. */
  published: number[];
  unchanged: number[];
  /** Why, as the relay put it: at most 200 printable characters. */
  refused: { kind: number; reason: string }[];
  /** The relay was not reached, or lost, or said not now; what it did not take is to be tried again. */
  failed: "not_read" | "not_published" | null;
};

/** Berth's own kind 0 (NIP-01, NIP-24). */
export function berthProfile(publicUrl: string): Record<string, unknown> {
  return {
    name: "Berth",
    about:
      "Hosting for Nostr community relays. Sends you notices about your relays and invoices. Replies are not read.",
    website: publicUrl,
    bot: true,
  };
}

/**
 * Brings the platform's profile (kind 0), relay list (10002, NIP-65) and inbox (10050, NIP-17) on the
 * indexer relays up to date. Reads first and signs anew only what differs; a relay that could not be
 * read is not written to, for it may hold what is newer. To be called again, after a while, as long as
 * a report says `failed`: once all is as it should be, a call only reads.
 *
 * @param options `profile` is the content of kind 0; an empty list of relays is not published at all;
 * `timeoutMs` real time for each relay's answer to the look-up, and to each event
 * @returns one report per relay, in order. @throws the signal's reason, nothing else
 */
export async function publishPlatformProfile(
  options: {
    secretKey: Uint8Array;
    indexerRelays: readonly string[];
    connect: Connect;
    profile: Readonly<Record<string, unknown>>;
    relays: readonly string[];
    dmRelays: readonly string[];
    timeoutMs?: number;
  },
  signal: AbortSignal,
): Promise<ProfileReport[]> {
  const { secretKey, indexerRelays } = options;
  const wanted = wantedEvents(options);
  const filter = { kinds: wanted.map(({ kind }) => kind), authors: [publicKeyOf(secretKey)] };
  const links = new RelayLinkPool(options);
  try {
    const stored = await Promise.all(
      indexerRelays.map((url) =>
        links.use(url, signal, (link, limit) => link.query(filter, limit)).catch(() => null),
      ),
    );
    signal.throwIfAborted();
    const known = stored.flatMap((events) => events ?? []);
    const current = wanted.map((template) => currentEvent(template, known, secretKey));
    const reports = await Promise.all(
      indexerRelays.map((url, i) => update(links, url, stored[i] ?? null, current, signal)),
    );
    signal.throwIfAborted();
    return reports;
  } finally {
    links.close();
  }
}

type Wanted = Omit<EventTemplate, "created_at">;

function wantedEvents(options: {
  profile: Readonly<Record<string, unknown>>;
  relays: readonly string[];
  dmRelays: readonly string[];
}): Wanted[] {
  const { profile, relays, dmRelays } = options;
  const listed = (kind: number, name: string, urls: readonly string[]): Wanted[] =>
    urls.length === 0 ? [] : [{ kind, tags: urls.map((url) => [name, url]), content: "" }];
  return [
    { kind: Metadata, tags: [], content: JSON.stringify(profile) },
    ...listed(RelayList, "r", relays),
    ...listed(DirectMessageRelaysList, "relay", dmRelays),
  ];
}

/** The newest that any relay has, if it says what is wanted; else a new one that replaces it anywhere. */
function currentEvent(wanted: Wanted, known: readonly Event[], secretKey: Uint8Array): Event {
  const newest = newestOf(known.filter(({ kind }) => kind === wanted.kind));
  if (newest !== null && saysTheSame(wanted, newest)) return newest;
  const now = Math.floor(Date.now() / 1000);
  // Of two with the same date the lower id counts: only a later date surely replaces.
  const created_at = Math.max(now, (newest?.created_at ?? 0) + 1);
  return signEvent({ ...wanted, created_at }, secretKey);
}

function saysTheSame(wanted: Wanted, stored: Event): boolean {
  return wanted.kind === Metadata
    ? isDeepStrictEqual(parseJson(wanted.content), parseJson(stored.content))
    : isDeepStrictEqual(wanted.tags, stored.tags);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function update(
  links: RelayLinkPool,
  url: string,
  stored: readonly Event[] | null,
  current: readonly Event[],
  signal: AbortSignal,
): Promise<ProfileReport> {
  const report: ProfileReport = { url, published: [], unchanged: [], refused: [], failed: null };
  if (stored === null) return { ...report, failed: "not_read" };
  for (const event of current) {
    const { kind } = event;
    const own = newestOf(stored.filter((has) => has.kind === kind));
    if (own !== null && saysTheSame(event, own)) {
      report.unchanged.push(kind);
      continue;
    }
    try {
      const { accepted, reason } = await links.use(url, signal, (link, limit) =>
        link.publish(event, limit),
      );
      if (accepted || reason.startsWith("duplicate:")) report.published.push(kind);
      else if (isPassing(reason)) return { ...report, failed: "not_published" };
      else report.refused.push({ kind, reason });
    } catch {
      return { ...report, failed: "not_published" };
    }
  }
  return report;
}
