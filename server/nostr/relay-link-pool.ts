import { abortable } from "./abortable.ts";
import { type LinkOptions, RelayLink } from "./relay-link.ts";

type Entry = {
  link: Promise<RelayLink>;
  users: number;
  idle: ReturnType<typeof setTimeout> | undefined;
};

/**
 * At most one connection to each relay, opened when it is needed and closed when it was not for a
 * while: many people share few relays, and relays count connections.
 */
export class RelayLinkPool {
  readonly #options: LinkOptions;
  readonly #timeoutMs: number;
  readonly #idleMs: number;
  readonly #entries = new Map<string, Entry>();
  readonly #closing = new AbortController();

  /** @param options `timeoutMs` for one {@link use}, connecting included; real time, as of all sockets */
  constructor(options: LinkOptions & { timeoutMs?: number; idleMs?: number }) {
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? 8_000;
    this.#idleMs = options.idleMs ?? 30_000;
  }

  /**
   * Does `work` over the connection to `url`, under a signal that aborts in time. A connection over
   * which anything went wrong is not used again.
   * @throws whatever `connect` or `work` throws, or the signal's reason
   */
  async use<T>(
    url: string,
    signal: AbortSignal,
    work: (link: RelayLink, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    this.#closing.signal.throwIfAborted();
    const limit = AbortSignal.any([signal, AbortSignal.timeout(this.#timeoutMs)]);
    const entry = this.#entries.get(keyOf(url)) ?? this.#open(url);
    entry.users++;
    clearTimeout(entry.idle);
    try {
      return await work(await abortable(entry.link, limit), limit);
    } catch (error) {
      this.#forget(url, entry);
      throw error;
    } finally {
      entry.users--;
      if (entry.users === 0) this.#rest(url, entry);
    }
  }

  /** Ends all connections and whatever waits for them. */
  close(): void {
    this.#closing.abort(new Error("the relay connections were closed"));
    for (const entry of this.#entries.values()) {
      clearTimeout(entry.idle);
      closeLink(entry);
    }
    this.#entries.clear();
  }

  #open(url: string): Entry {
    // The signal may end the connection later, too: time is limited only until it stands.
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new Error("not in time")), this.#timeoutMs);
    const signal = AbortSignal.any([this.#closing.signal, late.signal]);
    const link = RelayLink.open(url, this.#options, signal).finally(() => clearTimeout(timer));
    const entry: Entry = { link, users: 0, idle: undefined };
    this.#entries.set(keyOf(url), entry);
    link.then(({ closed }) => closed.then(() => this.#forget(url, entry))).catch(() => {});
    return entry;
  }

  #rest(url: string, entry: Entry): void {
    if (this.#entries.get(keyOf(url)) !== entry) {
      closeLink(entry);
      return;
    }
    entry.idle = setTimeout(() => {
      this.#forget(url, entry);
      closeLink(entry);
    }, this.#idleMs);
    entry.idle.unref();
  }

  #forget(url: string, entry: Entry): void {
    if (this.#entries.get(keyOf(url)) === entry) this.#entries.delete(keyOf(url));
  }
}

/** One relay, however it is spelled: the spelling of whoever comes first is the one it is told. */
const keyOf = (url: string): string => URL.parse(url)?.href ?? url;

function closeLink({ link }: Entry): void {
  link.then(
    (opened) => opened.close(),
    () => {}, // it never opened
  );
}
