import type { Database } from "bun:sqlite";
import { type MigrationMeta, readMigrationFiles } from "drizzle-orm/migrator";
import { DatabaseRefused } from "./refusal.ts";

type Applied = { createdAt: number };

const RESTORE =
  "Check DATABASE_URL; if this is where your data should be, restore a backup, and to begin afresh remove the file";

/**
 * Brings the tables of a database up to date, all or nothing.
 *
 * A migration that rebuilds a table drops the old one, which foreign keys forbid as soon as there are
 * rows, and the pragma that lifts them means nothing in a transaction. So they are off meanwhile, and
 * what they hold is checked before anything is committed. https://sqlite.org/lang_altertable.html#otheralter
 *
 * @param o.file - names the database in refusals
 * @param o.last - when the last migration that it has was made, 0 for one that is new
 * @throws DatabaseRefused
 */
export function migrate(
  sqlite: Database,
  { folder, file, last }: { folder: string; file: string; last: number },
): void {
  const ahead = assertKnown(folder, file, last).filter(({ folderMillis }) => folderMillis > last);
  if (ahead.length === 0) return;
  sqlite.run("PRAGMA foreign_keys = OFF");
  sqlite.transaction(() => apply(sqlite, ahead, file)).immediate();
}

/** @returns all migrations there are. @throws DatabaseRefused where the database has a later one */
export function assertKnown(folder: string, file: string, last: number): MigrationMeta[] {
  const migrations = readMigrationFiles({ migrationsFolder: folder });
  if (last > (migrations.at(-1)?.folderMillis ?? 0))
    throw new DatabaseRefused(
      file,
      "it was written by a newer version of Berth",
      "Start that version, or restore the backup from before the update",
    );
  return migrations;
}

function apply(sqlite: Database, migrations: readonly MigrationMeta[], file: string): void {
  // Word for word the table of drizzle-orm's own migrator.
  sqlite.run(
    "CREATE TABLE IF NOT EXISTS __drizzle_migrations (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at numeric)",
  );
  for (const { sql, hash, folderMillis } of migrations) {
    for (const statement of sql) sqlite.run(statement);
    sqlite.run("INSERT INTO __drizzle_migrations (hash, created_at) VALUES (?, ?)", [
      hash,
      folderMillis,
    ]);
  }
  const [broken] = sqlite
    .query<{ table: string; parent: string }, []>("PRAGMA foreign_key_check")
    .all();
  if (broken)
    throw new DatabaseRefused(
      file,
      `the update would leave rows of ${broken.table} without their ${broken.parent}`,
      "Nothing was changed: go back to the former version, and report this",
    );
}

/**
 * When the last migration of a database was made, epoch ms. Reads only.
 *
 * @throws DatabaseRefused where it is none of ours
 */
export function lastApplied(sqlite: Database, file: string): number {
  const tables = sqlite
    .query<{ name: string }, []>("SELECT name FROM sqlite_master WHERE type = 'table'")
    .all()
    .map(({ name }) => name);
  if (tables.length === 0) throw new DatabaseRefused(file, "the database is empty", RESTORE);
  if (!tables.includes("__drizzle_migrations") || !tables.includes("actors"))
    throw new DatabaseRefused(file, "the database is not Berth's", RESTORE);
  return (
    sqlite.query<Applied, []>("SELECT max(created_at) AS createdAt FROM __drizzle_migrations").get()
      ?.createdAt ?? 0
  );
}
