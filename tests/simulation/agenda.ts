/** What the outside world does and when, on the simulated clock; at one instant in the order noted. */
export class Agenda {
  #nowMs: number;
  #entries: { atMs: number; act: () => void | Promise<void> }[] = [];

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  readonly now = (): number => this.#nowMs;

  /** @throws RangeError when that would move time back. */
  moveTo(atMs: number): void {
    if (atMs < this.#nowMs) throw new RangeError(`the clock cannot go back to ${atMs}`);
    this.#nowMs = atMs;
  }

  at(atMs: number, act: () => void | Promise<void>): void {
    const due = Math.max(atMs, this.#nowMs);
    let place = this.#entries.length;
    while (place > 0 && this.#entries[place - 1]!.atMs > due) place--;
    this.#entries.splice(place, 0, { atMs: due, act });
  }

  in(delayMs: number, act: () => void | Promise<void>): void {
    this.at(this.#nowMs + delayMs, act);
  }

  /** Forgets everything that was to come. */
  clear(): void {
    this.#entries = [];
  }

  /** When the next entry is due; Infinity where there is none. */
  get nextMs(): number {
    return this.#entries[0]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  /** Does the first entry that is due. @returns whether there was one. */
  async step(): Promise<boolean> {
    if (this.nextMs > this.#nowMs) return false;
    await this.#entries.shift()!.act();
    return true;
  }
}
