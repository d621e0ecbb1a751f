import { expect, test } from "bun:test";
import { sqliteTable, text } from "drizzle-orm/sqlite-core";
import { mapStore } from "../../db/map-store.ts";
import { append } from "../../db/put.ts";
import { AppError } from "../../server/errors.ts";
import type { PuppetContext } from "./puppet.ts";
import { openStage, type Stage } from "./stage.ts";

const names = sqliteTable("names", { name: text().primaryKey(), holder: text().notNull() });

function withNames(): Stage {
  const stage = openStage();
  stage.db.sqlite.run("CREATE TABLE names (name TEXT PRIMARY KEY, holder TEXT NOT NULL)");
  return stage;
}
const holderOf = (stage: Stage, name: string) =>
  stage.db.orm
    .select()
    .from(names)
    .all()
    .find((row) => row.name === name)?.holder;

test("whoever is second to a name is told so in words, by their own look at it", async () => {
  const stage = withNames();
  let runs = 0;
  const take = (scope: string) =>
    stage.host.transact(scope, async (tx) => {
      runs++;
      const holder = holderOf(stage, "harbour");
      // Both have looked before either has written.
      await new Promise((resolve) => setTimeout(resolve, holder ? 0 : 5));
      if (holder) throw new AppError("name_taken", 409, `${holder} has it`);
      tx.append(names, { name: "harbour", holder: scope });
    });
  const ends = await Promise.allSettled([take("s"), take("t")]);
  const refused = ends.flatMap((end) => (end.status === "rejected" ? [end.reason] : []));
  expect(refused).toMatchObject([{ code: "name_taken", status: 409 }]);
  expect([runs, refused[0].message]).toEqual([3, `${holderOf(stage, "harbour")} has it`]);
  await stage.close();
});

test("a claim that nobody looks for first is refused as a conflict, and only that one", async () => {
  const stage = withNames();
  const take = (scope: string) =>
    stage.host.transact(scope, (tx) => tx.append(names, { name: "harbour", holder: scope }));
  const ends = await Promise.allSettled([take("s"), take("t"), take("u")]);
  const codes = ends.map((end) => (end.status === "rejected" ? end.reason.code : "made"));
  expect(codes.sort()).toEqual(["conflict", "conflict", "made"]);
  await stage.close();
});

test("of deliveries that share a unit, only the one that breaks a constraint fails", async () => {
  const stage = openStage({
    project: ({ id, rev }) => [
      append(names, { name: rev === 1 && id !== "c" ? "same" : `${id}#${rev}`, holder: id }),
    ],
  });
  stage.db.sqlite.run("CREATE TABLE names (name TEXT PRIMARY KEY, holder TEXT NOT NULL)");
  for (const id of ["a", "b", "c"]) await stage.create(id);
  const ends = await Promise.allSettled(
    ["a", "b", "c"].map((id) => stage.send(id, { type: "DO", say: id })),
  );
  expect(ends.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect([stage.heard("a"), stage.heard("b"), stage.heard("c")]).toEqual([["a"], [], ["c"]]);
  await stage.close();
});

test("an alarm whose rows break a constraint is held, and the others of its scope fire", async () => {
  const stage = openStage({
    project: ({ id, rev }) =>
      rev === 0 || id === "b" ? [] : [append(names, { name: "x", holder: id })],
  });
  stage.db.sqlite.run("CREATE TABLE names (name TEXT PRIMARY KEY, holder TEXT NOT NULL)");
  await stage.create("first");
  await stage.send("first", { type: "DO", say: "takes it" });
  for (const id of ["a", "b"]) await stage.create(id, { a: stage.clock.at + 1 });
  stage.clock.at += 2;
  stage.alarms.start();
  await stage.alarms.wake();
  expect([stage.heard("a"), stage.heard("b")]).toEqual([[], ["alarm a"]]);
  expect(await stage.host.store.heldAlarms()).toMatchObject([{ actor: "a" }]);
  await stage.close();
});

test("a body that awaits has its unit to itself, and sees one time", async () => {
  const stage = openStage();
  await stage.create("a");
  const order: string[] = [];
  const times: number[] = [];
  const elsewhere = Promise.withResolvers<void>();
  const slow = stage.host.transact("s", async (tx) => {
    times.push(tx.now);
    // Another scope does not wait for it: else this would never end.
    await elsewhere.promise;
    stage.clock.at += 10;
    times.push(tx.now);
    tx.send("a", { type: "DO", say: "slow" } as never, { cause: "test" });
    order.push("slow");
  });
  const quick = stage.send("a", { type: "DO", say: "quick" }).then(() => order.push("quick"));
  await stage.create("z", {}, "another scope");
  order.push("other");
  elsewhere.resolve();
  await Promise.all([slow, quick]);
  expect(order).toEqual(["other", "slow", "quick"]);
  expect(stage.heard("a")).toEqual(["slow", "quick"]);
  expect(new Set(times).size).toBe(1);
  await stage.close();
});

test("what a body reads of an actor is after all that was due of it", async () => {
  const stage = openStage();
  await stage.create("a", { a: stage.clock.at + 1 });
  stage.clock.at += 5;
  const heard = await stage.host.transact(
    "s",
    (tx) => (tx.read("a")?.persisted.context as PuppetContext | undefined)?.heard,
  );
  expect(heard).toEqual(["alarm a"]);
  expect(stage.heard("a")).toEqual(["alarm a"]);
  await stage.close();
});

test("a host needs no database", async () => {
  const store = mapStore();
  const stage = openStage({ store });
  await stage.create("a", { a: stage.clock.at + 1 });
  await stage.send("a", { type: "WORK", input: 1 });
  await stage.outbox.start();
  stage.clock.at += 5;
  stage.alarms.start();
  await stage.alarms.wake();
  while (!(await stage.outbox.isSettled())) await Bun.sleep(1);
  await stage.host.drained();
  const actor = await stage.host.read("a");
  const { heard } = (actor?.persisted.context ?? {}) as Partial<PuppetContext>;
  expect(heard).toEqual(["alarm a", "done null"]);
  expect(stage.db.sqlite.query("SELECT count(*) AS count FROM actors").get()).toEqual({ count: 0 });
  await stage.close();
});
