/** Lets many work at once, or one alone. Who asks to be alone waits for those before, and holds up those after. */
export class OneAlone {
  readonly #working = new Set<Promise<unknown>>();
  #alone: Promise<unknown> | null = null;

  async together<T>(work: () => Promise<T>): Promise<T> {
    while (this.#alone) await this.#alone;
    const running = work();
    // A failure is its owner's; here it is only waited for.
    const ended = running.catch(() => {});
    this.#working.add(ended);
    try {
      return await running;
    } finally {
      this.#working.delete(ended);
    }
  }

  async alone<T>(work: () => Promise<T>): Promise<T> {
    while (this.#alone) await this.#alone;
    const running = Promise.all(this.#working).then(work);
    const ended = running.catch(() => {});
    this.#alone = ended;
    try {
      return await running;
    } finally {
      this.#alone = null;
    }
  }
}
