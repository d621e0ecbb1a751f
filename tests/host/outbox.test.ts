import { describe, expect, test } from "bun:test";
import { Refused } from "../../server/errors.ts";
import { eventually, openStage, type Stage } from "./stage.ts";

/** A handler whose calls are answered by hand, in the order in which they were made. */
function byHand() {
  const calls: {
    input: unknown;
    attempt: number;
    key: string;
    signal: AbortSignal;
    answer: (output: unknown) => void;
    fail: (error: unknown) => void;
  }[] = [];
  const perform = (
    input: unknown,
    { key, attempt, signal }: { key: string; attempt: number; signal: AbortSignal },
  ) =>
    new Promise<unknown>((answer, fail) => {
      calls.push({ input, key, attempt, signal, answer, fail });
    });
  return { calls, perform };
}
const states = (stage: Stage) => stage.work().map(({ key, state }) => `${key} ${state}`);
const ended = (stage: Stage, id: string) => () => stage.heard(id)?.length === 1;

describe("work", () => {
  test("is claimed with its attempt counted before the call, and answered once", async () => {
    const seen: unknown[] = [];
    const stage: Stage = openStage({
      perform: async (input, { key, attempt }) => {
        const { state, attempt: counted } = stage.work()[0] ?? {};
        seen.push([input, key, attempt, state, counted]);
        return { fine: true };
      },
    });
    await stage.create("a");
    await stage.send("a", { type: "WORK", input: 7 });
    expect(states(stage)).toEqual(["a#1.0 todo"]);
    await stage.outbox.start();
    await eventually(ended(stage, "a"));
    expect(seen).toEqual([[7, "a#1.0", 1, "running", 1]]);
    expect(states(stage)).toEqual(["a#1.0 done"]);
    expect(stage.heard("a")).toEqual(['done {"fine":true}']);
    const last = (await stage.host.store.actorJournal("a")).at(-1);
    expect(last?.cause).toBe("a#1.0");
    await stage.close();
  });

  test("its answer is written in the transaction that delivers it, or not at all", async () => {
    let isBroken = true;
    const stage = openStage({
      perform: async () => "x",
      project({ rev }) {
        if (rev === 2 && isBroken) throw new Error("no row");
      },
    });
    await stage.create("a");
    await stage.send("a", { type: "WORK" });
    const commits: string[][] = [];
    stage.host.onCommit(() => {
      commits.push(states(stage));
    });
    await stage.outbox.start();
    await eventually(() => states(stage)[0] === "a#1.0 undelivered");
    expect(stage.heard("a")).toEqual([]);
    isBroken = false;
    await stage.close();
  });

  test("state that is entered and left in one transition begins none", async () => {
    const stage = openStage();
    await stage.create("a");
    await stage.send("a", { type: "RUSH" });
    expect([states(stage), (await stage.host.read("a"))?.rev]).toEqual([[], 1]);
    await stage.close();
  });

  test("a state that is entered again cancels its work and begins it anew", async () => {
    const stage = openStage();
    await stage.create("a");
    await stage.send("a", { type: "WORK", input: 1 });
    await stage.send("a", { type: "WORK", input: 2 });
    expect(states(stage)).toEqual(["a#1.0 cancelled", "a#2.0 todo"]);
    await stage.close();
  });

  test("undefined is answered as null", async () => {
    const stage = openStage({ perform: () => Promise.resolve(undefined) });
    await stage.create("a");
    await stage.send("a", { type: "WORK" });
    await stage.outbox.start();
    await eventually(ended(stage, "a"));
    expect(stage.heard("a")).toEqual(["done null"]);
    await stage.close();
  });
});

describe("leaving the state", () => {
  test("cancels work that has not begun", async () => {
    const { calls, perform } = byHand();
    const stage = openStage({ perform });
    await stage.create("a");
    await stage.send("a", { type: "WORK" });
    await stage.send("a", { type: "LEAVE" });
    await stage.outbox.start();
    await stage.create("b");
    await stage.send("b", { type: "WORK" });
    await eventually(() => calls.length === 1);
    expect([calls[0]?.key, states(stage)]).toEqual(["b#1.0", ["a#1.0 cancelled", "b#1.0 running"]]);
    await stage.close();
  });

  test("aborts work that runs, and its late answer drops", async () => {
    const { calls, perform } = byHand();
    const stage = openStage({ perform });
    await stage.create("a");
    await stage.send("a", { type: "WORK" });
    await stage.outbox.start();
    await eventually(() => calls.length === 1);
    await stage.send("a", { type: "LEAVE" });
    expect(calls[0]?.signal.aborted).toBe(true);
    calls[0]?.answer("too late");
    await eventually(async () => await stage.outbox.isSettled());
    expect([states(stage), stage.heard("a")]).toEqual([["a#1.0 cancelled"], []]);
    await stage.close();
  });

  test("drops an answer that is already on its way", async () => {
    const { calls, perform } = byHand();
    const stage = openStage({ perform });
    await stage.create("a");
    await stage.send("a", { type: "WORK" });
    await stage.outbox.start();
    await eventually(() => calls.length === 1);
    const left = stage.send("a", { type: "LEAVE" });
    calls[0]?.answer("at the same moment");
    await left;
    await eventually(async () => await stage.outbox.isSettled());
    expect([states(stage), stage.heard("a"), stage.defects]).toEqual([["a#1.0 cancelled"], [], []]);
    await stage.close();
  });

  test("while the claim is being written calls nobody", async () => {
    const { calls, perform } = byHand();
    const stage = openStage({ perform });
    await stage.create("a");
    await stage.send("a", { type: "WORK" });
    // While something else of the scope is written, the outbox looks for work and the state is left.
    await stage.outbox.start();
    void stage.send("a", { type: "DO", say: "x" });
    await new Promise<void>((resolve) => setImmediate(resolve));
    await stage.send("a", { type: "LEAVE" });
    await eventually(async () => await stage.outbox.isSettled());
    expect([calls.length, states(stage)]).toEqual([0, ["a#1.0 cancelled"]]);
    await stage.close();
  });

  test("does not make a handler that answers an abort with its own error fail", async () => {
    const stage = openStage({
      policy: { retry: "none" },
      perform: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(new Error("of my own")));
        }),
    });
    await stage.create("a");
    await stage.send("a", { type: "WORK" });
    await stage.outbox.start();
    await eventually(() => states(stage)[0] === "a#1.0 running");
    await stage.send("a", { type: "LEAVE" });
    await eventually(async () => await stage.outbox.isSettled());
    expect([states(stage), stage.defects]).toEqual([["a#1.0 cancelled"], []]);
    await stage.close();
  });
});

describe("an answer that cannot be delivered", () => {
  test("is held with its answer and the error, never runs again, and the actor goes on", async () => {
    let calls = 0;
    const stage = openStage({
      perform: async () => {
        calls++;
        return "precious";
      },
      project({ rev }) {
        if (rev === 2) throw new Error("no row for it");
      },
    });
    await stage.create("a");
    await stage.send("a", { type: "WORK" });
    await stage.outbox.start();
    await eventually(() => stage.defects.length === 1);
    const [row] = await stage.host.store.stuckWork();
    expect([row?.state, row?.answer, row?.error]).toEqual([
      "undelivered",
      '"precious"',
      "no row for it",
    ]);
    stage.clock.at += 3_600_000;
    stage.outbox.wake();
    await eventually(async () => await stage.outbox.isSettled());
    expect(calls).toBe(1);
    await stage.close();
  });

  test("because its own state does not take it is held, not lost", async () => {
    const stage = openStage({ perform: async () => "precious" });
    await stage.create("a");
    await stage.send("a", { type: "STUBBORN" });
    await stage.outbox.start();
    await eventually(() => stage.defects.length === 1);
    const [row] = await stage.host.store.stuckWork();
    expect([row?.state, row?.answer]).toEqual(["undelivered", '"precious"']);
    expect(row?.error).toContain("does not take its end");
    expect((await stage.host.read("a"))?.rev).toBe(1);
    await stage.close();
  });

  test("of a refusal keeps its code", async () => {
    const stage = openStage({
      perform: () => Promise.reject(new Refused("taken", "somebody has it")),
      project({ rev }) {
        if (rev === 2) throw new Error("no row for it");
      },
    });
    await stage.create("a");
    await stage.send("a", { type: "WORK" });
    await stage.outbox.start();
    await eventually(() => stage.defects.length === 1);
    const [row] = await stage.host.store.stuckWork();
    expect([row?.answer, row?.error]).toEqual([null, "taken: no row for it"]);
    await stage.close();
  });
});

describe("memo", () => {
  test("is made once for all attempts, and stored before it is used", async () => {
    let made = 0;
    const used: unknown[] = [];
    const stage: Stage = openStage({
      perform: async (_, { memo }) => {
        const request = await memo(async () => ({ id: ++made }));
        const { memo: stored } = (await stage.host.store.work("a#1.0")) ?? {};
        used.push([request, stored]);
        if (used.length < 3) throw new Error("once more");
        return "done";
      },
    });
    await stage.create("a");
    await stage.send("a", { type: "WORK" });
    await stage.outbox.start();
    for (let n = 1; n < 3; n++) {
      await eventually(async () => used.length === n && (await stage.outbox.isSettled()));
      stage.clock.at += 10_000;
      stage.outbox.wake();
    }
    await eventually(ended(stage, "a"));
    expect(used).toEqual([1, 2, 3].map(() => [{ id: 1 }, '{"id":1}']));
    await stage.close();
  });
});

describe("stop", () => {
  test("waits for what runs, and delivers its answer", async () => {
    const { calls, perform } = byHand();
    const stage = openStage({ perform });
    await stage.create("a");
    await stage.send("a", { type: "WORK" });
    await stage.outbox.start();
    await eventually(() => calls.length === 1);
    const stopped = stage.outbox.stop();
    calls[0]?.answer("in time");
    await stopped;
    expect([states(stage), stage.heard("a")]).toEqual([["a#1.0 done"], ['done "in time"']]);
    await stage.send("a", { type: "WORK" });
    await Bun.sleep(5);
    expect(calls).toHaveLength(1);
    await stage.close();
  });

  test("abandons after the grace what does not end; it costs no attempt and is done again", async () => {
    const { calls, perform } = byHand();
    const stage = openStage({ perform });
    await stage.create("a");
    await stage.send("a", { type: "WORK" });
    await stage.outbox.start();
    await eventually(() => calls.length === 1);
    await stage.outbox.stop(5);
    expect(calls[0]?.signal.aborted).toBe(true);
    expect(stage.work()[0]).toMatchObject({ state: "todo", attempt: 0, error: "abandoned" });
    await stage.close();
  });
});

describe("settled", () => {
  test("while work waits or runs it is not; once tried at this instant it is", async () => {
    const { calls, perform } = byHand();
    const stage = openStage({ perform });
    await stage.create("a");
    await stage.outbox.start();
    await eventually(async () => await stage.outbox.isSettled());
    await stage.send("a", { type: "WORK" });
    expect([await stage.outbox.isSettled(), await stage.outbox.open()]).toEqual([false, ["a#1.0"]]);
    await eventually(async () => calls.length === 1);
    expect([await stage.outbox.isSettled(), await stage.outbox.open()]).toEqual([false, ["a#1.0"]]);
    calls[0]?.fail(new Error("later"));
    await eventually(async () => await stage.outbox.isSettled());
    expect(await stage.outbox.open()).toEqual([]);
    // When the wait is over there is something to do again.
    stage.clock.at += 10_000;
    expect(await stage.outbox.isSettled()).toBe(false);
    await stage.close();
  });
});
