import { afterAll, expect, test } from "bun:test";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sqliteTable, text } from "drizzle-orm/sqlite-core";
import { openDatabase } from "../../db/database.ts";
import { append } from "../../db/put.ts";
import { sqliteStore } from "../../db/sqlite-store.ts";
import type { Store } from "../../db/store.ts";
import { replayAll } from "../../server/host/replay.ts";
import type { PuppetEvent } from "./puppet.ts";
import { openStage, type Stage, T0 } from "./stage.ts";

const directory = mkdtempSync(join(tmpdir(), "crash-"));
afterAll(() => rmSync(directory, { recursive: true }));
const template = join(directory, "template");
const fresh = openDatabase(template);
fresh.sqlite.run("PRAGMA journal_mode = DELETE");
fresh.sqlite.run("CREATE TABLE facts (key TEXT PRIMARY KEY)");
fresh.close();

/** One line for each transition. */
const facts = sqliteTable("facts", { key: text().primaryKey() });

class Crash extends Error {}

/** Where a process dies: at its n-th commit, before that is on disk or before anybody hears of it. */
type Death = { commit: number; when: "before" | "after" };

/** A store whose process dies as a unit is flushed: from then on it reads and writes nothing. */
function mortal(store: Store, death: Death | null) {
  const life = { commits: 0, isDead: false };
  const alive = (): void => {
    if (life.isDead) throw new Crash();
  };
  const flush: Store["flush"] = async (unit) => {
    const isLast = ++life.commits === death?.commit;
    if (isLast && death.when === "before") life.isDead = true;
    alive();
    const isWritten = await store.flush(unit);
    if (isLast) life.isDead = true;
    alive();
    return isWritten;
  };
  const methods = Object.entries({ ...store, flush }).map(([name, method]) => [
    name,
    (...args: never[]) => {
      alive();
      return (method as (...args: never[]) => unknown)(...args);
    },
  ]);
  return { life, store: Object.fromEntries(methods) as Store };
}

/** The outside world, which does not die with the process. */
type World = { calls: Map<string, number>; memos: Map<string, Set<number>> };

const HOUR_MS = 3_600_000;
const say = (text: string, more: object = {}) =>
  ({ type: "DO", say: text, ...more }) as PuppetEvent;
const tell = (to: string, text: string, more: object = {}) => ({
  to,
  event: { type: "TELL", say: text, ...more },
});

/** What is asked of the actors, an hour apart. Each is asked again until it is acknowledged. */
const script: [string, PuppetEvent][] = [
  ["a", say("1", { tells: [tell("b", "from a", { a: T0 + 2.5 * HOUR_MS })] })],
  ["a", { type: "WORK", input: "fails once" }],
  ["b", { type: "OTHER", input: "memo" }],
  ["a", say("2", { creates: [{ id: "c", machine: "puppet", input: { a: T0 + 5.5 * HOUR_MS } }] })],
  ["c", { type: "WORK", input: "fails once" }],
  ["a", say("3", { tells: [{ to: "c", event: { type: "SHRUG" } }, tell("b", "again")] })],
  ["b", { type: "WORK", input: "hangs" }],
  ["b", { type: "LEAVE" }],
];

function live(path: string, world: World, clock: Stage["clock"], death: Death | null) {
  const db = openDatabase(path);
  // It is the process that dies here, not the machine.
  db.sqlite.run("PRAGMA synchronous = OFF");
  const { store, life } = mortal(sqliteStore(db), death);
  const stage = openStage({
    db,
    store,
    clock,
    policy: { timeoutMs: 100 },
    project: ({ id, rev }) => [append(facts, { key: `${id}#${rev}` })],
    async perform(input, { key }) {
      const calls = (world.calls.get(key) ?? 0) + 1;
      world.calls.set(key, calls);
      if (input === "hangs") throw new Error("until it is left");
      if (calls === 1) throw new Error("the first time");
      return key;
    },
    async other(_, { key, memo }) {
      const id = await memo(async () => world.memos.size + 1);
      world.memos.set(key, (world.memos.get(key) ?? new Set()).add(id));
      return key;
    },
  });
  return { stage, life };
}

/** Does the whole script, from wherever the rows say it is. @throws Crash when the process dies. */
async function play({ stage }: ReturnType<typeof live>, done: Set<number>): Promise<void> {
  const settle = async () => {
    for (;;) {
      await stage.alarms.wake();
      stage.outbox.wake();
      await stage.host.drained();
      if ((await stage.alarms.isSettled()) && (await stage.outbox.isSettled())) return;
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  };
  stage.alarms.start();
  await stage.outbox.start();
  await stage.host.transact("s", (tx) => {
    for (const id of ["a", "b"]) if (!tx.read(id)) tx.create(id, "puppet", {}, { cause: "test" });
  });
  for (const [step, [actor, event]] of script.entries()) {
    if (done.has(step)) continue;
    stage.clock.at = Math.max(stage.clock.at, T0 + step * HOUR_MS);
    await settle();
    await stage.send(actor, event, { dedup: `step ${step}` });
    await settle();
    done.add(step);
  }
  stage.clock.at = T0 + script.length * HOUR_MS;
  await settle();
}

/** Plays it, dying once; plays it to the end. */
async function run(name: string, death: Death | null) {
  const path = join(directory, name);
  copyFileSync(template, path);
  const world: World = { calls: new Map(), memos: new Map() };
  const clock: Stage["clock"] = { at: T0, now: () => clock.at };
  const done = new Set<number>();
  let commits = 0;
  for (let next = death; ; next = null) {
    const life = live(path, world, clock, next);
    try {
      await play(life, done);
      commits = life.life.commits;
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
    const { stage } = life;
    await stage.alarms.stop();
    await stage.outbox.stop(0);
    if (life.life.isDead) {
      stage.db.close();
      continue;
    }
    const all = <Row>(sql: string) => stage.db.sqlite.query<Row, []>(sql).all();
    const end = {
      actors: all("SELECT id, rev, snapshot FROM actors ORDER BY id"),
      alarms: all("SELECT actor, name, due, held_at FROM alarms"),
      work: all("SELECT key, state, answer FROM outbox ORDER BY key"),
      facts: all("SELECT key FROM facts ORDER BY key"),
      dedups: all("SELECT * FROM dedups ORDER BY key"),
    };
    const journalled = all("SELECT actor || '#' || rev AS key FROM journal ORDER BY key");
    const result = {
      end,
      journalled,
      wrong: (await replayAll(stage.host)).wrong,
      heard: stage.heard,
    };
    const heard = ["a", "b", "c"].map((id) => stage.heard(id));
    stage.db.close();
    return { ...result, heard, commits, world };
  }
}

test("a process that dies at any commit, before or after it, ends where one ends that does not die", async () => {
  const whole = await run("whole", null);
  expect(whole.heard).toEqual([
    ["1", 'done "a#2.0"', "2", "3"],
    ["from a", 'other "b#2.0"', "alarm a", "again"],
    ['done "c#1.0"', "alarm a"],
  ]);
  expect(whole.wrong).toEqual([]);
  expect(whole.end.facts).toEqual(whole.journalled as typeof whole.end.facts);
  const points = Array.from({ length: whole.commits }, (_, n) => n + 1);
  for (const commit of points) {
    for (const when of ["before", "after"] as const) {
      const where = `${when} commit ${commit} of ${whole.commits}`;
      const { end, wrong, world } = await run(`${when}-${commit}`, { commit, when });
      expect({ where, end, wrong }).toEqual({ where, end: whole.end, wrong: [] });
      // A memo is the same for ever, however often its work was done.
      for (const ids of world.memos.values())
        expect({ where, ids: ids.size }).toEqual({ where, ids: 1 });
    }
  }
  console.log(`${points.length * 2} crash points: ${points.length} commits, before and after each`);
}, 30_000);
