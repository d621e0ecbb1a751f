/** `bun run backup copy.db`: a whole copy of the database, also while Berth works on it. */
import { Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import { privately } from "../db/files.ts";
import { readDatabasePath } from "./config.ts";

try {
  const path = readDatabasePath(process.env);
  const copy = process.argv[2];
  if (!copy) throw new Error("name the file to write: bun run backup copy.db");
  if (!existsSync(path)) throw new Error(`${path}: there is no database. Check DATABASE_URL`);
  if (existsSync(copy)) throw new Error(`${copy} exists: name a file that does not`);
  const database = new Database(path, { readwrite: true, create: false });
  database.run("PRAGMA busy_timeout = 5000");
  privately(copy, () => database.run("VACUUM INTO ?", [copy]));
  database.close();
  console.log(`${path} was copied to ${copy}; keep PLATFORM_SECRET with it`);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
