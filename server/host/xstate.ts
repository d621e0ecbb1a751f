/**
 * The one place that knows how XState v5 says things: `xstate.*` action and event names, persisted
 * snapshots, delayed transitions. Everything here is pure and synchronous.
 */
import {
  type AnyActorScope,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  createEmptyActor,
  type ExecutableActionObject,
} from "xstate";
import { attentionOf } from "../../machines/attention.ts";
import { at, type Create, NEVER, type Post, type Tell } from "../../machines/durable.ts";

/** What happens to an actor; results of work are events too. */
export type HostEvent = { type: string };

/** Work that a transition began: `invoke` is its id in the state, `src` the handler's name. */
type Started = { invoke: string; src: string; input: unknown };

/** What a transition asks of others, in the order in which the machine asked. */
export type Output =
  | { type: "tell"; tell: Tell }
  | { type: "create"; create: Create }
  | { type: "post"; post: Post };

/** All that follows from one event. `alarms` are the deadlines of the new state, name → epoch ms. */
export type Decision = {
  /** The persisted snapshot, JSON. */
  snapshot: string;
  persisted: PersistedSnapshot;
  /** What of it the operator should know of, by the machine's own word. */
  attention: string | null;
  alarms: Map<string, number>;
  started: Started[];
  /** Ids of invokes whose state was left. */
  stopped: string[];
  outputs: Output[];
};

/** The shape of a persisted machine snapshot that the host and its projections read. */
export type PersistedSnapshot<Context = unknown> = {
  value: unknown;
  context: Context;
  status: string;
};

/** Where a delivery came from, which says what happens when no transition is enabled. */
export type Door = "command" | "alarm" | "result" | "tell";

/** The actor that machines are told they are. It is none, and keeps nothing. */
const self = createEmptyActor();

/**
 * What XState's own `transition()` runs a machine in, without the live actor that it makes each time,
 * which costs as much as the transition itself.
 */
const idle: AnyActorScope = {
  self,
  system: self.system,
  id: "",
  sessionId: "",
  logger: () => {},
  defer: () => {},
  emit: () => {},
  stopChild: () => {},
  actionExecutor: () => {},
};
const inert = (actionExecutor: AnyActorScope["actionExecutor"]): AnyActorScope => ({
  ...idle,
  actionExecutor,
});

/** Brings a stored snapshot back to life, without running anything. @throws for an unknown state. */
export const hydrate = (machine: AnyStateMachine, json: string): AnyMachineSnapshot =>
  restore(machine, JSON.parse(json) as PersistedSnapshot);

/** The same, of what was parsed already. Leaves that as it is. */
export const restore = (
  machine: AnyStateMachine,
  persisted: PersistedSnapshot,
): AnyMachineSnapshot => machine.restoreSnapshot(persisted as never, idle);

/** Whether `event` is answered now: `enabled` changes something, `ignored` is `{}` on purpose. */
export function answer(
  machine: AnyStateMachine,
  snapshot: AnyMachineSnapshot,
  event: HostEvent,
  atMs: number,
): "enabled" | "ignored" | "unanswered" {
  const candidates = at(atMs, () => machine.getTransitionData(snapshot, event)) ?? [];
  if (candidates.some((t) => t.target !== undefined || t.actions.length > 0)) return "enabled";
  return candidates.length > 0 ? "ignored" : "unanswered";
}

/** The first snapshot of a new actor. @throws when its context cannot be made of `input`. */
export function decideFirst(machine: AnyStateMachine, input: unknown, atMs: number): Decision {
  const actions: ExecutableActionObject[] = [];
  const scope = inert((action) => actions.push(action));
  const next = at(atMs, () => machine.getInitialSnapshot(scope, input));
  return decision(machine, next, actions);
}

/** The next snapshot after `event`. @throws when a guard, an assign or the machine itself fails. */
export function decide(
  machine: AnyStateMachine,
  snapshot: AnyMachineSnapshot,
  event: HostEvent,
  atMs: number,
): Decision {
  const actions: ExecutableActionObject[] = [];
  const scope = inert((action) => actions.push(action));
  const next = at(atMs, () => machine.transition(snapshot, event, scope));
  return decision(machine, next, actions);
}

/** A snapshot as it stands, of which nothing follows but its deadlines. */
export const restored = (machine: AnyStateMachine, snapshot: AnyMachineSnapshot): Decision =>
  decision(machine, snapshot, []);

/** What the state of a stored snapshot waits for. */
export function awaited(json: string): { invoke: string; src: string }[] {
  const { children } = JSON.parse(json) as { children: Record<string, { src: string }> };
  return Object.entries(children).map(([invoke, { src }]) => ({ invoke, src }));
}

/** The events by which an outcome reaches the state that waits for it. */
export const doneEvent = (
  invoke: string,
  output: unknown,
): HostEvent & Record<string, unknown> => ({
  type: `xstate.done.actor.${invoke}`,
  output,
  actorId: invoke,
});
export const errorEvent = (invoke: string, code: string): HostEvent & Record<string, unknown> => ({
  type: `xstate.error.actor.${invoke}`,
  error: { code },
  actorId: invoke,
});

/** Names that XState keeps for itself: its built-in actions, inline actors and results. */
export const isBuiltIn = (name: string): boolean => name.startsWith("xstate.");

/** Whether all that comes of an action of XState's own is in the decision. */
export const isKept = ({ type, delay }: { type: string; delay?: unknown }): boolean =>
  type === "xstate.assign" || (type === "xstate.raise" && delay === undefined);

/** Deadlines of a state, name → epoch ms. A deadline of null is not armed. */
export function deadlines(
  machine: AnyStateMachine,
  snapshot: AnyMachineSnapshot,
): Map<string, number> {
  const due = new Map<string, number>();
  for (const { delay, eventType } of snapshot._nodes.flatMap((node) => node.after)) {
    const resolve = typeof delay !== "function" && machine.implementations.delays[delay];
    if (typeof resolve !== "function") throw new Error(`delay '${delay}' is not a deadline`);
    // At time 0 a delay is its deadline.
    const dueAt = at(0, () =>
      resolve({ context: snapshot.context, event: {} } as never, undefined),
    );
    if (dueAt === NEVER) continue;
    if (!Number.isSafeInteger(dueAt)) throw new Error(`deadline '${delay}' is ${dueAt}`);
    due.set(eventType, dueAt);
  }
  return due;
}

function decision(
  machine: AnyStateMachine,
  next: AnyMachineSnapshot,
  actions: readonly ExecutableActionObject[],
): Decision {
  if (next.status === "error") throw next.error;
  if (next.status !== "active") throw new Error(`${machine.id} ended: no state may be final`);
  const persisted = machine.getPersistedSnapshot(next) as unknown as PersistedSnapshot;
  let started: Started[] = [];
  const stopped: string[] = [];
  const outputs: Output[] = [];
  for (const { type, params } of actions) {
    switch (type) {
      // Deadlines are derived from the state, not followed event by event: a deadline that moves
      // without re-entry would be missed.
      case "xstate.raise":
      case "xstate.cancel":
        break;
      case "xstate.spawnChild": {
        const { id, src, input } = params as unknown as {
          id: string;
          src: string;
          input: unknown;
        };
        started.push({ invoke: id, src, input });
        break;
      }
      case "xstate.stopChild":
        // XState passes the child's ActorRef itself, and nothing for a child it does not know.
        if (params) {
          const { id } = params as unknown as { id: string };
          stopped.push(id);
          // A state that is left in the transition that entered it never began.
          started = started.filter((work) => work.invoke !== id);
        }
        break;
      case "tell":
        for (const tell of list<Tell>(params)) outputs.push({ type, tell });
        break;
      case "create":
        for (const create of list<Create>(params)) outputs.push({ type, create });
        break;
      case "post":
        for (const post of list<Post>(params)) outputs.push({ type, post });
        break;
      default:
        throw new Error(`${machine.id} wants '${type}', which a durable machine cannot`);
    }
  }
  return {
    attention: attentionOf(next),
    snapshot: JSON.stringify(persisted),
    persisted,
    alarms: deadlines(machine, next),
    started,
    stopped,
    outputs,
  };
}

const list = <T>(params: unknown): T[] => (Array.isArray(params) ? params : [params as T]);
