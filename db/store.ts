/** The narrow waist: what the host needs of a database. */
import type {
  ActorRow,
  AlarmRow,
  Changed,
  Image,
  JournalRow,
  OutboxRow,
  Revision,
  Scoped,
  Wants,
} from "./image.ts";
import type { Unit } from "./unit.ts";

/** A unit breaks what the tables demand. */
export class Violation extends Error {
  override readonly name: string = "Violation";
}

/** Another row holds what must be unique. */
export class UniqueViolation extends Violation {
  override readonly name = "UniqueViolation";
}

export interface Store {
  /** The scope as it is now. */
  load(scope: string, wants: Wants): Promise<Image>;
  /**
   * Writes all of a unit, or nothing.
   *
   * @returns false where its scope moved on since it was loaded. @throws Violation; or whatever the
   * database says when it cannot write, which is not the unit's fault.
   */
  flush(unit: Unit): Promise<boolean>;
  /** Writes something and takes it away again. @throws where that is not possible. */
  probe(): void;

  /** Of which scope an actor is, for ever; null where there is no such actor. */
  scopeOf(actor: string): Promise<string | null>;
  actor(id: string): Promise<ActorRow | null>;
  /** Actors of a machine stored by another version than `version`. */
  outdated(machine: string, version: string, limit: number): Promise<ActorRow[]>;
  /** Ids after `last`, in order. */
  actorIds(last: string, limit: number): Promise<string[]>;
  scopeActors(scope: string): Promise<ActorRow[]>;

  /** How many transitions a scope has seen. */
  revision(scope: string): Promise<number>;
  /** As stored, in order. */
  actorJournal(actor: string): Promise<JournalRow[]>;
  /** The newest so many, newest first. */
  actorJournalTail(actor: string, limit: number): Promise<Revision[]>;
  /** A scope's actors that changed after a revision of it, each once, as they are now; in order of `seq`. */
  changedSince(scope: string, seq: number, limit: number): Promise<Changed[]>;

  alarmsOf(actor: string): Promise<AlarmRow[]>;
  /** What is due and not held, but in these scopes, oldest first; ties by actor, then name. */
  dueAlarms(now: number, limit: number, except?: readonly string[]): Promise<Scoped<AlarmRow>[]>;
  /** When the next one is due; null where none is set. */
  nextAlarm(): Promise<number | null>;
  heldAlarms(): Promise<AlarmRow[]>;

  work(key: string): Promise<Scoped<OutboxRow> | null>;
  openWork(actor: string): Promise<OutboxRow[]>;
  /** The first of a lane that is due, except these keys and mutexes. */
  nextWork(
    lane: string,
    now: number,
    running: readonly string[],
    mutexes: readonly string[],
  ): Promise<Scoped<OutboxRow> | null>;
  /** Keys of a lane's work that is due. */
  dueWork(lane: string, now: number): Promise<string[]>;
  /** When the next of a lane is to be tried, of those after `after`; null where nothing waits. */
  nextTodo(lane: string, after?: number): Promise<number | null>;
  /** What was begun by a process that is no more. */
  runningWork(): Promise<Scoped<OutboxRow>[]>;
  openSources(): Promise<string[]>;
  /** Keys of open work for which no state of its actor waits. */
  orphanedWork(): Promise<string[]>;
  stuckWork(): Promise<OutboxRow[]>;
}
