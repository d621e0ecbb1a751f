import { Database, SQLiteError } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";

/** Another process works on this database. */
export class DatabaseLocked extends Error {
  override readonly name = "DatabaseLocked";
}

/**
 * Takes the exclusive lock beside a database (`<path>.lock`) for the life of the process. The
 * operating system gives it back however the process ends, so no stale lock can remain.
 *
 * @returns what releases it. @throws DatabaseLocked
 */
export function lockDatabase(path: string): () => void {
  if (path === ":memory:") return () => {};
  mkdirSync(dirname(path), { recursive: true });
  const lock = new Database(`${path}.lock`, { create: true });
  try {
    lock.run("BEGIN EXCLUSIVE");
  } catch (cause) {
    lock.close();
    // A lock that cannot be written is not a lock that somebody holds.
    if (!(cause instanceof SQLiteError && cause.code === "SQLITE_BUSY")) throw cause;
    throw new DatabaseLocked(`${path} is in use by another process`, { cause });
  }
  return () => lock.close();
}
