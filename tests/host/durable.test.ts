import { describe, expect, test } from "bun:test";
import { type AnyStateMachine, assign, setup } from "xstate";
import { now, outputs, remote, until } from "../../machines/durable.ts";
import { assertDurable } from "../../server/host/durable.ts";
import { puppet } from "./puppet.ts";

const states = (s: Record<string, object>) =>
  Object.fromEntries(
    Object.entries(s).map(([name, state]) => [name, { description: "x", ...state }]),
  );

/** What is wrong with a machine of these states. */
function wrong(of: Record<string, object>, config: object = {}, tells: string[] = []): string {
  const machine = setup({
    actors: { perform: remote<unknown, unknown>() },
    delays: { deadline: until(() => null) },
    guards: { maybe: () => true },
    actions: {
      ...outputs,
      note: assign({}),
      effect: () => {},
    },
  }).createMachine({
    id: "m",
    version: "1",
    description: "x",
    context: {},
    initial: Object.keys(of)[0],
    states: states(of),
    ...config,
  } as never);
  try {
    assertDurable(machine as unknown as AnyStateMachine, ["perform"], tells);
    return "";
  } catch (error) {
    return (error as Error).message.split("\n").slice(1).join("\n").trim();
  }
}
const invoke = (more: object) => ({ invoke: { id: "i", src: "perform", onError: "a", ...more } });

describe("a durable machine", () => {
  test("may have all that the host keeps", () => {
    expect(() => assertDurable(puppet, ["perform", "performOther"], ["TELL"])).not.toThrow();
    expect(wrong({ a: { after: { deadline: "a" }, ...invoke({}), entry: ["note", "tell"] } })).toBe(
      "",
    );
  });

  const faults: [string, Record<string, object>, object, RegExp][] = [
    ["no version", { a: {} }, { version: undefined }, /^it has no version$/],
    ["no description of a state", { a: { description: "" } }, {}, /^m\.a: has no description$/],
    ["a final state", { a: { type: "final" } }, {}, /is final/],
    ["an inline action", { a: { entry: () => {} } }, {}, /inline function/],
    ["an action nobody declared", { a: { exit: "typo" } }, {}, /action 'typo' is not declared/],
    [
      "an action nobody performs",
      { a: { entry: "effect" } },
      {},
      /nobody performs action 'effect'/,
    ],
    ["an inline guard", { a: { on: { X: { guard: () => true } } } }, {}, /guard has no name/],
    ["a guard nobody declared", { a: { on: { X: { guard: "typo" } } } }, {}, /guard 'typo'/],
    ["a delay nobody declared", { a: { after: { typo: "a" } } }, {}, /delay 'typo'/],
    ["a delay that is a number", { a: { after: { 1000: "a" } } }, {}, /delay '1000'/],
    ["an invoke nobody performs", { a: invoke({ src: "typo" }) }, {}, /nobody performs 'typo'/],
    ["an inline invoke", { a: invoke({ src: remote<unknown, unknown>() }) }, {}, /no declared src/],
    ["an invoke without onError", { a: invoke({ onError: undefined }) }, {}, /lacks onError/],
  ];
  for (const [what, of, config, found] of faults)
    test(`has not ${what}`, () => {
      expect(wrong(of, config)).toMatch(found);
    });

  test("answers every tell in every state, without a guard", () => {
    const not = "tell 'T' is not answered in every state";
    expect(wrong({ a: { on: { T: {} } }, b: {} }, {}, ["T"])).toBe(not);
    expect(wrong({ a: { on: { T: {} } }, b: { on: { T: { guard: "maybe" } } } }, {}, ["T"])).toBe(
      not,
    );
    expect(wrong({ a: { on: { T: {} } }, b: { on: { T: "a" } } }, {}, ["T"])).toBe("");
    expect(wrong({ a: {}, b: {} }, { on: { T: {} } }, ["T"])).toBe("");
  });
});

test("now is known inside a transition alone", () => {
  expect(() => now()).toThrow("only known inside a transition");
});
