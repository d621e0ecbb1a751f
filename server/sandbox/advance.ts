import { setTimeout as sleep } from "node:timers/promises";
import type { Berth } from "../berth.ts";
import { AppError } from "../errors.ts";
import type { MovableClock } from "./clock.ts";
import type { WorldControl } from "./world-control.ts";

const STOP_MS = 10_000;
const TOTAL_MS = 30_000;

/** How far an advance came: `reached` is logical epoch ms, `open` what was still in flight there. */
export type Advanced = { complete: boolean; reached: number; stops: number; open: string[] };

/**
 * Moves logical time forward, here and in the world. Stops at each instant at which an alarm is due,
 * lets everything that follows from it finish, and goes on: 38 days are 38 times one day.
 */
export class Advance {
  #isMoving = false;

  constructor(
    readonly berth: Berth,
    readonly clock: MovableClock,
    readonly control: WorldControl,
  ) {}

  /** @throws AppError 409 `clock_is_moving`: one at a time. */
  async by(ms: number): Promise<Advanced> {
    if (this.#isMoving)
      throw new AppError("clock_is_moving", 409, "the clock is being moved; wait for the answer");
    this.#isMoving = true;
    try {
      return await this.#move(this.clock.now() + ms);
    } finally {
      const { offset_ms } = await this.control.release();
      this.clock.release();
      this.clock.offsetMs = Math.max(this.clock.offsetMs, offset_ms);
      this.#isMoving = false;
    }
  }

  async #move(target: number): Promise<Advanced> {
    const { berth, clock } = this;
    const startedAt = performance.now();
    // The two clocks flow apart by a few milliseconds: both are held a little ahead of either.
    await this.#pin(
      Math.min(Math.max(clock.now(), (await this.control.state()).now) + 250, target),
    );
    // A payment whose notification was lost is known before time goes on.
    await berth.watch?.tick();
    for (let stops = 1; ; stops++) {
      const open = await this.#settle(startedAt);
      const reached = clock.now();
      if (open.length > 0) return { complete: false, reached, stops, open };
      if (reached >= target) return { complete: true, reached, stops, open };
      const due = berth.host.store.nextAlarm()?.due ?? target;
      await this.#pin(Math.min(Math.max(due, reached), target));
    }
  }

  async #pin(atMs: number): Promise<void> {
    await this.control.pin(atMs);
    this.clock.pin(atMs);
    this.berth.outbox.wake();
    await this.berth.alarms.wake();
  }

  /** @returns what is still in flight when the time is up; nothing when all is at rest. */
  async #settle(startedAt: number): Promise<string[]> {
    const { alarms, outbox } = this.berth;
    const until = Math.min(performance.now() + STOP_MS, startedAt + TOTAL_MS);
    for (;;) {
      await alarms.wake();
      if (alarms.isSettled() && outbox.isSettled()) return [];
      if (performance.now() > until) return outbox.open();
      await sleep(2);
    }
  }
}
