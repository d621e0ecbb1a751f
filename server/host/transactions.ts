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

  constructor(
    readonly store: HostStore,
    readonly hooks: { begin: () => void; committed: () => void },
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
    const settle = this.#commit(jobs);
    for (const settled of settle) settled();
  }

  #commit(jobs: Job[]): (() => void)[] {
    const { store, hooks } = this;
    try {
      store.begin();
    } catch (error) {
      return jobs.map((job) => () => job.reject(error));
    }
    try {
      hooks.begin();
      const settle = jobs.map((job) => {
        store.savepoint();
        try {
          const value = job.body();
          store.release();
          return () => job.resolve(value);
        } catch (error) {
          store.rollbackTo();
          store.release();
          return () => job.reject(error);
        }
      });
      store.commit();
      return [hooks.committed, ...settle];
    } catch (error) {
      store.rollback();
      return jobs.map((job) => () => job.reject(error));
    }
  }
}
