import type { ActorRow, AlarmRow, OutboxRow } from "../../db/host-store.ts";
import { AppError } from "../errors.ts";
import type { Host } from "./host.ts";
import {
  answer,
  awaited,
  type Decision,
  type Door,
  decide,
  decideFirst,
  type HostEvent,
  hydrate,
  type PersistedSnapshot,
  restored,
} from "./xstate.ts";

/** What became of a delivery. `changed` is false for a duplicate, or for what was not applicable. */
export type Delivered = { id: string; rev: number; at: number; changed: boolean };

/** Where an event came from, as the journal keeps it. */
export type Origin = { cause: string; by: string | null; reason: string | null; dedup?: string };

/** Journal entries that no machine sees: an actor's beginning, and its way to another version. */
export const CREATED = "host.created";
export const MIGRATED = "host.migrated";

const DELIVERIES_MAX = 500;
/** More than any tenant's till comes to with all the relays that one may have. */
export const SNAPSHOT_BYTES_MAX = 256 * 1024;
/** More alarms than this of one actor at one instant are a loop. */
export const SAME_INSTANT_MAX = 100;
const BY_ALARM: Origin = { cause: "alarm", by: null, reason: null };

/** One event has more consequences than a transaction may hold. */
class Endless extends Error {}

/** The deliveries of one transaction, each with all its consequences before the next. */
export class Run {
  #deliveries = 0;
  /** What is to be created, by id: what is told before its turn may lead to it, and makes it then. */
  readonly #promised = new Map<string, () => void>();

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
    this.#count();
    const { store } = this.host;
    const found = store.actor(id) ?? this.#kept(id);
    if (!found) throw new AppError("no_such_actor", 404, `there is no ${id}`);
    if (scope !== undefined && found.scope !== scope)
      throw new Error(`${origin.cause} may not tell ${id}, which is of another scope`);
    const at = Math.max(askedMs, found.at);
    if (origin.dedup !== undefined && store.hasDedup(origin.dedup))
      return { id, rev: found.rev, at: found.at, changed: false };

    // What was due before now happens before now.
    const armed = store.alarmsOf(id);
    const isLate = door !== "alarm" && this.#catchUp(armed, at);
    const row = (isLate && store.actor(id)) || found;
    const { machine } = this.host.registered(row.machine);
    if (row.version !== machine.version)
      throw new Error(`${id} is of version ${row.version}; it was not migrated`);
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
    store.updateActor(rev, at, decision.snapshot, id);
    const present = isLate ? store.alarmsOf(id) : armed;
    this.#store({ ...row, rev, at }, event, decision, origin, present);
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
    this.#count();
    const { machine } = this.host.registered(machineName);
    const decision = decideFirst(machine, input, at);
    const version = machine.version ?? "";
    this.host.store.insertActor(id, machineName, version, scope, 0, at, decision.snapshot);
    const row = { id, machine: machineName, version, scope, rev: 0, at, snapshot: "" };
    this.#store(row, { type: CREATED, input } as HostEvent, decision, origin, []);
    return { id, rev: 0, at, changed: true };
  }

  /**
   * Takes an actor stored by another version of its machine to this one, its alarms with it. Work
   * whose state is gone is cancelled. @throws when nothing leads there, or to a state that waits for
   * work that nobody began.
   */
  migrate(row: ActorRow): void {
    const { store } = this.host;
    const { machine, migrate } = this.host.registered(row.machine);
    const version = machine.version ?? "";
    if (!migrate)
      throw new Error(`${row.id} is of version ${row.version}; nothing leads to ${version}`);
    const migrated = migrate(JSON.parse(row.snapshot) as PersistedSnapshot, row.version);
    const snapshot = hydrate(machine, JSON.stringify(migrated));
    const decision = restored(machine, snapshot);
    const open = store.openWork(row.id).map(({ invoke }) => invoke);
    const wanted = awaited(decision.snapshot).map(({ invoke }) => invoke);
    decision.stopped = open.filter((invoke) => !wanted.includes(invoke));
    const missing = wanted.find((invoke) => !open.includes(invoke));
    if (missing) throw new Error(`${row.id} would wait for '${missing}', which nobody began`);
    const rev = row.rev + 1;
    store.migrateActor(version, rev, decision.snapshot, row.id);
    const origin = { cause: `version ${row.version}`, by: null, reason: null };
    const next = { ...row, version, rev };
    this.#store(next, { type: MIGRATED }, decision, origin, store.alarmsOf(row.id));
  }

  /** Takes over an actor of another database as it stands, with the work that it waits for. */
  adopt(row: ActorRow, open: readonly OutboxRow[]): void {
    const { store } = this.host;
    const { machine } = this.host.registered(row.machine);
    const { id, version, scope, rev, at, snapshot } = row;
    store.insertActor(id, row.machine, version, scope, rev, at, snapshot);
    this.#rearm(id, [], restored(machine, hydrate(machine, snapshot)).alarms);
    for (const { key, invoke, src, lane, mutex, input } of open)
      store.insertWork(key, id, invoke, src, lane, mutex, input, at, at);
  }

  /**
   * Fires an alarm at the time it was due; one that is gone, held or moved meanwhile does nothing.
   *
   * @throws where the deadline still stands afterwards: it would fire for ever.
   */
  fire({ actor, name, due }: AlarmRow, origin = BY_ALARM): void {
    const { store } = this.host;
    const standing = () => store.alarm(actor, name, due) !== null;
    if (!standing()) return;
    this.deliver(actor, { type: name }, due, "alarm", origin);
    if (standing()) throw new Error(`${name} fired and its deadline still stands`);
  }

  /** Fires an alarm; one that fails is held for the operator, and nothing else is. */
  fireOrHold(alarm: AlarmRow): void {
    const isOutermost = this.#deliveries === 0;
    try {
      this.host.attempt(() => this.fire(alarm));
    } catch (error) {
      // Neither a disk that takes nothing nor what is too much for a larger transaction is its fault.
      const isOthers = this.host.storage.failed(error) || !this.host.store.isOpen();
      if (isOthers || (error instanceof Endless && !isOutermost)) throw error;
      this.hold(alarm, error);
    }
  }

  /** Fires what of an actor's alarms is due until now. */
  catchUp(id: string): void {
    const { store, clock } = this.host;
    this.#catchUp(store.alarmsOf(id), Math.max(clock.now(), store.actor(id)?.at ?? 0));
  }

  hold({ actor, name }: AlarmRow, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.host.store.holdAlarm(this.host.clock.now(), message, actor, name);
    this.host.touched.held(actor, name, error);
  }

  #count(): void {
    if (++this.#deliveries > DELIVERIES_MAX)
      throw new Endless(`more than ${DELIVERIES_MAX} deliveries follow from one event`);
  }

  /** Fires what of an actor's alarms is due until `at`. @returns whether there was any. */
  #catchUp(armed: readonly AlarmRow[], at: number): boolean {
    let next = firstDue(armed, at);
    if (!next) return false;
    for (let times = 1, instant = next.due; next; ) {
      if (times > SAME_INSTANT_MAX) this.hold(next, endless(next));
      else this.fireOrHold(next);
      next = firstDue(this.host.store.alarmsOf(next.actor), at);
      times = next?.due === instant ? times + 1 : 1;
      instant = next?.due ?? instant;
    }
    return true;
  }

  /** Order: journal, alarms, outbox, rows; then tells and creations in turn, each to its end. */
  #store(
    { id, machine: name, version, scope, rev, at }: ActorRow,
    event: HostEvent,
    decision: Decision,
    origin: Origin,
    armed: readonly AlarmRow[],
  ): void {
    const { store, touched } = this.host;
    const { cause, by, reason, dedup = null } = origin;
    const { snapshot, persisted, alarms, stopped, started, outputs } = decision;
    if (Buffer.byteLength(snapshot) > SNAPSHOT_BYTES_MAX)
      throw new Error(`the snapshot of ${id} would exceed ${SNAPSHOT_BYTES_MAX} bytes`);
    const json = JSON.stringify(event);
    store.insertJournal(
      scope,
      id,
      rev,
      at,
      Date.now(),
      version,
      json,
      cause,
      by,
      reason,
      dedup,
      snapshot,
    );
    touched.actor(id, scope, rev);
    this.#rearm(id, armed, alarms);
    for (const invoke of stopped)
      for (const { key } of store.cancelWork(at, id, invoke)) touched.cancelled(key);
    for (const [index, work] of started.entries())
      this.#start(id, `${id}#${rev}.${index}`, work, at);
    const change = { id, machine: name, scope, rev, at, snapshot: persisted, outputs };
    for (const put of this.host.project(change)) store.put(put);

    const sender = { cause: `${id}#${rev}`, by, reason: null };
    const creations = new Map<unknown, () => void>();
    for (const output of outputs) {
      if (output.type !== "create") continue;
      const { id: to, machine, input, once } = output.create;
      const create = (): void => {
        creations.delete(output);
        this.#promised.delete(to);
        if (once && store.actor(to)) return;
        this.create(to, machine, scope, input, at, sender);
      };
      creations.set(output, create);
      this.#promised.set(to, create);
    }
    for (const output of outputs)
      if (output.type === "tell") {
        const { to, event: told } = output.tell;
        this.deliver(to, told, at, "tell", sender, scope);
      } else creations.get(output)?.();
  }

  /** Keeps the promise of an actor, if there is one. */
  #kept(id: string): ActorRow | null {
    this.#promised.get(id)?.();
    return this.host.store.actor(id);
  }

  /** Makes the alarms of an actor those of its present state. */
  #rearm(id: string, armed: readonly AlarmRow[], wanted: ReadonlyMap<string, number>): void {
    const { store, touched } = this.host;
    for (const { name } of armed) if (!wanted.has(name)) store.deleteAlarm(id, name);
    for (const [name, due] of wanted) {
      if (armed.some((alarm) => alarm.name === name && alarm.due === due)) continue;
      store.setAlarm(id, name, due);
      touched.armed(due);
    }
  }

  #start(actor: string, key: string, { invoke, src, input }: Decision["started"][0], at: number) {
    const { store, clock, effects, touched } = this.host;
    const effect = effects[src];
    if (!effect) throw new Error(`nobody performs '${src}'`);
    const mutex = effect.mutex?.(input as never) ?? null;
    const json = JSON.stringify(input ?? null);
    store.insertWork(key, actor, invoke, src, effect.lane, mutex, json, clock.now(), at);
    touched.started();
  }
}

/** Why an alarm that fires again and again at one instant is held. */
export const endless = ({ actor, due }: AlarmRow): Error =>
  new Error(`${actor} fires without end at ${due}`);

/** The first alarm that is due until `at` and not held; ties by name. */
const firstDue = (alarms: readonly AlarmRow[], at: number): AlarmRow | undefined =>
  alarms
    .filter((alarm) => alarm.heldAt === null && alarm.due <= at)
    .sort((a, b) => a.due - b.due || (a.name < b.name ? -1 : 1))[0];
