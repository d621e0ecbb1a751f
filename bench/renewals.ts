/**
 * A renewal run: N tenants whose renewals fall due within one minute, on a file database at FULL, with a
 * wallet that answers in process, and once with one that is asked over Nostr (NIP-47), encrypted and signed.
 * Until every invoice has its bolt11. Each size in a process of its own.
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { type Db, openDatabase } from "../db/database.ts";
import { createQueries } from "../db/index.ts";
import { append, put } from "../db/put.ts";
import { actors as actorTable, alarms as alarmTable } from "../db/schema.ts";
import { sqliteStore } from "../db/sqlite-store.ts";
import { putWriter } from "../db/write-puts.ts";
import { tenantActor } from "../machines/addresses.ts";
import { addMonths, LEAD_MS } from "../machines/billing/calendar.ts";
import { machines, tells } from "../machines/index.ts";
import type { Bolt11 } from "../machines/invoice/context.ts";
import { AlarmClock } from "../server/host/alarms.ts";
import type { Effect } from "../server/host/effect.ts";
import { Host } from "../server/host/host.ts";
import { Outbox } from "../server/host/outbox.ts";
import { project, rowPuts } from "../server/projections/index.ts";
import { startChild } from "../server/sandbox/child.ts";
import { createNwcWallet } from "../server/wallet/nwc.ts";
import { verifyInJavaScript } from "./measured.ts";
import type { Row } from "./row.ts";

const ANCHOR = Date.UTC(2026, 10, 20, 12);
const MINUTE_MS = 60_000;
const RUNS = [
  { tenants: 1_000, isOverNostr: false },
  { tenants: 1_000, isOverNostr: true },
  { tenants: 10_000, isOverNostr: false },
];

type Clock = { at: number; now(): number };
type Mint = (sats: number) => Promise<Pick<Bolt11, "paymentHash" | "bolt11" | "wallet">>;

/** A wallet that costs nothing. */
const inProcess: Mint = async () => ({
  paymentHash: randomBytes(32).toString("hex"),
  bolt11: `lnbcrt${randomBytes(120).toString("hex")}`,
  wallet: "0".repeat(64),
});

/** A relay and a wallet in another process, and our own client: each bolt11 is asked for and checked. */
async function overNostr(dir: string): Promise<{ mint: Mint; close(): Promise<void> }> {
  const world = startChild("world.ts", ["--data", dir, "--platform-pubkey", PUBKEY], {
    SANDBOX_CONTROL_TOKEN: randomBytes(16).toString("hex"),
  });
  const { receiving_nwc_url } = await world.ready;
  const wallet = createNwcWallet({ nwcUrl: String(receiving_nwc_url), network: "bcrt" });
  return {
    async mint(amountSats) {
      const asked = { amountSats, description: "Renewal", expirySeconds: 3_600 };
      const bolt11 = await wallet.makeInvoice(asked, AbortSignal.timeout(60_000));
      return { ...bolt11, wallet: wallet.pubkey };
    },
    async close() {
      wallet.close();
      await world.stop();
    },
  };
}

function startHost(db: Db, clock: Clock, mint: Mint) {
  const effect = (lane: string, run: (input: never) => Promise<unknown>): Effect => ({
    lane,
    timeoutMs: 60_000,
    retry: "forever",
    backoffCapMs: 1_000,
    run,
  });
  const queries = createQueries(db);
  const host: Host = new Host({
    store: sqliteStore(db),
    clock,
    machines: {
      tenant: { machine: machines.tenant, tells: tells.tenant },
      relay: { machine: machines.relay, tells: tells.relay },
      invoice: { machine: machines.invoice, tells: tells.invoice },
      notice: { machine: machines.notice, tells: tells.notice },
      community: { machine: machines.community, tells: tells.community },
    },
    project,
    effects: {
      catchUp: effect("clock", async () => null),
      // Nobody joins a community.
      runErrands: effect("people", async () => null),
      comparePeople: effect("people", async () => null),
      nextWaiting: effect("clock", async () => null),
      askWallet: effect("wallet", async () => ({ settled: false })),
      payByWallet: effect("nwc", async () => ({ outcome: "none" })),
      deliver: effect("dm", async () => ({ state: "no_inbox", relays: [], subject: "", text: "" })),
      applyRelay: effect("zooid", async ({ relay }: { relay: string }) => {
        const { wanted = 0, name = "", description = "" } = (await queries.relays.get(relay)) ?? {};
        const info = { name, description, icon: "" };
        return { applied: wanted, info, read: info };
      }),
      mintBolt11: effect(
        "wallet",
        async (ask: { sats: number; lastsUntil: number | null }): Promise<Bolt11> => ({
          ...(await mint(ask.sats)),
          sats: ask.sats,
          issuedAt: clock.now(),
          expiresAt: ask.lastsUntil ?? clock.now() + MINUTE_MS,
        }),
      ),
    },
  });
  // What went wrong once would be tried for ever.
  const fail = (message: string, error: unknown): never => {
    console.error(message, error);
    process.exit(1);
  };
  const outbox = new Outbox(host, {
    concurrency: { zooid: 64, people: 64, wallet: 64, nwc: 64, dm: 64, clock: 64 },
    onDefect: fail,
  });
  return { host, queries, outbox, alarms: new AlarmClock(host, fail) };
}

const PUBKEY = "a".repeat(64);
const RELAY = `r${"b".repeat(24)}`;

async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  while (!done()) await sleep(1);
}

/** One tenant with one active paid relay, made by the machines themselves; the rest are its copies. */
async function template() {
  const clock = { at: ANCHOR, now: () => clock.at };
  const { host, queries, outbox, alarms } = startHost(openDatabase(":memory:"), clock, inProcess);
  await outbox.start();
  alarms.start();
  const meta = { cause: "bench" };
  const order = { name: "Bench", subdomain: "bench", schema: "bench", description: "" };
  const invoice = "i1";
  await host.transact(PUBKEY, (tx) => {
    tx.create(tenantActor(PUBKEY), "tenant", { pubkey: PUBKEY }, meta);
    const event = { type: "ORDER", relay: RELAY, plan: "basic", invoice, ...order } as const;
    tx.send(tenantActor(PUBKEY), event, meta);
  });
  await until(async () => (await queries.invoices.bolt11sOf(invoice)).length > 0);
  const paymentHash = (await queries.invoices.bolt11sOf(invoice))[0]?.paymentHash;
  const paid = { type: "SETTLED", paymentHash, sats: 10_000, preimage: null, settledAt: ANCHOR };
  await host.send(`invoice/${invoice}`, paid, meta);
  await until(async () => (await queries.relays.get(RELAY))?.status === "active");
  await outbox.stop();
  await alarms.stop();
  const rows = (await host.store.scopeActors(PUBKEY))
    .filter(({ machine }) => machine !== "invoice")
    .sort((a, b) => (a.machine < b.machine ? 1 : -1))
    .map(async (row) => ({ ...row, alarms: await host.store.alarmsOf(row.id) }));
  return Promise.all(rows);
}

/** Writes N copies of a tenant straight into the tables, alarms included, spread over a minute. */
async function fill(db: Db, tenants: number): Promise<void> {
  const rows = await template();
  const write = putWriter(db);
  const due = addMonths(ANCHOR, 1);
  db.sqlite.run("PRAGMA synchronous = OFF");
  db.sqlite.transaction(() => {
    for (let i = 0; i < tenants; i++) {
      const pubkey = i.toString(16).padStart(16, "0").padEnd(64, "c");
      const relay = `r${i.toString(16).padStart(24, "0")}`;
      const later = Math.floor((i / tenants) * MINUTE_MS);
      const own = (text: string): string =>
        text
          .replaceAll(PUBKEY, pubkey)
          .replaceAll(RELAY, relay)
          .replaceAll('"bench"', `"bench${i}"`)
          .replaceAll(String(due), String(due + later))
          .replaceAll(String(ANCHOR), String(ANCHOR + later));
      for (const { id, machine, version, rev, snapshot, alarms } of rows) {
        const actor = own(id);
        const stored = { machine, version, scope: pubkey, rev, at: ANCHOR };
        write(append(actorTable, { id: actor, ...stored, snapshot: own(snapshot) }));
        rowPuts({ machine, snapshot: JSON.parse(own(snapshot)) }).forEach(write);
        for (const alarm of alarms)
          write(put(alarmTable, { ...alarm, actor, due: alarm.due + later }));
      }
    }
  })();
  db.sqlite.run("PRAGMA synchronous = FULL");
}

type Measured = { seconds: number; megabytes: number; cpu: number };

async function measure(tenants: number, isOverNostr: boolean): Promise<Measured> {
  const dir = mkdtempSync(`${tmpdir()}/berth-renewals-`);
  const db = openDatabase(`${dir}/hosting.db`);
  await fill(db, tenants);
  const clock = { at: ANCHOR, now: () => clock.at };
  const world = isOverNostr ? await overNostr(`${dir}/world`) : null;
  const { outbox, alarms } = startHost(db, clock, world?.mint ?? inProcess);
  Bun.gc(true);
  const before = process.memoryUsage.rss();
  let peak = before;
  const sampler = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 50);
  clock.at = addMonths(ANCHOR, 1) - LEAD_MS + MINUTE_MS;
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  await outbox.start();
  alarms.start();
  const issued = db.sqlite.prepare<{ n: number }, []>("SELECT count(*) AS n FROM bolt11s");
  for (; (issued.get()?.n ?? 0) < tenants; await sleep(20));
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  clearInterval(sampler);
  await world?.close();
  await outbox.stop();
  await alarms.stop();
  db.close();
  rmSync(dir, { recursive: true, force: true });
  return { seconds, megabytes: (peak - before) / 2 ** 20, cpu: (user + system) / tenants };
}

export async function benchRenewals(): Promise<Row[]> {
  const rows: Row[] = [];
  const verify = verifyInJavaScript();
  for (const { tenants, isOverNostr } of RUNS) {
    const args = [String(tenants), ...(isOverNostr ? ["over-nostr"] : [])];
    const child = Bun.spawn([process.execPath, import.meta.path, ...args], { stdout: "pipe" });
    const told = await new Response(child.stdout).text();
    if ((await child.exited) !== 0) throw new Error(`the renewals of ${tenants} tenants failed`);
    const { seconds, megabytes, cpu } = JSON.parse(told) as Measured;
    const wallet = isOverNostr ? "a wallet over Nostr" : "a wallet in process";
    const name = `renewals of ${tenants} tenants, ${wallet}`;
    const each = `${Math.round(cpu)} µs CPU each, ${(cpu / verify).toFixed(2)} × a verification in JavaScript`;
    const note = `${Math.round(tenants / seconds)} invoices/s; ${each}`;
    rows.push({ name, value: seconds, unit: "s", note });
    rows.push({ name: `${name}, memory on top`, value: megabytes, unit: "MB" });
  }
  return rows;
}

if (import.meta.main) {
  const [tenants = 0, over] = process.argv.slice(2);
  if (Number(tenants) > 0)
    console.log(JSON.stringify(await measure(Number(tenants), over === "over-nostr")));
  else console.table(await benchRenewals());
  process.exit(0);
}
