import { describe, expect, test } from "bun:test";
import { openStage, type Stage, T0 } from "./stage.ts";

/** Alarms as stored: name → due. */
const armed = async (stage: Stage, id: string) =>
  (await stage.host.store.alarmsOf(id)).map(({ name, due, heldAt }) => {
    const short = name.split(".")[2];
    return heldAt === null ? `${short} ${due - T0}` : `${short} ${due - T0} held`;
  });
/** Starts the clock, lets everything due fire, stops it. */
const fireDue = async (stage: Stage, at?: number) => {
  if (at !== undefined) stage.clock.at = T0 + at;
  stage.alarms.start();
  await stage.alarms.wake();
};
/** What happened after the creations, in order: actor, logical time, cause. */
const history = async (stage: Stage, scope = "s") =>
  (await stage.journal(scope, 0, 1000))
    .filter((row) => row.rev > 0)
    .map((row) => `${row.actor} ${row.at - T0} ${row.cause}`);

describe("logical time", () => {
  test("an actor's time never goes back, whatever the clock does", async () => {
    const stage = openStage();
    await stage.create("a");
    stage.clock.at = T0 + 100;
    await stage.send("a", { type: "DO", say: "x" });
    stage.clock.at = T0 + 50;
    expect((await stage.send("a", { type: "DO", say: "y" })).at).toBe(T0 + 100);
    expect(await history(stage)).toEqual(["a 100 test", "a 100 test"]);
    await stage.close();
  });

  test("a tell happens at its sender's time, or its receiver's, whichever is later", async () => {
    const stage = openStage();
    await stage.create("a");
    await stage.create("b");
    stage.clock.at = T0 + 100;
    await stage.send("b", { type: "DO", say: "x" });
    stage.clock.at = T0 + 40;
    await stage.send("a", { type: "DO", say: "x", tells: [stage.tell("b", "y")] });
    expect((await history(stage)).slice(1)).toEqual(["a 40 test", "b 100 a#1"]);
    await stage.close();
  });
});

describe("an actor's own alarms", () => {
  test("fire before what happens after them, at the time they were due", async () => {
    const stage = openStage();
    await stage.create("x", { a: T0 + 20, b: T0 + 10 });
    stage.clock.at = T0 + 30;
    await stage.send("x", { type: "DO", say: "late" });
    expect(stage.heard("x")).toEqual(["alarm b", "alarm a", "late"]);
    expect(await history(stage)).toEqual(["x 10 alarm", "x 20 alarm", "x 30 test"]);
    await stage.close();
  });

  test("those that they arm fire as well, and one due at this instant does", async () => {
    const stage = openStage();
    await stage.create("x", { a: T0 + 10, onA: { say: "arms b", a: null, b: T0 + 30 } });
    stage.clock.at = T0 + 30;
    await stage.send("x", { type: "DO", say: "now" });
    expect(stage.heard("x")).toEqual(["arms b", "alarm b", "now"]);
    await stage.close();
  });

  test("what they arm, the event after them may disarm", async () => {
    const stage = openStage();
    await stage.create("x", { a: T0 + 10, onA: { say: "arms b", a: null, b: T0 + 90 } });
    stage.clock.at = T0 + 30;
    await stage.send("x", { type: "DO", say: "disarms b", b: null });
    expect(await armed(stage, "x")).toEqual([]);
    await stage.close();
  });

  test("a receiver's fire before it is told", async () => {
    const stage = openStage();
    await stage.create("a");
    await stage.create("b", { a: T0 + 10 });
    stage.clock.at = T0 + 30;
    await stage.send("a", { type: "DO", say: "x", tells: [stage.tell("b", "told")] });
    expect(stage.heard("b")).toEqual(["alarm a", "told"]);
    await stage.close();
  });

  test("one that fails is held alone: what came in goes on", async () => {
    const stage = openStage();
    await stage.create("a");
    await stage.create("b", { a: T0 + 10, onA: { say: "x", fail: "no" } });
    const before = await stage.host.read("b");
    stage.clock.at = T0 + 30;
    await stage.send("a", { type: "DO", say: "x", tells: [stage.tell("b", "told")] });
    expect([before?.rev, stage.heard("b"), await armed(stage, "b")]).toEqual([
      0,
      ["told"],
      ["a 10 held"],
    ]);
    expect(stage.defects).toEqual(["alarm xstate.after.a.puppet.time of b is held"]);
    await stage.close();
  });

  test("one that fires without end at an instant is held after a hundred times", async () => {
    const stage = openStage();
    const at = T0 + 10;
    const onA = { say: "ping", a: null, b: at };
    const onB = { say: "pong", b: null, a: at };
    await stage.create("x", { a: at, onA, onB });
    stage.clock.at = T0 + 30;
    await stage.send("x", { type: "DO", say: "heard all the same" });
    expect(stage.heard("x")).toHaveLength(101);
    expect(await armed(stage, "x")).toEqual(["a 10 held"]);
    await stage.close();
  });
});

describe("alarms are the deadlines of the present state", () => {
  test("one that moves without re-entry is moved, null disarms it", async () => {
    const stage = openStage();
    await stage.create("x", { a: T0 + 10 });
    expect(await armed(stage, "x")).toEqual(["a 10"]);
    await stage.send("x", { type: "DO", say: "later", a: T0 + 50, b: T0 + 20 });
    expect(await armed(stage, "x")).toEqual(["a 50", "b 20"]);
    await stage.send("x", { type: "DO", say: "never", a: null });
    expect(await armed(stage, "x")).toEqual(["b 20"]);
    await fireDue(stage, 60);
    expect([stage.heard("x"), await armed(stage, "x")]).toEqual([
      ["later", "never", "alarm b"],
      [],
    ]);
    await stage.close();
  });

  test("one that is postponed by an alarm before it is not lost", async () => {
    const stage = openStage();
    const tells = [stage.tell("b", "later", { a: T0 + 50 })];
    await stage.create("a", { a: T0 + 10, onA: { say: "x", a: null, tells } });
    await stage.create("b", { a: T0 + 20 });
    await fireDue(stage, 30);
    expect([stage.heard("b"), await armed(stage, "b")]).toEqual([["later"], ["a 50"]]);
    await fireDue(stage, 50);
    expect(stage.heard("b")).toEqual(["later", "alarm a"]);
    await stage.close();
  });
});

describe("the alarm clock", () => {
  test("fires in order of time, actor and name, whatever order they were made in", async () => {
    const stage = openStage();
    for (const id of ["c", "b", "a"]) await stage.create(id, { b: T0 + 20, a: T0 + 20 });
    await stage.create("d", { a: T0 + 10 });
    await fireDue(stage, 30);
    const fired = await stage.journal("s", 4, 99);
    expect(fired.map((row) => `${row.actor} ${JSON.parse(row.event).type.split(".")[2]}`)).toEqual([
      "d a",
      "a a",
      "a b",
      "b a",
      "b b",
      "c a",
      "c b",
    ]);
    await stage.close();
  });

  test("fires what an alarm arms before what was due later", async () => {
    const stage = openStage();
    const tells = [stage.tell("c", "armed", { a: T0 + 15 })];
    await stage.create("a", { a: T0 + 10, onA: { say: "x", a: null, tells } });
    await stage.create("b", { a: T0 + 20 });
    await stage.create("c");
    await fireDue(stage, 30);
    expect(await history(stage)).toEqual(["a 10 alarm", "c 10 a#1", "c 15 alarm", "b 20 alarm"]);
    await stage.close();
  });

  test("fires more than a group in one go", async () => {
    const stage = openStage();
    const ids = Array.from({ length: 150 }, (_, n) => `${n}`);
    await Promise.all(ids.map((id) => stage.create(id, { a: T0 + 10 })));
    await fireDue(stage, 10);
    expect(ids.every((id) => stage.heard(id)?.length === 1)).toBe(true);
    expect(await stage.alarms.isSettled()).toBe(true);
    await stage.close();
  });

  test("wakes by itself for an alarm that is armed while it sleeps", async () => {
    const stage = openStage({ clock: { at: 0, now: () => Date.now() } });
    await stage.create("x", { a: Date.now() + 60_000 });
    stage.alarms.start();
    await stage.alarms.wake();
    const fired = new Promise<void>((resolve) => {
      stage.host.onCommit(() => {
        if (stage.heard("x")?.includes("alarm b")) resolve();
      });
    });
    await stage.send("x", { type: "DO", say: "soon", b: Date.now() + 10 });
    await fired;
    expect(await armed(stage, "x")).toHaveLength(1);
    await stage.close();
  });

  test("holds one whose deadline still stands after it fired; the others go on", async () => {
    const stage = openStage();
    await stage.create("a", { a: T0 + 10, b: T0 + 15, onA: { say: "stuck" } });
    await stage.create("b", { a: T0 + 20 });
    await fireDue(stage, 30);
    expect([stage.heard("a"), await armed(stage, "a")]).toEqual([["alarm b"], ["a 10 held"]]);
    expect(stage.heard("b")).toEqual(["alarm a"]);
    const [held] = await stage.host.store.heldAlarms();
    expect(held?.error).toContain("its deadline still stands");
    expect([stage.defects.length, await stage.alarms.isSettled()]).toEqual([1, true]);
    await stage.send("a", { type: "DO", say: "other events" });
    expect(stage.heard("a")).toEqual(["alarm b", "other events"]);
    await stage.close();
  });

  test("a held alarm is armed again when its deadline moves", async () => {
    const stage = openStage();
    await stage.create("a", { a: T0 + 10, onA: { say: "no", fail: "no" } });
    await fireDue(stage, 30);
    expect(await armed(stage, "a")).toEqual(["a 10 held"]);
    await stage.send("a", { type: "DO", say: "x", a: T0 + 40 });
    expect(await armed(stage, "a")).toEqual(["a 40"]);
    await stage.close();
  });

  test("holds an actor that fires without end at one instant; the others go on", async () => {
    const stage = openStage();
    const at = T0 + 10;
    const onA = { say: "ping", a: null, b: at };
    const onB = { say: "pong", b: null, a: at };
    await stage.create("a", { a: at, onA, onB });
    await stage.create("b", { a: at + 1 });
    await fireDue(stage, 30);
    expect(stage.heard("a")).toHaveLength(100);
    expect(await armed(stage, "a")).toEqual(["a 10 held"]);
    expect(stage.heard("b")).toEqual(["alarm a"]);
    await stage.close();
  });
});
