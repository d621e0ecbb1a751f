import type { Clock } from "../clock.ts";

/** Logical time that can be moved forward: real time plus an offset, or pinned while it is moved. */
export class MovableClock implements Clock {
  #pinnedAt: number | null = null;

  /** @param offsetMs - how far logical time is ahead of real time. */
  constructor(public offsetMs = 0) {}

  now(): number {
    return this.#pinnedAt ?? Date.now() + this.offsetMs;
  }

  /** Holds logical time at `atMs`. @throws RangeError when that would move it back. */
  pin(atMs: number): void {
    if (atMs < this.now()) throw new RangeError(`the clock cannot go back to ${atMs}`);
    this.#pinnedAt = atMs;
  }

  /** Holds logical time where it is. */
  hold(): void {
    this.#pinnedAt = this.now();
  }

  /** Lets time flow again from where it is pinned. */
  release(): void {
    if (this.#pinnedAt === null) return;
    this.offsetMs = this.#pinnedAt - Date.now();
    this.#pinnedAt = null;
  }
}
