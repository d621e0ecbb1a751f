import type { Database } from "bun:sqlite";

/** The files of one schema, by the hash of what is in them. */
export class BlobTable {
  constructor(
    readonly db: Database,
    readonly slug: string,
  ) {}

  put(hash: string, type: string, body: Uint8Array): void {
    this.db
      .query("INSERT OR REPLACE INTO blob VALUES (?, ?, ?, ?)")
      .run(this.slug, hash, type, body);
  }

  get(hash: string): { type: string; body: Uint8Array<ArrayBuffer> } | null {
    return this.db
      .query<{ type: string; body: Uint8Array<ArrayBuffer> }, [string, string]>(
        "SELECT type, body FROM blob WHERE slug = ? AND hash = ?",
      )
      .get(this.slug, hash);
  }

  remove(hash: string): void {
    this.db.query("DELETE FROM blob WHERE slug = ? AND hash = ?").run(this.slug, hash);
  }
}
