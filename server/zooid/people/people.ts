import { publicKeyOf } from "../../nostr/event.ts";
import { type Connect, RelayLink } from "../../nostr/relay-link.ts";
import type { Exchange } from "../http.ts";
import type { RelayHosts } from "../nip11.ts";
import {
  baseUrlOf,
  type Call,
  createCalls,
  isPublicKey,
  type Method,
  type OwnRelay,
  RelayTrouble,
} from "./calls.ts";
import {
  ADDED_KIND,
  foldTrail,
  inOrderOfJoining,
  lossesOf,
  REMOVED_KIND,
  type Word,
} from "./trail.ts";

/** What zooid gives for one REQ with a limit. */
const PAGE_EVENTS = 1_000;
/** 100,000 entries: a relay with more is told to the operator, not read for ever. */
const MAX_PAGES = 100;

/** How often what is lost is put back before it is told to the operator. */
const ROUNDS = 3;

/** Who may read and write, without the relay's own key, and who may not join. */
type People = { members: string[]; banned: string[] };

/** A list that was compared with trail and mirror, and mended. Times are unix seconds. */
type Reconciled = {
  members: { pubkey: string; since: number | null }[];
  banned: string[];
  /** Whom zooid had lost and has again, and whom it listed still after they had left. */
  added: string[];
  removed: string[];
  /** False: what was lost could not all be put back, so that nothing may follow from this list. */
  isTrusted: boolean;
};

/**
 * The people of a relay, by NIP-86 in the relay's own name. Calls for one relay must not overlap: zooid
 * loses members where they do, and says OK. All throw {@link RelayTrouble} of one relay, {@link NoAnswer}
 * where zooid as a whole does not answer, and {@link Refused} for what would do harm and was not sent.
 */
export interface PeopleClient {
  list(relay: OwnRelay, signal: AbortSignal): Promise<People>;
  /**
   * Lets people in and un-bans them, one after the other; whoever is listed already is left alone.
   * @returns who is a member now, read back, and whom zooid said OK to without making them one
   */
  allow(
    relay: OwnRelay,
    pubkeys: readonly string[],
    signal: AbortSignal,
  ): Promise<People & { lost: string[] }>;
  /** Takes a membership away, and nothing they wrote. @returns who is a member now, read back */
  unallow(relay: OwnRelay, pubkey: string, signal: AbortSignal): Promise<People>;
  /** Takes the membership away and **deletes all they wrote**. @returns as above */
  ban(relay: OwnRelay, pubkey: string, reason: string, signal: AbortSignal): Promise<People>;
  /** They may join again; they are no member by it. */
  unban(relay: OwnRelay, pubkey: string, signal: AbortSignal): Promise<People>;
  /** What the relay itself recorded since then, by its last word on each pubkey. */
  trail(
    relay: OwnRelay,
    sinceSeconds: number,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Word>>;
  /** Compares list, trail and mirror, and puts back what zooid lost, one after the other. */
  reconcile(relay: OwnRelay, mirror: readonly string[], signal: AbortSignal): Promise<Reconciled>;
}

export type PeopleOptions = {
  /** Where the relays are reached; with a slash at its end. */
  relayUrl: string;
  exchange: Exchange;
  hosts: RelayHosts;
  /** Opens a WebSocket to the relays' address with a relay's own `Host`. */
  connect: (host: string) => Connect;
};

export function createPeopleClient({
  relayUrl,
  exchange,
  hosts,
  connect,
}: PeopleOptions): PeopleClient {
  const call: Call = createCalls(relayUrl, exchange, hosts);

  async function pubkeys(relay: OwnRelay, method: Method, signal: AbortSignal): Promise<string[]> {
    const result = await call(relay, method, [], signal);
    if (!Array.isArray(result)) throw new RelayTrouble("relay_answers_oddly");
    return [...new Set(result.map((entry: { pubkey?: unknown }) => entry?.pubkey))].filter(
      isPublicKey,
    );
  }

  async function list(relay: OwnRelay, signal: AbortSignal): Promise<People> {
    const listed = await pubkeys(relay, "listallowedpubkeys", signal);
    const self = publicKeyOf(relay.secretKey);
    return {
      // Later versions do not list the relay's own key any more.
      members: listed.filter((pubkey) => pubkey !== self),
      banned: await pubkeys(relay, "listbannedpubkeys", signal),
    };
  }

  async function write(
    relay: OwnRelay,
    method: Method,
    params: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    if ((await call(relay, method, params, signal)) !== true) {
      throw new RelayTrouble("relay_answers_oddly");
    }
  }

  async function allow(relay: OwnRelay, wanted: readonly string[], signal: AbortSignal) {
    const before = await list(relay, signal);
    const isThere = new Set(before.members);
    const isBanned = new Set(before.banned);
    const missing = [...new Set(wanted)].filter((key) => !isThere.has(key) || isBanned.has(key));
    for (const pubkey of missing) await write(relay, "allowpubkey", [pubkey], signal);
    const now = missing.length === 0 ? before : await list(relay, signal);
    const members = new Set(now.members);
    return { ...now, lost: missing.filter((pubkey) => !members.has(pubkey)) };
  }

  async function trail(relay: OwnRelay, sinceSeconds: number, signal: AbortSignal) {
    const self = publicKeyOf(relay.secretKey);
    const url = baseUrlOf(relay.host).replace("http", "ws");
    const { secretKey } = relay;
    const options = { connect: connect(relay.host), secretKey, maxEvents: PAGE_EVENTS };
    const link = await RelayLink.open(url, options, signal);
    const entries = new Map<string, { kind: number; tags: string[][]; created_at: number }>();
    try {
      const filter = { kinds: [ADDED_KIND, REMOVED_KIND], authors: [self], since: sinceSeconds };
      let until: number | undefined;
      for (let page = 0; page < MAX_PAGES; page++) {
        const asked = until === undefined ? filter : { ...filter, until };
        const events = await link.query(asked, signal);
        const known = entries.size;
        for (const event of events) entries.set(event.id, event);
        const oldest = Math.min(...events.map((event) => event.created_at));
        if (events.length < PAGE_EVENTS || entries.size === known)
          return foldTrail(entries.values());
        until = oldest;
      }
      throw new RelayTrouble("relay_answers_oddly");
    } finally {
      link.close();
    }
  }

  return {
    list,
    allow,
    trail,
    async unallow(relay, pubkey, signal) {
      const before = await list(relay, signal);
      if (!before.members.includes(pubkey)) return before;
      await write(relay, "unallowpubkey", [pubkey], signal);
      return await list(relay, signal);
    },
    async ban(relay, pubkey, reason, signal) {
      await write(relay, "banpubkey", reason === "" ? [pubkey] : [pubkey, reason], signal);
      return await list(relay, signal);
    },
    async unban(relay, pubkey, signal) {
      const before = await list(relay, signal);
      if (!before.banned.includes(pubkey)) return before;
      await write(relay, "unbanpubkey", [pubkey], signal);
      return await list(relay, signal);
    },
    async reconcile(relay, mirror, signal) {
      const self = publicKeyOf(relay.secretKey);
      const before = await pubkeys(relay, "listallowedpubkeys", signal);
      // A list that lost everybody lost the relay's own key too, which then cannot read its trail.
      if (!before.includes(self)) await write(relay, "allowpubkey", [self], signal);
      const words = await trail(relay, 0, signal);
      let now = await list(relay, signal);
      const losses = () => {
        const [listed, banned] = [new Set(now.members), new Set(now.banned)];
        const { add, remove } = lossesOf({ listed, banned, words, mirror, self });
        return { add, remove: remove.filter((pubkey) => pubkey !== relay.owner) };
      };
      const first = losses();
      let left = first;
      // Whoever joins meanwhile can undo one of them again.
      for (let round = 0; round < ROUNDS && left.add.length + left.remove.length > 0; round++) {
        for (const pubkey of left.add) await write(relay, "allowpubkey", [pubkey], signal);
        for (const pubkey of left.remove) await write(relay, "unallowpubkey", [pubkey], signal);
        now = await list(relay, signal);
        left = losses();
      }
      return {
        members: inOrderOfJoining(now.members, words),
        banned: now.banned,
        added: first.add.filter((pubkey) => !left.add.includes(pubkey)),
        removed: first.remove.filter((pubkey) => !left.remove.includes(pubkey)),
        isTrusted: left.add.length + left.remove.length === 0,
      };
    },
  };
}
