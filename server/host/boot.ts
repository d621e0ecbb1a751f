import type { Host } from "./host.ts";

/**
 * Brings every actor that another version of its machine stored to this one, one transaction each.
 * Touches nothing else, so that boot does not grow with the number of actors.
 *
 * @returns how many. @throws when one cannot be migrated: the process must not start.
 */
export async function migrateActors(host: Host): Promise<number> {
  let migrated = 0;
  for (const [name, { machine }] of Object.entries(host.machines))
    for (const row of host.store.outdated(name, machine.version ?? "")) {
      await host.deliver((run) => run.migrate(row));
      migrated++;
    }
  return migrated;
}
