import { Database, SQLiteError } from "bun:sqlite";
import { isInMemory, privately, realDatabasePath } from "./files.ts";
import { DatabaseRefused } from "./refusal.ts";

/** Another process works on this database. */
export class DatabaseLocked extends DatabaseRefused {
  override readonly name = "DatabaseLocked";
}

/**
 * Takes the exclusive lock beside a database (`<path>.lock`) for the life of the process, by whatever link
 * it was named. The operating system gives it back however the process ends, so no stale lock can remain.
 *
 * @returns what releases it. @throws DatabaseLocked
 */
export function lockDatabase(path: string): () => void {
  if (isInMemory(path)) return () => {};
  const file = `${realDatabasePath(path)}.lock`;
  const lock = privately(file, () => new Database(file, { create: true }));
  try {
    lock.run("BEGIN EXCLUSIVE");
  } catch (cause) {
    lock.close();
    // A lock that cannot be written is not a lock that somebody holds.
    if (!(cause instanceof SQLiteError && cause.code === "SQLITE_BUSY")) throw cause;
    throw new DatabaseLocked(
      path,
      "another process works on this database",
      "Stop it first: one process at a time",
      { cause },
    );
  }
  return () => lock.close();
}
