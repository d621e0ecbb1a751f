import type { Event } from "nostr-tools/core";
import type { Filter } from "nostr-tools/filter";
import type { RelayLinkPool } from "./relay-link-pool.ts";

/** Real time after which a failure was a wait in vain, and for how long its relay is let be then. */
const SLOW_MS = 1_000;
const LET_BE_MS = 60_000;

/**
 * The relays on which people are looked up. One that lets us wait in vain is not asked again for a while:
 * it would slow each message, of which thousands may be due in a minute.
 */
export class Indexers {
  readonly #silentUntil = new Map<string, number>();

  constructor(
    readonly links: RelayLinkPool,
    readonly urls: readonly string[],
  ) {}

  /** What each of them answers, which may be nothing. @throws the signal's reason */
  async query(filter: Filter, signal: AbortSignal): Promise<PromiseSettledResult<Event[]>[]> {
    const now = performance.now();
    const ready = this.urls.filter((url) => now >= (this.#silentUntil.get(url) ?? 0));
    // Where nobody else could tell, also a silent one is asked: it may be back.
    const asked = new Set(ready.length > 0 ? ready : this.urls);
    const answers = await Promise.allSettled(
      this.urls.map(async (url) => {
        if (!asked.has(url)) throw new Error("it was silent just now");
        return this.#ask(url, filter, signal);
      }),
    );
    signal.throwIfAborted();
    return answers;
  }

  async #ask(url: string, filter: Filter, signal: AbortSignal): Promise<Event[]> {
    const askedAt = performance.now();
    try {
      return await this.links.use(url, signal, (link, limit) => link.query(filter, limit));
    } catch (error) {
      const failedAt = performance.now();
      if (failedAt - askedAt > SLOW_MS && !signal.aborted)
        this.#silentUntil.set(url, failedAt + LET_BE_MS);
      throw error;
    }
  }
}
