import type { OutboxRow } from "../../db/image.ts";
import { backoffMs } from "./effect.ts";

/**
 * The way to an outside system: how much runs at once, and a breaker. While `closedUntil` (logical
 * ms) lies ahead nothing is sent; then one row asks, and an answer lets the others follow.
 */
export class Lane {
  readonly #running = new Map<string, string | null>();
  #failures = 0;
  #closedUntil = 0;
  /** When the next row is due, as far as is known; Infinity while nothing waits but for what runs. */
  #nextAt = Number.NEGATIVE_INFINITY;

  constructor(
    readonly name: string,
    readonly concurrency: number,
  ) {}

  get running(): string[] {
    return [...this.#running.keys()];
  }

  get mutexes(): string[] {
    return [...this.#running.values()].filter((mutex) => mutex !== null);
  }

  /** When somebody must look for work in it. */
  get looksAt(): number {
    return Math.max(this.#nextAt, this.#closedUntil);
  }

  /** There may be work that nobody has looked for. */
  touch(): void {
    this.#nextAt = Number.NEGATIVE_INFINITY;
  }

  /** Somebody begins to look: what is touched from now on must be looked at again. */
  looked(): void {
    this.#nextAt = Number.POSITIVE_INFINITY;
  }

  /** Nothing is to be begun before, but for what was touched meanwhile. */
  restsUntil(nextAt: number): void {
    this.#nextAt = Math.min(this.#nextAt, nextAt);
  }

  /** When it opens again, of a lane that is closed at `now`; else null. */
  opensAt(now: number): number | null {
    return this.#closedUntil > now ? this.#closedUntil : null;
  }

  hasRoom(): boolean {
    return this.#running.size < (this.#failures > 0 ? 1 : this.concurrency);
  }

  /** @returns what {@link unreachable} wants to know of this attempt. */
  enter({ key, mutex }: OutboxRow): number {
    this.#running.set(key, mutex);
    return this.#failures;
  }

  leave({ key }: OutboxRow): void {
    this.#running.delete(key);
  }

  /** Somebody answered. */
  answered(): void {
    this.#failures = 0;
    this.#closedUntil = 0;
  }

  /** Nobody was reached. Attempts that set out together are one failure, not one each. */
  unreachable(entered: number, now: number, capMs: number, random: () => number): void {
    if (this.#failures !== entered) return;
    this.#closedUntil = now + backoffMs(this.#failures, capMs, random);
    this.#failures++;
  }
}
