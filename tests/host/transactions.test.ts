import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sqliteTable, text } from "drizzle-orm/sqlite-core";
import { openDatabase } from "../../db/database.ts";
import { shapeOf } from "../../db/put.ts";
import { openStage } from "./stage.ts";

const notes = sqliteTable("notes", { note: text().primaryKey() });

describe("one event is one transaction", () => {
  const half = async (breaks: "projection" | "tell" | "create" | "effect") => {
    const stage = openStage({
      project({ id, rev }) {
        if (breaks === "projection" && id === "c" && rev === 1) throw new Error("no such row");
      },
      effects: {
        perform: {
          lane: "one",
          timeoutMs: 1,
          retry: "none",
          backoffCapMs: 1,
          mutex() {
            throw new Error("no mutex");
          },
          run: () => Promise.resolve(),
        },
        performOther: {
          lane: "two",
          timeoutMs: 1,
          retry: "none",
          backoffCapMs: 1,
          run: () => Promise.resolve(),
        },
      },
    });
    for (const id of ["a", "b", "c"]) await stage.create(id);
    const before = stage.rows();
    const last = {
      projection: {},
      tell: { fail: "c cannot" },
      create: { creates: [{ id: "a", machine: "puppet", input: {} }] },
      effect: { tells: [{ to: "b", event: { type: "WORK" } }] },
    }[breaks];
    const told = stage.send("a", {
      type: "DO",
      say: "begin",
      a: stage.clock.at + 5,
      creates: [{ id: "d", machine: "puppet", input: {} }],
      tells: [stage.tell("b", "first"), stage.tell("c", "second", last)],
    });
    expect(await told.catch((error: Error) => error)).toBeInstanceOf(Error);
    expect(stage.rows()).toEqual(before);
    await stage.close();
  };
  test("a projection that throws leaves nothing of any actor", () => half("projection"));
  test("a receiver that throws leaves nothing of any actor", () => half("tell"));
  test("a creation that fails leaves nothing of any actor", () => half("create"));
  test("work that cannot be written leaves nothing of any actor", () => half("effect"));

  test("a row that a body writes goes with it", async () => {
    const stage = openStage();
    stage.db.sqlite.run("CREATE TABLE notes (note TEXT)");
    await stage.create("a");
    const failing = stage.host.transact("s", (tx) => {
      tx.append(notes, { note: "x" });
      tx.send("a", { type: "DO", say: "x" } as never, { cause: "test" });
      throw new Error("after all");
    });
    await expect(failing).rejects.toThrow("after all");
    expect(stage.db.sqlite.query("SELECT * FROM notes").all()).toEqual([]);
    expect(stage.heard("a")).toEqual([]);
    await stage.close();
  });

  test("half a delivery does not stay because its error was caught", async () => {
    const stage = openStage();
    await stage.create("a");
    const before = stage.rows();
    const caught = stage.host.transact("s", (tx) => {
      try {
        const event = { type: "DO", say: "half", tells: [stage.tell("nobody", "x")] };
        tx.send("a", event, { cause: "test" });
      } catch {
        // What follows shows that this does not help.
      }
    });
    await expect(caught).rejects.toThrow("nobody");
    expect(stage.rows()).toEqual(before);
    await stage.close();
  });
});

describe("order", () => {
  test("an actor's own rows are written before its tells, and each tell is told to its end", async () => {
    const stage = openStage();
    for (const id of ["a", "b", "c", "d"]) await stage.create(id);
    await stage.send("d", { type: "WORK" });
    const written: string[] = [];
    const { flush } = stage.host.store;
    stage.host.store.flush = (unit) => {
      const ofTable = unit.puts.map(({ table, row }) => {
        const { name } = shapeOf(table);
        return `${name} ${row.actor ?? row.id ?? row.key}`;
      });
      written.push(...ofTable);
      return flush(unit);
    };
    await stage.send("a", {
      type: "DO",
      say: "begin",
      a: stage.clock.at + 5,
      tells: [
        stage.tell("b", "first", { tells: [stage.tell("c", "by b", { b: stage.clock.at + 9 })] }),
        stage.tell("d", "second"),
      ],
    });
    expect(written).toEqual([
      ...['"actors" a', '"journal" a', '"alarms" a', '"actors" b', '"journal" b'],
      ...['"actors" c', '"journal" c', '"alarms" c', '"actors" d', '"journal" d'],
    ]);
    const causes = (await stage.journal("s", 5, 100)).map((r) => `${r.actor} ${r.cause}`);
    expect(causes).toEqual(["a test", "b a#1", "c b#1", "d a#1"]);
    await stage.close();
  });

  test("who asked is passed on to all that follows, the reason is not", async () => {
    const stage = openStage();
    await stage.create("a");
    await stage.create("b");
    const event = { type: "DO", say: "x", tells: [stage.tell("b", "y")] };
    await stage.host.send("a", event, { cause: "http", by: "me", reason: "because" });
    const [, , a, b] = await stage.journal("s", 0, 10);
    expect([a?.by, a?.reason, b?.by, b?.reason]).toEqual(["me", "because", "me", null]);
    await stage.close();
  });
});

describe("doors", () => {
  test("a command that is not possible now answers 409 and keeps nothing", async () => {
    const stage = openStage();
    await stage.create("a", { a: stage.clock.at + 5 });
    await stage.send("a", { type: "WORK" });
    const before = stage.rows();
    stage.clock.at += 10;
    const refused = await stage.send("a", { type: "ONLY_IDLE" }).catch((error) => error);
    expect([refused.code, refused.status]).toEqual(["not_allowed_now", 409]);
    const ignored = await stage.send("a", { type: "SHRUG" }).catch((error) => error);
    expect([ignored.code, ignored.status]).toEqual(["not_allowed_now", 409]);
    expect(stage.rows()).toEqual(before);
    await stage.close();
  });

  test("a command to nobody answers 404", async () => {
    const stage = openStage();
    const missing = await stage.send("a", { type: "SHRUG" }).catch((error) => error);
    expect([missing.code, missing.status]).toEqual(["no_such_actor", 404]);
    await stage.close();
  });

  test("a result that is not applicable is consumed without a trace", async () => {
    const stage = openStage();
    await stage.create("a");
    const before = stage.rows();
    const delivered = await stage.host.deliver("s", (run) =>
      run.deliver("a", { type: "LEAVE" }, stage.clock.at, "result", {
        cause: "x",
        by: null,
        reason: null,
      }),
    );
    expect(delivered.changed).toBe(false);
    expect(stage.rows()).toEqual(before);
    await stage.close();
  });

  test("a tell that is not answered fails its sender; one that is ignored on purpose does not", async () => {
    const stage = openStage();
    await stage.create("a");
    await stage.create("b");
    const before = stage.rows();
    const tell = (type: string) =>
      stage.send("a", { type: "DO", say: "x", tells: [{ to: "b", event: { type } }] });
    await expect(tell("LEAVE")).rejects.toThrow("b does not answer LEAVE");
    expect(stage.rows()).toEqual(before);
    await tell("SHRUG");
    expect((await stage.host.read("b"))?.rev).toBe(0);
    await stage.close();
  });

  test("what is told before its turn to be created is created then, once", async () => {
    const stage = openStage();
    await stage.create("a");
    await stage.create("b");
    await stage.send("a", {
      type: "DO",
      say: "x",
      // What b is told leads to the actor that a is about to create.
      tells: [stage.tell("b", "y", { tells: [stage.tell("c", "early")] })],
      creates: [{ id: "c", machine: "puppet", input: {} }],
    });
    expect(stage.heard("c")).toEqual(["early"]);
    expect((await stage.host.store.actorJournal("c")).map(({ cause }) => cause)).toEqual([
      "a#1",
      "b#1",
    ]);
    await stage.close();
  });

  test("a tell never leaves the scope", async () => {
    const stage = openStage();
    await stage.create("a");
    await stage.create("b", {}, "another scope");
    const tell = stage.send("a", { type: "DO", say: "x", tells: [stage.tell("b", "y")] });
    await expect(tell).rejects.toThrow("another scope");
    expect([stage.heard("a"), stage.heard("b")]).toEqual([[], []]);
    await stage.close();
  });

  test("what an actor creates is of its scope", async () => {
    const stage = openStage();
    await stage.create("a", {}, "mine");
    const creates = [{ id: "b", machine: "puppet", input: {} }];
    await stage.send("a", { type: "DO", say: "x", creates });
    expect((await stage.host.read("b"))?.scope).toBe("mine");
    await stage.close();
  });
});

describe("dedup", () => {
  test("an outside fact is taken in once, for ever", async () => {
    const stage = openStage();
    await stage.create("a");
    const fact = () => stage.send("a", { type: "DO", say: "fact" }, { dedup: "fact:1" });
    expect((await fact()).changed).toBe(true);
    for (let n = 0; n < 5; n++) await stage.send("a", { type: "DO", say: "other" });
    expect(await fact()).toEqual({ id: "a", rev: 6, at: stage.clock.at, changed: false });
    expect(stage.heard("a")?.filter((h) => h === "fact")).toHaveLength(1);
    await stage.close();
  });

  test("and once among those that share a commit", async () => {
    const stage = openStage();
    await stage.create("a");
    const facts = Array.from({ length: 40 }, () =>
      stage.send("a", { type: "DO", say: "fact" }, { dedup: "fact:1" }),
    );
    const changed = (await Promise.all(facts)).filter((d) => d.changed);
    expect(changed).toHaveLength(1);
    expect(stage.heard("a")).toEqual(["fact"]);
    await stage.close();
  });

  test("a fact that failed is not taken for known", async () => {
    const stage = openStage();
    await stage.create("a");
    const failing = { type: "DO", say: "fact", fail: "not yet" } as const;
    const both = [
      stage.send("a", failing, { dedup: "fact:1" }).catch(() => null),
      stage.send("a", { type: "DO", say: "fact" }, { dedup: "fact:1" }),
    ];
    expect((await Promise.all(both)).map((d) => d?.changed)).toEqual([undefined, true]);
    await stage.close();
  });
});

describe("group commit", () => {
  /** Counts what reaches the disk. */
  const counting = () => {
    const db = openDatabase(":memory:");
    const prepare = db.sqlite.prepare.bind(db.sqlite);
    let commits = 0;
    db.sqlite.prepare = ((sql: string) => {
      const statement = prepare(sql);
      if (sql !== "COMMIT") return statement;
      const run = statement.run.bind(statement);
      statement.run = () => {
        commits++;
        return run();
      };
      return statement;
    }) as typeof db.sqlite.prepare;
    return { db, commits: () => commits };
  };

  test("32 senders share a commit", async () => {
    const { db, commits } = counting();
    const stage = openStage({ db });
    for (let n = 0; n < 32; n++) await stage.create(`${n}`);
    const before = commits();
    const send = (n: number) => stage.send(`${n}`, { type: "DO", say: "x" });
    await Promise.all(Array.from({ length: 32 }, (_, n) => send(n)));
    expect(commits() - before).toBe(1);
    await Promise.all(Array.from({ length: 64 }, (_, n) => send(n % 32)));
    expect(commits() - before).toBe(3);
    await stage.close();
  });

  test("one that throws takes only itself back, and nobody hears of it", async () => {
    const { db, commits } = counting();
    const stage = openStage({ db });
    for (const id of ["a", "b", "c"]) await stage.create(id);
    await stage.send("b", { type: "WORK" });
    const heard: string[] = [];
    stage.host.onCommit(({ actors, cancelled }) => {
      heard.push(...actors.map(({ id }) => id), ...cancelled);
    });
    const before = commits();
    const leaveAndFail = stage.host.transact("s", (tx) => {
      tx.send("b", { type: "LEAVE" }, { cause: "test" });
      tx.send("b", { type: "DO", say: "b", fail: "b cannot" } as never, { cause: "test" });
    });
    const ends = await Promise.allSettled([
      stage.send("a", { type: "DO", say: "a" }),
      leaveAndFail,
      stage.send("c", { type: "DO", say: "c" }),
    ]);
    expect(commits() - before).toBe(1);
    expect(ends.map((end) => end.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect([stage.heard("a"), stage.heard("b"), stage.heard("c")]).toEqual([["a"], [], ["c"]]);
    expect(heard).toEqual(["a", "c"]);
    expect(stage.work().map((row) => row.state)).toEqual(["todo"]);
    await stage.close();
  });

  test("a full disk fails those who wait and nobody after them", async () => {
    const directory = mkdtempSync(join(tmpdir(), "host-"));
    const stage = openStage({ db: openDatabase(join(directory, "db")) });
    await stage.create("a");
    const { page_count: pages } = stage.db.sqlite.query("PRAGMA page_count").get() as {
      page_count: number;
    };
    stage.db.sqlite.run(`PRAGMA max_page_count = ${pages + 2}`);
    const fill = "x".repeat(30_000);
    const ends = await Promise.allSettled([
      stage.send("a", { type: "DO", say: "small" }),
      stage.send("a", { type: "DO", say: "large", fill }),
      stage.send("a", { type: "DO", say: "small" }),
    ]);
    expect(ends.map((end) => end.status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(stage.heard("a")).toEqual([]);
    stage.db.sqlite.run("PRAGMA max_page_count = 1000000");
    await stage.send("a", { type: "DO", say: "again" });
    expect(stage.heard("a")).toEqual(["again"]);
    await stage.close();
    rmSync(directory, { recursive: true });
  });

  test("what fails after the database was closed fails for who asked, and nowhere else", async () => {
    const stage = openStage();
    await stage.close();
    const late = stage.host.deliver("s", () => {
      throw new Error("too late");
    });
    await expect(late).rejects.toThrow("too late");
  });
});

describe("limits", () => {
  test("a snapshot of more than 256 KB is refused, counted in bytes", async () => {
    const stage = openStage();
    await stage.create("a");
    await stage.send("a", { type: "DO", say: "x", fill: "x".repeat(260_000) });
    const tooLarge = stage.send("a", { type: "DO", say: "x", fill: "é".repeat(140_000) });
    await expect(tooLarge).rejects.toThrow("262144 bytes");
    expect(stage.context("a").fill).toHaveLength(260_000);
    await stage.close();
  });

  test("500 deliveries follow from one event, and no more", async () => {
    const stage = openStage();
    await stage.create("a");
    await stage.create("b");
    const send = (count: number) =>
      stage.send("a", {
        type: "DO",
        say: "x",
        tells: Array.from({ length: count }, () => stage.tell("b", "y")),
      });
    await send(499);
    expect(stage.heard("b")).toHaveLength(499);
    await expect(send(500)).rejects.toThrow("more than 500 deliveries");
    expect(stage.heard("b")).toHaveLength(499);
    await stage.close();
  });
});
