import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import type { ActorRow, Wants } from "../../db/image.ts";
import { append, erase, type Put, put } from "../../db/put.ts";
import { type Store, UniqueViolation } from "../../db/store.ts";
import type { Unit } from "../../db/unit.ts";
import type { Heard, Kept } from "../../machines/durable.ts";
import type { Clock } from "../clock.ts";
import { AppError } from "../errors.ts";
import { type Bell, bellOf } from "./bell.ts";
import { assertDurable } from "./durable.ts";
import type { Effect } from "./effect.ts";
import type { Change, Registered } from "./rules.ts";
import { type Delivered, Run } from "./run.ts";
import { Storage } from "./storage.ts";
import { Units } from "./units.ts";
import type { PersistedSnapshot } from "./xstate.ts";

/** Who asked, and why. `dedup` takes an outside fact in once, for ever. */
export type Meta = { cause: string; by?: string; reason?: string; dedup?: string };

export type Actor<Context = unknown> = ActorRow & { persisted: PersistedSnapshot<Context> };

/**
 * What a body may do. It may run more than once, so it does nothing else: no other clock, no request,
 * no counter outside. A `send` or `create` that throws fails the unit, caught or not.
 */
export type Tx = {
  /** The time, logical epoch ms: the same for all of the body. */
  readonly now: number;
  /** Delivers a command. @throws AppError 409 `not_allowed_now`, 404 `no_such_actor`. */
  send<A extends string>(id: A, event: Heard<A>, meta: Meta): Delivered;
  /** Creates an actor in the scope of the body. @throws when it exists. */
  create(id: string, machine: string, input: unknown, meta: Meta): Delivered;
  /** An actor as it is now, what was due of it having happened; null where there is none. */
  read<A extends string>(id: A): Actor<Kept<A>> | null;
  /** Writes a row that this scope alone writes; one that is there is replaced. */
  put<T extends SQLiteTable>(table: T, row: T["$inferSelect"]): void;
  /** Writes a row that claims something for ever, against all other scopes. */
  append<T extends SQLiteTable>(table: T, row: T["$inferInsert"]): void;
  /** Takes a row away, named by its whole key. */
  erase<T extends SQLiteTable>(table: T, key: Partial<T["$inferSelect"]>): void;
};

export type HostOptions = {
  store: Store;
  clock: Clock;
  machines: Record<string, Registered>;
  effects: Record<string, Effect>;
  /** The rows that go with a transition. Pure. */
  project: (change: Change) => Put[];
  /** Told when nothing can be written any more, with the error, and with null when it can again. */
  onStorage?: (failure: unknown) => void;
};

/**
 * The durable actor host: an event is decided in memory and flushed as one unit, and an actor is a
 * row. It knows machines, but no word of what they are about.
 */
export class Host {
  readonly store: Store;
  readonly clock: Clock;
  readonly machines: Record<string, Registered>;
  readonly effects: Record<string, Effect>;
  readonly project: (change: Change) => Put[];
  /** Whether what is written reaches the disk. */
  readonly storage: Storage;
  readonly #units: Units;
  readonly #listeners = new Set<(bell: Bell) => void>();

  /** @throws when a machine is not durable. */
  constructor(options: HostOptions) {
    this.store = options.store;
    this.clock = options.clock;
    this.machines = options.machines;
    this.effects = options.effects;
    this.project = options.project;
    for (const { machine, tells } of Object.values(this.machines))
      assertDurable(machine, Object.keys(this.effects), tells);
    this.storage = new Storage(() => this.store.probe(), options.onStorage ?? (() => {}));
    this.#units = new Units(this.store, {
      written: (unit) => this.#ring(bellOf(unit)),
      failed: (error) => this.storage.failed(error),
    });
  }

  /** Called after each unit that was written. @returns unsubscribe. */
  onCommit(listener: (bell: Bell) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** One command. Acknowledged means on disk. @throws AppError 409 `not_allowed_now`, 404 `no_such_actor`. */
  async send<A extends string>(id: A, event: Heard<A>, meta: Meta): Promise<Delivered> {
    const scope = await this.store.scopeOf(id);
    if (scope === null) throw new AppError("no_such_actor", 404, `there is no ${id}`);
    const wants = { actors: [id], dedups: meta.dedup === undefined ? [] : [meta.dedup] };
    return this.deliver(
      scope,
      (run) => run.deliver(id, event, run.now, "command", originOf(meta)),
      wants,
    );
  }

  /**
   * Several commands and rows as one, all or nothing, by itself in its unit: what its body reads of
   * rows was written by units before it.
   *
   * @throws AppError 409 `conflict` where somebody else is first, again and again
   */
  async transact<T>(scope: string, body: (tx: Tx) => T | Promise<T>): Promise<T> {
    try {
      return (await this.#units.alone(scope, (unit) => this.#transacted(unit, body))) as T;
    } catch (error) {
      if (!(error instanceof UniqueViolation)) throw error;
      throw new AppError("conflict", 409, "somebody else was first; look again");
    }
  }

  /** Runs a body on a unit. @throws what its first half of a delivery threw, caught or not. */
  async #transacted<T>(unit: Unit, body: (tx: Tx) => T | Promise<T>): Promise<T> {
    const run = new Run(this, unit);
    const failed: unknown[] = [];
    const whole = <R>(act: () => R): R => {
      try {
        return unit.attempt(act);
      } catch (error) {
        failed.push(error);
        throw error;
      }
    };
    const value = await body({
      now: run.now,
      send: (id, event, meta) =>
        whole(() => run.deliver(id, event, run.now, "command", originOf(meta))),
      create: (id, machine, input, meta) =>
        whole(() => run.create(id, machine, unit.scope, input, run.now, originOf(meta))),
      read: (id) =>
        whole(() => {
          run.catchUp(id);
          return withSnapshot<typeof id>(unit.actor(id));
        }),
      put: (table, row) => unit.write(put(table, row)),
      append: (table, row) => unit.write(append(table, row)),
      erase: (table, key) => unit.write(erase(table, key)),
    });
    if (failed.length > 0) throw failed[0];
    return value;
  }

  /**
   * A delivery through another door, with what belongs to it. Those of a scope that wait at the same
   * moment share a unit.
   */
  deliver<T>(
    scope: string,
    body: (run: Run) => T extends Promise<unknown> ? never : T,
    wants: Wants = { actors: [], dedups: [] },
  ): Promise<T> {
    return this.#units.shared(scope, (unit) => body(new Run(this, unit)), wants) as Promise<T>;
  }

  /** The stored state of an actor, as last written; null where there is none. */
  async read<A extends string>(id: A): Promise<Actor<Kept<A>> | null> {
    return withSnapshot(await this.store.actor(id));
  }

  /** Waits for everything that was asked until now to be written, or to have failed. */
  drained(): Promise<void> {
    return this.#units.drained();
  }

  /** The same, and lets go of the disk. */
  async close(): Promise<void> {
    await this.drained();
    this.storage.stop();
  }

  #ring(bell: Bell): void {
    const failed: unknown[] = [];
    for (const listener of this.#listeners) {
      try {
        listener(bell);
      } catch (error) {
        failed.push(error);
      }
    }
    // A defect of one listener ends the process, but not before the others have heard, and not in
    // the name of whoever waits for the unit: that is written.
    if (failed.length > 0)
      setImmediate(() => {
        throw failed[0];
      });
  }

  registered(name: string): Registered {
    const registered = this.machines[name];
    if (!registered) throw new Error(`no machine '${name}'`);
    return registered;
  }
}

const originOf = (meta: Meta) => ({ by: null, reason: null, ...meta });

/** What stands in a row is what its machine's version keeps: start-up has migrated every other. */
const withSnapshot = <A extends string>(row: ActorRow | null): Actor<Kept<A>> | null =>
  row && { ...row, persisted: JSON.parse(row.snapshot) as PersistedSnapshot<Kept<A>> };
