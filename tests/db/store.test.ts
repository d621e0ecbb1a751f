/** What the host demands of a store, of each that there is. */
import { describe, expect, test } from "bun:test";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import { openDatabase } from "../../db/database.ts";
import { mapStore } from "../../db/map-store.ts";
import { append, patch, put } from "../../db/put.ts";
import { actors, idempotency, outbox, schemas } from "../../db/schema.ts";
import { sqliteStore } from "../../db/sqlite-store.ts";
import { type Store, UniqueViolation } from "../../db/store.ts";
import { Unit } from "../../db/unit.ts";

type Opened = { store: Store; rows: (table: SQLiteTable) => unknown[] };

const stores: Record<string, () => Opened> = {
  SQLite() {
    const db = openDatabase(":memory:");
    return { store: sqliteStore(db), rows: (table) => db.orm.select().from(table).all() };
  },
  memory() {
    const store = mapStore();
    return { store, rows: store.rows };
  },
};

const NOTHING = { actors: [], dedups: [] };
const actor = (id: string, scope = "s") => ({
  ...{ id, scope, machine: "m", version: "1", rev: 0, at: 5, snapshot: "{}" },
  attention: null,
});
const entry = (id: string, rev: number) => ({
  ...{ actor: id, rev, at: 5, recordedAt: 6, version: "1", event: "{}", snapshot: "{}" },
  ...{ cause: "test", by: null, reason: null, patch: null },
});
const work = (key: string, id: string) => ({
  ...{ key, actor: id, invoke: "job", src: "perform", lane: "one", mutex: null, input: "{}" },
  ...{ state: "todo" as const, attempt: 0, deaths: 0, nextAt: 5, error: null, answer: null },
  ...{ memo: null, createdAt: 5, finishedAt: null },
});
const alarm = (id: string, due: number) => ({
  ...{ actor: id, name: "a", due, heldAt: null, error: null },
});
const unitOf = async (store: Store, scope = "s"): Promise<Unit> =>
  new Unit(scope, await store.load(scope, { actors: ["a", "b"], dedups: ["d"] }));

for (const [name, open] of Object.entries(stores))
  describe(name, () => {
    test("what was flushed is what is loaded, under the next revisions of its scope", async () => {
      const { store } = open();
      const unit = await unitOf(store);
      unit.createActor(actor("a"));
      unit.record(entry("a", 0));
      unit.remember("d");
      unit.setAlarm(alarm("a", 9));
      unit.startWork(work("a#0.0", "a"));
      unit.changeActor("a", { rev: 1, snapshot: "1" });
      unit.record(entry("a", 1));
      expect(await store.flush(unit)).toBe(true);
      const image = await store.load("s", { actors: ["a"], dedups: ["d"] });
      expect([image.revision(), image.hasDedup("d")]).toEqual([2, true]);
      expect(image.actor("a")).toEqual({ ...actor("a"), rev: 1, snapshot: "1" });
      expect(image.alarmsOf("a")).toEqual([alarm("a", 9)]);
      expect(image.openWork("a")).toMatchObject([work("a#0.0", "a")]);
      expect(await store.changedSince("s", 1, 9)).toMatchObject([{ seq: 2, rev: 1, machine: "m" }]);
      expect([
        await store.scopeOf("a"),
        await store.scopeOf("b"),
        await store.revision("other"),
      ]).toEqual([...["s", null, 0]]);
    });

    test("a unit that was decided on an older revision is not written", async () => {
      const { store, rows } = open();
      const [first, second] = [await unitOf(store), await unitOf(store)];
      for (const [unit, id] of [
        [first, "a"],
        [second, "b"],
      ] as const) {
        unit.createActor(actor(id));
        unit.record(entry(id, 0));
      }
      expect(await store.flush(first)).toBe(true);
      expect(await store.flush(second)).toBe(false);
      expect(rows(actors)).toEqual([actor("a")]);
      const again = await unitOf(store);
      again.createActor(actor("b"));
      again.record(entry("b", 0));
      expect([await store.flush(again), await store.revision("s")]).toEqual([true, 2]);
    });

    test("of units that are flushed together, one that claims what is taken leaves nothing", async () => {
      const { store, rows } = open();
      const units = await Promise.all(["s", "t", "u"].map((scope) => unitOf(store, scope)));
      for (const [index, unit] of units.entries()) {
        unit.createActor(actor(`${index}`, unit.scope));
        unit.write(append(schemas, { schema: index === 2 ? "free" : "taken", relay: unit.scope }));
      }
      const ends = await Promise.allSettled(units.map((unit) => store.flush(unit)));
      expect(ends.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
      expect((ends[1] as PromiseRejectedResult).reason).toBeInstanceOf(UniqueViolation);
      expect(rows(schemas)).toEqual([
        { schema: "taken", relay: "s" },
        { schema: "free", relay: "u" },
      ]);
      expect(rows(actors)).toEqual([actor("0", "s"), actor("2", "u")]);
    });

    test("several writes of one row are one row, and what is kept stays as it was first", async () => {
      const { store, rows } = open();
      const row = { tenant: "s", key: "k", request: "1", relay: "r", invoice: null, createdAt: 1 };
      const unit = await unitOf(store);
      unit.write(put(idempotency, row, ["createdAt"]));
      unit.write(put(idempotency, { ...row, request: "2", createdAt: 2 }, ["createdAt"]));
      unit.write(patch(idempotency, { tenant: "s", key: "k", invoice: "i" }));
      expect(unit.puts).toHaveLength(1);
      await store.flush(unit);
      const expected = { ...row, request: "2", invoice: "i" };
      expect(rows(idempotency)).toEqual([expected]);
      const later = await unitOf(store);
      later.write(put(idempotency, { ...row, request: "3", createdAt: 3 }, ["createdAt"]));
      await store.flush(later);
      expect(rows(idempotency)).toEqual([{ ...expected, request: "3", invoice: null }]);
    });

    test("what threw in a unit leaves nothing in it, and what came before stays", async () => {
      const { store } = open();
      const unit = await unitOf(store);
      unit.attempt(() => unit.createActor(actor("a")));
      unit.attempt(() => unit.record(entry("a", 0)));
      const failing = () =>
        unit.attempt(() => {
          unit.changeActor("a", { rev: 1 });
          unit.record(entry("a", 1));
          unit.remember("d");
          unit.setAlarm(alarm("a", 1));
          unit.startWork(work("a#1.0", "a"));
          unit.holdAlarm(alarm("a", 1), 7, new Error("held"));
          throw new Error("after all");
        });
      expect(failing).toThrow("after all");
      expect([unit.actor("a")?.rev, unit.revision, unit.hasDedup("d")]).toEqual([0, 1, false]);
      expect([unit.alarmsOf("a"), unit.openWork("a"), unit.held]).toEqual([[], [], []]);
      unit.record(entry("a", 1));
      await store.flush(unit);
      expect((await store.actorJournal("a")).map(({ seq, rev }) => [seq, rev])).toEqual([
        ...[
          [1, 0],
          [2, 1],
        ],
      ]);
      expect((await store.load("s", NOTHING)).alarmsOf("a")).toEqual([]);
    });

    test("work is found by lane, time and mutex, and what ended is no longer open", async () => {
      const { store, rows } = open();
      const unit = await unitOf(store);
      unit.createActor(actor("a"));
      unit.startWork({ ...work("1", "a"), mutex: "m", nextAt: 7 });
      unit.startWork({ ...work("2", "a"), mutex: "m", nextAt: 6 });
      unit.startWork({ ...work("3", "a"), lane: "two" });
      await store.flush(unit);
      expect(await store.nextWork("one", 7, [], [])).toMatchObject({ key: "2", scope: "s" });
      expect((await store.nextWork("one", 7, ["2"], []))?.key).toBe("1");
      expect(await store.nextWork("one", 7, ["2"], ["m"])).toBeNull();
      expect(await store.nextWork("one", 5, [], [])).toBeNull();
      const afters = [undefined, 5, 6, 7];
      const next = await Promise.all(afters.map((after) => store.nextTodo("one", after)));
      expect(next).toEqual([6, 6, 7, null]);
      expect((await store.dueWork("one", 9)).sort()).toEqual(["1", "2"]);
      const later = await unitOf(store);
      later.changeWork(later.work("2") ?? work("2", "a"), { state: "done", finishedAt: 8 });
      await store.flush(later);
      expect((await store.openWork("a")).map(({ key }) => key)).toEqual(["1", "3"]);
      expect(rows(outbox)).toHaveLength(3);
    });
  });
