import { isStorageFailure } from "../../db/storage-failure.ts";

/** Real time, for a disk knows no other. */
const PROBE_MS = 1000;

/**
 * Whether what is written reaches the disk. One that is full, read-only or gone is "not now": whoever
 * has something that must not be lost waits here and writes it again. Nothing is held for the operator
 * because of it. While it lasts the disk is tried once a second, and work begins again by itself.
 */
export class Storage {
  #isWritable = true;
  #isStopped = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #waiting = new Set<() => void>();

  /**
   * @param probe - writes something, and throws where that fails.
   * @param onChange - told when writing begins to fail, with the error, and when it works again.
   */
  constructor(
    readonly probe: () => void,
    readonly onChange: (failure: unknown) => void,
  ) {}

  get isWritable(): boolean {
    return this.#isWritable;
  }

  /** Something was not written. @returns whether that was for the disk's sake. */
  failed(error: unknown): boolean {
    if (!isStorageFailure(error)) return false;
    if (this.#isWritable && !this.#isStopped) {
      this.#isWritable = false;
      this.onChange(error);
      this.#tryLater();
    }
    return true;
  }

  /** Waits until something can be written again, or nobody wants to write any more. */
  back(signal?: AbortSignal): Promise<void> {
    if (this.#isWritable || this.#isStopped || signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waiting.delete(done);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      this.#waiting.add(done);
      signal?.addEventListener("abort", done);
    });
  }

  /** Lets go of all who wait. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    for (const done of this.#waiting) done();
  }

  #tryLater(): void {
    this.#timer = setTimeout(() => {
      try {
        this.probe();
      } catch {
        this.#tryLater();
        return;
      }
      this.#isWritable = true;
      this.onChange(null);
      for (const done of this.#waiting) done();
    }, PROBE_MS);
  }
}
