import { setTimeout as sleep } from "node:timers/promises";
import type { Berth } from "../berth.ts";
import { AppError } from "../errors.ts";
import type { MovableClock } from "./clock.ts";
import type { WorldControl } from "./world-control.ts";

/** How much real time the effects of one instant may take, and a whole advance. */
export type AdvanceLimits = { stopMs: number; totalMs: number };
const LIMITS: AdvanceLimits = { stopMs: 10_000, totalMs: 30_000 };
/** How long a notification of a payment that was just made may be under way. */
const NOTIFICATION_MS = 100;
const PIN_MARGIN_MS = 250;

/** How far an advance came: `reached` is logical epoch ms, `open` what was still in flight there. */
export type Advanced = { complete: boolean; reached: number; stops: number; open: string[] };

/**
 * Moves logical time forward, here and in the world. Stops at each instant at which an alarm is due,
 * lets everything that follows from it finish, and goes on: 38 days are 38 times one day.
 *
 * The world's clock is never behind ours. It outlives us, so whatever moment we are killed at, the
 * next process takes up a time at which nothing that is stored lies in the future.
 */
export class Advance {
  #isMoving = false;

  constructor(
    readonly berth: Berth,
    readonly clock: MovableClock,
    readonly control: WorldControl,
    readonly limits: AdvanceLimits = LIMITS,
  ) {}

  /** @throws AppError 409 `clock_is_moving`: one at a time. */
  async by(ms: number): Promise<Advanced> {
    if (this.#isMoving)
      throw new AppError("clock_is_moving", 409, "the clock is being moved; wait for the answer");
    this.#isMoving = true;
    try {
      return await this.#move(ms);
    } finally {
      try {
        const { offset_ms } = await this.control.release();
        this.clock.release();
        this.clock.offsetMs = Math.max(this.clock.offsetMs, offset_ms);
      } finally {
        this.clock.release();
        this.#isMoving = false;
      }
    }
  }

  async #move(ms: number): Promise<Advanced> {
    const { berth, clock } = this;
    const startedAt = performance.now();
    // A payment of which we were not told yet is known before time goes on.
    await this.#notificationsArrive();
    await Promise.race([berth.watch?.tick(), sleep(this.limits.stopMs)]);
    const target = clock.now() + ms;
    await this.#hold();
    for (let stops = 1; ; stops++) {
      const open = await this.#settle(startedAt);
      const reached = clock.now();
      const isLate = performance.now() - startedAt > this.limits.totalMs;
      if (reached >= target && open.length === 0) return { complete: true, reached, stops, open };
      if (open.length > 0 || isLate) return { complete: false, reached, stops, open };
      const due = (await berth.host.store.nextAlarm()) ?? target;
      const next = Math.min(Math.max(due, reached), target);
      await this.control.pin(next);
      await this.#arrive(next);
    }
  }

  async #notificationsArrive(): Promise<void> {
    const { queries } = this.berth;
    const unsettled = await queries.invoices.unsettled(0, 1000);
    const isPayable = unsettled.some(({ expiresAt }) => expiresAt * 1000 > this.clock.now());
    if (isPayable) await sleep(NOTIFICATION_MS);
  }

  /**
   * Holds both clocks at one instant a moment ahead. Ours first, so that it cannot run past the
   * world's meanwhile; the world's flows until it is held, on a busy machine perhaps past the margin.
   */
  async #hold(): Promise<void> {
    this.clock.hold();
    for (let marginMs = PIN_MARGIN_MS; ; marginMs *= 2) {
      try {
        const at = (await this.control.state()).now + marginMs;
        await this.control.pin(at);
        return await this.#arrive(at);
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== "clock_backwards") throw error;
      }
    }
  }

  /** Here too it is `atMs` now, as it is in the world already. */
  async #arrive(atMs: number): Promise<void> {
    this.clock.pin(atMs);
    this.berth.outbox.wake();
    await this.berth.alarms.wake();
  }

  /** @returns what is still in flight when the time is up; nothing when all is at rest. */
  async #settle(startedAt: number): Promise<string[]> {
    const { alarms, outbox } = this.berth;
    const until = Math.min(performance.now() + this.limits.stopMs, startedAt + this.limits.totalMs);
    for (;;) {
      await alarms.wake();
      if ((await alarms.isSettled()) && (await outbox.isSettled())) return [];
      if (performance.now() > until)
        return [...(await outbox.open()), ...((await alarms.isSettled()) ? [] : ["alarms"])];
      await sleep(2);
    }
  }
}
