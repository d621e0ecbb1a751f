type Kept<T> = { value: T; weight: number; until: number };

/**
 * What was loaded from outside, for a while and within bounds: the newest are kept. Whoever asks for
 * the same at once waits for one and the same load. What failed is not kept.
 */
export class Remembered<T> {
  readonly #kept = new Map<string, Kept<T>>();
  readonly #loading = new Map<string, Promise<T>>();
  #weight = 0;

  /**
   * @param options.ttlMs - real time. @param options.maxWeight - of all together, in the unit of `weigh`
   * @param options.weigh - what one counts, 1 if absent. @param options.now - real ms, for tests
   */
  constructor(
    readonly options: {
      ttlMs: number;
      maxWeight: number;
      weigh?: (value: T) => number;
      now?: () => number;
    },
  ) {}

  /** What is known of `key`, or else what `load` brings. @throws whatever `load` throws */
  async get(key: string, load: () => Promise<T>): Promise<T> {
    const kept = this.#kept.get(key);
    if (kept && kept.until > this.#now()) return kept.value;
    const under = this.#loading.get(key);
    if (under) return under;
    const loading = load();
    this.#loading.set(key, loading);
    try {
      const value = await loading;
      // Forgotten meanwhile: what was loaded is of before that.
      if (this.#loading.get(key) === loading) this.#keep(key, value);
      return value;
    } finally {
      if (this.#loading.get(key) === loading) this.#loading.delete(key);
    }
  }

  /** From now on it is loaded anew, also where a load is under way. */
  forget(key: string): void {
    this.#loading.delete(key);
    this.#drop(key);
  }

  #keep(key: string, value: T): void {
    const { ttlMs, maxWeight, weigh = () => 1 } = this.options;
    const weight = weigh(value);
    this.#drop(key);
    if (weight > maxWeight) return;
    this.#kept.set(key, { value, weight, until: this.#now() + ttlMs });
    this.#weight += weight;
    // A Map is in order of insertion: the first is the oldest.
    for (const oldest of this.#kept.keys()) {
      if (this.#weight <= maxWeight) break;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    this.#weight -= this.#kept.get(key)?.weight ?? 0;
    this.#kept.delete(key);
  }

  #now(): number {
    return (this.options.now ?? performance.now.bind(performance))();
  }
}
