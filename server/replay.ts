/**
 * `bun run replay`: proves every stored snapshot from its journal. Exit 1 where one differs. Needs the
 * database, which nobody may work on meanwhile, and nothing else of the configuration.
 */
import { existsSync } from "node:fs";
import { openDatabase } from "../db/database.ts";
import { lockDatabase } from "../db/lock.ts";
import { sqliteStore } from "../db/sqlite-store.ts";
import { systemClock } from "./clock.ts";
import { readDatabasePath } from "./config.ts";
import { idealEffects } from "./forecast.ts";
import { migrateActors } from "./host/boot.ts";
import { Host } from "./host/host.ts";
import { replayAll } from "./host/replay.ts";
import { project } from "./projections/index.ts";
import { registered } from "./registered.ts";

try {
  const path = readDatabasePath(process.env);
  if (!existsSync(path)) throw new Error(`${path}: there is no database. Check DATABASE_URL`);
  const unlock = lockDatabase(path);
  const db = openDatabase(path);
  const host: Host = new Host({
    store: sqliteStore(db),
    clock: systemClock,
    machines: registered,
    // None is ever begun.
    effects: idealEffects(() => host, systemClock),
    project,
  });
  await migrateActors(host);
  const { actors, wrong } = await replayAll(host);
  db.close();
  unlock();
  for (const line of wrong) console.error(line);
  console.log(`${actors} actors replayed, ${wrong.length} differences`);
  process.exit(wrong.length === 0 ? 0 : 1);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
