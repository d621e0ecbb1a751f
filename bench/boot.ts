/** How long a process takes to be ready and what it holds, by the number of stored actors: it must not grow. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Db, openDatabase } from "../db/database.ts";
import { sqliteStore } from "../db/sqlite-store.ts";
import { systemClock } from "../server/clock.ts";
import { openHost, print } from "./host.ts";
import { rssMegabytesOf } from "./measured.ts";
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
  const row = await sqliteStore(db).actor(first);
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

/** Starts Berth as `bun run start` does, without what is outside, and ends it. */
async function boot(path: string): Promise<Boot> {
  const begun = performance.now();
  const child = Bun.spawn(
    [process.execPath, "--no-env-file", join(import.meta.dir, "../server/main.ts")],
    {
      env: { ...environment, DATABASE_URL: `sqlite://${path}` },
      stdout: "ignore",
      stderr: "pipe",
    },
  );
  let told = "";
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
    told += text;
    if (told.includes('"Berth is ready"')) break;
  }
  if (!told.includes('"Berth is ready"')) throw new Error(`the boot failed: ${told}`);
  const readyMs = performance.now() - begun;
  const rssMb = rssMegabytesOf(child.pid);
  child.kill();
  await child.exited;
  return { readyMs, rssMb };
}

const environment = {
  PATH: process.env.PATH ?? "",
  PORT: "0",
  PLATFORM_SECRET: "1".repeat(64),
  ZOOID_API_URL: "http://127.0.0.1:9",
  NATIVE_SIGNATURES: "off",
};

/** The whole process, from its start to the line "Berth is ready"; median of 5 in turns, after one to warm up. */
export async function benchBoot(): Promise<Row[]> {
  const directory = mkdtempSync(join(tmpdir(), "boot-"));
  const contenders = await Promise.all(
    COUNTS.map(async (count) => {
      const path = join(directory, String(count));
      const db = openDatabase(path);
      await populate(db, count);
      db.close();
      return { count, path, boots: [] as Boot[] };
    }),
  );
  for (let round = 0; round <= ROUNDS; round++)
    for (const { path, boots } of contenders) {
      const booted = await boot(path);
      if (round > 0) boots.push(booted);
    }
  rmSync(directory, { recursive: true });
  return contenders.flatMap(({ count, boots }) => {
    const name = `boot with ${count.toLocaleString("en")} actors`;
    const middle = (key: keyof Boot): number =>
      percentile(
        boots.map((booted) => booted[key]),
        50,
      );
    return [
      { name, value: middle("readyMs"), unit: "ms", note: "the process, from nothing to ready" },
      { name: `${name}, memory`, value: middle("rssMb"), unit: "MB RSS" },
    ];
  });
}

if (import.meta.main) print(await benchBoot());
