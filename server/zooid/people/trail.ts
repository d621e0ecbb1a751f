import type { Event } from "nostr-tools/core";
import { isPublicKey } from "./calls.ts";

/** The relay's own record of who came and went (NIP-43): it survives when the list itself is lost. */
export const ADDED_KIND = 8000;
export const REMOVED_KIND = 8001;

/** The trail's last word on somebody. Times are unix seconds. */
export type Word = {
  is: "added" | "removed" | "unclear";
  at: number;
  /** When they were first added since they were last away; null where that is not known. */
  since: number | null;
};

/**
 * Folds a trail into its last word on each pubkey. An addition and a removal in one second say nothing:
 * the trail has no order within a second.
 */
export function foldTrail(events: Iterable<Pick<Event, "kind" | "tags" | "created_at">>) {
  const words = new Map<string, Word>();
  const inOrder = [...events].sort((a, b) => a.created_at - b.created_at);
  for (const { kind, tags, created_at: at } of inOrder) {
    const pubkey = tags.find(([name]) => name === "p")?.[1];
    if (!isPublicKey(pubkey) || (kind !== ADDED_KIND && kind !== REMOVED_KIND)) continue;
    const is = kind === ADDED_KIND ? "added" : "removed";
    const before = words.get(pubkey);
    if (before?.at === at && before.is !== is) words.set(pubkey, { ...before, is: "unclear" });
    else if (is === "removed") words.set(pubkey, { is, at, since: null });
    else words.set(pubkey, { is, at, since: before?.since ?? at });
  }
  return words;
}

/** What a relay shows of its people, and what we remember of them. */
export type Seen = {
  listed: ReadonlySet<string>;
  banned: ReadonlySet<string>;
  words: ReadonlyMap<string, Word>;
  /** Whom our own mirror has, as they joined. */
  mirror: readonly string[];
  self: string;
};

/**
 * What zooid lost: whom it took in by its own word and does not list, whom it sent away and still lists,
 * and whom only our mirror knows (its database is gone, with the trail). Whoever is banned stays away, and
 * where the trail is unclear nothing is done.
 */
export function lossesOf({ listed, banned, words, mirror, self }: Seen): {
  add: string[];
  remove: string[];
} {
  const known = new Set([...mirror, ...words.keys()]);
  const add = [...known].filter((pubkey) => {
    if (pubkey === self || listed.has(pubkey) || banned.has(pubkey)) return false;
    const word = words.get(pubkey);
    return word === undefined || word.is === "added";
  });
  const remove = [...listed].filter((pubkey) => words.get(pubkey)?.is === "removed");
  return { add, remove };
}

/**
 * Members in the order in which they joined, by the trail: the list's own order changes with each repair.
 * Whom the trail does not know come first, as they are listed.
 */
export function inOrderOfJoining(
  members: readonly string[],
  words: ReadonlyMap<string, Word>,
): { pubkey: string; since: number | null }[] {
  return members
    .map((pubkey) => ({ pubkey, since: words.get(pubkey)?.since ?? null }))
    .sort((a, b) => (a.since ?? 0) - (b.since ?? 0));
}
