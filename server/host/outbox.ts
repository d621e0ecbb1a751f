import type { OutboxRow } from "../../db/host-store.ts";
import { Refused, Unavailable } from "../errors.ts";
import { backoffMs, type Effect } from "./effect.ts";
import type { Commit, Host } from "./host.ts";
import { doneEvent, errorEvent } from "./xstate.ts";

/** A way to an outside system. While `closedUntil` (logical ms) lies ahead, nothing is sent there. */
type Lane = {
  name: string;
  concurrency: number;
  running: Set<string>;
  mutexes: Set<string>;
  failures: number;
  closedUntil: number;
};

/** Three deaths of the process during one piece of work hold it: it may be what kills. */
const DEATHS_MAX = 3;
const KEEP_FINISHED_MS = 7 * 86_400_000;

export type OutboxOptions = {
  /** How many rows of a lane run at once. */
  concurrency: Record<string, number>;
  random?: () => number;
  /** Told of defects: a delivery that failed, a handler that is missing. */
  onDefect: (message: string, error: unknown) => void;
};

/**
 * Performs what states wait for, at least once each, and delivers the answers. A row is claimed, with
 * its attempt counted, before the call; the answer is written in the transaction that delivers it.
 */
export class Outbox {
  readonly #lanes = new Map<string, Lane>();
  readonly #controllers = new Map<string, AbortController>();
  readonly #random: () => number;
  readonly #unsubscribe: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isRunning = false;
  #isAwake = false;
  #idle: (() => void)[] = [];
  /** Keys of rows that were tried since logical time last moved, for {@link isSettled}. */
  #triedAt = new Map<string, number>();

  constructor(
    readonly host: Host,
    readonly options: OutboxOptions,
  ) {
    this.#random = options.random ?? Math.random;
    for (const { lane } of Object.values(host.effects)) {
      const concurrency = options.concurrency[lane];
      if (concurrency === undefined) throw new Error(`lane '${lane}' has no concurrency`);
      this.#lanes.set(lane, {
        name: lane,
        concurrency,
        running: new Set(),
        mutexes: new Set(),
        failures: 0,
        closedUntil: 0,
      });
    }
    this.#unsubscribe = host.onCommit((commit) => this.#onCommit(commit));
  }

  /**
   * Takes up what a former process left. This process holds the database's lock, so whatever is
   * marked as running is not. @throws when open work has no handler any more.
   */
  start(): void {
    const { store, clock } = this.host;
    for (const { src } of store.openSources())
      if (!this.host.effects[src]) throw new Error(`open work wants '${src}', which is gone`);
    store.reviveWork(DEATHS_MAX);
    store.pruneWork(clock.now() - KEEP_FINISHED_MS);
    this.#isRunning = true;
    this.wake();
  }

  /** Begins nothing new and waits for what runs, at most `graceMs` of real time. */
  async stop(graceMs = 2_000): Promise<void> {
    this.#isRunning = false;
    this.#unsubscribe();
    clearTimeout(this.#timer);
    if (this.#controllers.size === 0) return;
    const timer = setTimeout(() => {
      for (const controller of this.#controllers.values()) controller.abort(new Abandoned());
    }, graceMs);
    await new Promise<void>((resolve) => this.#idle.push(resolve));
    clearTimeout(timer);
  }

  /** Looks for work now: after a commit, or after logical time was moved. */
  wake(): void {
    if (!this.#isRunning || this.#isAwake) return;
    this.#isAwake = true;
    setImmediate(() => {
      this.#isAwake = false;
      this.#pump();
    });
  }

  /**
   * Whether nothing more can happen at this instant: nothing runs, and every row that is due was
   * tried at this instant, or stands behind a closed breaker.
   */
  isSettled(): boolean {
    const now = this.host.clock.now();
    for (const lane of this.#lanes.values()) {
      if (lane.running.size > 0) return false;
      if (lane.closedUntil > now) continue;
      for (const row of this.host.store.todo(lane.name, now, 1000))
        if ((this.#triedAt.get(row.key) ?? -1) < now) return false;
    }
    return true;
  }

  /** What runs or waits to be tried, in words: for an answer that must name it. */
  open(): string[] {
    const now = this.host.clock.now();
    return [...this.#lanes.values()].flatMap((lane) => [
      ...lane.running,
      ...this.host.store.todo(lane.name, now, 100).map((row) => row.key),
    ]);
  }

  /** Lanes whose system is not answering now. */
  closedLanes(): string[] {
    const now = this.host.clock.now();
    return [...this.#lanes.values()].filter((l) => l.closedUntil > now).map((l) => l.name);
  }

  #onCommit(commit: Commit): void {
    for (const key of commit.cancelled) {
      this.#triedAt.delete(key);
      this.#controllers.get(key)?.abort(new Abandoned());
    }
    if (commit.started) this.wake();
  }

  #pump(): void {
    if (!this.#isRunning) return;
    const now = this.host.clock.now();
    let nextAt = Number.POSITIVE_INFINITY;
    for (const lane of this.#lanes.values()) {
      if (lane.closedUntil > now) {
        nextAt = Math.min(nextAt, lane.closedUntil);
        continue;
      }
      // A lane that was down is asked by one row before the others follow.
      const free = (lane.failures > 0 ? 1 : lane.concurrency) - lane.running.size;
      if (free > 0) this.#fill(lane, free, now);
      const next = this.host.store.nextTodo(lane.name);
      if (next && next.nextAt > now) nextAt = Math.min(nextAt, next.nextAt);
    }
    if (nextAt < Number.POSITIVE_INFINITY) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#pump(), Math.min(Math.max(nextAt - now, 1), 60_000));
    }
  }

  #fill(lane: Lane, free: number, now: number): void {
    const rows = this.host.store.todo(lane.name, now, free + lane.mutexes.size + 32);
    for (const row of rows) {
      if (free === 0) return;
      if (lane.running.has(row.key)) continue;
      if (row.mutex !== null && lane.mutexes.has(row.mutex)) continue;
      const effect = this.host.effects[row.src];
      if (!effect) continue;
      free--;
      lane.running.add(row.key);
      if (row.mutex !== null) lane.mutexes.add(row.mutex);
      this.#perform(lane, row, effect)
        .catch((error) => this.options.onDefect(`outbox row ${row.key}`, error))
        .finally(() => {
          lane.running.delete(row.key);
          if (row.mutex !== null) lane.mutexes.delete(row.mutex);
          if (this.#controllers.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
          this.wake();
        });
    }
  }

  async #perform(lane: Lane, row: OutboxRow, effect: Effect): Promise<void> {
    const { store } = this.host;
    const controller = new AbortController();
    this.#controllers.set(row.key, controller);
    try {
      const claimed = await this.host.deliver(() => store.claimWork(row.key));
      if (claimed === 0) return;
      this.#triedAt.set(row.key, this.host.clock.now());
      const outcome = await this.#attempt(row, effect, controller);
      this.#regulate(lane, effect, outcome);
      await this.#settle(row, effect, outcome);
    } finally {
      this.#controllers.delete(row.key);
    }
  }

  async #attempt(row: OutboxRow, effect: Effect, controller: AbortController): Promise<Outcome> {
    const { store } = this.host;
    const timer = setTimeout(
      () => controller.abort(new Unavailable("timeout", `${row.src} did not answer in time`)),
      effect.timeoutMs,
    );
    const { signal } = controller;
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
    aborted.catch(() => {});
    const memo = async <T>(make: () => Promise<T>): Promise<T> => {
      const stored = store.work(row.key)?.memo;
      if (stored != null) return JSON.parse(stored) as T;
      const made = await make();
      await this.host.deliver(() => store.memoWork(JSON.stringify(made), row.key));
      return made;
    };
    try {
      const run = effect.run(JSON.parse(row.input) as never, {
        key: row.key,
        attempt: row.attempt + 1,
        signal,
        memo,
      });
      const output = await Promise.race([run, aborted]);
      return { kind: "answered", answer: JSON.stringify(output ?? null) };
    } catch (error) {
      if (error instanceof Abandoned) return { kind: "abandoned", code: "abandoned" };
      if (error instanceof Refused) return { kind: "refused", code: error.code };
      if (error instanceof Unavailable) return { kind: "unreachable", code: error.code };
      return { kind: "failed", code: codeOf(error), error };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Opens the lane's breaker when nobody was reached, and closes it when anybody answered. */
  #regulate(lane: Lane, effect: Effect, outcome: Outcome): void {
    if (outcome.kind === "abandoned") return;
    if (outcome.kind !== "unreachable") {
      lane.failures = 0;
      lane.closedUntil = 0;
      return;
    }
    const waitMs = backoffMs(lane.failures, effect.backoffCapMs, this.#random);
    lane.failures++;
    lane.closedUntil = this.host.clock.now() + waitMs;
  }

  async #settle(row: OutboxRow, effect: Effect, outcome: Outcome): Promise<void> {
    const { store, clock } = this.host;
    const now = clock.now();
    if (outcome.kind === "unreachable" || outcome.kind === "abandoned") {
      // At the end of the queue of what is due, so that another row is the next probe.
      await this.host.deliver(() => store.retryWork(now, outcome.code, 1, row.key));
      return;
    }
    if (outcome.kind === "failed") {
      const attempts = row.attempt + 1;
      const isLast =
        effect.retry === "none" || (effect.retry !== "forever" && attempts >= effect.retry.times);
      if (!isLast) {
        const nextAt = now + backoffMs(row.attempt, effect.backoffCapMs, this.#random);
        await this.host.deliver(() => store.retryWork(nextAt, outcome.code, 0, row.key));
        return;
      }
      this.options.onDefect(`${row.src} gave up`, outcome.error);
    }
    this.#triedAt.delete(row.key);
    const answered = outcome.kind === "answered";
    const event = answered
      ? doneEvent(row.invoke, JSON.parse(outcome.answer))
      : errorEvent(row.invoke, outcome.code);
    const answer = answered ? outcome.answer : null;
    const error = answered ? null : outcome.code;
    try {
      await this.host.deliver((run) => {
        // Zero rows: the state was left meanwhile, and a late answer drops.
        if (store.finishWork(now, answer, error, row.key) === 0) return;
        const origin = { cause: row.key, by: null, reason: null };
        run.deliver(row.actor, event, now, "result", origin);
      });
    } catch (cause) {
      // The answer is kept and the work never runs again; the operator delivers it once more.
      const message = cause instanceof Error ? cause.message : String(cause);
      await this.host.deliver(() => store.stickWork("undelivered", answer, message, row.key));
      this.options.onDefect(`the answer of ${row.key} could not be delivered`, cause);
    }
  }
}

/** Nobody waits for the answer any more: the state was left, or the process stops. */
class Abandoned extends Error {}

type Outcome =
  | { kind: "answered"; answer: string }
  | { kind: "refused"; code: string }
  | { kind: "unreachable"; code: string }
  | { kind: "abandoned"; code: string }
  | { kind: "failed"; code: string; error: unknown };

/** Our own code of an error; never its text, which may hold what must not be stored. */
function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === "string" && /^[a-z][a-z0-9_]{0,60}$/.test(code) ? code : "defect";
}
