import type { AlarmRow, OutboxRow, Scoped } from "../../db/image.ts";
import { Violation } from "../../db/store.ts";
import type { Host } from "./host.ts";
import { endless, Run, SAME_INSTANT_MAX } from "./run.ts";

const GROUP_MAX = 64;
const SLEEP_MAX_MS = 60_000;
const AFTER_FAILURE_MS = 1000;
/** An alarm that is later than this is late because nobody was there. */
const LATE_MS = 60_000;

/** What the clock must know of work: whether any is under way, and when it no longer is. */
export type Work = {
  isBusy(work: readonly OutboxRow[]): boolean;
  onAttempt(listener: (scope: string) => void): void;
};

/**
 * Fires what is due, of each scope oldest first; ties by actor, then name. In groups, so that HTTP is
 * served in between. One that fails is held for the operator; the others go on.
 *
 * After a gap, when alarms are late, their order alone is not enough: what one of them began must be
 * tried before the next instant of its scope, as it would have been had somebody been there. Otherwise
 * what becomes of it is a matter of which is faster.
 */
export class AlarmClock {
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Logical time for which the timer is set. */
  #wakesAt = Number.POSITIVE_INFINITY;
  #firing: Promise<void> | null = null;
  #isRunning = false;
  /** How often an actor fired at an instant, while anything is due. */
  readonly #fired = new Map<string, number>();
  /** Scopes whose late alarms wait for their work. */
  readonly #waiting = new Set<string>();
  /** The instant up to which the alarms of a scope that is late have fired. */
  readonly #reached = new Map<string, number>();
  readonly #unsubscribe: () => void;

  /** @param work - without it no alarm waits for work. */
  constructor(
    readonly host: Host,
    readonly onDefect: (message: string, error: unknown) => void,
    readonly work: Work | null = null,
  ) {
    this.#unsubscribe = host.onCommit(({ scope, actors, held, earliestAlarm }) => {
      for (const { actor, name, error } of held)
        this.onDefect(`alarm ${name} of ${actor} is held`, error);
      if (actors.length > 0) this.#goOn(scope);
      if (earliestAlarm < this.#wakesAt && this.#firing === null) void this.#sleep();
    });
    work?.onAttempt((scope) => this.#goOn(scope));
  }

  start(): void {
    this.#isRunning = true;
    void this.wake();
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    this.#unsubscribe();
    clearTimeout(this.#timer);
    await this.#firing;
  }

  /** Looks at the clock now. @returns when all that is due has fired. */
  wake(): Promise<void> {
    if (!this.#isRunning) return Promise.resolve();
    this.#firing ??= this.#round();
    return this.#firing;
  }

  /** Nothing that is not held is due. */
  async isSettled(): Promise<boolean> {
    const { store, clock } = this.host;
    if (this.#firing !== null) return false;
    const due = await store.dueAlarms(clock.now(), 1);
    return this.#firing === null && due.length === 0;
  }

  async #round(): Promise<void> {
    try {
      await this.#fireDue();
      this.#firing = null;
      void this.#sleep();
    } catch (error) {
      this.#firing = null;
      this.#goOnLater(error);
    }
  }

  #goOnLater(error: unknown): void {
    if (this.host.storage.failed(error)) {
      // Nothing is lost: an alarm is a deadline that has passed.
      void this.host.storage.back().then(() => this.wake());
      return;
    }
    this.onDefect("no alarm can be fired", error);
    if (this.#isRunning) this.#timer = setTimeout(() => void this.wake(), AFTER_FAILURE_MS);
  }

  async #fireDue(): Promise<void> {
    while (this.#isRunning) {
      const { store, clock } = this.host;
      const due = await store.dueAlarms(clock.now(), GROUP_MAX, [...this.#waiting]);
      if (due.length === 0) break;
      const byScope = Map.groupBy(due, ({ scope }) => scope);
      await Promise.all([...byScope.values()].map((alarms) => this.#fire(alarms)));
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    this.#fired.clear();
    if (this.#waiting.size === 0) this.#reached.clear();
  }

  /** A scope's work may be over: its alarms look again. */
  #goOn(scope: string): void {
    if (!this.#waiting.delete(scope)) return;
    setImmediate(() => {
      if (this.#firing === null) void this.wake();
      else void this.#firing.then(() => this.wake());
    });
  }

  /** Fires what is due in one scope, in order. */
  async #fire(alarms: readonly Scoped<AlarmRow>[]): Promise<void> {
    const [first] = alarms;
    if (!first) return;
    const { scope } = first;
    try {
      const fired = await this.host.deliver(scope, (run) => this.#fireReady(run, alarms));
      for (const instant of fired) this.#fired.set(instant, (this.#fired.get(instant) ?? 0) + 1);
    } catch (error) {
      // What cannot be written as it was decided: each by itself, and what that is the fault of is held.
      if (!(error instanceof Violation)) throw error;
      if (alarms.length > 1) for (const alarm of alarms) await this.#fire([alarm]);
      else await this.host.deliver(scope, (run) => run.hold(first, error));
    }
  }

  /** What may fire now: of late alarms one instant, and only once what earlier ones began was tried. */
  #fireReady(run: Run, alarms: readonly AlarmRow[]): string[] {
    const { unit, now } = run;
    const [{ due } = { due: now }] = alarms;
    if (this.work === null || now - due <= LATE_MS) return this.#fireEach(run, alarms);
    if (due !== this.#reached.get(unit.scope) && this.work.isBusy(unit.unfinishedWork())) {
      this.#waiting.add(unit.scope);
      return [];
    }
    this.#reached.set(unit.scope, due);
    const instant = alarms.filter((alarm) => alarm.due === due);
    return this.#fireEach(run, instant);
  }

  /** @returns the instants at which it fired, one for each alarm. */
  #fireEach({ host, unit }: Run, alarms: readonly AlarmRow[]): string[] {
    const fired: string[] = [];
    for (const [index, { actor, name, due }] of alarms.entries()) {
      const instant = `${actor} ${due}`;
      const before = fired.filter((other) => other === instant).length;
      fired.push(instant);
      const times = (this.#fired.get(instant) ?? 0) + before + 1;
      const run = new Run(host, unit);
      const alarm = { actor, name, due, heldAt: null, error: null };
      if (times > SAME_INSTANT_MAX) run.hold(alarm, endless(alarm));
      else run.fireOrHold(alarm);
      // What was armed meanwhile may come before the rest of the list.
      const next = alarms[index + 1];
      if (next && unit.earliestAlarm <= next.due) break;
    }
    return fired;
  }

  /** Sets the timer for what is due next. Never rejects. */
  async #sleep(): Promise<void> {
    if (!this.#isRunning) return;
    const { store, clock } = this.host;
    // Whatever is set while we look makes us look again.
    this.#wakesAt = Number.POSITIVE_INFINITY;
    try {
      const [next] = await store.dueAlarms(Number.MAX_SAFE_INTEGER, 1, [...this.#waiting]);
      if (!this.#isRunning || this.#firing !== null || !next || next.due >= this.#wakesAt) return;
      clearTimeout(this.#timer);
      this.#wakesAt = next.due;
      const waitMs = Math.min(Math.max(next.due - clock.now(), 0), SLEEP_MAX_MS);
      this.#timer = setTimeout(() => void this.wake(), waitMs);
    } catch (error) {
      this.#goOnLater(error);
    }
  }
}
