/** How long a boot takes and what it holds, by the number of stored actors: it must not grow. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Db, openDatabase } from "../db/database.ts";
import { sqliteStore } from "../db/sqlite-store.ts";
import { systemClock } from "../server/clock.ts";
import { openHost, print } from "./host.ts";
import { percentile, type Row } from "./row.ts";

const COUNTS = [1_000, 100_000];
const ROUNDS = 5;
const YEAR_MS = 365 * 86_400_000;

/** Copies one tenant, by SQL, into so many: actor, journal entry, and an alarm a year from now. */
async function populate(db: Db, count: number): Promise<void> {
  const host = openHost(db);
  const pubkey = "0".repeat(64);
  const first = `tenant/${pubkey}`;
  const meta = { cause: "bench", by: pubkey };
  await host.transact(pubkey, (tx) => tx.create(first, "tenant", { pubkey }, meta));
  const row = sqliteStore(db).actor(first);
  if (!row) throw new Error("there is no first tenant");
  const { machine, version, at, snapshot } = row;
  const actor = db.sqlite.prepare("INSERT INTO actors VALUES (?, ?, ?, ?, 0, ?, ?)");
  const journal = db.sqlite.prepare(
    `INSERT INTO journal (scope, seq, actor, rev, at, recorded_at, version, event, cause, snapshot)
     VALUES (?, 1, ?, 0, ?, ?, ?, '{"type":"host.created"}', 'bench', ?)`,
  );
  const alarm = db.sqlite.prepare("INSERT INTO alarms (actor, name, due) VALUES (?, 'a', ?)");
  db.sqlite.transaction(() => {
    for (let n = 1; n < count; n++) {
      const scope = n.toString(16).padStart(64, "0");
      const id = `tenant/${scope}`;
      const own = snapshot.replaceAll(pubkey, scope);
      actor.run(id, machine, version, scope, at, own);
      journal.run(scope, id, at, at, version, own);
      alarm.run(id, systemClock.now() + YEAR_MS + n);
    }
  })();
}

type Boot = { readyMs: number; rssMb: number };

async function boot(path: string): Promise<Boot> {
  const child = Bun.spawn(["bun", join(import.meta.dir, "boot.child.ts"), path]);
  const told = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error(`the boot failed: ${told}`);
  return JSON.parse(told) as Boot;
}

/** Lock, migrations, host, alarms and outbox, in a process of its own; median of 5. */
export async function benchBoot(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const count of COUNTS) {
    const directory = mkdtempSync(join(tmpdir(), "boot-"));
    const path = join(directory, "db");
    const db = openDatabase(path);
    await populate(db, count);
    db.close();
    const boots: Boot[] = [];
    for (let round = 0; round < ROUNDS; round++) boots.push(await boot(path));
    rmSync(directory, { recursive: true });
    const name = `boot with ${count.toLocaleString("en")} actors`;
    const note = "until alarms and outbox run, modules loaded";
    rows.push({
      name,
      value: percentile(
        boots.map((b) => b.readyMs),
        50,
      ),
      unit: "ms",
      note,
    });
    rows.push({
      name: `${name}, memory`,
      value: percentile(
        boots.map((b) => b.rssMb),
        50,
      ),
      unit: "MB RSS",
    });
  }
  return rows;
}

if (import.meta.main) print(await benchBoot());
