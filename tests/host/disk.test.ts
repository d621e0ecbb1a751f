/** A disk that is full or read-only: SQLite's own errors, by its own limits on the open database. */
import { describe, expect, test } from "bun:test";
import { releaseWork } from "../../server/host/operator.ts";
import { eventually, openStage, type Stage, T0 } from "./stage.ts";

const disks = {
  full: {
    break: ({ db }: Stage) => {
      const [{ page_count }] = db.sqlite.query("PRAGMA page_count").all() as [
        { page_count: number },
      ];
      db.sqlite.run(`PRAGMA max_page_count = ${page_count}`);
    },
    mend: ({ db }: Stage) => db.sqlite.run("PRAGMA max_page_count = 1000000"),
  },
  "read-only": {
    break: ({ db }: Stage) => db.sqlite.run("PRAGMA query_only = 1"),
    mend: ({ db }: Stage) => db.sqlite.run("PRAGMA query_only = 0"),
  },
} as const;
/** Too much for the pages that are there. */
const FILL = "x".repeat(40_000);
const big = (say: string) => ({ type: "DO", say, fill: FILL }) as const;
const states = (stage: Stage) => stage.work().map(({ state }) => state);
const held = (stage: Stage) => stage.host.store.heldAlarms();

for (const [name, disk] of Object.entries(disks))
  describe(`with a ${name} disk`, () => {
    test("an ending is kept until it can be written, and its work is not done twice", async () => {
      let calls = 0;
      const stage = openStage({
        async perform() {
          calls++;
          disk.break(stage);
          return FILL;
        },
      });
      await stage.create("a");
      await stage.send("a", { type: "WORK" });
      await stage.outbox.start();
      await eventually(() => !stage.host.storage.isWritable);
      expect([states(stage), stage.heard("a")]).toEqual([["running"], []]);
      disk.mend(stage);
      await eventually(() => stage.heard("a")?.length === 1);
      expect([calls, states(stage), stage.defects]).toEqual([1, ["done"], []]);
      expect(stage.host.storage.isWritable).toBe(true);
      await stage.close();
    });

    test("what is due waits for the disk, and not for the operator", async () => {
      const stage = openStage();
      for (const id of ["a", "b"])
        await stage.create(id, { a: T0 + 1, onA: { say: "due", a: null, fill: FILL } });
      disk.break(stage);
      stage.clock.at = T0 + 2;
      stage.alarms.start();
      await eventually(() => !stage.host.storage.isWritable);
      disk.mend(stage);
      await eventually(() => stage.heard("a")?.length === 1 && stage.heard("b")?.length === 1);
      expect([await held(stage), stage.defects]).toEqual([[], []]);
      await stage.close();
    });

    test("what a command finds due before it waits too: the command fails whole", async () => {
      const stage = openStage();
      await stage.create("a", { a: T0 + 1, onA: { say: "due", a: null, fill: FILL } });
      disk.break(stage);
      stage.clock.at = T0 + 2;
      await expect(stage.send("a", { type: "DO", say: "now" })).rejects.toMatchObject({
        code: expect.stringMatching(/^SQLITE_(?:FULL|READONLY)$/),
      });
      expect([await held(stage), (await stage.host.read("a"))?.rev]).toEqual([[], 0]);
      disk.mend(stage);
      await stage.send("a", { type: "DO", say: "now" });
      expect(stage.heard("a")).toEqual(["due", "now"]);
      await stage.close();
    });

    test("of commands that share a commit none is half done, and none is said to be done", async () => {
      const stage = openStage();
      for (const id of ["a", "b", "c"]) await stage.create(id);
      disk.break(stage);
      const ends = await Promise.allSettled(
        ["a", "b", "c"].map((id, n) =>
          stage.send(id, n === 1 ? big("big") : { type: "DO", say: "small" }),
        ),
      );
      const kept = ["a", "b", "c"].map((id) => stage.heard(id)?.length);
      expect(ends.map(({ status }) => (status === "fulfilled" ? 1 : 0))).toEqual(kept as never);
      disk.mend(stage);
      await stage.close();
    });

    test("work that could not remember what it made is tried again, and has cost no attempt", async () => {
      const attempts: number[] = [];
      const stage = openStage({
        policy: { retry: "none" },
        async perform(_, { attempt, memo }) {
          attempts.push(attempt);
          if (attempts.length === 1) disk.break(stage);
          return (await memo(async () => FILL)).length;
        },
      });
      await stage.create("a");
      await stage.send("a", { type: "WORK" });
      await stage.outbox.start();
      await eventually(() => !stage.host.storage.isWritable);
      disk.mend(stage);
      await eventually(() => stage.heard("a")?.length === 1);
      expect([stage.heard("a"), attempts]).toEqual([["done 40000"], [1, 1]]);
      await stage.close();
    });

    test("a process that is stopped meanwhile ends, and its work is done again by the next", async () => {
      let calls = 0;
      const stage = openStage({
        async perform() {
          if (++calls === 1) disk.break(stage);
          return FILL;
        },
      });
      await stage.create("a");
      await stage.send("a", { type: "WORK" });
      await stage.outbox.start();
      await eventually(() => !stage.host.storage.isWritable);
      await stage.outbox.stop(0);
      await stage.host.close();
      disk.mend(stage);
      const next = openStage({ db: stage.db, perform: async () => ++calls });
      await next.outbox.start();
      await eventually(() => next.heard("a")?.length === 1);
      expect([calls, next.heard("a")]).toEqual([2, ["done 2"]]);
      await next.close();
    });

    test("nothing begins and nothing spins while it lasts, and it is told once", async () => {
      const told: boolean[] = [];
      const stage = openStage({
        onStorage: (failure) => told.push(failure !== null),
        perform: async () => 1,
      });
      const { store } = stage.host;
      const { nextWork, probe } = store;
      let [searches, probes] = [0, 0];
      store.nextWork = (...args) => {
        searches++;
        return nextWork(...args);
      };
      store.probe = () => {
        probes++;
        probe();
      };
      await stage.outbox.start();
      await stage.create("a");
      await stage.send("a", { type: "WORK" });
      disk.break(stage);
      await expect(stage.send("a", big("no"))).rejects.toThrow();
      await eventually(() => !stage.host.storage.isWritable);
      const before = searches;
      await eventually(() => probes === 1);
      expect([searches - before, stage.defects, told]).toEqual([0, [], [true]]);
      disk.mend(stage);
      await eventually(() => stage.heard("a")?.length === 1);
      expect(told).toEqual([true, false]);
      await stage.close();
    });
  });

test("an error that is not the disk's still waits for the operator", async () => {
  let isBroken = true;
  const stage = openStage({
    perform: async () => "x",
    project({ rev }) {
      if (rev === 2 && isBroken) throw new Error("database or disk is full");
      return [];
    },
  });
  await stage.create("a");
  await stage.send("a", { type: "WORK" });
  await stage.outbox.start();
  await eventually(() => states(stage)[0] === "undelivered");
  isBroken = false;
  await expect(releaseWork(stage.host, "a#1.0")).rejects.toMatchObject({ code: "not_held" });
  expect(stage.host.storage.isWritable).toBe(true);
  await stage.close();
});
