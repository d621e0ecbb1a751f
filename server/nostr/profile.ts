import type { Event } from "nostr-tools/core";
import { DirectMessageRelaysList, Metadata, RelayList } from "nostr-tools/kinds";
import { withoutUnsafe } from "../../machines/names.ts";
import { newestOf, relayUrls } from "./inbox.ts";

/** What someone says of themselves: their newest kind 0, 10002 and 10050, as far as it can be used. */
export type Profile = {
  /** Null where there is no such text. */
  name: string | null;
  about: string | null;
  /** `https:`; on this machine `http:` too where that is allowed. */
  picture: string | null;
  /** As claimed, not verified. */
  nip05: string | null;
  /** Where they write and read (NIP-65); null where no such list is known. */
  relays: string[] | null;
  /** Where they read direct messages (NIP-17); null where no such list is known. */
  inboxRelays: string[] | null;
  /** Unix seconds of each event, which the next one must be later than to replace it. */
  publishedAt: { profile: number | null; relays: number | null; inboxRelays: number | null };
};

export const PROFILE_KINDS = [Metadata, RelayList, DirectMessageRelaysList];

const NAME_CHARS_MAX = 100;
const ABOUT_CHARS_MAX = 2_000;
const URL_CHARS_MAX = 2_000;
const RELAYS_MAX = 20;
/** NIP-05: a local part of these characters at a domain. */
const NIP05 = /^[a-z0-9._-]{1,64}@[a-z0-9.-]{1,253}$/i;

/**
 * The profile that events say. Anybody may have written whatever is in them: nothing here throws.
 * @param events - genuine, of one author; the newest of each kind counts
 * @see NIP-01, NIP-24 (kind 0)
 */
export function profileOf(events: readonly Event[], options: { allowLoopback: boolean }): Profile {
  const newest = (kind: number) => newestOf(events.filter((event) => event.kind === kind));
  const [metadata, relays, inbox] = PROFILE_KINDS.map(newest);
  const said = parseObject(metadata?.content ?? "");
  const nip05 = line(said.nip05, URL_CHARS_MAX);
  return {
    name: line(said.name, NAME_CHARS_MAX) ?? line(said.display_name, NAME_CHARS_MAX),
    about: text(said.about, ABOUT_CHARS_MAX),
    picture: pictureUrl(said.picture, options.allowLoopback),
    nip05: nip05 !== null && NIP05.test(nip05) ? nip05 : null,
    relays: relays ? relayUrls(relays.tags, "r", RELAYS_MAX) : null,
    inboxRelays: inbox ? relayUrls(inbox.tags, "relay", RELAYS_MAX) : null,
    publishedAt: {
      profile: metadata?.created_at ?? null,
      relays: relays?.created_at ?? null,
      inboxRelays: inbox?.created_at ?? null,
    },
  };
}

function parseObject(json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** Text fit to be shown, of at most so many UTF-16 units; null where nothing is left. */
function text(value: unknown, maxChars: number): string | null {
  if (typeof value !== "string") return null;
  const safe = withoutUnsafe(value).trim().slice(0, maxChars);
  // A cut must not leave half of a character.
  return safe.replace(/[\ud800-\udbff]$/, "") || null;
}

const line = (value: unknown, maxChars: number): string | null =>
  typeof value === "string" ? text(value.replace(/\s+/g, " "), maxChars) : null;

function pictureUrl(value: unknown, allowLoopback: boolean): string | null {
  const url =
    typeof value === "string" && value.length <= URL_CHARS_MAX ? URL.parse(value.trim()) : null;
  if (url === null || url.username !== "" || url.password !== "") return null;
  const isLocal = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  const isAllowed = url.protocol === "https:" || (allowLoopback && isLocal);
  return isAllowed && /^https?:$/.test(url.protocol) ? url.href : null;
}
