import type { Database } from "bun:sqlite";
import type { Event } from "nostr-tools/core";
import { type Filter, matchFilter } from "nostr-tools/filter";
import { isAddressableKind, isReplaceableKind } from "nostr-tools/kinds";
import type { Losses } from "./losses.ts";

/** The most that a filter with a `limit` gets; one without gets everything. */
const MAX_LIMIT = 1000;

/** What a relay can ban: keys from joining, event ids from being published. */
export type Banned = "pubkey" | "event";

/** The events and bans of one schema. */
export class EventTable {
  constructor(
    readonly db: Database,
    readonly slug: string,
    readonly losses: Readonly<Losses>,
  ) {}

  /** Stored events that match any of the filters, newest first, each once. */
  query(filters: Filter[]): Event[] {
    const found = new Map<string, Event>();
    for (const filter of filters)
      for (const event of this.#select(withoutEmpty(filter))) found.set(event.id, event);
    return [...found.values()].sort((a, b) => b.created_at - a.created_at);
  }

  *#select(filter: Filter): Generator<Event> {
    const among = (column: string, values: unknown[] | undefined) =>
      values ? `AND ${column} IN (SELECT value FROM json_each(?))` : "";
    const lists = [filter.kinds, filter.authors, filter.ids];
    const rows = this.db
      .query<{ json: string }, string[]>(
        `SELECT json FROM event WHERE slug = ? ${among("kind", filter.kinds)}
         ${among("pubkey", filter.authors)} ${among("id", filter.ids)}
         ORDER BY created_at DESC, id`,
      )
      .all(
        this.slug,
        ...lists.filter((list) => list !== undefined).map((list) => JSON.stringify(list)),
      );
    let left = Math.min(
      filter.limit ?? Number.POSITIVE_INFINITY,
      filter.limit ? MAX_LIMIT : rows.length,
    );
    const words = filter.search?.toLowerCase() ?? "";
    for (const row of rows) {
      if (left <= 0) return;
      const event = JSON.parse(row.json) as Event;
      if (!matchFilter(filter, event)) continue;
      if (!event.content.toLowerCase().includes(words)) continue;
      left -= 1;
      yield event;
    }
  }

  has(id: string): boolean {
    return (
      this.db.query("SELECT 1 FROM event WHERE slug = ? AND id = ?").get(this.slug, id) !== null
    );
  }

  /** Stores an event in place of what its kind says it replaces (NIP-01), unless that is later. */
  put(event: Event): void {
    const d = identifierOf(event);
    if (isReplaceableKind(event.kind) || isAddressableKind(event.kind)) {
      if (this.#hasLater(event)) return;
      // The new one is saved before the old one is deleted, and the two are one.
      if (this.losses.identicalReplace && this.has(event.id)) {
        this.remove(event.id);
        return;
      }
      this.db
        .query("DELETE FROM event WHERE slug = ? AND kind = ? AND pubkey = ? AND d = ?")
        .run(this.slug, event.kind, event.pubkey, d);
    }
    this.db
      .query("INSERT OR REPLACE INTO event VALUES (?, ?, ?, ?, ?, ?, ?)")
      .run(
        this.slug,
        event.id,
        event.kind,
        event.pubkey,
        d,
        event.created_at,
        JSON.stringify(event),
      );
  }

  /** Whether a later version of a replaceable or addressable event is stored. */
  #hasLater(event: Event): boolean {
    const later = this.db.query(
      "SELECT 1 FROM event WHERE slug = ? AND kind = ? AND pubkey = ? AND d = ? AND created_at > ?",
    );
    const { kind, pubkey, created_at } = event;
    return later.get(this.slug, kind, pubkey, identifierOf(event), created_at) !== null;
  }

  remove(id: string): void {
    this.db.query("DELETE FROM event WHERE slug = ? AND id = ?").run(this.slug, id);
  }

  removeAuthor(pubkey: string): void {
    this.db.query("DELETE FROM event WHERE slug = ? AND pubkey = ?").run(this.slug, pubkey);
  }

  ban(banned: Banned, value: string, reason: string): void {
    this.db
      .query("INSERT OR REPLACE INTO ban VALUES (?, ?, ?, ?)")
      .run(this.slug, banned, value, reason);
  }

  unban(banned: Banned, value: string): void {
    this.db
      .query("DELETE FROM ban WHERE slug = ? AND banned = ? AND value = ?")
      .run(this.slug, banned, value);
  }

  isBanned(banned: Banned, value: string): boolean {
    return this.bans(banned).some((ban) => ban.value === value);
  }

  bans(banned: Banned): { value: string; reason: string }[] {
    return this.db
      .query<{ value: string; reason: string }, [string, string]>(
        "SELECT value, reason FROM ban WHERE slug = ? AND banned = ? ORDER BY rowid",
      )
      .all(this.slug, banned);
  }
}

/** An empty list in a filter asks for nothing in particular, as zooid reads it. */
function withoutEmpty(filter: Filter): Filter {
  const kept = Object.entries(filter).filter(
    ([, value]) => !Array.isArray(value) || value.length > 0,
  );
  return Object.fromEntries(kept) as Filter;
}

/** The `d` tag of an addressable event, "" for every other kind. */
function identifierOf(event: Event): string {
  if (!isAddressableKind(event.kind)) return "";
  return event.tags.find((tag) => tag[0] === "d")?.[1] ?? "";
}
