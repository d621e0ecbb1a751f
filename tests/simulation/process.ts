/**
 * One life of Berth's process on the simulated database: the real host, handlers, projections and
 * settlement watch. Work is claimed, performed and delivered as the outbox does it, but step by step,
 * so that the process can be killed between any two of them and answers can overtake each other.
 */
import type { Db } from "../../db/database.ts";
import type { OutboxRow, Scoped } from "../../db/image.ts";
import type { Queries } from "../../db/index.ts";
import { laneConcurrency } from "../../server/effects/index.ts";
import { AppError } from "../../server/errors.ts";
import { deliverEnding } from "../../server/host/answer.ts";
import { attempt, type Outcome } from "../../server/host/attempt.ts";
import { backoffMs, type Effect } from "../../server/host/effect.ts";
import type { Host } from "../../server/host/host.ts";
import { Lane } from "../../server/host/lane.ts";
import { claimWork, noteWork, retryWork, reviveWork } from "../../server/host/work.ts";
import type { SettlementWatch } from "../../server/watch.ts";
import { openBerth } from "./berth.ts";
import type { World } from "./world.ts";

/** Longer than in production, so that a fault of days is not a thousand attempts. */
const BACKOFF_CAP_MS = 2 * 3_600_000;

type Flight = {
  row: Scoped<OutboxRow>;
  effect: Effect;
  lane: Lane;
  entered: number;
  /** What came of it, once it was performed. */
  outcome: Outcome | null;
};

export class Process {
  readonly host: Host;
  readonly queries: Queries;
  readonly watch: SettlementWatch;
  readonly arrived: () => Promise<unknown>;
  readonly lanes = new Map<string, Lane>();
  readonly flights: Flight[] = [];
  /** What must never happen. */
  readonly defects: string[] = [];
  readonly #random: () => number;

  constructor(
    db: Db,
    readonly world: World,
  ) {
    this.#random = () => world.random.next();
    const { host, queries, watch, arrived } = openBerth(db, world, {
      backoffCapMs: BACKOFF_CAP_MS,
      onDefect: (what) => this.defects.push(what),
    });
    this.host = host;
    this.queries = queries;
    this.watch = watch;
    this.arrived = arrived;
    for (const { lane } of Object.values(host.effects))
      if (!this.lanes.has(lane))
        this.lanes.set(lane, new Lane(lane, laneConcurrency[lane as keyof typeof laneConcurrency]));
  }

  /** Takes up what the one before left. However often it is killed, nothing is held for it here. */
  async start(): Promise<void> {
    for (const { key, scope } of await this.host.store.runningWork())
      await this.host.deliver(scope, ({ unit }) => reviveWork(unit, key, Number.POSITIVE_INFINITY));
  }

  get now(): number {
    return this.world.agenda.now();
  }

  /** A command of a person. @returns whether it was possible now. */
  async command(actor: string, event: { type: string }, by: string): Promise<boolean> {
    try {
      await this.host.send(actor, event, { cause: "http", by });
      return true;
    } catch (error) {
      if (error instanceof AppError && error.status === 409) return false;
      this.defects.push(`${event.type} to ${actor}: ${error}`);
      return false;
    }
  }

  /** When there is something to do next, of what waits for time. */
  async nextMs(): Promise<number> {
    const { store } = this.host;
    let next = (await store.nextAlarm()) ?? Number.POSITIVE_INFINITY;
    for (const lane of this.lanes.values()) {
      const due = await store.nextTodo(lane.name);
      if (due !== null) next = Math.min(next, Math.max(due, lane.opensAt(this.now) ?? due));
    }
    return next;
  }

  /** Everything that could happen now, one of which is to be chosen. */
  async possible(): Promise<(() => Promise<unknown>)[]> {
    const steps: (() => Promise<unknown>)[] = [];
    if ((await this.host.store.dueAlarms(this.now, 1)).length > 0) steps.push(() => this.#fire());
    for (const lane of this.lanes.values()) {
      const row = await this.#next(lane);
      if (row) steps.push(() => this.#claim(lane, row));
    }
    for (const flight of this.flights)
      steps.push(flight.outcome ? () => this.#land(flight) : () => this.#perform(flight));
    return steps;
  }

  async #next(lane: Lane): Promise<Scoped<OutboxRow> | null> {
    const { store } = this.host;
    if (((await store.nextTodo(lane.name)) ?? Number.POSITIVE_INFINITY) > this.now) return null;
    if (lane.opensAt(this.now) !== null || !lane.hasRoom()) return null;
    return await store.nextWork(lane.name, this.now, lane.running, lane.mutexes);
  }

  async #fire(): Promise<void> {
    const [alarm] = await this.host.store.dueAlarms(this.now, 1);
    if (alarm) await this.host.deliver(alarm.scope, (run) => run.fireOrHold(alarm));
  }

  async #claim(lane: Lane, row: Scoped<OutboxRow>): Promise<void> {
    const effect = this.host.effects[row.src];
    if (!effect) throw new Error(`nobody performs '${row.src}'`);
    const entered = lane.enter(row);
    await this.host.deliver(row.scope, ({ unit }) => claimWork(unit, row.key));
    this.flights.push({ row, effect, lane, entered, outcome: null });
  }

  async #perform(flight: Flight): Promise<void> {
    const { row, effect } = flight;
    const { store } = this.host;
    const memo = async <T>(make: () => Promise<T>): Promise<T> => {
      const stored = (await store.work(row.key))?.memo;
      if (stored != null) return JSON.parse(stored) as T;
      const made = await make();
      await this.host.deliver(row.scope, ({ unit }) =>
        noteWork(unit, row.key, JSON.stringify(made)),
      );
      return made;
    };
    flight.outcome = await attempt(row, effect, new AbortController(), memo);
  }

  async #land(flight: Flight): Promise<void> {
    const { row, effect, lane, entered, outcome } = flight;
    const { scope, key } = row;
    const retry = (nextAt: number, error: string, refund: 0 | 1) =>
      this.host.deliver(scope, ({ unit }) => retryWork(unit, key, { nextAt, error, refund }));
    this.flights.splice(this.flights.indexOf(flight), 1);
    lane.leave(row);
    if (!outcome) throw new Error("it was not performed yet");
    const { kind } = outcome;
    if (kind === "answered" || kind === "refused") lane.answered();
    if (kind === "unreachable")
      lane.unreachable(entered, this.now, effect.backoffCapMs, this.#random);
    const isLast =
      kind === "failed" &&
      (effect.retry === "none" ||
        (effect.retry !== "forever" && row.attempt + 1 >= effect.retry.times));
    if (kind === "unreachable" || kind === "abandoned") {
      await retry(this.now, outcome.code, 1);
    } else if (kind === "failed" && !isLast) {
      const nextAt = this.now + backoffMs(row.attempt, effect.backoffCapMs, this.#random);
      await retry(nextAt, outcome.code, 0);
    } else {
      try {
        await this.host.deliver(scope, (run) => deliverEnding(run, row, outcome));
      } catch (error) {
        this.defects.push(`the answer of ${row.key} could not be delivered: ${error}`);
      }
    }
  }

  /** The process dies: what was performed and not delivered is forgotten. */
  kill(): void {
    this.world.lightning.close();
  }
}
