import type { AnyStateMachine } from "xstate";
import type { ActorRow, HostStore } from "../../db/host-store.ts";
import type { Clock } from "../clock.ts";
import { AppError } from "../errors.ts";
import { assertDurable } from "./durable.ts";
import type { Effect } from "./effect.ts";
import { TransactionQueue } from "./transactions.ts";
import {
  answer,
  type Decision,
  type Door,
  deadlines,
  decide,
  decideFirst,
  type HostEvent,
  hydrate,
  type Output,
  type PersistedSnapshot,
  restored,
} from "./xstate.ts";

/** A machine as the host runs it. `migrate` takes a stored snapshot of another version to this one. */
export type Registered = {
  machine: AnyStateMachine;
  tells: readonly string[];
  migrate?: (snapshot: PersistedSnapshot, fromVersion: string) => PersistedSnapshot;
};

/** One transition, for whoever derives rows from it, inside the same transaction. */
export type Change = {
  id: string;
  machine: string;
  scope: string;
  rev: number;
  at: number;
  snapshot: PersistedSnapshot;
  outputs: readonly Output[];
};

/** Who asked, and why. `dedup` takes an outside fact in once, for ever. */
export type Meta = { cause: string; by?: string; reason?: string; dedup?: string };

/** What became of a delivery. `changed` is false for a duplicate, or for what was not applicable. */
export type Delivered = { id: string; rev: number; at: number; changed: boolean };

/** What may be done inside a transaction. */
export type Tx = {
  /** Delivers a command. @throws AppError 409 `not_allowed_now`, 404 `no_such_actor`. */
  send(id: string, event: HostEvent, meta: Meta): Delivered;
  /** Creates an actor. @throws when it exists. */
  create(id: string, machine: string, scope: string, input: unknown, meta: Meta): Delivered;
  /** The stored snapshot; null where there is no such actor. */
  read(id: string): (ActorRow & { persisted: PersistedSnapshot }) | null;
};

/** Journal entries that no machine sees: an actor's beginning, and its way to another version. */
export const CREATED = "host.created";
export const MIGRATED = "host.migrated";

const DELIVERIES_MAX = 500;
const CONTEXT_BYTES_MAX = 64 * 1024;

export type HostOptions = {
  store: HostStore;
  clock: Clock;
  machines: Record<string, Registered>;
  effects: Record<string, Effect>;
  project: (change: Change) => void;
};

/**
 * The durable actor host: one event is one transaction, and an actor is a row. It knows machines,
 * but no word of what they are about.
 */
export class Host {
  readonly store: HostStore;
  readonly clock: Clock;
  readonly machines: Record<string, Registered>;
  readonly effects: Record<string, Effect>;
  readonly #project: (change: Change) => void;
  readonly #queue: TransactionQueue;
  readonly #listeners = new Set<(commit: Commit) => void>();
  /** What the running transaction touches; rung after its commit. */
  #pending: Commit = emptyCommit();

  /** @throws when a machine is not durable. */
  constructor(options: HostOptions) {
    this.store = options.store;
    this.clock = options.clock;
    this.machines = options.machines;
    this.effects = options.effects;
    this.#project = options.project;
    for (const { machine, tells } of Object.values(this.machines))
      assertDurable(machine, Object.keys(this.effects), tells);
    this.#queue = new TransactionQueue(this.store, {
      begin: () => {
        this.#pending = emptyCommit();
      },
      committed: () => {
        const commit = this.#pending;
        for (const listener of this.#listeners) listener(commit);
      },
    });
  }

  /** Called after each commit that changed something. @returns unsubscribe. */
  onCommit(listener: (commit: Commit) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** One command, one transaction. Acknowledged means on disk. */
  send(id: string, event: HostEvent, meta: Meta): Promise<Delivered> {
    return this.transact((tx) => tx.send(id, event, meta));
  }

  /**
   * Several commands and writes of others as one: all or nothing. Bodies that wait at the same moment
   * share one commit, each in a savepoint of its own.
   */
  transact<T>(body: (tx: Tx) => T extends Promise<unknown> ? never : T): Promise<T> {
    return this.#queue.run(() => {
      const run = new Run(this);
      return body({
        send: (id, event, meta) =>
          run.deliver(id, event, this.clock.now(), "command", { by: null, reason: null, ...meta }),
        create: (id, machine, scope, input, meta) =>
          run.create(id, machine, scope, input, this.clock.now(), {
            by: null,
            reason: null,
            ...meta,
          }),
        read: (id) => this.read(id),
      });
    }) as Promise<T>;
  }

  /** The stored state of an actor, as last committed; null where there is none. */
  read(id: string): (ActorRow & { persisted: PersistedSnapshot }) | null {
    const row = this.store.actor(id);
    return row && { ...row, persisted: JSON.parse(row.snapshot) as PersistedSnapshot };
  }

  /** For alarm clock and outbox: a delivery through another door, with what belongs to it. */
  deliver<T>(body: (run: Run) => T extends Promise<unknown> ? never : T): Promise<T> {
    return this.#queue.run(() => body(new Run(this))) as Promise<T>;
  }

  /** Waits for everything that is queued to be committed. */
  drained(): Promise<unknown> {
    return this.#queue.run(() => null);
  }

  registered(name: string): Registered {
    const registered = this.machines[name];
    if (!registered) throw new Error(`no machine '${name}'`);
    return registered;
  }

  /** Only {@link Run} calls it: rows of the noun, and who is to hear of it. */
  changed(change: Change, decision: Decision): void {
    this.#project(change);
    this.#pending.scopes.add(change.scope);
    this.#pending.actors.push({ id: change.id, rev: change.rev });
    if (decision.started.length > 0) this.#pending.started = true;
    if (decision.alarms.size > 0) this.#pending.alarmed = true;
  }

  cancelled(key: string): void {
    this.#pending.cancelled.push(key);
  }
}

/** What a commit touched. */
export type Commit = {
  scopes: Set<string>;
  actors: { id: string; rev: number }[];
  /** Keys of work whose state was left. */
  cancelled: string[];
  started: boolean;
  alarmed: boolean;
};

const emptyCommit = (): Commit => ({
  scopes: new Set(),
  actors: [],
  cancelled: [],
  started: false,
  alarmed: false,
});

type Origin = { cause: string; by: string | null; reason: string | null; dedup?: string };

/** The deliveries of one transaction, each with all its consequences before the next. */
export class Run {
  #deliveries = 0;

  constructor(readonly host: Host) {}

  /** Delivers `event` at logical time `askedMs` or the actor's own, whichever is later. */
  deliver(
    id: string,
    event: HostEvent,
    askedMs: number,
    door: Door,
    origin: Origin,
    scope?: string,
  ): Delivered {
    if (++this.#deliveries > DELIVERIES_MAX)
      throw new Error(`more than ${DELIVERIES_MAX} deliveries follow from one event`);
    const { store } = this.host;
    const found = store.actor(id);
    if (!found) throw new AppError("no_such_actor", 404, `there is no ${id}`);
    if (scope !== undefined && found.scope !== scope)
      throw new Error(`${origin.cause} may not tell ${id}, which is of another scope`);
    const at = Math.max(askedMs, found.at);
    if (origin.dedup !== undefined && store.hasDedup(origin.dedup))
      return { id, rev: found.rev, at: found.at, changed: false };
    // What was due before now happens before now.
    const row = door === "alarm" ? found : this.#fireOwnAlarms(found, at);

    const { machine } = this.host.registered(row.machine);
    const before = hydrate(machine, row.snapshot);
    const answered = answer(machine, before, event, at);
    if (door === "tell" && answered === "unanswered")
      throw new Error(`${id} does not answer ${event.type} in ${JSON.stringify(before.value)}`);
    if (answered !== "enabled") {
      if (door === "command")
        throw new AppError("not_allowed_now", 409, `${event.type} is not possible now`);
      return { id, rev: row.rev, at: row.at, changed: false };
    }
    const decision = decide(machine, before, event, at);
    const rev = row.rev + 1;
    store.updateActor(machine.version ?? "", rev, at, decision.snapshot, id);
    this.#store({ ...row, rev, at }, event, decision, origin);
    return { id, rev, at, changed: true };
  }

  /** Creates an actor in `scope`. */
  create(
    id: string,
    machineName: string,
    scope: string,
    input: unknown,
    at: number,
    origin: Origin,
  ): Delivered {
    if (++this.#deliveries > DELIVERIES_MAX)
      throw new Error(`more than ${DELIVERIES_MAX} deliveries follow from one event`);
    const { machine } = this.host.registered(machineName);
    const decision = decideFirst(machine, input, at);
    const version = machine.version ?? "";
    this.host.store.insertActor(id, machineName, version, scope, 0, at, decision.snapshot);
    const row = { id, machine: machineName, version, scope, rev: 0, at, snapshot: "" };
    this.#store(row, { type: CREATED, input } as HostEvent, decision, origin);
    return { id, rev: 0, at, changed: true };
  }

  /** Takes an actor stored by another version of its machine to this one. @throws when it cannot. */
  migrate(row: ActorRow): void {
    const { store } = this.host;
    const { machine, migrate } = this.host.registered(row.machine);
    const version = machine.version ?? "";
    if (!migrate)
      throw new Error(`${row.id} is of version ${row.version}; nothing leads to ${version}`);
    const migrated = migrate(JSON.parse(row.snapshot) as PersistedSnapshot, row.version);
    const snapshot = hydrate(machine, JSON.stringify(migrated));
    const decision = restored(machine, snapshot);
    const rev = row.rev + 1;
    store.updateActor(version, rev, row.at, decision.snapshot, row.id);
    this.#store({ ...row, version, rev }, { type: MIGRATED }, decision, {
      cause: `version ${row.version}`,
      by: null,
      reason: null,
    });
  }

  /**
   * Fires an alarm of `row`, at the time it was due. A fired alarm whose state and deadline both
   * still stand is a defect: it would fire for ever. @throws
   */
  fire(id: string, name: string, due: number): void {
    const { store } = this.host;
    const row = store.actor(id);
    if (!row) throw new Error(`alarm of ${id}, which does not exist`);
    const { machine } = this.host.registered(row.machine);
    if (deadlines(machine, hydrate(machine, row.snapshot)).get(name) !== due) {
      store.deleteAlarm(id, name);
      return;
    }
    this.deliver(id, { type: name }, due, "alarm", { cause: "alarm", by: null, reason: null });
    const after = store.actor(id);
    if (after && deadlines(machine, hydrate(machine, after.snapshot)).get(name) === due)
      throw new Error(`${name} fired and its deadline still stands`);
  }

  /** Makes the alarms of an actor those of its present state. */
  rearm(id: string, wanted: ReadonlyMap<string, number>): void {
    const { store } = this.host;
    const present = new Map(store.alarmsOf(id).map((alarm) => [alarm.name, alarm.due]));
    for (const name of present.keys()) if (!wanted.has(name)) store.deleteAlarm(id, name);
    for (const [name, due] of wanted) if (present.get(name) !== due) store.setAlarm(id, name, due);
  }

  #fireOwnAlarms(row: ActorRow, at: number): ActorRow {
    const { store } = this.host;
    for (;;) {
      const [next] = store
        .alarmsOf(row.id)
        .filter((alarm) => alarm.heldAt === null && alarm.due <= at)
        .sort((a, b) => a.due - b.due || (a.name < b.name ? -1 : 1));
      if (!next) return store.actor(row.id) ?? row;
      this.fire(row.id, next.name, next.due);
    }
  }

  /** Order: journal, alarms, outbox, rows; then the tells, each to its end. */
  #store(row: ActorRow, event: HostEvent, decision: Decision, origin: Origin): void {
    const { store, clock, effects } = this.host;
    const { id, rev, at, scope } = row;
    if (decision.snapshot.length > CONTEXT_BYTES_MAX)
      throw new Error(`the snapshot of ${id} would exceed ${CONTEXT_BYTES_MAX} bytes`);
    const { version } = this.host.registered(row.machine).machine;
    store.insertJournal(
      scope,
      id,
      rev,
      at,
      Date.now(),
      version ?? "",
      JSON.stringify(event),
      origin.cause,
      origin.by,
      origin.reason,
      origin.dedup ?? null,
      decision.snapshot,
    );
    if (rev > 0 || decision.alarms.size > 0) this.rearm(id, decision.alarms);
    for (const invoke of decision.stopped)
      for (const { key } of store.cancelWork(at, id, invoke)) this.host.cancelled(key);
    decision.started.forEach(({ invoke, src, input }, index) => {
      const effect = effects[src];
      if (!effect) throw new Error(`nobody performs '${src}'`);
      const mutex = effect.mutex?.(input as never) ?? null;
      const json = JSON.stringify(input ?? null);
      store.insertWork(
        `${id}#${rev}.${index}`,
        id,
        invoke,
        src,
        effect.lane,
        mutex,
        json,
        clock.now(),
        at,
      );
    });
    const { persisted: snapshot, outputs } = decision;
    const change = { id, machine: row.machine, scope, rev, at, snapshot, outputs };
    this.host.changed(change, decision);

    const cause = `${id}#${rev}`;
    for (const output of outputs) {
      if (output.type === "tell") {
        const { to, event: told } = output.tell;
        this.deliver(to, told, at, "tell", { cause, by: origin.by, reason: null }, scope);
      } else if (output.type === "create") {
        const { id: to, machine, input, once } = output.create;
        if (once && store.actor(to)) continue;
        this.create(to, machine, scope, input, at, { cause, by: origin.by, reason: null });
      }
    }
  }
}
