/** How fast the host is: our machines and their rows, on a file at synchronous=FULL and in memory. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Db, openDatabase } from "../db/database.ts";
import { createQueries, type Queries } from "../db/index.ts";
import { append, patch, put } from "../db/put.ts";
import { actors, journal, tenants } from "../db/schema.ts";
import { sqliteStore } from "../db/sqlite-store.ts";
import { putWriter } from "../db/write-puts.ts";
import { machines, tells } from "../machines/index.ts";
import { systemClock } from "../server/clock.ts";
import { Host } from "../server/host/host.ts";
import { project } from "../server/projections/index.ts";
import { percentile, type Row } from "./row.ts";

const ACTORS = 1000;
const SENDERS = 32;
const ROUNDS = 15;
const ROUND_MS = 200;

/** A host with our machines, whose effects nobody performs. */
export function openHost(db: Db): Host {
  const effect = {
    lane: "none",
    timeoutMs: 1000,
    retry: "forever" as const,
    backoffCapMs: 1000,
    run: () => Promise.reject(new Error("nobody performs it")),
  };
  return new Host({
    store: sqliteStore(db),
    clock: systemClock,
    machines: {
      tenant: { machine: machines.tenant, tells: tells.tenant },
      relay: { machine: machines.relay, tells: tells.relay },
      invoice: { machine: machines.invoice, tells: tells.invoice },
      notice: { machine: machines.notice, tells: tells.notice },
      community: { machine: machines.community, tells: tells.community },
    },
    effects: {
      applyRelay: effect,
      mintBolt11: effect,
      askWallet: effect,
      payByWallet: effect,
      deliver: effect,
      catchUp: effect,
      runErrands: effect,
      comparePeople: effect,
      nextWaiting: effect,
    },
    project,
  });
}

const pubkeyOf = (n: number): string => n.toString(16).padStart(64, "0");

/** Tenants who have ordered once, so that a snapshot has the size of a real one. */
async function populate(host: Host): Promise<void> {
  const all = Array.from({ length: ACTORS }, async (_, n) => {
    const pubkey = pubkeyOf(n);
    const id = `tenant/${pubkey}`;
    const meta = { cause: "bench", by: pubkey };
    await host.transact(pubkey, (tx) => tx.create(id, "tenant", { pubkey }, meta));
    const names = { relay: `r${n}`, schema: `s${n}`, subdomain: `s${n}`, name: `Relay ${n}` };
    const order = { type: "ORDER", ...names, description: "", plan: "basic", invoice: `i${n}` };
    await host.send(id, order, meta);
  });
  await Promise.all(all);
}

/** Commands of `senders` who each wait for theirs. @returns transitions a second. */
async function commands(host: Host, senders: number): Promise<number> {
  let count = 0;
  const begun = performance.now();
  const until = begun + ROUND_MS;
  const one = async (sender: number): Promise<void> => {
    // Each sender has actors of its own: a command that is refused would measure nothing.
    for (let n = sender; performance.now() < until; n = (n + senders) % ACTORS) {
      const pubkey = pubkeyOf(n);
      const isSet = (await host.store.actor(`tenant/${pubkey}`))?.snapshot.includes(
        '"wallet":"connected"',
      );
      const event = { type: isSet ? "WALLET_CLEARED" : "WALLET_SET" };
      await host.send(`tenant/${pubkey}`, event, { cause: "http", by: pubkey });
      count++;
    }
  };
  await Promise.all(Array.from({ length: senders }, (_, sender) => one(sender)));
  return (count * 1000) / (performance.now() - begun);
}

/**
 * Writes the rows of such transitions and nothing else, one commit each, of actors of its own: the host
 * must know all that happens to its. @returns a round of it, which returns commits a second.
 */
async function bareCommits({ store }: Host, db: Db, queries: Queries): Promise<() => number> {
  const write = putWriter(db);
  const [begin, commit] = [db.sqlite.prepare("BEGIN IMMEDIATE"), db.sqlite.prepare("COMMIT")];
  const making = Array.from({ length: ACTORS }, async (_, n) => {
    const original = await store.actor(`tenant/${pubkeyOf(n)}`);
    const tenant = await queries.tenants.get(pubkeyOf(n));
    if (!original || !tenant) throw new Error(`there is no tenant ${n}`);
    const actor = { ...original, id: `bare/${pubkeyOf(n)}`, scope: `bare ${n}`, rev: 0 };
    write(append(actors, actor));
    return { actor, tenant };
  });
  const rows = await Promise.all(making);
  const event = JSON.stringify({ type: "WALLET_CLEARED" });
  const why = { cause: "http", by: null, reason: null };
  let count = 0;
  return () => {
    const [before, begun] = [count, performance.now()];
    for (; performance.now() < begun + ROUND_MS; count++) {
      const row = rows[count % ACTORS];
      if (!row) break;
      const { id, scope, at, version, snapshot } = row.actor;
      const rev = ++row.actor.rev;
      begin.run();
      write(patch(actors, { id, rev, at, snapshot }));
      write(
        append(journal, {
          ...{ scope, seq: rev, actor: id, rev, at, recordedAt: Date.now() },
          ...{ version, event, ...why, snapshot: null, patch: "{}" },
        }),
      );
      write(put(tenants, row.tenant));
      commit.run();
    }
    return ((count - before) * 1000) / (performance.now() - begun);
  };
}

type Measured = { together: number; alone: number; bare: number; share: number };

async function measure(path: string): Promise<Measured> {
  const db = openDatabase(path);
  const host = openHost(db);
  const queries = createQueries(db);
  await populate(host);
  const commitBare = await bareCommits(host, db, queries);
  const rounds: Measured[] = [];
  // In turns: what else the machine does in the meantime meets all of them.
  for (let round = 0; round < ROUNDS; round++) {
    const together = await commands(host, SENDERS);
    const alone = await commands(host, 1);
    const bare = commitBare();
    rounds.push({ together, alone, bare, share: (100 * alone) / bare });
  }
  db.close();
  const middle = (key: keyof Measured): number =>
    percentile(
      rounds.map((r) => r[key]),
      50,
    );
  return {
    together: middle("together"),
    alone: middle("alone"),
    bare: middle("bare"),
    share: middle("share"),
  };
}

/** Durable transitions a second, together and one at a time, compared with bare commits. */
export async function benchHost(): Promise<Row[]> {
  const directory = mkdtempSync(join(tmpdir(), "bench-"));
  const file = await measure(join(directory, "db"));
  const memory = await measure(":memory:");
  rmSync(directory, { recursive: true });
  const unit = "transitions/s";
  const note = `${ACTORS} tenants; journal, snapshot and the noun's row each`;
  return [
    { name: `host, file, ${SENDERS} senders`, value: file.together, unit, note },
    { name: "host, file, one at a time", value: file.alone, unit, note },
    { name: "bare commits of the same rows, file", value: file.bare, unit: "commits/s" },
    { name: "host of bare, file", value: file.share, unit: "%", note: "median of the rounds" },
    { name: `host, memory, ${SENDERS} senders`, value: memory.together, unit, note },
    { name: "host, memory, one at a time", value: memory.alone, unit, note },
    { name: "bare commits of the same rows, memory", value: memory.bare, unit: "commits/s" },
  ];
}

/** For a run alone. */
export function print(rows: readonly Row[]): void {
  for (const { name, value, unit, note = "" } of rows) {
    const shown = value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(1);
    console.log(`${name.padEnd(42)} ${shown.padStart(9)} ${unit.padEnd(14)} ${note}`);
  }
}

if (import.meta.main) print(await benchHost());
