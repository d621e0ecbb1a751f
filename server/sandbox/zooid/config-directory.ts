import type { Database } from "bun:sqlite";
import type { Config } from "./config.ts";

type ConfigRow = { id: string; host: string; schema: string; json: string };

/** Zooid's CONFIG directory, one row for each `<id>.toml`. */
export class ConfigDirectory {
  /** False once the directory itself is gone, with every file that was in it. */
  isThere = true;

  constructor(readonly db: Database) {}

  /** Whether the file exists. Like stat, it says no when the whole directory is gone. */
  has(id: string): boolean {
    try {
      return this.db.query("SELECT 1 FROM config WHERE id = ?").get(id) !== null;
    } catch {
      return false;
    }
  }

  read(id: string): Config | null {
    const row = this.db.query<ConfigRow, [string]>("SELECT * FROM config WHERE id = ?").get(id);
    return row && (JSON.parse(row.json) as Config);
  }

  /**
   * What another file already uses, in zooid's words, or null. Files are compared in name order,
   * within one file the schema first. @throws when the directory cannot be read.
   */
  conflict(id: string, config: Config): string | null {
    if (!this.isThere) throw new Error("open /config: no such file or directory");
    const other = this.db
      .query<ConfigRow, [string, string, string]>(
        "SELECT * FROM config WHERE id <> ? AND (schema = ? OR host = ?) ORDER BY id LIMIT 1",
      )
      .get(id, config.schema, config.host);
    if (other === null) return null;
    const field = other.schema === config.schema ? "schema" : "host";
    return `${field} ${JSON.stringify(config[field])} is already in use`;
  }

  /** @throws like the file system: NUL and names over 255 bytes with `.toml`. */
  write(id: string, config: Config): void {
    const file = `${id}.toml`;
    if (!this.isThere) throw new Error(`open /config/${file}: no such file or directory`);
    if (id.includes("\0")) throw new Error(`open /config/${file}: invalid argument`);
    if (Buffer.byteLength(file) > 255) throw new Error(`open /config/${file}: file name too long`);
    this.db
      .query("INSERT OR REPLACE INTO config VALUES (?, ?, ?, ?)")
      .run(id, config.host, config.schema, JSON.stringify(config));
  }

  remove(id: string): void {
    this.db.query("DELETE FROM config WHERE id = ?").run(id);
  }

  removeAll(): void {
    this.db.query("DELETE FROM config").run();
  }

  /** The ids of all files in name order; none when the directory is gone. */
  ids(): string[] {
    try {
      const rows = this.db.query<{ id: string }, []>("SELECT id FROM config ORDER BY id").all();
      return rows.map(({ id }) => id);
    } catch {
      return [];
    }
  }
}
