import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
