import { describe, expect, test } from "bun:test";
import { sqliteStore } from "../../db/sqlite-store.ts";
import { eventually, openStage, type StageOptions } from "./stage.ts";

/**
 * A stage whose process dies: it hears nothing any more, and nothing it still does arrives. The next
 * one opens on the same rows.
 */
async function dying(options: StageOptions = {}) {
  const stage = openStage(options);
  let isDead = false;
  const { store } = stage.host;
  const flush = store.flush.bind(store);
  store.flush = async (unit) => {
    if (isDead) throw new Error("dead");
    return flush(unit);
  };
  await stage.create("a");
  await stage.send("a", { type: "WORK", input: 1 });
  await stage.outbox.start();
  await eventually(() => stage.work()[0]?.state === "running");
  const die = (again: StageOptions = options) => {
    isDead = true;
    return openStage({ ...again, db: stage.db, store: sqliteStore(stage.db), clock: stage.clock });
  };
  return { stage, die };
}

const hanging: StageOptions = { perform: () => new Promise(() => {}) };

describe("boot", () => {
  test("does again what ran when the process died, under the same key, its attempt counted", async () => {
    const { die } = await dying(hanging);
    const seen: unknown[] = [];
    const next = die({
      perform: async (input, { key, attempt }) => {
        seen.push([input, key, attempt]);
        return "second life";
      },
    });
    expect(next.work()[0]?.state).toBe("running");
    await next.outbox.start();
    await eventually(() => next.heard("a")?.length === 1);
    expect(seen).toEqual([[1, "a#1.0", 2]]);
    expect(next.heard("a")).toEqual(['done "second life"']);
    await next.close();
  });

  test("a memo is made once, whatever dies in between", async () => {
    let made = 0;
    const perform: StageOptions["perform"] = async (_, { memo, attempt }) => {
      const id = await memo(async () => ++made);
      return attempt === 1 ? new Promise(() => {}) : id;
    };
    const { stage, die } = await dying({ perform });
    await eventually(async () => (await stage.host.store.work("a#1.0"))?.memo !== null);
    const next = die();
    await next.outbox.start();
    await eventually(() => next.heard("a")?.length === 1);
    expect([made, next.heard("a")]).toEqual([1, ["done 1"]]);
    await next.close();
  });

  test("work during which the process died three times is held", async () => {
    const { die } = await dying(hanging);
    let next = die(hanging);
    for (const deaths of [1, 2]) {
      await next.outbox.start();
      await eventually(async () => next.work()[0]?.state === "running");
      expect((await next.host.store.work("a#1.0"))?.deaths).toBe(deaths);
      next = openStage({ ...hanging, db: next.db, clock: next.clock });
    }
    await next.outbox.start();
    expect(await next.host.store.stuckWork()).toMatchObject([
      { key: "a#1.0", state: "held", error: "the process died while this ran", attempt: 3 },
    ]);
    // It is held, and nothing else is.
    await next.create("b");
    await next.send("b", { type: "WORK" });
    await eventually(() => next.work()[1]?.state === "running");
    expect(next.work()[0]?.state).toBe("held");
  });

  test("a stop that abandons work is no death", async () => {
    const { stage } = await dying(hanging);
    await stage.outbox.stop(1);
    expect(await stage.host.store.work("a#1.0")).toMatchObject({
      state: "todo",
      deaths: 0,
      attempt: 0,
    });
    await stage.close();
  });

  test("is refused while work is open that nobody performs", async () => {
    const { stage } = await dying(hanging);
    stage.db.sqlite.run("UPDATE outbox SET src = 'gone'");
    const next = openStage({ db: stage.db });
    await expect(next.outbox.start()).rejects.toThrow("'gone'");
  });

  test("is refused while work is open for which nobody waits", async () => {
    const { stage } = await dying(hanging);
    stage.db.sqlite.run("UPDATE outbox SET invoke = 'gone'");
    const next = openStage({ db: stage.db });
    await expect(next.outbox.start()).rejects.toThrow("a#1.0");
  });

  test("does not look at work that is over", () => {
    const stage = openStage();
    const { sqlite } = stage.db;
    const prepared: string[] = [];
    const prepare = sqlite.prepare.bind(sqlite);
    sqlite.prepare = ((sql: string) => {
      prepared.push(sql);
      return prepare(sql);
    }) as typeof sqlite.prepare;
    sqliteStore(stage.db);
    const plan = (sql: string) =>
      sqlite
        // Parameters do not matter for a plan.
        .query<{ detail: string }, []>(`EXPLAIN QUERY PLAN ${sql.replace(/\?\d*/g, "1")}`)
        .all()
        .map(({ detail }) => detail);
    const plans = prepared.filter((sql) => sql.includes("outbox")).flatMap(plan);
    expect(plans).toContain("SCAN outbox USING INDEX outbox_open");
    expect(plans).not.toContain("SCAN outbox");
  });
});

test("finished work is forgotten after a week, a little with each that ends", async () => {
  const stage = openStage({ perform: async () => "x" });
  await stage.outbox.start();
  const doOne = async (id: string) => {
    await stage.create(id);
    await stage.send(id, { type: "WORK" });
    await eventually(() => stage.heard(id)?.length === 1);
  };
  for (let n = 0; n < 5; n++) await doOne(`${n}`);
  stage.clock.at += 7 * 86_400_000;
  await doOne("on the day");
  expect(stage.work()).toHaveLength(6);
  stage.clock.at += 1;
  await doOne("after");
  expect(stage.work().map(({ key }) => key)).toEqual([
    "2#1.0",
    "3#1.0",
    "4#1.0",
    "on the day#1.0",
    "after#1.0",
  ]);
  await stage.close();
});
