/** Relays that are found again when they drop, each by itself, for as long as somebody listens. */
import type { Filter } from "nostr-tools/filter";
import { SimplePool } from "nostr-tools/pool";
import { finalizeEvent } from "nostr-tools/pure";
import { normalizeURL } from "nostr-tools/utils";

type Params = Parameters<SimplePool["subscribe"]>[2];
type Closer = ReturnType<SimplePool["subscribe"]>;

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8_000;
/**
 * Answers are ephemeral, but some relays keep them for a while: so one that was given while a phone had
 * put this page to sleep still arrives. A signer dates its answer by its own clock, which may be behind by
 * any number of minutes; what is old and not ours is told apart by its key and the request's id.
 */
const LOOK_BACK_SECONDS = 86_400;

export class SteadyPool extends SimplePool {
  readonly #linked = new Set<string>();
  readonly #listening = new Set<Promise<unknown>>();
  readonly #ends = new AbortController();
  /** Told when the first relay is there, and when the last one is lost. */
  onLink: (isLinked: boolean) => void = () => {};

  /** @param clientKey - as whom we show up where a relay asks (NIP-42) */
  constructor(clientKey: Uint8Array) {
    super({ enablePing: true });
    this.automaticallyAuth = () => async (event) => finalizeEvent(event, clientKey);
  }

  /** Ends when closed, and only then; `onclose` is called then. */
  override subscribe(relays: string[], filter: Filter, params: Params): Closer {
    const ends = new AbortController();
    const signal = AbortSignal.any([
      ends.signal,
      this.#ends.signal,
      ...(params.abort ? [params.abort] : []),
    ]);
    const { limit: _, ...rest } = filter;
    const since = Math.floor(Date.now() / 1000) - LOOK_BACK_SECONDS;
    for (const relay of new Set(relays.map(normalizeURL)))
      void this.#follow(relay, { ...rest, since }, params, signal);
    signal.addEventListener("abort", () => params.onclose?.([]), { once: true });
    // Not at once: who closes has still to note that it succeeded.
    return { close: () => queueMicrotask(() => ends.abort()) };
  }

  async #follow(relay: string, filter: Filter, params: Params, signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; failures++) {
      const listening = this.#listen(relay, filter, params, signal);
      this.#listening.add(listening);
      const wasLinked = await listening;
      this.#listening.delete(listening);
      if (wasLinked) failures = 0;
      const waitMs = Math.min(FIRST_WAIT_MS * 2 ** failures, LONGEST_WAIT_MS);
      await waiting(signal, waitMs * (0.75 + Math.random() / 2));
    }
  }

  /** One connection, until it ends. @returns whether there was one */
  #listen(relay: string, filter: Filter, params: Params, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      let wasLinked = false;
      let isClosed = false;
      const closer = super.subscribeMap([{ url: relay, filter }], {
        // What strangers send cannot be read, and is no failure of ours.
        onevent: (event) => void Promise.resolve(params.onevent?.(event)).catch(() => {}),
        // Said of a subscription that is closed, too, a moment before.
        oneose: () =>
          queueMicrotask(() => {
            if (isClosed || signal.aborted) return;
            wasLinked = true;
            this.#link(relay, true);
          }),
        onclose: () => {
          isClosed = true;
          signal.removeEventListener("abort", end);
          this.#link(relay, false);
          resolve(wasLinked);
        },
      });
      const end = (): void => void closer.close();
      signal.addEventListener("abort", end);
    });
  }

  #link(relay: string, isThere: boolean): void {
    const before = this.#linked.size > 0;
    if (isThere) this.#linked.add(relay);
    else this.#linked.delete(relay);
    const is = this.#linked.size > 0;
    if (is !== before && !this.#ends.signal.aborted) this.onLink(is);
  }

  override destroy(): void {
    this.#ends.abort();
    // They take their leave first, which a socket that is closed would not carry.
    void Promise.all(this.#listening).then(() => super.destroy());
  }
}

/** Until the time is over, the device is online again, or somebody looks at the page again. */
function waiting(signal: AbortSignal, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      removeEventListener("online", end);
      document.removeEventListener("visibilitychange", seen);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const seen = (): void => {
      if (document.visibilityState === "visible") end();
    };
    const timer = setTimeout(end, ms);
    addEventListener("online", end);
    document.addEventListener("visibilitychange", seen);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}
