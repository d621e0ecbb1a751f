import { Missing, type Wants } from "../../db/image.ts";
import { type Store, UniqueViolation, Violation } from "../../db/store.ts";
import { Unit } from "../../db/unit.ts";

/** What runs in a unit. It may run more than once: it has no effect but its unit. */
type Body = (unit: Unit) => unknown;

type Job = {
  body: Body;
  wants: Wants;
  isAlone: boolean;
  resolve: (value: unknown) => void;
  reject: (reason: unknown) => void;
};

const SHARED_MAX = 32;
/** Conflicts, and rows that are loaded when they are missed, until something must be wrong. */
const TRIES_MAX = 100;
/** Somebody took it meanwhile: a body that looks first now sees who. */
const VIOLATIONS_MAX = 3;

/**
 * Runs bodies in units of work: load a scope, decide in memory, flush. One unit at a time for each
 * scope. To run again is the only recovery: from a row that was not loaded, from a scope that moved
 * on, from a name that somebody took.
 */
export class Units {
  readonly #waiting = new Map<string, Job[]>();
  readonly #turns = new Map<string, Promise<void>>();

  /**
   * @param hooks - `written` is told of each unit once it is, before whoever waits for it; `failed` of
   * what was not written, and not for the unit's sake.
   */
  constructor(
    readonly store: Store,
    readonly hooks: { written: (unit: Unit) => void; failed: (error: unknown) => void },
  ) {}

  /** A body by itself in its unit; it may await what it reads. @returns its value, once that is written. */
  alone(scope: string, body: Body): Promise<unknown> {
    return this.#run(scope, body, { actors: [], dedups: [] }, true);
  }

  /**
   * A synchronous body. Those of a scope that wait at the same moment share a unit; one that throws
   * takes only itself back.
   */
  shared(scope: string, body: Body, wants: Wants): Promise<unknown> {
    return this.#run(scope, body, wants, false);
  }

  /** Waits for everything that was asked until now. */
  async drained(): Promise<void> {
    await Promise.all(this.#turns.values());
  }

  #run(scope: string, body: Body, wants: Wants, isAlone: boolean): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const job = { body, wants, isAlone, resolve, reject };
      const waiting = this.#waiting.get(scope);
      if (waiting) {
        waiting.push(job);
        return;
      }
      this.#waiting.set(scope, [job]);
      this.#turns.set(scope, this.#takeTurns(scope));
    });
  }

  async #takeTurns(scope: string): Promise<void> {
    const waiting = this.#waiting.get(scope) ?? [];
    // Whoever asks in this same moment shares the first one.
    await null;
    while (waiting.length > 0) await this.#do(scope, waiting.splice(0, shareOf(waiting)));
    this.#waiting.delete(scope);
    this.#turns.delete(scope);
  }

  /** Never rejects: whoever waits for a job hears of it. */
  async #do(scope: string, jobs: Job[]): Promise<void> {
    const wants = {
      actors: jobs.flatMap((job) => job.wants.actors),
      dedups: jobs.flatMap((job) => job.wants.dedups),
    };
    let violations = 0;
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      try {
        const unit = new Unit(scope, await this.store.load(scope, wants));
        const ends: (() => void)[] = [];
        for (const job of jobs) ends.push(await decided(job, unit));
        if (unit.isEmpty || (await this.store.flush(unit))) {
          if (!unit.isEmpty) this.hooks.written(unit);
          for (const end of ends) end();
          return;
        }
      } catch (error) {
        if (error instanceof Missing) {
          wants.actors.push(...error.wants.actors);
          wants.dedups.push(...error.wants.dedups);
        } else if (error instanceof Violation && jobs.length > 1) {
          // One of them broke it: each by itself, and only that one is told.
          for (const job of jobs) await this.#do(scope, [job]);
          return;
        } else if (!(error instanceof UniqueViolation) || ++violations === VIOLATIONS_MAX) {
          this.hooks.failed(error);
          for (const job of jobs) job.reject(error);
          return;
        }
      }
    }
    for (const job of jobs)
      job.reject(new Error(`a unit of ${scope} was tried ${TRIES_MAX} times`));
  }
}

/** Runs a body. @returns what to tell whoever waits for it, once its unit is written. */
async function decided(job: Job, unit: Unit): Promise<() => void> {
  if (job.isAlone) {
    const value = await job.body(unit);
    return () => job.resolve(value);
  }
  try {
    const value = unit.attempt(() => job.body(unit));
    return () => job.resolve(value);
  } catch (error) {
    if (error instanceof Missing) throw error;
    return () => job.reject(error);
  }
}

/** How many of those that wait share the next unit. */
function shareOf(waiting: readonly Job[]): number {
  if (waiting[0]?.isAlone) return 1;
  const next = waiting.findIndex((job) => job.isAlone);
  return Math.min(SHARED_MAX, next === -1 ? waiting.length : next);
}
