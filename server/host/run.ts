import { type ActorRow, type AlarmRow, Missing } from "../../db/image.ts";
import { differenceOf } from "../../db/patch.ts";
import type { Unit } from "../../db/unit.ts";
import { AppError } from "../errors.ts";
import type { Rules } from "./rules.ts";
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
  restore,
  restored,
} from "./xstate.ts";

/** What became of a delivery. `changed` is false for a duplicate, or for what was not applicable. */
export type Delivered = { id: string; rev: number; at: number; changed: boolean };

/** Where an event came from, as the journal keeps it. */
export type Origin = { cause: string; by: string | null; reason: string | null; dedup?: string };

/** Journal entries that no machine sees: an actor's beginning, and its way to another version. */
export const CREATED = "host.created";
export const MIGRATED = "host.migrated";
/** All that was before of an actor that has come to its end: `db/folding.ts` writes it. */
export const FOLDED = "host.folded";

/** So often the journal holds a whole snapshot, and otherwise what changed. */
const WHOLE_EVERY = 64;
const DELIVERIES_MAX = 500;
/** More than any tenant's till comes to with all the relays that one may have. */
export const SNAPSHOT_BYTES_MAX = 256 * 1024;
/** More alarms than this of one actor at one instant are a loop. */
export const SAME_INSTANT_MAX = 100;
const BY_ALARM: Origin = { cause: "alarm", by: null, reason: null };

/** One event has more consequences than a unit may hold. */
class Endless extends Error {}

/** The deliveries of one body on its unit, each with all its consequences before the next. */
export class Run {
  /** The time, fixed for all of the body. */
  readonly now: number;
  #deliveries = 0;
  /** What is to be created, by id: what is told before its turn may lead to it, and makes it then. */
  readonly #promised = new Map<string, () => void>();

  constructor(
    readonly host: Rules,
    readonly unit: Unit,
  ) {
    this.now = host.clock.now();
  }

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
    const { unit } = this;
    const found = unit.actor(id) ?? this.#kept(id);
    if (!found) throw new AppError("no_such_actor", 404, `there is no ${id}`);
    if (scope !== undefined && found.scope !== scope)
      throw new Error(`${origin.cause} may not tell ${id}, which is of another scope`);
    const at = Math.max(askedMs, found.at);
    if (origin.dedup !== undefined && unit.hasDedup(origin.dedup))
      return { id, rev: found.rev, at: found.at, changed: false };

    // What was due before now happens before now.
    const armed = unit.alarmsOf(id);
    const isLate = door !== "alarm" && this.#catchUp(armed, at);
    const row = (isLate && unit.actor(id)) || found;
    const { machine } = this.host.registered(row.machine);
    if (row.version !== machine.version)
      throw new Error(`${id} is of version ${row.version}; it was not migrated`);
    const stored = JSON.parse(row.snapshot) as PersistedSnapshot;
    const before = restore(machine, stored);
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
    // The version stays, and mostly what the operator should know: each would rewrite its index.
    const { snapshot, attention } = decision;
    const news = attention === row.attention ? {} : { attention };
    unit.changeActor(id, { rev, at, snapshot, ...news });
    const present = isLate ? unit.alarmsOf(id) : armed;
    this.#store({ ...row, rev, at }, stored, event, decision, origin, present);
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
    if (this.unit.actor(id)) throw new Error(`${id} exists`);
    const { snapshot, attention } = decision;
    const row = { id, machine: machineName, version, scope, rev: 0, at, snapshot, attention };
    this.unit.createActor(row);
    this.#store(row, null, { type: CREATED, input } as HostEvent, decision, origin, []);
    return { id, rev: 0, at, changed: true };
  }

  /**
   * Takes an actor stored by another version of its machine to this one, its alarms with it. Work
   * whose state is gone is cancelled. @throws when nothing leads there, or to a state that waits for
   * work that nobody began.
   */
  migrate(row: ActorRow): void {
    const { unit } = this;
    const { machine, migrate } = this.host.registered(row.machine);
    const version = machine.version ?? "";
    if (!migrate)
      throw new Error(`${row.id} is of version ${row.version}; nothing leads to ${version}`);
    const migrated = migrate(JSON.parse(row.snapshot) as PersistedSnapshot, row.version);
    const snapshot = hydrate(machine, JSON.stringify(migrated));
    const decision = restored(machine, snapshot);
    const open = unit.openWork(row.id).map(({ invoke }) => invoke);
    const wanted = awaited(decision.snapshot).map(({ invoke }) => invoke);
    decision.stopped = open.filter((invoke) => !wanted.includes(invoke));
    const missing = wanted.find((invoke) => !open.includes(invoke));
    if (missing) throw new Error(`${row.id} would wait for '${missing}', which nobody began`);
    const rev = row.rev + 1;
    const { attention } = decision;
    unit.changeActor(row.id, { version, rev, snapshot: decision.snapshot, attention });
    const origin = { cause: `version ${row.version}`, by: null, reason: null };
    const next = { ...row, version, rev };
    this.#store(next, null, { type: MIGRATED }, decision, origin, unit.alarmsOf(row.id));
  }

  /**
   * Fires an alarm at the time it was due; one that is gone, held or moved meanwhile does nothing.
   *
   * @throws where the deadline still stands afterwards: it would fire for ever.
   */
  fire({ actor, name, due }: Pick<AlarmRow, "actor" | "name" | "due">, origin = BY_ALARM): void {
    const standing = () =>
      this.unit
        .alarmsOf(actor)
        .some((alarm) => alarm.name === name && alarm.due === due && alarm.heldAt === null);
    if (!standing()) return;
    this.deliver(actor, { type: name }, due, "alarm", origin);
    if (standing()) throw new Error(`${name} fired and its deadline still stands`);
  }

  /** Fires an alarm; one that fails is held for the operator, and nothing else is. */
  fireOrHold(alarm: AlarmRow): void {
    const isOutermost = this.#deliveries === 0;
    try {
      this.unit.attempt(() => this.fire(alarm));
    } catch (error) {
      // What is not loaded, or too much for a larger unit, is not this alarm's fault.
      if (error instanceof Missing || (error instanceof Endless && !isOutermost)) throw error;
      this.hold(alarm, error);
    }
  }

  /** Fires what of an actor's alarms is due until now. */
  catchUp(id: string): void {
    const row = this.unit.actor(id);
    if (row) this.#catchUp(this.unit.alarmsOf(id), Math.max(this.now, row.at));
  }

  hold({ actor, name, due }: AlarmRow, error: unknown): void {
    this.unit.holdAlarm({ actor, name, due, heldAt: null, error: null }, this.now, error);
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
      next = firstDue(this.unit.alarmsOf(next.actor), at);
      times = next?.due === instant ? times + 1 : 1;
      instant = next?.due ?? instant;
    }
    return true;
  }

  /** @param before - null where the journal is to hold the whole snapshot. Order: journal, alarms, outbox, rows; then tells and creations in turn, each to its end. */
  #store(
    { id, machine: name, version, scope, rev, at }: ActorRow,
    before: PersistedSnapshot | null,
    event: HostEvent,
    decision: Decision,
    origin: Origin,
    armed: readonly AlarmRow[],
  ): void {
    const { unit } = this;
    const { cause, by, reason, dedup } = origin;
    const { snapshot, persisted, alarms, stopped, started, outputs } = decision;
    if (Buffer.byteLength(snapshot) > SNAPSHOT_BYTES_MAX)
      throw new Error(`the snapshot of ${id} would exceed ${SNAPSHOT_BYTES_MAX} bytes`);
    const isWhole = before === null || rev % WHOLE_EVERY === 0;
    const made = isWhole
      ? { snapshot, patch: null }
      : { snapshot: null, patch: JSON.stringify(differenceOf(before, persisted)) };
    const entry = { actor: id, rev, at, recordedAt: Date.now(), version, ...made };
    unit.record({ ...entry, event: JSON.stringify(event), cause, by, reason });
    if (dedup !== undefined) unit.remember(dedup);
    this.#rearm(id, armed, alarms);
    // Leaving the state ends the work, whether it has begun or not.
    if (stopped.length > 0)
      for (const work of unit.openWork(id))
        if (stopped.includes(work.invoke))
          unit.changeWork(work, { state: "cancelled", finishedAt: at });
    for (const [index, work] of started.entries())
      this.#start(id, `${id}#${rev}.${index}`, work, at);
    const change = { id, machine: name, scope, rev, at, snapshot: persisted, outputs };
    for (const put of this.host.project(change)) unit.write(put);

    const sender = { cause: `${id}#${rev}`, by, reason: null };
    const creations = new Map<unknown, () => void>();
    for (const output of outputs) {
      if (output.type !== "create") continue;
      const { id: to, machine, input, once } = output.create;
      const create = (): void => {
        creations.delete(output);
        this.#promised.delete(to);
        if (once && unit.actor(to)) return;
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
    return this.unit.actor(id);
  }

  /** Makes the alarms of an actor those of its present state. */
  #rearm(id: string, armed: readonly AlarmRow[], wanted: ReadonlyMap<string, number>): void {
    const { unit } = this;
    for (const { name } of armed) if (!wanted.has(name)) unit.deleteAlarm(id, name);
    for (const [name, due] of wanted) {
      if (armed.some((alarm) => alarm.name === name && alarm.due === due)) continue;
      unit.setAlarm({ actor: id, name, due, heldAt: null, error: null });
    }
  }

  #start(actor: string, key: string, { invoke, src, input }: Decision["started"][0], at: number) {
    const effect = this.host.effects[src];
    if (!effect) throw new Error(`nobody performs '${src}'`);
    const mutex = effect.mutex?.(input as never) ?? null;
    const what = { key, actor, invoke, src, lane: effect.lane, mutex };
    const json = JSON.stringify(input ?? null);
    const nothingYet = { attempt: 0, deaths: 0, error: null, answer: null, memo: null };
    const when = { nextAt: this.now, createdAt: at, finishedAt: null };
    this.unit.startWork({ ...what, input: json, state: "todo", ...nothingYet, ...when });
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
