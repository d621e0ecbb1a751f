import { describe, expect, test } from "bun:test";
import { Refused } from "../../server/errors.ts";
import { redeliver, releaseWork, retryAlarm } from "../../server/host/operator.ts";
import { replayAll } from "../../server/host/replay.ts";
import { eventually, openStage, type StageOptions, T0 } from "./stage.ts";

const me = { by: "operator", reason: "repaired" };
const ALARM = "xstate.after.a.puppet.time";
const code = (promise: Promise<unknown>) =>
  promise.then(
    () => "nothing",
    (error) => error.code ?? error.message,
  );

describe("a held alarm", () => {
  const held = async () => {
    let isBroken = true;
    const stage = openStage({
      project({ rev }) {
        if (rev > 0 && isBroken) throw new Error("no row");
      },
    });
    await stage.create("x", { a: T0 + 10 });
    stage.clock.at = T0 + 20;
    stage.alarms.start();
    await stage.alarms.wake();
    return {
      stage,
      repair() {
        isBroken = false;
      },
    };
  };

  test("is fired again by the operator, at the time it was due", async () => {
    const { stage, repair } = await held();
    expect(await stage.host.store.heldAlarms()).toMatchObject([{ actor: "x", name: ALARM }]);
    repair();
    await retryAlarm(stage.host, { actor: "x", name: ALARM }, me);
    expect([stage.heard("x"), await stage.host.store.heldAlarms()]).toEqual([["alarm a"], []]);
    const last = (await stage.host.store.actorJournal("x")).at(-1);
    expect(last).toMatchObject({ at: T0 + 10, cause: "alarm", by: me.by, reason: me.reason });
    await stage.close();
  });

  test("fires later than it was due where its actor has gone on", async () => {
    const { stage, repair } = await held();
    repair();
    await stage.send("x", { type: "DO", say: "went on" });
    await retryAlarm(stage.host, { actor: "x", name: ALARM }, me);
    expect(await stage.host.read("x")).toMatchObject({ at: T0 + 20, rev: 2 });
    await stage.close();
  });

  test("that fails again stays held", async () => {
    const { stage } = await held();
    expect(await code(retryAlarm(stage.host, { actor: "x", name: ALARM }, me))).toBe("no row");
    expect(await stage.host.store.heldAlarms()).toMatchObject([{ error: "no row" }]);
    await stage.close();
  });

  test("that is not held is not fired", async () => {
    const stage = openStage();
    await stage.create("x", { a: T0 + 10 });
    expect(await code(retryAlarm(stage.host, { actor: "x", name: ALARM }, me))).toBe("not_held");
    expect(stage.heard("x")).toEqual([]);
    await stage.close();
  });
});

describe("an undelivered answer", () => {
  const undelivered = async (perform: StageOptions["perform"]) => {
    let isBroken = true;
    let calls = 0;
    const stage = openStage({
      perform: (input, context) => {
        calls++;
        return perform?.(input, context) ?? Promise.resolve();
      },
      project({ rev }) {
        if (rev === 2 && isBroken) throw new Error("no row: none at all");
      },
    });
    await stage.create("a");
    await stage.send("a", { type: "WORK" });
    await stage.outbox.start();
    await eventually(() => stage.defects.length === 1);
    const repair = () => {
      isBroken = false;
    };
    return { stage, repair, calls: () => calls };
  };

  test("is delivered again by the operator, and the work is not done again", async () => {
    const { stage, repair, calls } = await undelivered(async () => "precious");
    repair();
    await redeliver(stage.host, "a#1.0", me);
    expect([stage.heard("a"), calls()]).toEqual([['done "precious"'], 1]);
    expect(stage.work()[0]).toMatchObject({ state: "done", answer: '"precious"', error: null });
    const last = (await stage.host.store.actorJournal("a")).at(-1);
    expect(last).toMatchObject({ cause: "a#1.0", by: me.by, reason: me.reason });
    expect((await replayAll(stage.host)).wrong).toEqual([]);
    expect(await code(redeliver(stage.host, "a#1.0", me))).toBe("not_held");
    await stage.close();
  });

  test("that was a refusal is delivered with its code", async () => {
    const { stage, repair } = await undelivered(() => Promise.reject(new Refused("taken", "x")));
    repair();
    await redeliver(stage.host, "a#1.0", me);
    expect(stage.heard("a")).toEqual(['error {"code":"taken"}']);
    expect(stage.work()[0]).toMatchObject({ state: "done", error: "taken" });
    await stage.close();
  });

  test("that fails again stays as it was", async () => {
    const { stage } = await undelivered(async () => "precious");
    const before = stage.rows();
    expect(await code(redeliver(stage.host, "a#1.0", me))).toBe("no row: none at all");
    expect(stage.rows()).toEqual(before);
    await stage.close();
  });

  test("goes when its state is left", async () => {
    const { stage, repair } = await undelivered(async () => "precious");
    repair();
    await stage.send("a", { type: "LEAVE" });
    expect(stage.work()[0]?.state).toBe("cancelled");
    expect(await code(redeliver(stage.host, "a#1.0", me))).toBe("not_held");
    await stage.close();
  });
});

test("work that was held is done again once it is released", async () => {
  const stage = openStage({ perform: async () => "after all" });
  await stage.create("a");
  await stage.send("a", { type: "WORK" });
  stage.db.sqlite.run("UPDATE outbox SET state = 'held', deaths = 3");
  await stage.outbox.start();
  await stage.host.drained();
  expect(stage.work()[0]?.state).toBe("held");
  await releaseWork(stage.host, "a#1.0");
  await eventually(() => stage.heard("a")?.length === 1);
  expect(stage.heard("a")).toEqual(['done "after all"']);
  expect(await code(releaseWork(stage.host, "a#1.0"))).toBe("not_held");
  await stage.close();
});
