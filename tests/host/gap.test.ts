/** After a gap: the process was not there, and everything that is due is due at once. */
import { describe, expect, test } from "bun:test";
import { Unavailable } from "../../server/errors.ts";
import type { PuppetEvent } from "./puppet.ts";
import { eventually, openStage, type Stage, type StageOptions, T0 } from "./stage.ts";

const HOUR_MS = 3_600_000;
const work = (to: string) => ({ to, event: { type: "WORK" } satisfies PuppetEvent });

/** A stage on which `a` has `b` begin work at one instant, and another alarm two hours later. */
async function lateStage(options: StageOptions, lateMs: number): Promise<Stage> {
  const stage = openStage(options);
  await stage.create("b");
  const onA = { say: "begins", a: null, tells: [work("b")] };
  await stage.create("a", { a: T0 + HOUR_MS, onA, b: T0 + 3 * HOUR_MS });
  await stage.create("elsewhere", { b: T0 + 2 * HOUR_MS }, "t");
  stage.clock.at = T0 + 3 * HOUR_MS + lateMs;
  await stage.outbox.start();
  stage.alarms.start();
  return stage;
}
const DAY_MS = 24 * HOUR_MS;

describe("late alarms of a scope", () => {
  test("wait until what earlier instants began was tried, and has its answer", async () => {
    const heard: unknown[] = [];
    const stage: Stage = await lateStage(
      { perform: async () => heard.push([...(stage.heard("a") ?? [])]) },
      DAY_MS,
    );
    await eventually(() => stage.heard("a")?.length === 2);
    expect(heard).toEqual([["begins"]]);
    const order = (await stage.journal("s", 0, 100)).filter(({ rev }) => rev > 0);
    expect(order.map(({ actor, event }) => `${actor} ${JSON.parse(event).type}`)).toEqual([
      ...["a xstate.after.a.puppet.time", "b WORK", "b xstate.done.actor.job"],
      "a xstate.after.b.puppet.time",
    ]);
    await stage.close();
  });

  test("wait for nothing that nobody can be reached for", async () => {
    const stage = await lateStage(
      { perform: () => Promise.reject(new Unavailable("down", "down")) },
      DAY_MS,
    );
    await eventually(() => stage.heard("a")?.length === 2);
    expect(stage.heard("b")).toEqual([]);
    await stage.close();
  });

  test("do not keep those of others waiting", async () => {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const stage = await lateStage({ perform: () => promise }, DAY_MS);
    await eventually(async () => stage.heard("elsewhere")?.length === 1);
    expect([stage.heard("a"), await stage.alarms.isSettled()]).toEqual([["begins"], false]);
    resolve(1);
    await eventually(async () => stage.heard("a")?.length === 2);
    await eventually(async () => await stage.alarms.isSettled());
    await stage.close();
  });

  test("of one instant fire together", async () => {
    const stage = openStage({ perform: () => new Promise(() => {}) });
    await stage.create("b");
    const onA = { say: "begins", a: null, tells: [work("b")] };
    for (const id of ["a", "c"])
      await stage.create(id, { a: T0 + HOUR_MS, onA: id === "a" ? onA : null });
    stage.clock.at = T0 + DAY_MS;
    await stage.outbox.start();
    stage.alarms.start();
    await eventually(() => stage.heard("c")?.length === 1);
    await stage.close();
  });
});

test("an alarm that is on time waits for no work: it may be the deadline of it", async () => {
  const stage = openStage({ perform: () => new Promise(() => {}) });
  await stage.create("b");
  await stage.create("a", { b: T0 + 1_000 });
  await stage.send("b", { type: "WORK" });
  await stage.outbox.start();
  await eventually(() => stage.work()[0]?.state === "running");
  stage.clock.at = T0 + 1_500;
  stage.alarms.start();
  await eventually(() => stage.heard("a")?.length === 1);
  await stage.close();
});
