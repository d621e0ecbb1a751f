import { describe, expect, test } from "bun:test";
import { Refused, Unavailable } from "../../server/errors.ts";
import { backoffMs } from "../../server/host/effect.ts";
import { eventually, openStage, type Stage, T0 } from "./stage.ts";

const down = () => new Unavailable("down", "nobody answers");
const row = (stage: Stage, key: string) => stage.host.store.work(key);
const settled = (stage: Stage) => eventually(async () => await stage.outbox.isSettled(), "settled");
/** Moves the clock and lets everything that is due be tried. */
const advance = async (stage: Stage, ms: number) => {
  stage.clock.at += ms;
  stage.outbox.wake();
  await settled(stage);
};

describe("retry", () => {
  test("forever: again and again, ever later, until it answers", async () => {
    const attempts: number[] = [];
    const stage = openStage({
      perform: async (_, { attempt }) => {
        attempts.push(attempt);
        if (attempt < 6) throw new Error("not yet");
        return "at last";
      },
    });
    await stage.create("a");
    await stage.send("a", { type: "WORK" });
    await stage.outbox.start();
    await settled(stage);
    const waits: number[] = [];
    while (attempts.length < 6) {
      const waitMs = ((await row(stage, "a#1.0"))?.nextAt ?? 0) - stage.clock.at;
      waits.push(waitMs);
      await advance(stage, waitMs - 1);
      expect(attempts).toHaveLength(waits.length);
      await advance(stage, 1);
      expect(attempts).toHaveLength(waits.length + 1);
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 8000]);
    expect(stage.heard("a")).toEqual(['done "at last"']);
    await stage.close();
  });

  test("n times: then the machine is told our code, and nothing else of the error", async () => {
    const stage = openStage({
      policy: { retry: { times: 2 } },
      perform: () => Promise.reject(Object.assign(new Error("secret"), { code: "too_bad" })),
    });
    await stage.create("a");
    await stage.send("a", { type: "WORK" });
    await stage.outbox.start();
    await settled(stage);
    expect(stage.heard("a")).toEqual([]);
    await advance(stage, 1000);
    expect(stage.heard("a")).toEqual(['error {"code":"too_bad"}']);
    expect(await row(stage, "a#1.0")).toMatchObject({
      state: "done",
      attempt: 2,
      error: "too_bad",
    });
    expect(JSON.stringify(stage.rows())).not.toContain("secret");
    await stage.close();
  });

  test("none: one attempt, and an error without a code of ours is a defect", async () => {
    let calls = 0;
    const stage = openStage({
      policy: { retry: "none" },
      perform: () => {
        calls++;
        throw new TypeError("secret");
      },
    });
    await stage.create("a");
    await stage.send("a", { type: "WORK" });
    await stage.outbox.start();
    await settled(stage);
    expect([calls, stage.heard("a")]).toEqual([1, ['error {"code":"defect"}']]);
    expect(JSON.stringify(stage.rows())).not.toContain("secret");
    await stage.close();
  });

  test("a refusal is for good, whatever the policy", async () => {
    let calls = 0;
    const stage = openStage({
      perform: () => {
        calls++;
        return Promise.reject(new Refused("taken", "somebody has it"));
      },
    });
    await stage.create("a");
    await stage.send("a", { type: "WORK" });
    await stage.outbox.start();
    await settled(stage);
    expect([calls, stage.heard("a"), stage.defects]).toEqual([1, ['error {"code":"taken"}'], []]);
    await stage.close();
  });

  test("time is up: the signal aborts, it costs no attempt, and the way is closed", async () => {
    let signalled: AbortSignal | undefined;
    const stage = openStage({
      policy: { retry: "none", timeoutMs: 5 },
      perform: (_, { signal }) => {
        signalled = signal;
        return new Promise(() => {});
      },
    });
    await stage.create("a");
    await stage.send("a", { type: "WORK" });
    await stage.outbox.start();
    await eventually(() => stage.outbox.closedLanes().length === 1);
    await settled(stage);
    expect(signalled?.aborted).toBe(true);
    expect(await row(stage, "a#1.0")).toMatchObject({
      state: "todo",
      attempt: 0,
      error: "timeout",
    });
    await stage.close();
  });

  test("the wait doubles from a second to the cap, and jitter takes up to half of it", () => {
    const longest = [0, 1, 2, 3, 4, 50].map((n) => backoffMs(n, 8000, () => 1));
    const shortest = [0, 1, 2, 3, 4, 50].map((n) => backoffMs(n, 8000, () => 0));
    expect(longest).toEqual([1000, 2000, 4000, 8000, 8000, 8000]);
    expect(shortest).toEqual([500, 1000, 2000, 4000, 4000, 4000]);
  });
});

describe("a system that is away", () => {
  const away = async (count: number) => {
    const calls: string[] = [];
    let isUp = false;
    const stage = openStage({
      perform: async (_, { key }) => {
        calls.push(key);
        if (!isUp) throw down();
        return "up";
      },
      other: async () => "other",
    });
    for (let n = 0; n < count; n++) {
      await stage.create(`${n}`);
      await stage.send(`${n}`, { type: "WORK" });
    }
    await stage.outbox.start();
    await settled(stage);
    const rise = () => {
      isUp = true;
    };
    return { stage, calls, rise };
  };

  test("closes its lane, costs no attempt, and attempts that failed together are one failure", async () => {
    const { stage, calls } = await away(10);
    expect(calls.length).toBeLessThanOrEqual(4);
    expect(stage.outbox.closedLanes()).toEqual(["one"]);
    expect(stage.work().map((r) => `${r.state} ${r.attempt}`)).toEqual(Array(10).fill("todo 0"));
    const soFar = calls.length;
    await advance(stage, 999);
    expect(calls).toHaveLength(soFar);
    await advance(stage, 1);
    expect(calls).toHaveLength(soFar + 1);
    await stage.close();
  });

  test("is asked by one row at a time, ever later, another one each time", async () => {
    const { stage, calls } = await away(10);
    calls.length = 0;
    for (const waitMs of [1000, 2000, 4000, 8000, 8000]) {
      const soFar = calls.length;
      await advance(stage, waitMs - 1);
      expect(calls).toHaveLength(soFar);
      await advance(stage, 1);
      expect(calls).toHaveLength(soFar + 1);
    }
    expect(new Set(calls).size).toBe(5);
    await stage.close();
  });

  test("opens it with the first answer, and everything goes on", async () => {
    const { stage, rise } = await away(10);
    rise();
    await advance(stage, 1000);
    expect(stage.outbox.closedLanes()).toEqual([]);
    expect(stage.work().map((r) => r.state)).toEqual(Array(10).fill("done"));
    await stage.close();
  });

  test("does not keep other lanes waiting", async () => {
    const { stage } = await away(3);
    await stage.create("x");
    await stage.send("x", { type: "OTHER" });
    await settled(stage);
    expect([stage.heard("x"), stage.outbox.closedLanes()]).toEqual([['other "other"'], ["one"]]);
    await stage.close();
  });

  test("is not back because a handler failed before it asked", async () => {
    const calls: unknown[] = [];
    const stage = openStage({
      perform: async (input) => {
        calls.push(input);
        throw input === "bad" ? new Error("of our own") : down();
      },
    });
    const work = async (id: string, input: string) => {
      await stage.create(id);
      await stage.send(id, { type: "WORK", input });
    };
    await work("a", "good");
    await stage.outbox.start();
    await settled(stage);
    await stage.send("a", { type: "LEAVE" });
    await work("b", "bad");
    await advance(stage, 1000);
    expect(calls).toEqual(["good", "bad"]);
    for (const id of ["c", "d", "e"]) await work(id, "good");
    await settled(stage);
    expect(calls).toEqual(["good", "bad", "good"]);
    await advance(stage, 1999);
    expect(calls).toHaveLength(3);
    await stage.close();
  });
});

describe("mutex", () => {
  const exclusive = (count: number, mutexOf: (input: string) => string, free = 4) => {
    const running: string[] = [];
    const answers: (() => void)[] = [];
    let most = 0;
    const stage = openStage({
      concurrency: { one: free, two: 4 },
      policy: { mutex: ({ input }: { input: string }) => mutexOf(input) },
      perform: (input) =>
        new Promise((resolve) => {
          const mutex = mutexOf(input as string);
          running.push(mutex);
          most = Math.max(most, running.filter((m) => m === mutex).length);
          answers.push(() => {
            running.splice(running.indexOf(mutex), 1);
            resolve("x");
          });
        }),
    });
    return { stage, running, answers, count, most: () => most };
  };

  test("never lets two of its rows run at once", async () => {
    const { stage, answers, most } = exclusive(6, (input) => `${Number(input) % 2}`);
    for (let n = 0; n < 6; n++) {
      await stage.create(`${n}`);
      await stage.send(`${n}`, { type: "WORK", input: `${n}` });
    }
    await stage.outbox.start();
    for (let n = 0; n < 6; n++) {
      await eventually(() => answers.length > 0);
      answers.shift()?.();
    }
    await settled(stage);
    expect([most(), stage.work().every((r) => r.state === "done")]).toEqual([1, true]);
    await stage.close();
  });

  test("lets others pass, however many stand before them", async () => {
    const { stage, running } = exclusive(100, (input) => input);
    for (let n = 0; n < 100; n++) {
      await stage.create(`${n}`);
      await stage.send(`${n}`, { type: "WORK", input: n === 99 ? "other" : "same" });
    }
    await stage.outbox.start();
    await eventually(() => running.length === 2);
    expect(running).toEqual(["same", "other"]);
    await stage.close();
  });

  test("is no queue: one that waits for its next attempt lets the next one run", async () => {
    const calls: unknown[] = [];
    const stage = openStage({
      policy: { mutex: () => "same" },
      perform: async (input) => {
        calls.push(input);
        if (input === "first") throw new Error("later");
        return "x";
      },
    });
    for (const id of ["first", "second"]) {
      await stage.create(id);
      await stage.send(id, { type: "WORK", input: id });
    }
    await stage.outbox.start();
    await settled(stage);
    expect(calls).toEqual(["first", "second"]);
    expect((await row(stage, "first#1.0"))?.nextAt).toBe(T0 + 1000);
    await stage.close();
  });
});

test("a lane runs so many at once, and no more", async () => {
  const answers: (() => void)[] = [];
  const stage = openStage({
    concurrency: { one: 3, two: 4 },
    perform: () => new Promise((resolve) => answers.push(() => resolve("x"))),
  });
  for (let n = 0; n < 8; n++) {
    await stage.create(`${n}`);
    await stage.send(`${n}`, { type: "WORK" });
  }
  await stage.outbox.start();
  await eventually(() => answers.length === 3);
  await stage.host.drained();
  expect(stage.work().filter((r) => r.state === "running")).toHaveLength(3);
  answers.shift()?.();
  await eventually(() => answers.length === 3);
  expect(stage.work().filter((r) => r.state === "running")).toHaveLength(3);
  await stage.close();
});
