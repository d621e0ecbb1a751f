/**
 * `former-95652d7.db.gz` is what commit 95652d7 left of three simulated months of four tenants, crashes
 * included: `bun tests/simulation/main.ts --seed 3 --months 3 --tenants 4` there, with `VACUUM INTO` at the
 * end of the months.
 */
import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "../../db/database.ts";
import type { JournalRow } from "../../db/image.ts";
import { createQueries } from "../../db/index.ts";
import { unfolded } from "../../db/patch.ts";
import { sqliteStore } from "../../db/sqlite-store.ts";
import { DAY_MS } from "../../machines/billing/calendar.ts";
import { systemClock } from "../../server/clock.ts";
import { createFolding } from "../../server/folding.ts";
import { idealEffects } from "../../server/forecast.ts";
import { migrateActors } from "../../server/host/boot.ts";
import { Host } from "../../server/host/host.ts";
import { replayAll } from "../../server/host/replay.ts";
import { project } from "../../server/projections/index.ts";
import { registered } from "../../server/registered.ts";

const directory = mkdtempSync(join(tmpdir(), "former-"));
afterAll(() => rmSync(directory, { recursive: true }));

test("a database of commit 95652d7 opens, migrates and replays, and nothing of it is lost", async () => {
  const path = join(directory, "former.db");
  const packed = await Bun.file(join(import.meta.dir, "former-95652d7.db.gz")).bytes();
  writeFileSync(path, Bun.gunzipSync(packed));
  const old = new Database(path, { readonly: true });
  const before = {
    journal: old
      .query("SELECT scope, actor, rev, at, event, snapshot FROM journal ORDER BY actor, rev")
      .all(),
    dedups: old
      .query("SELECT dedup AS key, scope FROM journal WHERE dedup IS NOT NULL ORDER BY dedup")
      .all(),
    ledger: old.query("SELECT * FROM ledger ORDER BY seq").all(),
    bolt11s: old.query("SELECT * FROM bolt11s ORDER BY payment_hash").all(),
  };
  old.close();
  expect(before.journal.length).toBeGreaterThan(300);
  expect(before.dedups.length).toBeGreaterThan(5);

  const db = openDatabase(path);
  const host: Host = new Host({
    store: sqliteStore(db),
    clock: systemClock,
    machines: registered,
    effects: idealEffects(() => host, systemClock),
    project,
  });
  expect(await migrateActors(host)).toBeGreaterThan(40);
  expect(await replayAll(host)).toEqual({ actors: 48, wrong: [] });

  const rows = db.sqlite.query<JournalRow, []>("SELECT * FROM journal ORDER BY actor, rev").all();
  const kept = unfolded(rows)
    .filter(({ event }) => JSON.parse(event).type !== "host.migrated")
    .map(({ scope, actor, rev, at, event, snapshot }) => ({
      scope,
      actor,
      rev,
      at,
      event,
      snapshot,
    }));
  expect(kept).toEqual(before.journal as typeof kept);
  expect(db.sqlite.query("SELECT key, scope FROM dedups ORDER BY key").all()).toEqual(
    before.dedups,
  );
  expect(db.sqlite.query("SELECT * FROM ledger ORDER BY seq").all()).toEqual(before.ledger);
  expect(db.sqlite.query("SELECT * FROM bolt11s ORDER BY payment_hash").all()).toEqual(
    before.bolt11s,
  );

  // All else that is kept for ever, and what of a journal no folding may touch.
  const lasting = () =>
    [
      "SELECT * FROM actors ORDER BY id",
      "SELECT * FROM journal WHERE actor LIKE 'tenant/%' OR actor LIKE 'relay/%' ORDER BY scope, seq",
      "SELECT * FROM dedups ORDER BY key",
      "SELECT * FROM ledger ORDER BY seq",
      "SELECT * FROM invoices ORDER BY id",
      "SELECT * FROM alarms ORDER BY actor, name",
    ].map((sql) => db.sqlite.query(sql).all());
  const whole = lasting();
  const [newest] = db.sqlite.query<{ at: number }, []>("SELECT max(at) AS at FROM actors").all();
  const queries = createQueries(db);
  const onError = (error: unknown) => {
    throw error;
  };
  const foldAll = async (nowMs: number): Promise<number> => {
    const { turn } = createFolding({ host, queries, clock: { now: () => nowMs }, onError });
    for (let all = 0; ; ) {
      const { folded, isRound } = await turn();
      all += folded;
      if (isRound) return all;
    }
  };
  const later = (newest?.at ?? 0) + 90 * DAY_MS + 1;
  expect(await foldAll((newest?.at ?? 0) - 90 * DAY_MS)).toBe(0);
  expect(await foldAll(later)).toBeGreaterThan(20);
  expect(await foldAll(later)).toBe(0);
  expect(lasting()).toEqual(whole);
  expect(await replayAll(host)).toEqual({ actors: 48, wrong: [] });

  // Money for an invoice whose journal is folded is taken in, and known again.
  const [late] = db.sqlite
    .query<{ id: string; hash: string }, []>(
      `SELECT 'invoice/' || invoices.id AS id, bolt11s.payment_hash AS hash FROM bolt11s
       JOIN invoices ON invoices.id = bolt11s.invoice
       WHERE status = 'expired' AND settled_at IS NULL LIMIT 1`,
    )
    .all();
  if (!late) throw new Error("no bolt11 ran out");
  const settled = {
    type: "SETTLED",
    paymentHash: late.hash,
    sats: 5,
    settledAt: 1,
    preimage: null,
  };
  const meta = { cause: "wallet", dedup: `settled:${late.hash}` };
  expect((await host.send(late.id, settled, meta)).changed).toBe(true);
  expect((await host.send(late.id, settled, meta)).changed).toBe(false);
  expect((await replayAll(host)).wrong).toEqual([]);
  db.close();
});
