/**
 * A number of places, shared out: one asker has at most a share of them at once and waits in line for
 * more, so that whoever asks for much leaves room for others.
 */
export class Places {
  #taken = 0;
  readonly #askers = new Map<string, { taken: number; waiting: (() => void)[] }>();

  /** @param options.waiting - how many of one asker may stand in line */
  constructor(readonly options: { total: number; share: number; waiting: number }) {}

  /**
   * Runs `work` in a place of `asker`'s, now or once one of theirs is free.
   * @param busy - makes what is thrown where all places are taken, or the asker's line is full
   */
  async run<T>(asker: string, work: () => Promise<T>, busy: () => Error): Promise<T> {
    const own = this.#askers.get(asker) ?? { taken: 0, waiting: [] };
    if (own.taken >= this.options.share) {
      if (own.waiting.length >= this.options.waiting) throw busy();
      // Whoever leaves hands the place over.
      await new Promise<void>((resolve) => own.waiting.push(resolve));
    } else {
      if (this.#taken >= this.options.total) throw busy();
      this.#askers.set(asker, own);
      own.taken++;
      this.#taken++;
    }
    try {
      return await work();
    } finally {
      const next = own.waiting.shift();
      if (next) next();
      else {
        own.taken--;
        this.#taken--;
        if (own.taken === 0) this.#askers.delete(asker);
      }
    }
  }
}
