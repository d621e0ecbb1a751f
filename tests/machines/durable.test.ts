/** The proof at start-up: our machines pass it, and each way to be wrong is named. */
import { describe, expect, test } from "bun:test";
import {
  type AnyStateMachine,
  assign,
  cancel,
  createMachine,
  emit,
  enqueueActions,
  fromPromise,
  log,
  not,
  raise,
  sendParent,
  sendTo,
  setup,
  spawnChild,
  stopChild,
} from "xstate";
import { at, NEVER, now, outputs, remote, until } from "../../machines/durable.ts";
import { type MachineName, machines, tells } from "../../machines/index.ts";
import { assertDurable } from "../../server/host/durable.ts";

const HANDLERS = [
  ...["applyRelay", "mintBolt11", "askWallet", "payByWallet", "deliver", "catchUp"],
  ...["runErrands", "comparePeople", "nextWaiting"],
];

/** What is wrong with a machine, a line each; empty when nothing is. */
function problems(
  machine: AnyStateMachine,
  { handlers = ["work"], told = [] as string[] } = {},
): string[] {
  try {
    assertDurable(machine, handlers, told);
    return [];
  } catch (error) {
    return (error as Error).message.split("\n  ").slice(1);
  }
}

for (const name of Object.keys(machines) as MachineName[]) {
  test(`the ${name} is durable`, () => {
    expect(problems(machines[name], { handlers: HANDLERS, told: [...tells[name]] })).toEqual([]);
  });
}

test("a remote that nobody performs is named", () => {
  expect(problems(machines.relay, { handlers: ["askWallet"] })).toEqual([
    "relay.zooid.applying: nobody performs 'applyRelay'",
  ]);
});

test("a tell that nobody answers is named", () => {
  expect(problems(machines.tenant, { handlers: HANDLERS, told: ["SEAT", "HELLO"] })).toEqual([
    "tell 'HELLO' is not answered in every state",
  ]);
});

describe("a machine is not durable", () => {
  const description = "Said to the customer.";
  const version = "1";
  const kit = setup({
    types: { context: {} as { dueAt: number | null } },
    actors: { work: remote<null, null>() },
    actions: { ...outputs, keep: assign({}), shout: () => {} },
    guards: { isDue: () => true },
    delays: { dueAt: until((c: { dueAt: number | null }) => c.dueAt) },
  });
  const base = { id: "m", version, description, initial: "a", context: { dueAt: null } } as const;
  /** One state beside another that is right. */
  const withState = (state: object, own: unknown = raise({ type: "GO" })) =>
    problems(
      kit
        .createMachine({
          ...base,
          states: { a: { description, ...state }, b: { description } },
        } as Parameters<typeof kit.createMachine>[0])
        .provide({ actions: { own } as object }),
    );

  test("unless everything about it is in order", () => {
    const right = {
      entry: ["keep", "own", { type: "tell", params: [] }, assign({}), raise({ type: "GO" })],
      after: { dueAt: "b" },
      always: { guard: not("isDue"), target: "b" },
      on: { GO: { guard: "isDue", target: "b" } },
      invoke: { id: "w", src: "work", input: null, onDone: "b", onError: "b" },
    };
    expect(withState(right)).toEqual([]);
  });

  test("without a version", () => {
    const machine = kit.createMachine({
      ...base,
      version: "",
      states: { a: { description } },
    });
    expect(problems(machine)).toEqual(["it has no version"]);
  });

  test("with a state that says nothing of itself", () => {
    expect(withState({ initial: "c", states: { c: {} } })).toEqual(["m.a.c: has no description"]);
  });

  test("with a final state", () => {
    expect(withState({ type: "final" })).toEqual(["m.a: is final, so a late event would be lost"]);
  });

  test("with an inline action, on entry, on exit or on a transition", () => {
    const inline = () => {};
    expect(withState({ entry: inline })).toEqual(["m.a: an inline function is no durable action"]);
    expect(withState({ exit: inline })).toHaveLength(1);
    expect(withState({ on: { GO: { actions: inline } } })).toEqual([
      "m.a on 'GO': an inline function is no durable action",
    ]);
  });

  test("with an action that is not declared", () => {
    expect(withState({ entry: "kept" })).toEqual(["m.a: action 'kept' is not declared"]);
  });

  test("with an action that nobody performs", () => {
    expect(withState({ on: { GO: { actions: "shout" } } })).toEqual([
      "m.a on 'GO': nobody performs action 'shout'",
    ]);
  });

  const unkept: [string, unknown][] = [
    ["a raise with a delay, which would not survive a crash", raise({ type: "GO" }, { delay: 5 })],
    ["a delay of 0", raise({ type: "GO" }, { delay: 0 })],
    ["a cancel of its own", cancel("sent")],
    ["sendTo", sendTo("other", { type: "GO" })],
    ["sendParent", sendParent({ type: "GO" })],
    ["emit", emit({ type: "GO" })],
    ["log", log("hello")],
    ["spawnChild", spawnChild("work" as never)],
    ["stopChild", stopChild("w")],
    ["enqueueActions, whose actions nobody sees", enqueueActions(() => {})],
  ];
  for (const [what, action] of unkept)
    test(`with ${what}, be it named or not`, () => {
      const { type } = action as { type: string };
      const line = (where: string) => `${where}: '${type}' is not kept`;
      expect(withState({ entry: action })).toEqual([line("m.a")]);
      expect(withState({ exit: [action] })).toEqual([line("m.a")]);
      expect(withState({ on: { GO: { actions: ["keep", action] } } })).toEqual([
        line("m.a on 'GO'"),
      ]);
      expect(withState({ entry: "own" }, action)).toEqual([line("m.a")]);
    });

  test("with the name of an action of XState's own", () => {
    expect(withState({ entry: "xstate.log" })).toEqual([
      "m.a: action 'xstate.log' is not declared",
    ]);
  });

  test("with a guard that has no name, or one that is not declared", () => {
    expect(withState({ on: { GO: { guard: () => true, target: "b" } } })).toEqual([
      "m.a on 'GO': its guard has no name",
    ]);
    expect(withState({ always: { guard: "isDew", target: "b" } })).toEqual([
      "m.a on '': guard 'isDew' is not declared",
    ]);
  });

  test("with a delay that is misspelt or a bare number, which would fire at once", () => {
    const [misspelt] = withState({ after: { dewAt: "b" } });
    expect(misspelt).toContain("delay 'dewAt' is not a declared deadline: it would fire at once");
    const [bare] = withState({ after: { 1000: "b" } });
    expect(bare).toContain("delay '1000' is not a declared deadline");
  });

  test("with work that is written inline", () => {
    const src = fromPromise(async () => null);
    expect(withState({ invoke: { id: "w", src, onError: "b" } })).toEqual([
      "m.a: invoke 'w' has no declared src",
    ]);
  });

  test("with work whose error would end the actor", () => {
    expect(withState({ invoke: { id: "w", src: "work", input: null, onDone: "b" } })).toEqual([
      "m.a: invoke 'w' lacks onError: an error would end the actor",
    ]);
  });

  test("with several defects, of which all are named", () => {
    expect(withState({ entry: ["kept", "shout"], after: { dewAt: "b" } })).toHaveLength(3);
  });
});

describe("a tell is answered", () => {
  const state = (on: object) => ({ description: "Said.", on });
  const answered = (machine: object): boolean =>
    problems(
      createMachine({ id: "m", version: "1", description: "Said.", ...machine }).provide({
        guards: { isDue: () => true },
      }),
      { told: ["TOLD"] },
    ).length === 0;

  test("where every state or an ancestor has a transition without a guard, be it {}", () => {
    expect(
      answered({ initial: "a", states: { a: state({ TOLD: {} }), b: state({ TOLD: "a" }) } }),
    ).toBe(true);
    expect(
      answered({ initial: "a", on: { TOLD: {} }, states: { a: state({}), b: state({}) } }),
    ).toBe(true);
  });

  test("in one region of several, but in all states of that one", () => {
    const region = (...on: object[]) => ({
      description: "Said.",
      initial: "s0",
      states: Object.fromEntries(on.map((each, n) => [`s${n}`, state(each)])),
    });
    const parallel = (x: object, y: object) => ({ type: "parallel", states: { x, y } });
    expect(answered(parallel(region({}, {}), region({ TOLD: {} }, { TOLD: {} })))).toBe(true);
    expect(answered(parallel(region({ TOLD: {} }, {}), region({}, { TOLD: {} })))).toBe(false);
  });

  test("not where only one state does, nor where all depends on a guard", () => {
    expect(answered({ initial: "a", states: { a: state({ TOLD: {} }), b: state({}) } })).toBe(
      false,
    );
    const guarded = { TOLD: { guard: "isDue", target: "a" } };
    expect(answered({ initial: "a", states: { a: state(guarded) } })).toBe(false);
  });
});

describe("logical time", () => {
  test("is known only inside a transition, and is what it was pinned to", () => {
    expect(() => now()).toThrow("inside a transition");
    expect(at(5, () => [now(), at(7, now), now()])).toEqual([5, 7, 5]);
    expect(() =>
      at(5, () => {
        throw new Error("boom");
      }),
    ).toThrow("boom");
    expect(() => now()).toThrow("inside a transition");
  });

  test("turns a deadline into a delay, and no deadline into none", () => {
    const delay = until((c: { dueAt: number | null }) => c.dueAt);
    expect(at(30, () => delay({ context: { dueAt: 100 } }))).toBe(70);
    expect(at(130, () => delay({ context: { dueAt: 100 } }))).toBe(-30);
    expect(at(30, () => delay({ context: { dueAt: null } }))).toBe(NEVER);
  });
});
