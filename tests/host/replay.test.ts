import { describe, expect, test } from "bun:test";
import { replayActor, replayAll } from "../../server/host/replay.ts";
import { eventually, openStage, T0 } from "./stage.ts";

/** Puppets that have been through commands, tells, alarms and work, some of it open. */
async function lived() {
  const stage = openStage({ perform: async () => ({ fine: true }) });
  for (const id of ["a", "b", "c"]) await stage.create(id, { a: T0 + 10 });
  await stage.send("a", { type: "DO", say: "x", tells: [stage.tell("b", "y", { b: T0 + 90 })] });
  await stage.send("c", { type: "WORK" });
  await stage.outbox.start();
  await eventually(() => stage.heard("c")?.length === 1);
  stage.clock.at = T0 + 20;
  stage.alarms.start();
  await stage.alarms.wake();
  await stage.outbox.stop();
  await stage.send("a", { type: "OTHER" });
  return stage;
}

describe("replay", () => {
  test("proves actors that have been through everything", async () => {
    const stage = await lived();
    expect(await replayAll(stage.host)).toEqual({ actors: 3, wrong: [] });
    await stage.close();
  });

  test("goes through more actors than a page", async () => {
    const stage = openStage();
    await Promise.all(Array.from({ length: 1001 }, (_, n) => stage.create(`${n}`)));
    expect(await replayAll(stage.host)).toEqual({ actors: 1001, wrong: [] });
    await stage.close();
  });

  const tampered: [string, string, RegExp][] = [
    [
      "a snapshot",
      `UPDATE actors SET snapshot = replace(snapshot, '"x"', '"z"') WHERE id = 'a'`,
      /^a is not the snapshot of its last journal entry$/,
    ],
    [
      "a patch in the journal",
      `UPDATE journal SET patch = replace(patch, '"y"', '"z"') WHERE actor = 'b' AND rev = 1`,
      /^b#1 is not what its event makes$/,
    ],
    [
      "an event",
      `UPDATE journal SET event = replace(event, '"y"', '"z"') WHERE actor = 'b' AND rev = 1`,
      /^b#1 is not what its event makes$/,
    ],
    [
      "a snapshot that is none",
      "UPDATE actors SET snapshot = '{' WHERE id = 'a'",
      /^a is not the snapshot of its last journal entry: JSON/,
    ],
    [
      "an entry that is gone",
      "DELETE FROM journal WHERE actor = 'b' AND rev = 1",
      /does not follow/,
    ],
    ["an alarm's time", "UPDATE alarms SET due = due + 1 WHERE actor = 'b'", /^b: its alarms/],
    ["an alarm that is gone", "DELETE FROM alarms WHERE actor = 'b'", /^b: its alarms/],
    [
      "an alarm too many",
      "INSERT INTO alarms (actor, name, due) VALUES ('c', 'x', 1)",
      /^c: its al/,
    ],
    ["work that is gone", "DELETE FROM outbox WHERE actor = 'a'", /^a: its open work/],
    [
      "work that is over",
      "UPDATE outbox SET state = 'done' WHERE actor = 'a'",
      /^a: its open work/,
    ],
    ["work of another kind", "UPDATE outbox SET src = 'perform'", /^a: its open work/],
    ["work that is not over", "UPDATE outbox SET state = 'todo'", /^c: its open work/],
  ];
  for (const [what, sql, found] of tampered)
    test(`finds ${what}`, async () => {
      const stage = await lived();
      stage.db.sqlite.run(sql);
      const { actors, wrong } = await replayAll(stage.host);
      expect(actors).toBe(3);
      expect(wrong.some((line) => found.test(line))).toBe(true);
      await stage.close();
    });

  test("says so of an actor that is not there", async () => {
    const stage = openStage();
    expect(await replayActor(stage.host, "x")).toEqual(["x: no such actor"]);
    await stage.close();
  });
});
