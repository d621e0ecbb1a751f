/**
 * Stores a snapshot of every state in which an actor can rest, where none is stored yet:
 * `bun tests/machines/write-snapshots.ts`. What is stored is never changed: it was shipped.
 */
import { exists } from "node:fs/promises";
import { join } from "node:path";
import { type MachineName, machines } from "../../machines/index.ts";
import { fileOf, restsOf, SNAPSHOTS } from "./fixtures.ts";

for (const name of Object.keys(machines) as MachineName[])
  for (const fixture of restsOf(name)) {
    const path = join(SNAPSHOTS, fileOf(fixture));
    if (await exists(path)) continue;
    await Bun.write(path, `${JSON.stringify(fixture, null, 2)}\n`);
    console.log(path);
  }
