import { Database, SQLiteError } from "bun:sqlite";
import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { isInMemory, privately, realDatabasePath } from "./files.ts";
import { assertKnown, lastApplied, migrate } from "./migrate.ts";
import { DatabaseRefused } from "./refusal.ts";
import * as schema from "./schema.ts";

/** The open database: `orm` for the nouns, `sqlite` for the host's prepared statements. */
export type Db = ReturnType<typeof openDatabase>;

const MIGRATIONS = join(import.meta.dir, "migrations");

/**
 * Opens the database, making file and folder where there are none, and brings its tables up to date.
 *
 * WAL with synchronous=FULL: what was acknowledged is on disk. Its files are its owner's alone.
 * @param path - a file, or `:memory:` for tests.
 * @param migrations - the folder of the migrations.
 * @throws DatabaseRefused where it is empty, another's, from a newer version, or damaged
 */
export function openDatabase(path: string, migrations = MIGRATIONS) {
  const file = realDatabasePath(path);
  return privately(file, () => {
    if (!isInMemory(file) && !existsSync(file)) make(file, migrations);
    const sqlite = open(file, isInMemory(file), migrations);
    return { orm: drizzle(sqlite, { schema }), sqlite, close: () => sqlite.close() };
  });
}

/**
 * Looks into a database without changing it.
 *
 * @throws DatabaseRefused where {@link openDatabase} would, before it migrates anything
 */
export async function lookIntoDatabase<T>(
  path: string,
  look: (db: Db) => Promise<T>,
  migrations = MIGRATIONS,
): Promise<T> {
  const file = realDatabasePath(path);
  const sqlite = new Database(file, { readonly: true, strict: true });
  try {
    assertKnown(migrations, file, lastAppliedOf(sqlite, file));
    return await look({ orm: drizzle(sqlite, { schema }), sqlite, close: () => sqlite.close() });
  } finally {
    sqlite.close();
  }
}

/** A database is there as a whole or not at all, whatever moment its first process dies at. */
function make(file: string, migrations: string): void {
  const draft = `${file}.new`;
  for (const left of [draft, `${draft}-wal`, `${draft}-shm`]) rmSync(left, { force: true });
  // Closing takes its -wal in, and away.
  open(draft, true, migrations).close();
  renameSync(draft, file);
}

/** Changes nothing in what is not ours. */
function open(file: string, isNew: boolean, migrations: string): Database {
  const sqlite = new Database(file, { create: isNew, readwrite: true, strict: true });
  try {
    sqlite.run("PRAGMA busy_timeout = 5000");
    const last = isNew ? 0 : lastAppliedOf(sqlite, file);
    sqlite.run("PRAGMA journal_mode = WAL");
    sqlite.run("PRAGMA synchronous = FULL");
    migrate(sqlite, { folder: migrations, file, last });
    sqlite.run("PRAGMA foreign_keys = ON");
    return sqlite;
  } catch (error) {
    sqlite.close();
    throw error;
  }
}

/** @throws DatabaseRefused */
function lastAppliedOf(sqlite: Database, file: string): number {
  try {
    return lastApplied(sqlite, file);
  } catch (error) {
    if (!(error instanceof SQLiteError && error.code === "SQLITE_NOTADB")) throw error;
    const advice = "Check DATABASE_URL, or restore a backup";
    throw new DatabaseRefused(file, "the file is not a database", advice, { cause: error });
  }
}
