import type { Database } from "bun:sqlite";
import type { Event } from "nostr-tools/core";
import { type Filter, matchFilter } from "nostr-tools/filter";
import { isAddressableKind, isReplaceableKind } from "nostr-tools/kinds";

/** What became of an event that was offered to the store. */
export type Stored = "added" | "duplicate" | "superseded";

/**
 * The events of a relay in SQLite, in separate spaces. Keeps only the newest of a replaceable or
 * addressable event and, beyond `maxEvents` in a space, drops the oldest. Newest first when asked;
 * of equal timestamps the lowest id counts as newer (NIP-01).
 */
export class NostrEvents {
  constructor(
    private readonly db: Database,
    private readonly maxEvents: number,
  ) {
    db.run(`CREATE TABLE IF NOT EXISTS events (
      space TEXT NOT NULL, id TEXT NOT NULL, pubkey TEXT NOT NULL, kind INTEGER NOT NULL,
      created_at INTEGER NOT NULL, address TEXT, event TEXT NOT NULL, PRIMARY KEY (space, id))`);
    db.run(`CREATE UNIQUE INDEX IF NOT EXISTS events_address ON events (space, address)
      WHERE address IS NOT NULL`);
    db.run("CREATE INDEX IF NOT EXISTS events_newest ON events (space, created_at DESC, id)");
  }

  /** Stores an event that was already verified. */
  add(space: string, event: Event): Stored {
    return this.db.transaction((): Stored => {
      const { id, pubkey, kind, created_at } = event;
      if (this.db.query("SELECT 1 FROM events WHERE space = ? AND id = ?").get(space, id)) {
        return "duplicate";
      }
      const address = addressOf(event);
      if (address !== null) {
        const newer = this.db
          .query(`SELECT 1 FROM events WHERE space = $space AND address = $address
            AND (created_at > $created_at OR (created_at = $created_at AND id < $id))`)
          .get({ space, address, created_at, id });
        if (newer) return "superseded";
        this.db.query("DELETE FROM events WHERE space = ? AND address = ?").run(space, address);
      }
      this.db
        .query(
          "INSERT INTO events VALUES ($space, $id, $pubkey, $kind, $created_at, $address, $event)",
        )
        .run({ space, id, pubkey, kind, created_at, address, event: JSON.stringify(event) });
      this.db
        .query(`DELETE FROM events WHERE space = $space AND id IN (SELECT id FROM events
          WHERE space = $space ORDER BY created_at DESC, id LIMIT -1 OFFSET $maxEvents)`)
        .run({ space, maxEvents: this.maxEvents });
      return "added";
    })();
  }

  /** The stored events that match any of the filters, each filter's `limit` (at most `maxLimit`) kept. */
  find(space: string, filters: readonly Filter[], maxLimit: number): Event[] {
    const found = new Map<string, Event>();
    for (const filter of filters) {
      let left = Math.min(filter.limit ?? maxLimit, maxLimit);
      for (const event of this.#matching(space, filter)) {
        if (left-- <= 0) break;
        found.set(event.id, event);
      }
    }
    return [...found.values()];
  }

  *#matching(space: string, filter: Filter): Iterable<Event> {
    const rows = this.db
      .query<{ event: string }, Record<string, string | number | null>>(
        `SELECT event FROM events WHERE space = $space
        AND ($ids IS NULL OR id IN (SELECT value FROM json_each($ids)))
        AND ($authors IS NULL OR pubkey IN (SELECT value FROM json_each($authors)))
        AND ($kinds IS NULL OR kind IN (SELECT value FROM json_each($kinds)))
        AND created_at BETWEEN $since AND $until ORDER BY created_at DESC, id`,
      )
      .iterate({
        space,
        ids: listed(filter.ids),
        authors: listed(filter.authors),
        kinds: listed(filter.kinds),
        since: filter.since ?? 0,
        until: filter.until ?? Number.MAX_SAFE_INTEGER,
      });
    for (const row of rows) {
      const event: Event = JSON.parse(row.event);
      if (matchFilter(filter, event)) yield event;
    }
  }
}

const listed = (values: readonly unknown[] | undefined): string | null =>
  values === undefined ? null : JSON.stringify(values);

/** What two versions of one replaceable or addressable event have in common (NIP-01 kinds). */
function addressOf({ kind, pubkey, tags }: Event): string | null {
  if (isReplaceableKind(kind)) return `${kind}:${pubkey}:`;
  if (!isAddressableKind(kind)) return null;
  return `${kind}:${pubkey}:${tags.find(([name]) => name === "d")?.[1] ?? ""}`;
}
