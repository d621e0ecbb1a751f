import type { AlarmRow } from "../../db/host-store.ts";
import type { Host } from "./host.ts";
import { endless, Run, SAME_INSTANT_MAX } from "./run.ts";

const GROUP_MAX = 64;
const SLEEP_MAX_MS = 60_000;
const AFTER_FAILURE_MS = 1000;
/** An alarm that is later than this is late because nobody was there. */
const LATE_MS = 60_000;

/** What the clock must know of work: whether any of a scope's is under way, and when it no longer is. */
export type Work = {
  isBusy(scope: string): boolean;
  onAttempt(listener: (actor: string) => void): void;
};

/**
 * Fires what is due, oldest first; ties by actor, then name. In groups, a savepoint each, so that HTTP
 * is served in between. One that fails is held for the operator; the others go on.
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
    this.#unsubscribe = host.onCommit(({ actors, held, earliestAlarm }) => {
      for (const { actor, name, error } of held)
        this.onDefect(`alarm ${name} of ${actor} is held`, error);
      if (this.#waiting.size > 0) for (const { scope } of actors) this.#goOn(scope);
      if (earliestAlarm < this.#wakesAt && this.#firing === null) this.#sleep();
    });
    work?.onAttempt((actor) => {
      if (this.#waiting.size > 0) this.#goOn(host.store.actor(actor)?.scope ?? "");
    });
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
  isSettled(): boolean {
    const { store, clock } = this.host;
    return this.#firing === null && store.dueAlarms(clock.now(), 1).length === 0;
  }

  async #round(): Promise<void> {
    try {
      await this.#fireDue();
      this.#firing = null;
      this.#sleep();
    } catch (error) {
      this.#firing = null;
      if (this.host.storage.failed(error)) {
        // Nothing is lost: an alarm is a deadline that has passed.
        void this.host.storage.back().then(() => this.wake());
        return;
      }
      this.onDefect("no alarm can be fired", error);
      if (this.#isRunning) this.#timer = setTimeout(() => void this.wake(), AFTER_FAILURE_MS);
    }
  }

  async #fireDue(): Promise<void> {
    while (this.#isRunning && (await this.host.deliver(() => this.#fireGroup())) > 0)
      await new Promise((resolve) => setTimeout(resolve, 0));
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

  /** Whether an alarm is late and must wait for what earlier instants of its scope began. */
  #mustWait({ due, scope }: AlarmRow & { scope: string }): boolean {
    if (this.work === null || this.host.clock.now() - due <= LATE_MS) return false;
    if (due !== this.#reached.get(scope) && this.work.isBusy(scope)) {
      this.#waiting.add(scope);
      return true;
    }
    this.#reached.set(scope, due);
    return false;
  }

  /** @returns how many it fired, which is 0 when nothing is due. */
  #fireGroup(): number {
    const { store, clock, touched } = this.host;
    let count = 0;
    while (count < GROUP_MAX) {
      const waiting = JSON.stringify([...this.#waiting]);
      const due = store.dueAlarmsBut(clock.now(), waiting, GROUP_MAX - count);
      if (due.length === 0) break;
      for (const [index, alarm] of due.entries()) {
        if (this.#waiting.has(alarm.scope) || this.#mustWait(alarm)) continue;
        const instant = `${alarm.actor} ${alarm.due}`;
        const times = (this.#fired.get(instant) ?? 0) + 1;
        this.#fired.set(instant, times);
        const run = new Run(this.host);
        if (times > SAME_INSTANT_MAX) run.hold(alarm, endless(alarm));
        else run.fireOrHold(alarm);
        count++;
        // What was armed meanwhile may come before the rest of the list.
        const next = due[index + 1];
        if (next && touched.earliestAlarm <= next.due) break;
      }
    }
    return count;
  }

  #sleep(): void {
    if (!this.#isRunning) return;
    clearTimeout(this.#timer);
    const [next] = this.host.store.dueAlarmsBut(
      Number.MAX_SAFE_INTEGER,
      JSON.stringify([...this.#waiting]),
      1,
    );
    this.#wakesAt = next?.due ?? Number.POSITIVE_INFINITY;
    if (this.#wakesAt === Number.POSITIVE_INFINITY) return;
    const waitMs = Math.min(Math.max(this.#wakesAt - this.host.clock.now(), 0), SLEEP_MAX_MS);
    this.#timer = setTimeout(() => void this.wake(), waitMs);
  }
}
