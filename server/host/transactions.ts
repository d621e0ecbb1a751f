import type { HostStore } from "../../db/host-store.ts";

type Job = {
  body: () => unknown;
  resolve: (value: unknown) => void;
  reject: (reason: unknown) => void;
};

const SHARED_MAX = 32;

/**
 * Runs synchronous bodies in IMMEDIATE transactions, one after the other. Bodies that wait at the
 * same moment share one commit, at most 32, each in a savepoint: the fsync is paid once, and one that
 * throws takes only itself back.
 */
export class TransactionQueue {
  #jobs: Job[] = [];
  #scheduled = false;

  /**
   * @param hooks - `attempt` runs a body in a savepoint; `failed` says whether an error is the disk's,
   * so that the whole transaction failed; `committed` is told how each ended, after all who wait for it
   * were.
   */
  constructor(
    readonly store: HostStore,
    readonly hooks: {
      attempt: (body: () => unknown) => unknown;
      failed: (error: unknown) => boolean;
      committed: (isOnDisk: boolean) => void;
    },
  ) {}

  /** @returns what `body` returned, once it is on disk. @throws what it threw; nothing of it remains. */
  run(body: () => unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#jobs.push({ body, resolve, reject });
      if (this.#scheduled) return;
      this.#scheduled = true;
      setImmediate(() => this.#flush());
    });
  }

  #flush(): void {
    const jobs = this.#jobs.splice(0, SHARED_MAX);
    this.#scheduled = this.#jobs.length > 0;
    if (this.#scheduled) setImmediate(() => this.#flush());
    this.hooks.committed(this.#commit(jobs));
  }

  /** @returns whether it is on disk. */
  #commit(jobs: Job[]): boolean {
    const { store, hooks } = this;
    const isShared = jobs.length > 1;
    try {
      store.begin();
      const settle = jobs.map((job) => {
        try {
          const value = isShared ? hooks.attempt(job.body) : job.body();
          return () => job.resolve(value);
        } catch (error) {
          // Where SQLite itself gave the transaction up, the others' writes are gone too.
          if (!isShared || hooks.failed(error) || !store.isOpen()) throw error;
          return () => job.reject(error);
        }
      });
      store.commit();
      for (const settled of settle) settled();
      return true;
    } catch (error) {
      hooks.failed(error);
      if (store.isOpen()) store.rollback();
      for (const job of jobs) job.reject(error);
      return false;
    }
  }
}
