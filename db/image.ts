/** One scope as a unit finds it: its rows, and what may be asked of them. */
import type { actors, alarms, journal, outbox } from "./schema.ts";

/** One actor as stored. `snapshot` is the persisted machine snapshot as JSON; `at` logical epoch ms. */
export type ActorRow = typeof actors.$inferSelect;

/**
 * One transition. `event`, `snapshot` and `patch` are JSON; one of the latter two is null. `seq` is the
 * revision of the scope that it made.
 */
export type JournalRow = typeof journal.$inferSelect;

/** One transition, with the snapshot after it. */
export type Revision = Omit<JournalRow, "snapshot" | "patch"> & { snapshot: string };

/** An actor that changed: the last revision of its scope that it made, and who asked for that. */
export type Changed = ActorRow & { seq: number; by: string | null };

/** A deadline of an actor's present state; one that failed to fire is held since `heldAt`. */
export type AlarmRow = typeof alarms.$inferSelect;

/**
 * One piece of work. `input`, `answer` and `memo` are JSON; `nextAt` is logical epoch ms. `error` is
 * the code of what went wrong; of an undelivered row why, and after `code: ` where there is no answer.
 */
export type OutboxRow = Omit<typeof outbox.$inferSelect, "seq">;

export type Scoped<Row> = Row & { scope: string };

/** What a body is known to look at, so that it is loaded at once. */
export type Wants = { actors: readonly string[]; dedups: readonly string[] };

/**
 * One scope as it was when it was loaded. A store that cannot read in the middle of a body loads what
 * is wanted; where a body looks at more, it throws {@link Missing}.
 */
export interface Image {
  /** Of the scope: how many transitions it has seen. */
  revision(): number;
  actor(id: string): ActorRow | null;
  hasDedup(key: string): boolean;
  alarmsOf(actor: string): AlarmRow[];
  work(key: string): OutboxRow | null;
  /** What of an actor's work is not over. */
  openWork(actor: string): OutboxRow[];
  /** What of the whole scope's work is under way, or could be. */
  unfinishedWork(): OutboxRow[];
}

/** A body looked at what was not loaded: it is loaded, and the body runs again. */
export class Missing extends Error {
  override readonly name = "Missing";
  constructor(readonly wants: Wants) {
    super(`not loaded: ${[...wants.actors, ...wants.dedups].join(", ")}`);
  }
}
