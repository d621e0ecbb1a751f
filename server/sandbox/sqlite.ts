import { Database } from "bun:sqlite";
import { closeSync, openSync } from "node:fs";

/**
 * Opens a SQLite database of the sandbox, in memory when `path` is null.
 *
 * The file is readable by its owner only (it holds keys and preimages) and is held exclusively until
 * closed: a second process waits up to 5 s, so that a world that is just ending can hand its data to
 * the next one. @throws SQLiteError SQLITE_BUSY when another process keeps it longer than that.
 */
export function openSqlite(path: string | null): Database {
  if (path !== null) touchPrivately(path);
  const db = new Database(path ?? ":memory:", { strict: true });
  try {
    db.run("PRAGMA busy_timeout = 5000");
    db.run("PRAGMA locking_mode = EXCLUSIVE");
    db.run("PRAGMA journal_mode = WAL");
    db.run("PRAGMA synchronous = NORMAL");
    // In exclusive mode the lock is taken by the first write, not by opening.
    db.run("BEGIN IMMEDIATE");
    db.run("COMMIT");
  } catch (error) {
    db.close();
    throw error;
  }
  return db;
}

/** Makes an empty file that only its owner can read, unless it exists; SQLite's other files follow it. */
export function touchPrivately(path: string): void {
  closeSync(openSync(path, "a", 0o600));
}
