import { Database } from "bun:sqlite";
import { join } from "node:path";
import type { Memory, Remembered } from "./tenant.ts";

/** What is stored in the end, in numbers. */
export type Books = {
  relays: number;
  invoices: number;
  paid: number;
  actors: number;
  revisions: number;
  receivedSats: number;
};

/**
 * Compares what the tenants were promised with what Berth, its wallet and zooid hold when all has
 * come to rest. Reads their files; nothing may run on them.
 *
 * @returns what is wrong, in words; empty when nothing was lost and nothing doubled.
 */
export function proveBooks(
  dataDir: string,
  memories: readonly Memory[],
): { wrong: string[]; books: Books } {
  const berth = new Database(join(dataDir, "hosting.db"));
  const ledger = new Database(join(dataDir, "world/ledger.sqlite"));
  const zooid = new Database(join(dataDir, "world/zooid.sqlite"));
  const known = memories.flatMap(({ relays }) => relays);
  const wrong = [
    ...proveCommands(berth, memories),
    ...known.flatMap((relay) => proveRelay(berth, relay)),
    ...proveZooid(berth, zooid),
    ...proveMoney(berth, ledger, memories),
    // Nothing waits for an operator, and nothing is still to be done.
    ...texts(berth, OPEN_WORK).map((text) => `open: ${text}`),
  ];
  const books = {
    relays: known.length,
    invoices: number(berth, "SELECT count(*) FROM invoices"),
    paid: number(berth, "SELECT count(*) FROM invoices WHERE status = 'paid'"),
    actors: number(berth, "SELECT count(*) FROM actors"),
    revisions: number(berth, "SELECT count(*) FROM journal"),
    receivedSats: number(ledger, RECEIVED_MSATS) / 1000,
  };
  for (const db of [berth, ledger, zooid]) db.close();
  return { wrong, books };
}

const OPEN_WORK = `SELECT key || ' ' || state || ' ' || coalesce(error, '') AS text FROM outbox
    WHERE state NOT IN ('done', 'cancelled')
  UNION ALL SELECT actor || ' ' || name || ' ' || error FROM alarms WHERE held_at IS NOT NULL`;
const RECEIVED_MSATS = "SELECT balance_msats FROM nodes WHERE name = 'receiving'";
const EVENTS = "SELECT count(*) FROM journal WHERE actor = ? AND event ->> 'type' =";

/** Each order made one relay, each reactivation one, and nothing else made any. */
function proveCommands(berth: Database, memories: readonly Memory[]): string[] {
  const known = memories.flatMap(({ relays }) => relays);
  const ids = known.map(({ id }) => id);
  const asked = known.reduce((sum, { reactivations }) => sum + reactivations, known.length);
  const remembered = number(berth, "SELECT count(*) FROM idempotency");
  return [
    ...same("relays", ids, texts(berth, "SELECT id AS text FROM relays")),
    ...unless(remembered === asked, `${remembered} keys made something, not ${asked}`),
    ...memories.flatMap(({ pubkey, relays }) => {
      const orders = number(berth, `${EVENTS} 'ORDER'`, `tenant/${pubkey}`);
      return unless(orders === relays.length, `${pubkey}: ${orders} of ${relays.length} orders`);
    }),
  ];
}

/** A relay is what its last commands imply, and each of its commands stands in the journal, once. */
function proveRelay(berth: Database, relay: Remembered): string[] {
  const actor = `relay/${relay.id}`;
  type Row = { status: string; name: string; description: string; tenant: string };
  const row = berth
    .query<Row, [string]>("SELECT status, name, description, tenant FROM relays WHERE id = ?")
    .get(relay.id);
  if (row === null) return [`${actor} is lost`];
  // Credit may have paid an invoice without its owner's doing.
  const [invoice] = texts(
    berth,
    `SELECT status AS text FROM invoices JOIN invoice_items AS item ON item.invoice = invoices.id
     WHERE item.relay = ? ORDER BY invoices.created_at DESC, invoices.rowid DESC LIMIT 1`,
    relay.id,
  );
  const runs = relay.mustRun || invoice === "paid";
  const status = relay.isOn ? (runs ? "active" : "pending") : "deactivated";
  const description = relay.descriptions.at(-1) ?? "";
  const edits = texts(
    berth,
    `SELECT event ->> 'description' AS text FROM journal
     WHERE actor = ? AND event ->> 'type' = 'EDIT' ORDER BY rev`,
    actor,
  );
  const offs = number(berth, `${EVENTS} 'DEACTIVATE'`, actor);
  const backs = number(
    berth,
    `${EVENTS} 'REACTIVATE' AND event ->> 'relay' = ?`,
    `tenant/${row.tenant}`,
    relay.id,
  );
  return [
    ...unless(row.status === status, `${actor} is ${row.status}, not ${status}`),
    ...unless(row.name === relay.name, `${actor} is called ${row.name}, not ${relay.name}`),
    ...unless(
      row.description === description,
      `${actor} says '${row.description}', not '${description}'`,
    ),
    ...unless(
      JSON.stringify(edits) === JSON.stringify(relay.descriptions),
      `${actor} was edited [${edits}], not [${relay.descriptions}]`,
    ),
    ...unless(offs === relay.deactivations, `${actor}: ${offs} times off`),
    ...unless(backs === relay.reactivations, `${actor}: ${backs} times back`),
  ];
}

/** zooid holds each relay that runs, once, and no other, and was told everything. */
function proveZooid(berth: Database, zooid: Database): string[] {
  const active = texts(berth, "SELECT id AS text FROM relays WHERE status = 'active'");
  const behind = texts(
    berth,
    "SELECT id AS text FROM relays WHERE wanted <> applied OR refused IS NOT NULL",
  );
  return [
    ...same("zooid", active, texts(zooid, "SELECT id AS text FROM config")),
    ...behind.map((id) => `zooid was not told everything about ${id}`),
  ];
}

/** Every sat that our wallet received came in once, and each is somewhere. */
function proveMoney(berth: Database, ledger: Database, memories: readonly Memory[]): string[] {
  const settled = texts(
    ledger,
    `SELECT paymentHash AS text FROM invoices WHERE payee = 'receiving' AND settledAtMs IS NOT NULL`,
  );
  const bolt11s = texts(
    berth,
    "SELECT payment_hash AS text FROM bolt11s WHERE settled_amount = amount",
  );
  const settlements = texts(
    berth,
    "SELECT event ->> 'paymentHash' AS text FROM journal WHERE event ->> 'type' = 'SETTLED'",
  );
  const paid = texts(berth, "SELECT bolt11 AS text FROM bolt11s WHERE settled_at IS NOT NULL");
  const moved = (column: "from_account" | "to_account", account: string): number =>
    number(berth, `SELECT sum(amount) FROM ledger WHERE ${column} = ?`, account);
  const receivedSats = number(ledger, RECEIVED_MSATS) / 1000;
  const booked = moved("from_account", "wallet");
  const revenue = moved("to_account", "revenue");
  const credit = number(berth, "SELECT sum(credit) FROM tenants");
  const held = number(berth, "SELECT sum(credit) FROM invoices WHERE status = 'pending'");
  return [
    ...same("settled bolt11s", settled, bolt11s),
    ...same("settlements", settled, settlements),
    ...same(
      "paid bolt11s",
      memories.flatMap((memory) => memory.paid),
      paid,
    ),
    ...unless(receivedSats === booked, `received ${receivedSats} sats, booked ${booked}`),
    ...unless(
      booked === revenue + credit + held,
      `of ${booked} sats ${revenue} are revenue, ${credit} credit, ${held} held`,
    ),
    ...memories.flatMap(({ pubkey }) => {
      const account = `tenant/${pubkey}`;
      const balance = moved("to_account", account) - moved("from_account", account);
      const stored = number(berth, "SELECT credit FROM tenants WHERE pubkey = ?", pubkey);
      return unless(balance === stored, `${account}: credit ${stored}, account ${balance}`);
    }),
  ];
}

const unless = (holds: boolean, otherwise: string): string[] => (holds ? [] : [otherwise]);

function same(what: string, wanted: readonly string[], found: readonly string[]): string[] {
  const [a, b] = [new Set(wanted), new Set(found)];
  return [
    ...[...a.difference(b)].map((text) => `${what}: ${text} is missing`),
    ...[...b.difference(a)].map((text) => `${what}: ${text} is too many`),
    ...unless(
      a.size === wanted.length && b.size === found.length,
      `${what}: one stands there twice`,
    ),
  ];
}

function number(db: Database, sql: string, ...args: string[]): number {
  return db.query<{ n: number | null }, string[]>(`SELECT (${sql}) AS n`).get(...args)?.n ?? 0;
}

function texts(db: Database, sql: string, ...args: string[]): string[] {
  const rows = db.query<{ text: string }, string[]>(sql).all(...args);
  return rows.map(({ text }) => text);
}
