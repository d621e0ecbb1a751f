import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase, transact, violatedUnique } from "../../db/database.ts";

const directory = mkdtempSync(join(tmpdir(), "database-"));
afterAll(() => rmSync(directory, { recursive: true }));

const withNotes = () => {
  const db = openDatabase(":memory:");
  db.sqlite.run("CREATE TABLE notes (note TEXT UNIQUE)");
  const notes = () =>
    db.sqlite
      .query<{ note: string }, []>("SELECT note FROM notes")
      .all()
      .map(({ note }) => note);
  const write = (note: string) => db.sqlite.run("INSERT INTO notes VALUES (?)", [note]);
  return { db, notes, write };
};

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

describe("transact", () => {
  test("keeps all of it, or nothing", () => {
    const { db, notes, write } = withNotes();
    expect(transact(db, () => write("a").changes)).toBe(1);
    expect(() =>
      transact(db, () => {
        write("b");
        throw new Error("after all");
      }),
    ).toThrow("after all");
    expect(notes()).toEqual(["a"]);
  });

  test("joins the transaction that is open, and takes only itself back", () => {
    const { db, notes, write } = withNotes();
    transact(db, () => {
      write("outer");
      expect(() =>
        transact(db, () => {
          write("inner");
          throw new Error("after all");
        }),
      ).toThrow("after all");
      return null;
    });
    expect(notes()).toEqual(["outer"]);
  });
});

test("a violated UNIQUE says of which column, any other error says nothing", () => {
  const { write, db } = withNotes();
  const thrown = (body: () => unknown) => {
    try {
      return body();
    } catch (error) {
      return error;
    }
  };
  write("a");
  expect(violatedUnique(thrown(() => write("a")))).toBe("notes.note");
  expect(violatedUnique(thrown(() => db.sqlite.run("SELECT nothing")))).toBeNull();
  expect(violatedUnique(new Error("UNIQUE constraint failed: notes.note"))).toBeNull();
});
