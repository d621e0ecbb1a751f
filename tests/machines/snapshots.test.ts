/** What was ever stored still lives: every snapshot of every shipped shape, under today's machines. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { AnyStateMachine } from "xstate";
import { type MachineName, machines, migrations, tells } from "../../machines/index.ts";
import { answer, deadlines, decide, hydrate } from "../../server/host/xstate.ts";
import { type Fixture, fileOf, modelsOf, restsOf, SNAPSHOTS } from "./fixtures.ts";
import { alarmsAskedFor } from "./invariants.ts";
import { cameAt, eventsOf, type ModelEvent, restOf } from "./model.ts";

const files = (await Array.fromAsync(new Bun.Glob("*.json").scan(SNAPSHOTS))).sort();
const fixtures = await Promise.all(
  files.map(async (file) => (await Bun.file(join(SNAPSHOTS, file)).json()) as Fixture),
);

for (const name of Object.keys(machines) as MachineName[])
  test(`a snapshot of every state in which a ${name} rests is stored`, () => {
    const needed = restsOf(name).map(fileOf);
    expect(needed.filter((file) => !files.includes(file))).toEqual([]);
  }, 60_000);

for (const [index, fixture] of fixtures.entries())
  describe(files[index] ?? "", () => {
    const machine: AnyStateMachine = machines[fixture.machine];
    const isOld = fixture.version !== machine.version;
    const stored = JSON.stringify(
      isOld ? migrations[fixture.machine](fixture.snapshot, fixture.version) : fixture.snapshot,
    );
    const restored = hydrate(machine, stored);
    const lives = modelsOf[fixture.machine];
    const at = (event: ModelEvent): number => event.at ?? fixture.at;
    cameAt(restored, fixture.at);

    test("is named after what it is", () => {
      expect(fileOf(fixture)).toBe(files[index] ?? "");
      expect(restOf(fixture.snapshot.value)).toBe(fixture.state);
    });

    test("restores to the same state, and stores the same again", () => {
      // What an earlier version stored is there for as long as there is a way from it.
      if (!isOld) expect(stored).toBe(JSON.stringify(fixture.snapshot));
      // A region may have come since.
      const { value } = fixture.snapshot;
      expect({ value: restored.value }).toMatchObject({ value } as never);
      expect(JSON.stringify(machine.getPersistedSnapshot(restored))).toBe(stored);
      expect(deadlines(machine, restored)).toEqual(alarmsAskedFor(restored));
    });

    test("answers every tell", () => {
      const examples = lives.map(({ examples }) => examples(restored.context, fixture.at));
      for (const type of tells[fixture.machine]) {
        const payloads = examples.flatMap((by) => by[type] ?? []);
        for (const event of [
          ...payloads,
          ...(payloads.length > 0 ? [] : [{ type, relay: "r1" }]),
        ]) {
          expect(answer(machine, restored, event, at(event))).not.toBe("unanswered");
          expect(decide(machine, restored, event, at(event)).persisted.status).toBe("active");
        }
      }
    });

    test("takes whatever may happen next, and the answer of the work that it waits for", () => {
      const events = lives.flatMap((life) => eventsOf(life, restored));
      for (const event of events)
        expect(decide(machine, restored, event, at(event)).persisted.status).toBe("active");
      for (const child of Object.keys(restored.children)) {
        const done = events.filter(({ type }) => type === `xstate.done.actor.${child}`);
        expect(done.length).toBeGreaterThan(0);
        for (const event of done)
          expect(decide(machine, restored, event, at(event)).stopped).toContain(child);
      }
    });
  });

test("a relay stored with a schema that zooid dies of gets one of its own", () => {
  const schemaOf = (schema: string) =>
    migrations.relay({ value: {}, context: { id: `r${"0".repeat(24)}`, schema } }, "2").context
      .schema;
  expect(schemaOf("sqlite_users")).toBe(`r${"0".repeat(24)}`);
  expect(schemaOf("SQLite")).toBe(`r${"0".repeat(24)}`);
  expect(schemaOf("my_sqlite")).toBe("my_sqlite");
});
