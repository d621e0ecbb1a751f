/** An answer that arrives after a deadline, which nobody has fired yet, left the state that asked. */
import { expect, test } from "bun:test";
import { setup } from "xstate";
import { outputs, remote, until } from "../../machines/durable.ts";
import { eventually, openStage, T0 } from "./stage.ts";

type Context = { a: number };

/** Asks, and asks again at its deadline: the second question is not the first. */
const asker = setup({
  types: { context: {} as Context, input: {} as Context },
  actors: { perform: remote<unknown, { input: unknown }>() },
  delays: { a: until((c: Context) => c.a) },
  actions: outputs,
}).createMachine({
  id: "asker",
  version: "1",
  description: "Asks twice.",
  context: ({ input }) => ({ a: input?.a ?? 0 }),
  on: { TELL: {}, SHRUG: {} },
  initial: "before",
  states: {
    before: {
      description: "Asked before the deadline.",
      after: { a: "after" },
      invoke: { id: "ask", src: "perform", input: { input: 1 }, onDone: "early", onError: "early" },
    },
    after: {
      description: "Asked after the deadline.",
      invoke: { id: "ask", src: "perform", input: { input: 2 }, onDone: "late", onError: "late" },
    },
    early: { description: "The first question was answered." },
    late: { description: "The second question was answered." },
  },
});

test("an answer from before a deadline does not answer what was asked after it", async () => {
  const answers: ((output: unknown) => void)[] = [];
  const stage = openStage({
    machine: asker,
    perform: () => new Promise((answer) => answers.push(answer)),
  });
  const stateOf = async (id: string) => (await stage.host.read(id))?.persisted.value;
  const keys = (): string[] => stage.work().map(({ key, state }) => `${key} ${state}`);
  await stage.create("a", { a: T0 + 100 });
  await stage.outbox.start();
  await eventually(() => answers.length === 1);
  stage.clock.at = T0 + 200;
  answers[0]?.("too late");
  await eventually(() => answers.length === 2);
  expect(await stateOf("a")).toBe("after");
  expect(keys()).toEqual(["a#0.0 cancelled", "a#1.0 running"]);
  answers[1]?.("in time");
  await eventually(async () => (await stateOf("a")) === "late");
  expect(stage.defects).toEqual([]);
  await stage.close();
});
