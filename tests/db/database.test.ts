import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readMigrationFiles } from "drizzle-orm/migrator";
import { openDatabase } from "../../db/database.ts";

const directory = mkdtempSync(join(tmpdir(), "database-"));
afterAll(() => rmSync(directory, { recursive: true }));

describe("open", () => {
  test("makes the directory, and finds what was written before", () => {
    const path = join(directory, "deep", "down", "db");
    const first = openDatabase(path);
    first.sqlite.run("INSERT INTO secrets (id, sealed) VALUES ('x', x'00')");
    first.close();
    const second = openDatabase(path);
    expect(second.sqlite.query("SELECT id FROM secrets").all()).toEqual([{ id: "x" }]);
    second.close();
  });

  test("acknowledged means on disk: WAL, synchronous FULL, foreign keys", () => {
    const db = openDatabase(join(directory, "pragmas"));
    const pragma = (name: string) => Object.values(db.sqlite.query(`PRAGMA ${name}`).get() ?? {});
    expect(pragma("journal_mode")).toEqual(["wal"]);
    expect(pragma("synchronous")).toEqual([2]);
    expect(pragma("foreign_keys")).toEqual([1]);
    db.close();
  });

  test("fails on what is no database, and keeps no connection to it", async () => {
    const path = join(directory, "no-database");
    await Bun.write(path, "something else ".repeat(500));
    expect(() => openDatabase(path)).toThrow("not a database");
  });
});

/** A database as it was after the first so many migrations. */
function formerDatabase(name: string, count: number): { path: string; old: Database } {
  const path = join(directory, name);
  const migrationsFolder = join(import.meta.dir, "../../db/migrations");
  const earlier = readMigrationFiles({ migrationsFolder }).slice(0, count);
  const old = new Database(path);
  for (const { sql } of earlier) for (const statement of sql) old.run(statement);
  old.run(
    "CREATE TABLE __drizzle_migrations (id SERIAL PRIMARY KEY, hash TEXT, created_at NUMERIC)",
  );
  for (const { hash, folderMillis } of earlier)
    old.run("INSERT INTO __drizzle_migrations (hash, created_at) VALUES (?, ?)", [
      hash,
      folderMillis,
    ]);
  return { path, old };
}

test("a journal that counted all scopes together counts each anew, in order, and its facts are kept", () => {
  const { path, old } = formerDatabase("counted-together", 4);
  const entry = old.prepare(
    `INSERT INTO journal (seq, scope, actor, rev, at, recorded_at, version, event, cause, dedup, snapshot)
     VALUES (?, ?, ?, ?, 1, 2, '1', '{}', 'test', ?, '{}')`,
  );
  entry.run(3, "s", "a", 0, null);
  entry.run(4, "t", "b", 0, "fact");
  entry.run(9, "s", "c", 0, null);
  entry.run(10, "s", "a", 1, null);
  old.close();
  const db = openDatabase(path);
  const journal = db.sqlite.query(
    "SELECT scope, seq, actor, rev, snapshot, patch FROM journal ORDER BY rowid",
  );
  expect(journal.values()).toEqual([
    ["s", 1, "a", 0, "{}", null],
    ["t", 1, "b", 0, "{}", null],
    ["s", 2, "c", 0, "{}", null],
    ["s", 3, "a", 1, "{}", null],
  ]);
  expect(db.sqlite.query("SELECT key, scope FROM dedups").values()).toEqual([["fact", "t"]]);
  db.close();
});

test("what waited for the operator before it was written down still does", () => {
  const { path, old } = formerDatabase("waiting", 11);
  const actor = old.prepare(
    `INSERT INTO actors (id, machine, version, scope, rev, at, snapshot) VALUES (?, ?, '1', 's', 0, 0, ?)`,
  );
  const stored = [
    ["community/c", "community", { seats: "settled", errands: "stuck" }, "stuck_community"],
    ["invoice/a", "invoice", { pending: "blocked" }, "blocked_invoice"],
    ["invoice/b", "invoice", "paid", null],
    ["relay/a", "relay", { status: { grace: "stuck" } }, "stuck_relay"],
    ["relay/b", "relay", { status: { provisioning: "late" } }, "late_relay"],
    ["relay/c", "relay", { status: "active" }, null],
  ] as const;
  for (const [id, machine, value] of stored) actor.run(id, machine, JSON.stringify({ value }));
  old.close();
  const db = openDatabase(path);
  expect(db.sqlite.query("SELECT id, attention FROM actors ORDER BY id").values()).toEqual(
    stored.map(([id, , , attention]) => [id, attention]),
  );
  db.close();
});
