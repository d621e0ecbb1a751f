import type { OutboxRow, Scoped } from "../../db/image.ts";
import { deliverEnding, type Ending, errorText } from "./answer.ts";
import { Abandoned, attempt, type Outcome } from "./attempt.ts";
import type { Bell } from "./bell.ts";
import { takeUpWork } from "./boot.ts";
import { backoffMs, type Effect, type EffectContext } from "./effect.ts";
import type { Host } from "./host.ts";
import { Lane } from "./lane.ts";
import type { Run } from "./run.ts";
import { claimWork, dieWork, noteWork, retryWork, stickWork } from "./work.ts";

const SLEEP_MAX_MS = 60_000;
const AFTER_FAILURE_MS = 1000;

export type OutboxOptions = {
  /** How many rows of a lane run at once. */
  concurrency: Record<string, number>;
  random?: () => number;
  /** Told of defects: a delivery that failed, a handler that is missing. */
  onDefect: (message: string, error: unknown) => void;
};

/**
 * Performs what states wait for, at least once each, and delivers the answers. A row is claimed, with
 * its attempt counted, before the call; the answer is written in the unit that delivers it.
 */
export class Outbox {
  readonly #lanes = new Map<string, Lane>();
  readonly #controllers = new Map<string, AbortController>();
  readonly #random: () => number;
  readonly #unsubscribe: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isRunning = false;
  #isAwake = false;
  #pumping: Promise<void> = Promise.resolve();
  /** How many units were written: whoever looks at several things sees whether one came in between. */
  #written = 0;
  #idle: (() => void)[] = [];
  readonly #attempted = new Set<(scope: string) => void>();

  constructor(
    readonly host: Host,
    readonly options: OutboxOptions,
  ) {
    this.#random = options.random ?? Math.random;
    for (const { lane } of Object.values(host.effects)) {
      const concurrency = options.concurrency[lane];
      if (concurrency === undefined) throw new Error(`lane '${lane}' has no concurrency`);
      this.#lanes.set(lane, new Lane(lane, concurrency));
    }
    this.#unsubscribe = host.onCommit((bell) => this.#onCommit(bell));
  }

  /** Takes up what a former process left, and begins. @throws as {@link takeUpWork} does */
  async start(): Promise<void> {
    await takeUpWork(this.host);
    this.#isRunning = true;
    this.wake();
  }

  /** Begins nothing new and waits for what runs, at most `graceMs` of real time. */
  async stop(graceMs = 2_000): Promise<void> {
    this.#isRunning = false;
    clearTimeout(this.#timer);
    const timer = setTimeout(() => {
      for (const controller of this.#controllers.values()) controller.abort(new Abandoned());
    }, graceMs);
    await this.#pumping;
    if (this.#controllers.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
    clearTimeout(this.#timer);
    clearTimeout(timer);
    this.#unsubscribe();
  }

  /**
   * Looks for work now: after a commit, or after logical time was moved.
   * @param lanes - where there may be some that nobody knows of
   */
  wake(lanes: Iterable<string> = this.#lanes.keys()): void {
    for (const lane of lanes) this.#lanes.get(lane)?.touch();
    if (!this.#isRunning || this.#isAwake) return;
    this.#isAwake = true;
    setImmediate(() => {
      this.#pumping = this.#pumping.then(() => this.#pump());
    });
  }

  /**
   * Whether nothing more can happen at this instant: nothing runs, and every row that is due stands
   * behind a closed breaker.
   */
  async isSettled(): Promise<boolean> {
    const now = this.host.clock.now();
    const lanes = [...this.#lanes.values()];
    const written = this.#written;
    for (const lane of lanes)
      if (lane.opensAt(now) === null)
        if ((await this.host.store.dueWork(lane.name, now)).length > 0) return false;
    return written === this.#written && lanes.every((lane) => lane.running.length === 0);
  }

  /**
   * Whether any of this work is under way, or about to be: it runs, or it is due and nothing stands before
   * it. What is in backoff, or behind a closed breaker, has been tried.
   */
  isBusy(work: readonly OutboxRow[]): boolean {
    if (!this.#isRunning) return false;
    const now = this.host.clock.now();
    return work.some(
      ({ state, lane, nextAt }) =>
        state === "running" || (nextAt <= now && this.#lanes.get(lane)?.opensAt(now) === null),
    );
  }

  /** Called after each attempt, whatever came of it. */
  onAttempt(listener: (scope: string) => void): void {
    this.#attempted.add(listener);
  }

  /** What runs or waits to be tried, in words: for an answer that must name it. */
  async open(): Promise<string[]> {
    const now = this.host.clock.now();
    const ofLanes = [...this.#lanes.values()].map(async (lane) => [
      ...lane.running,
      ...(await this.host.store.dueWork(lane.name, now)),
    ]);
    return (await Promise.all(ofLanes)).flat();
  }

  /** Lanes whose system is not answering now. */
  closedLanes(): string[] {
    const now = this.host.clock.now();
    return [...this.#lanes.values()].filter((l) => l.opensAt(now) !== null).map((l) => l.name);
  }

  #onCommit({ cancelled, started }: Bell): void {
    this.#written++;
    for (const key of cancelled) this.#controllers.get(key)?.abort(new Abandoned());
    if (started.size > 0) this.wake(started);
  }

  /** Never rejects. */
  async #pump(): Promise<void> {
    this.#isAwake = false;
    if (!this.#isRunning) return;
    clearTimeout(this.#timer);
    const { storage } = this.host;
    if (!storage.isWritable) {
      // What cannot be claimed does not begin.
      void storage.back().then(() => this.wake());
      return;
    }
    const now = this.host.clock.now();
    let wakeAt = Number.POSITIVE_INFINITY;
    try {
      for (const lane of this.#lanes.values()) {
        if (lane.looksAt <= now) await this.#fill(lane, now);
        wakeAt = Math.min(wakeAt, lane.looksAt);
      }
    } catch (error) {
      this.options.onDefect("no work can be found", error);
      for (const lane of this.#lanes.values()) lane.touch();
      wakeAt = now + AFTER_FAILURE_MS;
    }
    if (wakeAt < Number.POSITIVE_INFINITY && this.#isRunning)
      this.#timer = setTimeout(() => this.wake([]), Math.min(wakeAt - now, SLEEP_MAX_MS));
  }

  /** Begins what is due, as far as there is room. */
  async #fill(lane: Lane, now: number): Promise<void> {
    const { store, effects } = this.host;
    lane.looked();
    // What is due and finds no room waits for something that runs, and its end wakes us.
    lane.restsUntil((await store.nextTodo(lane.name, now)) ?? Number.POSITIVE_INFINITY);
    while (this.#isRunning && lane.hasRoom()) {
      const row = await store.nextWork(lane.name, now, lane.running, lane.mutexes);
      if (!row || !this.#isRunning) return;
      const effect = effects[row.src];
      if (!effect) throw new Error(`nobody performs '${row.src}'`);
      const entered = lane.enter(row);
      this.#perform(lane, row, effect, entered)
        .catch((error) => {
          if (!this.host.storage.failed(error))
            this.options.onDefect(`outbox row ${row.key}`, error);
        })
        .finally(() => {
          lane.leave(row);
          for (const listener of this.#attempted) listener(row.scope);
          if (this.#controllers.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
          this.wake([lane.name]);
        });
    }
  }

  async #perform(
    lane: Lane,
    row: Scoped<OutboxRow>,
    effect: Effect,
    entered: number,
  ): Promise<void> {
    const { clock } = this.host;
    const controller = new AbortController();
    this.#controllers.set(row.key, controller);
    try {
      // Asked while the disk took nothing, it does not begin.
      const { storage } = this.host;
      const isMine = await this.#within(
        row,
        ({ unit }) => storage.isWritable && claimWork(unit, row.key),
      );
      if (!isMine) return;
      const outcome = await attempt(row, effect, controller, this.#memo(row));
      const { kind } = outcome;
      if (kind === "answered" || kind === "refused") lane.answered();
      if (kind === "unreachable" || kind === "killed")
        lane.unreachable(entered, clock.now(), effect.backoffCapMs, this.#random);
      await this.#settle(row, effect, outcome);
    } finally {
      this.#controllers.delete(row.key);
    }
  }

  #memo(row: Scoped<OutboxRow>): EffectContext["memo"] {
    return async <T>(make: () => Promise<T>): Promise<T> => {
      const stored = (await this.host.store.work(row.key))?.memo;
      if (stored != null) return JSON.parse(stored) as T;
      const made = await make();
      await this.#within(row, ({ unit }) => noteWork(unit, row.key, JSON.stringify(made)));
      return made;
    };
  }

  /** In a unit of the row's scope. */
  #within<T>(
    { scope, actor }: Scoped<OutboxRow>,
    body: (run: Run) => T extends Promise<unknown> ? never : T,
  ): Promise<T> {
    return this.host.deliver(scope, body, { actors: [actor], dedups: [] });
  }

  async #settle(row: Scoped<OutboxRow>, effect: Effect, outcome: Outcome): Promise<void> {
    const now = this.host.clock.now();
    if (outcome.kind === "killed") {
      const died = { nextAt: now, error: outcome.code };
      await this.#write(row, ({ unit }) => dieWork(unit, row.key, died));
    } else if (outcome.kind === "unreachable" || outcome.kind === "abandoned") {
      // Costs no attempt. At the end of the queue of what is due, so that another row asks next.
      await this.#retry(row, now, errorText(outcome), 1);
    } else if (outcome.kind !== "failed") {
      await this.#end(row, outcome);
    } else if (isLast(effect, row.attempt + 1)) {
      this.options.onDefect(`${row.src} gave up`, outcome.error);
      await this.#end(row, outcome);
    } else {
      const nextAt = now + backoffMs(row.attempt, effect.backoffCapMs, this.#random);
      await this.#retry(row, nextAt, errorText(outcome), 0);
    }
  }

  #retry(row: Scoped<OutboxRow>, nextAt: number, error: string, refund: 0 | 1): Promise<void> {
    return this.#write(row, ({ unit }) => retryWork(unit, row.key, { nextAt, error, refund }));
  }

  async #end(row: Scoped<OutboxRow>, ending: Ending): Promise<void> {
    try {
      await this.#write(row, (run) => deliverEnding(run, row, ending));
    } catch (cause) {
      if (this.host.storage.failed(cause)) throw cause;
      // The answer is kept and the work never runs again; the operator delivers it once more.
      const why = cause instanceof Error ? cause.message : String(cause);
      const [answer, error] =
        "answer" in ending ? [ending.answer, why] : [null, `${ending.code}: ${why}`];
      await this.#write(row, ({ unit }) => stickWork(unit, row.key, { answer, error }));
      this.options.onDefect(`the answer of ${row.key} could not be delivered`, cause);
    }
  }

  /**
   * Writes how an attempt ended. While the disk takes nothing the ending is kept in memory, and written
   * when it can be: only death loses it, and then the work is done again under the same key.
   */
  async #write<T>(
    row: Scoped<OutboxRow>,
    body: (run: Run) => T extends Promise<unknown> ? never : T,
  ): Promise<T> {
    const signal = this.#controllers.get(row.key)?.signal;
    for (;;) {
      try {
        return await this.#within(row, body);
      } catch (error) {
        if (!this.host.storage.failed(error) || signal?.aborted) throw error;
        await this.host.storage.back(signal);
      }
    }
  }
}

/** Whether the policy allows no attempt after this one. */
const isLast = ({ retry }: Effect, attempts: number): boolean =>
  retry === "none" || (retry !== "forever" && attempts >= retry.times);
