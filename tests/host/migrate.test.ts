import { describe, expect, test } from "bun:test";
import { type AnyStateMachine, createMachine } from "xstate";
import { migrateActors } from "../../server/host/boot.ts";
import { replayAll } from "../../server/host/replay.ts";
import type { Registered } from "../../server/host/rules.ts";
import { puppet } from "./puppet.ts";
import { openStage, type Stage, T0 } from "./stage.ts";

/** The puppet as another version of itself, with the names of states changed in its definition. */
function next(rename: Record<string, string> = {}): AnyStateMachine {
  const names = new Map(Object.entries(rename));
  const renamed = (value: unknown): unknown => {
    if (typeof value === "string") return names.get(value) ?? value;
    if (Array.isArray(value)) return value.map(renamed);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [names.get(key) ?? key, renamed(inner)]),
    );
  };
  const config = renamed(puppet.config) as typeof puppet.config;
  return createMachine({ ...config, version: "2" } as never).provide(
    puppet.implementations as never,
  ) as AnyStateMachine;
}

const upgrade = (stage: Stage, machine: AnyStateMachine, migrate?: Registered["migrate"]) =>
  openStage({ db: stage.db, clock: stage.clock, machine, ...(migrate ? { migrate } : {}) });

/** Renames a state within a snapshot, as a machine's own migration would. */
const rename =
  (from: string, to: string): NonNullable<Registered["migrate"]> =>
  (snapshot) =>
    JSON.parse(JSON.stringify(snapshot).replaceAll(`"${from}"`, `"${to}"`));

describe("migration", () => {
  test("takes actors, their alarms and their rows to the present version", async () => {
    const stage = openStage();
    await stage.create("x", { a: T0 + 10, heard: ["time"] });
    await stage.send("x", { type: "WORK" });
    const seen: string[] = [];
    const later = upgrade(stage, next({ time: "clock" }), (snapshot, from) => {
      seen.push(from);
      const { value, context, ...rest } = snapshot;
      const { time, ...regions } = value as Record<string, unknown>;
      return { ...rest, context, value: { ...regions, clock: time } };
    });
    expect(await migrateActors(later.host)).toBe(1);
    expect(seen).toEqual(["1"]);
    expect(await later.host.read("x")).toMatchObject({ version: "2", rev: 2, at: T0 });
    expect((await later.host.store.alarmsOf("x")).map(({ name, due }) => [name, due])).toEqual([
      ["xstate.after.a.puppet.clock", T0 + 10],
    ]);
    expect(later.changes.map(({ id, rev }) => [id, rev])).toEqual([["x", 2]]);
    const last = (await later.host.store.actorJournal("x")).at(-1);
    expect(last).toMatchObject({
      rev: 2,
      event: '{"type":"host.migrated"}',
      cause: "version 1",
      version: "2",
    });
    expect(await replayAll(later.host)).toEqual({ actors: 1, wrong: [] });
    later.clock.at = T0 + 20;
    await later.send("x", { type: "DO", say: "lives on" });
    expect(later.heard("x")).toEqual(["time", "alarm a", "lives on"]);
    expect((await replayAll(later.host)).wrong).toEqual([]);
    await later.close();
  });

  test("is not skipped: an actor of another version takes no event", async () => {
    const stage = openStage();
    await stage.create("x");
    const later = upgrade(stage, next());
    const sent = later.send("x", { type: "DO", say: "x" });
    await expect(sent).rejects.toThrow("x is of version 1; it was not migrated");
    await later.close();
  });

  test("touches those of another version alone, and those once", async () => {
    const stage = openStage();
    await stage.create("old");
    const later = upgrade(stage, next(), (snapshot) => snapshot);
    await later.create("new");
    const before = await later.host.read("new");
    expect(await migrateActors(later.host)).toBe(1);
    expect(await later.host.read("new")).toEqual(before);
    expect(await migrateActors(later.host)).toBe(0);
    await later.close();
  });

  test("takes more than a group", async () => {
    const stage = openStage();
    await Promise.all(Array.from({ length: 600 }, (_, n) => stage.create(`${n}`)));
    const later = upgrade(stage, next(), (snapshot) => snapshot);
    expect(await migrateActors(later.host)).toBe(600);
    expect(await later.host.store.outdated("puppet", "2", 1)).toEqual([]);
    await later.close();
  });

  test("fails where nothing leads to the present version, and leaves the actor as it was", async () => {
    const stage = openStage();
    await stage.create("x");
    const before = stage.rows();
    const later = upgrade(stage, next());
    await expect(migrateActors(later.host)).rejects.toThrow("nothing leads to 2");
    expect(later.rows()).toEqual(before);
    await later.close();
  });

  test("fails where it leads to a state that is not there", async () => {
    const stage = openStage();
    await stage.create("x");
    const before = stage.rows();
    const later = upgrade(stage, next(), rename("idle", "nowhere"));
    await expect(migrateActors(later.host)).rejects.toThrow("nowhere");
    expect(later.rows()).toEqual(before);
    await later.close();
  });

  test("cancels work whose state it leaves", async () => {
    const stage = openStage();
    await stage.create("x");
    await stage.send("x", { type: "WORK" });
    const later = upgrade(stage, next(), (snapshot) => {
      const value = { ...(snapshot.value as object), work: "idle" };
      return { ...snapshot, value, children: {} } as typeof snapshot;
    });
    await migrateActors(later.host);
    expect(later.work().map(({ state }) => state)).toEqual(["cancelled"]);
    expect((await replayAll(later.host)).wrong).toEqual([]);
    await later.outbox.start();
    await later.close();
  });

  test("fails where it leads to a state that waits for work nobody began", async () => {
    const stage = openStage();
    await stage.create("x");
    const later = upgrade(stage, next(), (snapshot) => {
      const value = { ...(snapshot.value as object), work: "working" };
      const children = { job: { src: "perform", snapshot: { status: "active" } } };
      return { ...snapshot, value, children } as typeof snapshot;
    });
    await expect(migrateActors(later.host)).rejects.toThrow("'job', which nobody began");
    await later.close();
  });
});
