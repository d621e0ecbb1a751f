import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import type { AnyStateMachine } from "xstate";
import type { ActorRow, HostStore } from "../../db/host-store.ts";
import { append, erase, type Put, put } from "../../db/put.ts";
import type { Clock } from "../clock.ts";
import { type Commit, Touched } from "./commit.ts";
import { assertDurable } from "./durable.ts";
import type { Effect } from "./effect.ts";
import { type Delivered, Run } from "./run.ts";
import { Storage } from "./storage.ts";
import { TransactionQueue } from "./transactions.ts";
import type { HostEvent, Output, PersistedSnapshot } from "./xstate.ts";

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

/** What may be done inside a transaction. One of these that throws fails the transaction, caught or not. */
export type Tx = {
  /** Delivers a command. @throws AppError 409 `not_allowed_now`, 404 `no_such_actor`. */
  send(id: string, event: HostEvent, meta: Meta): Delivered;
  /** Creates an actor. @throws when it exists. */
  create(id: string, machine: string, scope: string, input: unknown, meta: Meta): Delivered;
  /** The stored snapshot; null where there is no such actor. */
  read(id: string): (ActorRow & { persisted: PersistedSnapshot }) | null;
  /** Writes a row that this tenant alone writes; one that is there is replaced. */
  put<T extends SQLiteTable>(table: T, row: T["$inferSelect"]): void;
  /** Writes a row that claims something for ever, against everybody. @throws where it is taken */
  append<T extends SQLiteTable>(table: T, row: T["$inferInsert"]): void;
  /** Takes a row away, named by its whole primary key. */
  erase<T extends SQLiteTable>(table: T, key: Partial<T["$inferSelect"]>): void;
};

export type HostOptions = {
  store: HostStore;
  clock: Clock;
  machines: Record<string, Registered>;
  effects: Record<string, Effect>;
  /** The rows that go with a transition. Pure. */
  project: (change: Change) => Put[];
  /** Told when nothing can be written any more, with the error, and with null when it can again. */
  onStorage?: (failure: unknown) => void;
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
  readonly project: (change: Change) => Put[];
  /** What the open transaction touches. Only a {@link Run} writes it. */
  readonly touched = new Touched();
  /** Whether what is written reaches the disk. */
  readonly storage: Storage;
  readonly #queue: TransactionQueue;
  readonly #listeners = new Set<(commit: Commit) => void>();

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
    this.#queue = new TransactionQueue(this.store, {
      attempt: (body) => this.attempt(body),
      failed: (error) => this.storage.failed(error),
      committed: (isOnDisk) => {
        const commit = this.touched.take();
        if (isOnDisk && commit) this.#ring(commit);
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
      const failed: unknown[] = [];
      // Half of a delivery must not stay because somebody caught what it threw.
      const whole = (deliver: () => Delivered): Delivered => {
        try {
          return deliver();
        } catch (error) {
          failed.push(error);
          throw error;
        }
      };
      const origin = (meta: Meta) => ({ by: null, reason: null, ...meta });
      const value = body({
        send: (id, event, meta) =>
          whole(() => run.deliver(id, event, this.clock.now(), "command", origin(meta))),
        create: (id, machine, scope, input, meta) =>
          whole(() => run.create(id, machine, scope, input, this.clock.now(), origin(meta))),
        read: (id) => this.read(id),
        put: (table, row) => this.store.put(put(table, row)),
        append: (table, row) => this.store.put(append(table, row)),
        erase: (table, key) => this.store.put(erase(table, key)),
      });
      if (failed.length > 0) throw failed[0];
      return value;
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

  /** Runs `body` in a savepoint of the open transaction. @throws what it threw; nothing of it remains. */
  attempt<T>(body: () => T): T {
    const { store, touched } = this;
    store.savepoint();
    const mark = touched.mark();
    try {
      const value = body();
      store.release();
      return value;
    } catch (error) {
      touched.forget(mark);
      // A full disk has already taken back the whole transaction.
      if (store.isOpen()) {
        store.rollbackTo();
        store.release();
      }
      throw error;
    }
  }

  /** Waits for everything that is queued to be committed, or to have failed, and lets go of the disk. */
  async drained(): Promise<void> {
    await this.#queue.run(() => null).catch(() => {});
    this.storage.stop();
  }

  #ring(commit: Commit): void {
    const failed: unknown[] = [];
    for (const listener of this.#listeners) {
      try {
        listener(commit);
      } catch (error) {
        failed.push(error);
      }
    }
    // A defect of one listener ends the process, but not before the others have heard.
    if (failed.length > 0) throw failed[0];
  }

  registered(name: string): Registered {
    const registered = this.machines[name];
    if (!registered) throw new Error(`no machine '${name}'`);
    return registered;
  }
}
