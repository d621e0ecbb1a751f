import type { Db } from "../db/database.ts";
import { DatabaseRefused } from "../db/refusal.ts";
import type { Registered } from "./host/rules.ts";
import type { PersistedSnapshot } from "./host/xstate.ts";
import { registered } from "./registered.ts";

/** An actor that this version of Berth cannot take to its own: `cause` names it. */
export const actorRefused = (file: string, cause: Error): DatabaseRefused =>
  new DatabaseRefused(
    file,
    cause.message,
    "Start the version of Berth that wrote it, or restore a backup",
    { cause },
  );

/**
 * Whether what is stored can be taken to this version: one actor of each other version is, and nothing is
 * written.
 *
 * @throws DatabaseRefused
 */
export function checkStoredVersions({ sqlite }: Pick<Db, "sqlite">, file: string): void {
  const versions = sqlite.query<{ version: string }, [string]>(
    "SELECT DISTINCT version FROM actors WHERE machine = ?",
  );
  const one = sqlite.query<{ id: string; snapshot: string }, [string, string]>(
    "SELECT id, snapshot FROM actors WHERE machine = ? AND version = ? LIMIT 1",
  );
  const all: [string, Registered][] = Object.entries(registered);
  for (const [name, { machine, migrate }] of all)
    for (const { version } of versions.all(name)) {
      const actor = version === machine.version ? null : one.get(name, version);
      if (!actor) continue;
      try {
        migrate?.(JSON.parse(actor.snapshot) as PersistedSnapshot, version);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw actorRefused(file, new Error(`${actor.id}: ${why}`, { cause: error }));
      }
    }
}
