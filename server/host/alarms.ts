import type { Host } from "./host.ts";

const GROUP_MAX = 64;
const SLEEP_MAX_MS = 60_000;
/** More alarms than this of one actor at one instant are a loop: the actor's alarm is held. */
const SAME_INSTANT_MAX = 100;

/**
 * Fires what is due, oldest first; ties by actor, then name. In groups, a savepoint each, so that HTTP
 * is served in between. One that fails is held for the operator; the others go on.
 */
export class AlarmClock {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #firing: Promise<void> | null = null;
  #isRunning = false;
  #fired = new Map<string, number>();
  readonly #unsubscribe: () => void;

  constructor(
    readonly host: Host,
    readonly onDefect: (message: string, error: unknown) => void,
  ) {
    this.#unsubscribe = host.onCommit((commit) => {
      if (commit.alarmed && this.#firing === null) this.#sleep();
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
    this.#firing ??= this.#fireDue().finally(() => {
      this.#firing = null;
      this.#sleep();
    });
    return this.#firing;
  }

  /** Nothing that is not held is due. */
  isSettled(): boolean {
    return (
      this.#firing === null && this.host.store.dueAlarms(this.host.clock.now(), 1).length === 0
    );
  }

  async #fireDue(): Promise<void> {
    const { store, clock } = this.host;
    for (;;) {
      const due = store.dueAlarms(clock.now(), GROUP_MAX);
      if (due.length === 0) return this.#fired.clear();
      await Promise.all(due.map((alarm) => this.#fire(alarm)));
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }

  async #fire({ actor, name, due }: { actor: string; name: string; due: number }): Promise<void> {
    const instant = `${actor} ${due}`;
    const times = (this.#fired.get(instant) ?? 0) + 1;
    this.#fired.set(instant, times);
    try {
      if (times > SAME_INSTANT_MAX) throw new Error(`${actor} fires without end at ${due}`);
      await this.host.deliver((run) => run.fire(actor, name, due));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const { store, clock } = this.host;
      await this.host.deliver(() => store.holdAlarm(clock.now(), message, actor, name));
      this.onDefect(`alarm ${name} of ${actor} is held`, error);
    }
  }

  #sleep(): void {
    if (!this.#isRunning) return;
    clearTimeout(this.#timer);
    const next = this.host.store.nextAlarm();
    if (!next) return;
    const waitMs = Math.min(Math.max(next.due - this.host.clock.now(), 0), SLEEP_MAX_MS);
    this.#timer = setTimeout(() => void this.wake(), waitMs);
  }
}
