import { expect } from "bun:test";
import { openDatabase } from "../../db/database.ts";
import { putWriter } from "../../db/write-puts.ts";
import { replayAll } from "../../server/host/replay.ts";
import { rowPuts } from "../../server/projections/index.ts";
import type { Fixture } from "./berth-fixture.ts";

type Stored = { id: string; machine: string; snapshot: string };
type Snapshot = { status: string; value: unknown; context: { id?: string; creditSats: number } };

/** Everything that must hold of the database whatever has happened. */
export async function expectConsistency(fixture: Fixture): Promise<void> {
  await expectBalances(fixture);
  expectRowsFollow(fixture);
  expect((await replayAll(fixture.berth.host)).wrong).toEqual([]);
}

/** Every account of the ledger holds what its actor says, and no sat is missing. */
async function expectBalances({ berth, rows }: Fixture): Promise<void> {
  const balances = await berth.queries.ledger.balances();
  const said = new Map<string, number>();
  for (const { id, machine, snapshot } of rows<Stored>("SELECT * FROM actors")) {
    const { value, context } = JSON.parse(snapshot) as Snapshot;
    if (machine === "tenant") said.set(id, context.creditSats);
    const isOpen = typeof value === "object" && value !== null && "pending" in value;
    if (machine === "invoice") said.set(id, isOpen ? context.creditSats : 0);
  }
  for (const [account, sats] of said)
    expect([account, balances.get(account) ?? 0]).toEqual([account, sats]);
  const [settled] = rows<{ sats: number }>(
    "SELECT coalesce(sum(settled_amount), 0) AS sats FROM bolt11s",
  );
  expect(0 - (balances.get("wallet") ?? 0)).toBe(settled?.sats ?? 0);
  const accounts = [...balances].filter(([account]) => !OUTSIDE.has(account));
  const inside = accounts.reduce((sum, [, sats]) => sum + sats, 0);
  const outside = [...OUTSIDE].reduce((sum, account) => sum - (balances.get(account) ?? 0), 0);
  expect(inside).toBe(outside);
  for (const [account, sats] of accounts) expect([account, sats >= 0]).toEqual([account, true]);
}

/** Where sats come from: these accounts run negative. */
const OUTSIDE = new Set(["wallet", "granted", "operator"]);

const TABLES = {
  tenants: "pubkey",
  relays: "id",
  invoices: "id",
  invoice_items: "id",
  notices: "id",
} as const;

/** The rows of every noun are what its snapshots make of an empty database. */
function expectRowsFollow({ rows }: Fixture): void {
  const fresh = openDatabase(":memory:");
  const write = putWriter(fresh);
  for (const machine of ["tenant", "relay", "invoice", "notice"])
    for (const stored of rows<Stored>("SELECT * FROM actors WHERE machine = ?", machine))
      rowPuts({ machine, snapshot: JSON.parse(stored.snapshot) }).forEach(write);
  for (const [table, key] of Object.entries(TABLES)) {
    const all = `SELECT * FROM ${table} ORDER BY ${key}`;
    expect(fresh.sqlite.query(all).all()).toEqual(rows(all));
  }
  // A name that its relay holds again keeps its row, which then says nothing.
  const kept = `SELECT quarantine.* FROM quarantine JOIN relays ON relays.id = quarantine.relay
    WHERE relays.status = 'deactivated' OR relays.subdomain <> quarantine.subdomain
    ORDER BY quarantine.relay, quarantine.subdomain`;
  expect(fresh.sqlite.query(kept).all()).toEqual(rows(kept));
  fresh.close();
}
