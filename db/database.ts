import { Database } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { migrate } from "drizzle-orm/bun-sqlite/migrator";
import * as schema from "./schema.ts";

/** The open database: `orm` for the nouns, `sqlite` for the host's prepared statements. */
export type Db = ReturnType<typeof openDatabase>;

/**
 * Opens the database, creating file and directory, and brings its tables up to date.
 *
 * WAL with synchronous=FULL: what was acknowledged is on disk.
 * @param path - a file, or `:memory:` for tests.
 */
export function openDatabase(path: string) {
  if (path !== ":memory:") mkdirSync(dirname(path), { recursive: true });
  const sqlite = new Database(path, { create: true, strict: true });
  try {
    sqlite.run("PRAGMA journal_mode = WAL");
    sqlite.run("PRAGMA synchronous = FULL");
    sqlite.run("PRAGMA foreign_keys = ON");
    sqlite.run("PRAGMA busy_timeout = 5000");
    const orm = drizzle(sqlite, { schema });
    migrate(orm, { migrationsFolder: `${import.meta.dir}/migrations` });
    return { orm, sqlite, close: () => sqlite.close() };
  } catch (error) {
    sqlite.close();
    throw error;
  }
}
