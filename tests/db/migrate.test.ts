import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "../../db/database.ts";

const directory = mkdtempSync(join(tmpdir(), "migrate-"));
afterAll(() => rmSync(directory, { recursive: true }));
const migrations = join(import.meta.dir, "../../db/migrations");

/** The migrations that there are, and one more. */
function withOneMore(name: string, sql: string): string {
  const folder = join(directory, name);
  cpSync(migrations, folder, { recursive: true });
  const path = join(folder, "meta/_journal.json");
  const journal = JSON.parse(readFileSync(path, "utf8"));
  const when = journal.entries.at(-1).when + 1;
  journal.entries.push({ idx: 99, version: "6", when, tag: "9999_more", breakpoints: true });
  writeFileSync(path, JSON.stringify(journal));
  writeFileSync(join(folder, "9999_more.sql"), sql);
  return folder;
}

/** A database with rows that refer to one another. */
function filled(name: string): string {
  const path = join(directory, name);
  const { sqlite, close } = openDatabase(path);
  sqlite.run(
    "INSERT INTO tenants (pubkey, status, credit, wallet, created_at) VALUES ('t', 'active', 0, 'none', 0)",
  );
  sqlite.run(
    "INSERT INTO invoices (id, tenant, amount, status, created_at, purpose, credit) VALUES ('i', 't', 10, 'pending', 0, 'purchase', 0)",
  );
  close();
  return path;
}

/** As drizzle-kit writes it, for a column whose default changes. */
function rebuild(path: string): string {
  const sqlite = new Database(path, { readonly: true });
  const { sql } = sqlite
    .query<{ sql: string }, []>("SELECT sql FROM sqlite_master WHERE name = 'tenants'")
    .get() ?? { sql: "" };
  sqlite.close();
  return [
    "PRAGMA foreign_keys=OFF;",
    sql.replace("`tenants`", "`__new_tenants`"),
    "INSERT INTO `__new_tenants` SELECT * FROM `tenants`;",
    "DROP TABLE `tenants`;",
    "ALTER TABLE `__new_tenants` RENAME TO `tenants`;",
    "PRAGMA foreign_keys=ON;",
  ].join("--> statement-breakpoint\n");
}

describe("a migration", () => {
  test("that rebuilds a table to which rows refer takes a filled database along", () => {
    const path = filled("rebuilt");
    const { sqlite, close } = openDatabase(path, withOneMore("rebuilding", rebuild(path)));
    expect(sqlite.query("SELECT pubkey FROM tenants").all()).toEqual([{ pubkey: "t" }]);
    expect(sqlite.query("SELECT tenant FROM invoices").all()).toEqual([{ tenant: "t" }]);
    expect(sqlite.query("PRAGMA foreign_keys").all()).toEqual([{ foreign_keys: 1 }]);
    expect(() => sqlite.run("UPDATE invoices SET tenant = 'nobody'")).toThrow("FOREIGN KEY");
    close();
  });

  test("that would leave rows without what they refer to is taken back whole", () => {
    const path = filled("orphaning");
    const folder = withOneMore("orphans", "DELETE FROM `tenants`;");
    expect(() => openDatabase(path, folder)).toThrow(
      `${path}: the update would leave rows of invoices without their tenants. Nothing was changed`,
    );
    const { sqlite, close } = openDatabase(path);
    expect(sqlite.query("SELECT pubkey FROM tenants").all()).toEqual([{ pubkey: "t" }]);
    close();
  });
});

describe("a database is refused", () => {
  const opening = (path: string) => () => openDatabase(path);

  test("that a newer version has written", () => {
    const path = join(directory, "future");
    openDatabase(path, withOneMore("newer", "CREATE TABLE more (x);")).close();
    expect(opening(path)).toThrow(
      `${path}: it was written by a newer version of Berth. Start that`,
    );
  });

  test("that is empty: a wrong path, or a lost one", () => {
    const path = join(directory, "empty");
    writeFileSync(path, "");
    expect(opening(path)).toThrow(`${path}: the database is empty. Check DATABASE_URL`);
  });

  test("that is another program's", () => {
    const path = join(directory, "other");
    const other = new Database(path, { create: true });
    other.run("CREATE TABLE people (name)");
    other.close();
    expect(opening(path)).toThrow(`${path}: the database is not Berth's. Check DATABASE_URL`);
    expect(new Database(path).query("SELECT name FROM sqlite_master").all()).toEqual([
      { name: "people" },
    ]);
  });
});

describe("a new database", () => {
  test("is there as a whole or not at all, and what a death left is cleared away", () => {
    const path = join(directory, "new");
    writeFileSync(`${path}.new`, "half a database");
    const { sqlite, close } = openDatabase(path);
    expect(sqlite.query("SELECT count(*) AS n FROM actors").all()).toEqual([{ n: 0 }]);
    expect(existsSync(`${path}.new`)).toBe(false);
    close();
  });

  test("belongs to its owner alone, as does one that was open to others", () => {
    const path = join(directory, "deep/private");
    const mode = (file: string) => (statSync(file).mode & 0o777).toString(8);
    const first = openDatabase(path);
    first.sqlite.run("INSERT INTO secrets (id, sealed) VALUES ('x', x'00')");
    const modes = [path, `${path}-wal`, `${path}-shm`, join(directory, "deep")].map(mode);
    expect(modes).toEqual(["600", "600", "600", "700"]);
    first.close();
    Bun.spawnSync(["chmod", "644", path]);
    openDatabase(path).close();
    expect(mode(path)).toBe("600");
  });
});
