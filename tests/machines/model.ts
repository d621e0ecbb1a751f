/**
 * Walks a machine as the host runs it: every step is decided, stored as JSON and hydrated again.
 * Events are derived from the state, so alarms and results of work are walked too.
 */
import type { AnyMachineSnapshot, AnyStateMachine, AnyStateNode } from "xstate";
import { getNextTransitions } from "xstate";
import { getAdjacencyMap, getSimplePaths } from "xstate/graph";
import { type Decision, decide, decideFirst, hydrate } from "../../server/host/xstate.ts";
import { T0 } from "./build.ts";

/** An event with the moment at which it happens; {@link T0} where it does not matter. */
export type ModelEvent = { type: string; at?: number } & Record<string, unknown>;

/** One machine from one input, and what its walk must know. */
export type Model<C> = {
  name: string;
  machine: AnyStateMachine;
  input: unknown;
  /** Payloads of events that have one; every other event is its type alone. */
  examples: (context: C) => Record<string, ModelEvent[]>;
  /** The few facts of context that guards read. */
  facts: (context: C) => unknown;
  /** What tells states apart where every simple path is walked; by default state and facts. */
  coarse?: (snapshot: AnyMachineSnapshot) => unknown;
  /** Events that the simple paths do without, because they lead nowhere there. */
  aside?: readonly string[];
};

/** `before` is null for the first state of an actor. */
export type Step = {
  event: ModelEvent;
  before: AnyMachineSnapshot | null;
  after: AnyMachineSnapshot;
  decision: Decision;
};

const INIT = "xstate.init";

const logicOf = (machine: AnyStateMachine) => ({
  transition: (snapshot: AnyMachineSnapshot, event: ModelEvent) =>
    take(machine, snapshot, event).after,
  getInitialSnapshot: (_scope: unknown, input: unknown) => begin(machine, input).after,
  getPersistedSnapshot: (snapshot: AnyMachineSnapshot) => snapshot,
});

export function begin(machine: AnyStateMachine, input: unknown): Step {
  const decision = decideFirst(machine, input, T0);
  return {
    event: { type: INIT },
    before: null,
    after: hydrate(machine, decision.snapshot),
    decision,
  };
}

export function take(
  machine: AnyStateMachine,
  before: AnyMachineSnapshot,
  event: ModelEvent,
): Step {
  const decision = decide(machine, before, event, event.at ?? T0);
  return { event, before, after: hydrate(machine, decision.snapshot), decision };
}

/** Every event to which something in the present state answers, with every example of it. */
export function eventsOf<C>(model: Model<C>, snapshot: AnyMachineSnapshot): ModelEvent[] {
  const types = new Set(getNextTransitions(snapshot).map((t) => t.eventType));
  const examples = model.examples(snapshot.context as C);
  return [...types].filter(Boolean).flatMap((type) => examples[type] ?? [{ type }]);
}

/** Every step out of every state that differs in value or in a fact that guards read. */
export function everyStep<C>(model: Model<C>): Step[] {
  const { machine, input } = model;
  const map = getAdjacencyMap(logicOf(machine), {
    input,
    events: (snapshot) => eventsOf(model, snapshot),
    serializeState: (snapshot) => JSON.stringify([snapshot.value, model.facts(snapshot.context)]),
  });
  const steps = Object.values(map).flatMap(({ state, transitions }) =>
    Object.values<{ event: ModelEvent }>(transitions).map(({ event }) =>
      take(machine, state, event),
    ),
  );
  return [begin(machine, input), ...steps];
}

/** Visits every step of every simple path, each from where the path really is. @returns how many. */
export function walkSimplePaths<C>(
  model: Model<C>,
  visit: (step: Step) => void,
): { paths: number; steps: number } {
  const { machine, input, aside = [] } = model;
  const paths = getSimplePaths(logicOf(machine), {
    input,
    events: (snapshot) => eventsOf(model, snapshot).filter(({ type }) => !aside.includes(type)),
    serializeState: (snapshot) =>
      JSON.stringify(model.coarse?.(snapshot) ?? [snapshot.value, model.facts(snapshot.context)]),
  });
  let steps = 0;
  // Paths come depth-first: what one shares with the path before it is not walked again.
  let walked: { key: string; after: AnyMachineSnapshot }[] = [];
  for (const path of paths) {
    const events = path.steps.map(({ event }) => event);
    const keys = events.map((event) => JSON.stringify(event));
    let shared = 0;
    while (shared < keys.length && walked[shared]?.key === keys[shared]) shared++;
    walked = walked.slice(0, shared);
    for (const [index, event] of events.entries()) {
      if (index < shared) continue;
      const before = walked.at(-1)?.after;
      const step = before ? take(machine, before, event) : begin(machine, input);
      visit(step);
      steps++;
      walked.push({ key: keys[index] ?? "", after: step.after });
    }
  }
  return { paths: paths.length, steps };
}

/** Ids of all nodes of a chart. */
export function nodeIds(node: AnyStateNode): string[] {
  return [node.id, ...Object.values(node.states).flatMap(nodeIds)];
}

/** Where an actor rests: `{ status: { suspended: "held" }, zooid: "settled" }` → `suspended.held`. */
export function restOf(value: unknown, region?: string): string {
  const within = region === undefined ? value : (value as Record<string, unknown>)[region];
  if (typeof within === "string") return within;
  return Object.entries(within as object)
    .map(([key, child]) => `${key}.${restOf(child)}`)
    .join("+");
}
