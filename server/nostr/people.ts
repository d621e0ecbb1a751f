import type { Event } from "nostr-tools/core";
import { Unavailable } from "../errors.ts";
import { Remembered } from "../remembered.ts";
import { PROFILE_KINDS, type Profile, profileOf } from "./profile.ts";
import type { Connect } from "./relay-link.ts";
import { RelayLinkPool } from "./relay-link-pool.ts";

/** What an indexer relay said to an event. `reason`: null, or at most 200 printable characters. */
export type Offered = { url: string; accepted: boolean; reason: string | null };

/** What people publish of themselves on the indexer relays. */
export interface People {
  /** Whether there are indexer relays. */
  readonly isConfigured: boolean;
  /**
   * Someone's profile, a few minutes old at most.
   * @param pubkey 64 lower-case hex
   * @throws {Unavailable} `indexers_unreachable`: no indexer relay answered
   */
  profile(pubkey: string): Promise<Profile>;
  /** Offers an event to each indexer relay, in their order. Never throws. */
  publish(event: Event): Promise<Offered[]>;
  close(): void;
}

const REMEMBERED_MS = 5 * 60_000;
const REMEMBERED_MAX = 2_000;
/** A page waits for it: a relay that is slower than this is one that did not answer. */
const RELAY_TIMEOUT_MS = 4_000;

/**
 * @param options `secretKey` answers relays that demand a proof of who asks (NIP-42); `allowLoopback`
 * whether pictures may be on this machine; `timeoutMs` real time for each relay
 */
export function createPeople(options: {
  secretKey: Uint8Array;
  indexerRelays: readonly string[];
  connect: Connect;
  allowLoopback: boolean;
  timeoutMs?: number;
}): People {
  const { indexerRelays } = options;
  const links = new RelayLinkPool({ timeoutMs: RELAY_TIMEOUT_MS, ...options });
  const profiles = new Remembered<Profile>({ ttlMs: REMEMBERED_MS, maxWeight: REMEMBERED_MAX });
  const never = new AbortController().signal;

  async function find(pubkey: string): Promise<Profile> {
    const filter = { kinds: PROFILE_KINDS, authors: [pubkey] };
    const answers = await Promise.allSettled(
      indexerRelays.map((url) => links.use(url, never, (link, limit) => link.query(filter, limit))),
    );
    // One that answers is enough, or a dead one would hide everybody.
    if (answers.every(({ status }) => status === "rejected"))
      throw new Unavailable("indexers_unreachable", "no indexer relay answered");
    const events = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
    return profileOf(events, options);
  }

  async function offer(url: string, event: Event): Promise<Offered> {
    try {
      const { accepted, reason } = await links.use(url, never, (link, limit) =>
        link.publish(event, limit),
      );
      if (accepted || reason.startsWith("duplicate:")) return { url, accepted: true, reason: null };
      return { url, accepted: false, reason: reason || "it gave no reason" };
    } catch {
      return { url, accepted: false, reason: "it was not reached in time" };
    }
  }

  return {
    isConfigured: indexerRelays.length > 0,
    profile: (pubkey) => profiles.get(pubkey, () => find(pubkey)),
    async publish(event) {
      try {
        return await Promise.all(indexerRelays.map((url) => offer(url, event)));
      } finally {
        profiles.forget(event.pubkey);
      }
    },
    close: () => links.close(),
  };
}
