/**
 * Walks a machine as the host runs it: every step is decided, stored as JSON and hydrated again.
 * Events are derived from the state, so alarms and results of work are walked too.
 */
import type { AnyMachineSnapshot, AnyStateMachine, AnyStateNode } from "xstate";
import { getNextTransitions } from "xstate";
import { getAdjacencyMap, getSimplePaths } from "xstate/graph";
import {
  answer,
  type Decision,
  deadlines,
  decide,
  decideFirst,
  hydrate,
} from "../../server/host/xstate.ts";
import { T0 } from "./build.ts";

/** An event with the moment at which it happens; where it has none, that of the state it finds. */
export type ModelEvent = { type: string; at?: number } & Record<string, unknown>;

/** One machine from one input, and what its walk must know. */
export type Model<C> = {
  name: string;
  machine: AnyStateMachine;
  input: unknown;
  /** Payloads of events that have one; every other event is its type alone. */
  examples: (context: C, atMs: number) => Record<string, ModelEvent[]>;
  /** The few facts of context, and of how the moment lies to its dates, that guards read. */
  facts: (context: C, atMs: number) => unknown;
  /** What tells states apart where every simple path is walked; by default state and facts. */
  coarse?: (snapshot: AnyMachineSnapshot) => unknown;
  /** Events that the simple paths do without, because they lead nowhere there. */
  aside?: readonly string[];
};

/** `before` is null for the first state of an actor; `at` is when it happened, epoch ms. */
export type Step = {
  event: ModelEvent;
  at: number;
  before: AnyMachineSnapshot | null;
  after: AnyMachineSnapshot;
  decision: Decision;
};

const INIT = "xstate.init";

/** When a walk came to a snapshot: time never goes back within one. */
const moments = new WeakMap<AnyMachineSnapshot, number>();
export const cameAt = (snapshot: AnyMachineSnapshot, atMs: number) => moments.set(snapshot, atMs);
const momentOf = (snapshot: AnyMachineSnapshot): number => {
  const at = moments.get(snapshot);
  if (at === undefined) throw new Error("no walk came to this snapshot");
  return at;
};

const logicOf = (machine: AnyStateMachine, taken: Step[] = []) => ({
  transition: (snapshot: AnyMachineSnapshot, event: ModelEvent) => {
    const step = take(machine, snapshot, event);
    taken.push(step);
    return step.after;
  },
  getInitialSnapshot: (_scope: unknown, input: unknown) => begin(machine, input).after,
  getPersistedSnapshot: (snapshot: AnyMachineSnapshot) => snapshot,
});

function begin(machine: AnyStateMachine, input: unknown): Step {
  return reached({ type: INIT }, null, T0, decideFirst(machine, input, T0), machine);
}

function take(machine: AnyStateMachine, before: AnyMachineSnapshot, event: ModelEvent): Step {
  const at = Math.max(event.at ?? T0, momentOf(before));
  return reached(event, before, at, decide(machine, before, event, at), machine);
}

function reached(
  event: ModelEvent,
  before: AnyMachineSnapshot | null,
  at: number,
  decision: Decision,
  machine: AnyStateMachine,
): Step {
  const after = hydrate(machine, decision.snapshot);
  cameAt(after, at);
  return { event, at, before, after, decision };
}

/**
 * Every event to which something in the present state answers, with every example of it. A deadline
 * happens when it is due, not at all while it is not armed, and before whatever comes later.
 */
export function eventsOf<C>(model: Model<C>, snapshot: AnyMachineSnapshot): ModelEvent[] {
  const atMs = momentOf(snapshot);
  const types = new Set(getNextTransitions(snapshot).map((t) => t.eventType));
  const examples = model.examples(snapshot.context as C, atMs);
  const due = deadlines(model.machine, snapshot);
  const soonestMs = Math.min(...due.values());
  return [...types].filter(Boolean).flatMap((type): ModelEvent[] => {
    const dueAt = due.get(type);
    if (isAlarm(type)) return dueAt === soonestMs ? [{ type, at: dueAt }] : [];
    const all: ModelEvent[] = examples[type] ?? [{ type }];
    return all.filter(({ at = atMs }) => Math.max(at, atMs) < soonestMs);
  });
}

const isAlarm = (type: string): boolean => type.startsWith("xstate.after.");

const fineOf = <C>({ facts }: Model<C>, snapshot: AnyMachineSnapshot) => [
  snapshot.value,
  facts(snapshot.context as C, momentOf(snapshot)),
];

const stepsOf = new WeakMap<object, Step[]>();

/** Every step out of every state that differs in value or in a fact that guards read. */
export function everyStep<C>(model: Model<C>): Step[] {
  const known = stepsOf.get(model);
  if (known) return known;
  const { machine, input } = model;
  const all = [begin(machine, input)];
  getAdjacencyMap(logicOf(machine, all), {
    input,
    events: (snapshot) => eventsOf(model, snapshot),
    serializeState: (snapshot) => JSON.stringify(fineOf(model, snapshot)),
  });
  stepsOf.set(model, all);
  return all;
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
      JSON.stringify(model.coarse?.(snapshot) ?? fineOf(model, snapshot)),
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
      const key = keys[index] ?? "";
      const before = walked.at(-1)?.after;
      const happens = before && dueNow(machine, before, event);
      if (before && !happens) {
        walked.push({ key, after: before });
        continue;
      }
      const step = before && happens ? take(machine, before, happens) : begin(machine, input);
      visit(step);
      steps++;
      walked.push({ key, after: step.after });
    }
  }
  return { paths: paths.length, steps };
}

/** The event as it happens where the path really is; null where the host would drop it. */
function dueNow(
  machine: AnyStateMachine,
  snapshot: AnyMachineSnapshot,
  event: ModelEvent,
): ModelEvent | null {
  const { at } = isAlarm(event.type)
    ? { at: deadlines(machine, snapshot).get(event.type) }
    : { at: Math.max(event.at ?? T0, momentOf(snapshot)) };
  if (at === undefined) return null;
  return answer(machine, snapshot, event, at) === "enabled" ? { ...event, at } : null;
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
