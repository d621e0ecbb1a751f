import type { Host } from "./host.ts";
import { reviveWork } from "./work.ts";

/** So many at once: they share commits, and memory does not grow with the number of actors. */
const GROUP_MAX = 256;

/**
 * Brings every actor that another version of its machine stored to this one. Touches nothing else, so
 * that boot does not grow with the number of actors.
 *
 * @returns how many. @throws when one cannot be migrated: the process must not start.
 */
export async function migrateActors(host: Host): Promise<number> {
  let migrated = 0;
  for (const [name, { machine }] of Object.entries(host.machines)) {
    for (;;) {
      const rows = await host.store.outdated(name, machine.version ?? "", GROUP_MAX);
      if (rows.length === 0) break;
      const ends = await Promise.allSettled(
        rows.map((row) => host.deliver(row.scope, (run) => run.migrate(row))),
      );
      for (const [index, end] of ends.entries()) {
        if (end.status === "fulfilled") continue;
        const { message } = end.reason as Error;
        const id = rows[index]?.id ?? "";
        // Whoever reads why the process does not start must know of what.
        throw message.startsWith(id)
          ? end.reason
          : new Error(`${id}: ${message}`, { cause: end.reason });
      }
      migrated += rows.length;
    }
  }
  return migrated;
}

/**
 * Takes up what a former process left. This process holds the database's lock, so whatever is marked
 * as running is not.
 *
 * @throws when open work has no handler, or no state that waits for it.
 */
export async function takeUpWork(host: Host): Promise<void> {
  const { store, effects } = host;
  for (const src of await store.openSources())
    if (!effects[src]) throw new Error(`open work wants '${src}', which is gone`);
  const [orphan] = await store.orphanedWork();
  if (orphan) throw new Error(`nobody waits for the open work ${orphan}`);
  const running = await store.runningWork();
  await Promise.all(
    running.map(({ key, scope }) => host.deliver(scope, ({ unit }) => reviveWork(unit, key))),
  );
}
