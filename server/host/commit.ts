/** What a commit touched. */
export type Commit = {
  actors: { id: string; scope: string; rev: number }[];
  /** Keys of work whose state was left. */
  cancelled: string[];
  /** Alarms that failed to fire, and why. */
  held: { actor: string; name: string; error: unknown }[];
  /** Whether there is new work. */
  started: boolean;
  /** When the earliest of the alarms that were set is due; Infinity where none was. */
  earliestAlarm: number;
};

const empty = (): Commit => ({
  actors: [],
  cancelled: [],
  held: [],
  started: false,
  earliestAlarm: Number.POSITIVE_INFINITY,
});

/**
 * What the open transaction touches, rung after its commit. What a savepoint takes back is forgotten,
 * except `started` and `earliestAlarm`: who hears them looks at the rows, and finds nothing.
 */
export class Touched {
  #commit = empty();

  /** Ends the transaction. @returns null where nothing was touched. */
  take(): Commit | null {
    const commit = this.#commit;
    const { actors, cancelled, held, started, earliestAlarm } = commit;
    const isEmpty =
      actors.length + cancelled.length + held.length === 0 &&
      !started &&
      earliestAlarm === Number.POSITIVE_INFINITY;
    if (isEmpty) return null;
    this.#commit = empty();
    return commit;
  }

  mark(): readonly [number, number, number] {
    const { actors, cancelled, held } = this.#commit;
    return [actors.length, cancelled.length, held.length];
  }

  forget([actors, cancelled, held]: readonly [number, number, number]): void {
    this.#commit.actors.length = actors;
    this.#commit.cancelled.length = cancelled;
    this.#commit.held.length = held;
  }

  actor(id: string, scope: string, rev: number): void {
    this.#commit.actors.push({ id, scope, rev });
  }

  cancelled(key: string): void {
    this.#commit.cancelled.push(key);
  }

  held(actor: string, name: string, error: unknown): void {
    this.#commit.held.push({ actor, name, error });
  }

  started(): void {
    this.#commit.started = true;
  }

  armed(due: number): void {
    this.#commit.earliestAlarm = Math.min(this.#commit.earliestAlarm, due);
  }

  /** When the earliest alarm of this transaction so far is due. */
  get earliestAlarm(): number {
    return this.#commit.earliestAlarm;
  }
}
