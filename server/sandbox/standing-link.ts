import type { Event } from "nostr-tools/core";
import type { Filter } from "nostr-tools/filter";
import { RelayLink } from "../nostr/relay-link.ts";
import { createOutbound } from "../outbound/outbound.ts";

const RECONNECT_DELAY_MS = 100;
const CONNECT_TIMEOUT_MS = 3000;
const UNBOUNDED = Number.POSITIVE_INFINITY;

/** To this machine, and without the bounds that strangers get. */
const outbound = createOutbound({
  allowLoopback: true,
  limits: { maxMessageBytes: 262_144, maxTotalBytes: UNBOUNDED, maxFrames: UNBOUNDED },
});

/**
 * A subscription to one relay that comes back by itself whenever the connection is lost, for as long
 * as it is not closed. Events that passed meanwhile are missed, as with any relay.
 */
export class StandingLink {
  #link: RelayLink | null = null;
  #retry: ReturnType<typeof setTimeout> | null = null;
  #connecting: Promise<void> | null = null;
  #wanted = false;

  constructor(
    private readonly options: {
      url: string;
      /** Proves who it is where the relay demands that. */
      secretKey: Uint8Array;
      filter: Filter;
      event: (event: Event) => void;
      connected: () => Promise<void>;
    },
  ) {}

  /**
   * Connects, if it is not connected, and waits until the subscription stands and the `connected`
   * handler is done. @throws Error when the relay cannot be reached; it goes on trying.
   */
  async connect(): Promise<void> {
    this.#wanted = true;
    // An attempt under way may have begun, and failed, before the relay was reachable.
    await this.#connecting?.catch(() => {});
    this.#connecting ??= this.#attempt().finally(() => {
      this.#connecting = null;
    });
    await this.#connecting;
  }

  /** Publishes once, if connected. A refusal or a lost connection is of no consequence. */
  async publish(event: Event): Promise<void> {
    await this.#link?.publish(event, AbortSignal.timeout(CONNECT_TIMEOUT_MS)).catch(() => {});
  }

  /** Disconnects and stays so until {@link connect} is called. */
  close(): void {
    this.#wanted = false;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#link?.close();
    this.#link = null;
  }

  async #attempt(): Promise<void> {
    if (this.#link !== null || !this.#wanted) return;
    if (this.#retry !== null) clearTimeout(this.#retry);
    const { url, secretKey, filter, event, connected } = this.options;
    const allowance = { atOnce: UNBOUNDED, perSecond: 0 };
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new Error("not in time")), CONNECT_TIMEOUT_MS);
    let opened: RelayLink | null = null;
    try {
      const options = { connect: outbound.connect, secretKey, isEager: true, allowance };
      opened = await RelayLink.open(url, { ...options, proofPatienceMs: 300 }, late.signal);
      await opened.subscribe(filter, event, late.signal);
    } catch (error) {
      opened?.close();
      this.#retryLater();
      throw error;
    } finally {
      clearTimeout(timer);
    }
    if (!this.#wanted) return opened.close();
    const link = opened;
    this.#link = link;
    void link.closed.then(() => {
      if (this.#link !== link) return;
      this.#link = null;
      this.#retryLater();
    });
    await connected();
  }

  #retryLater(): void {
    if (!this.#wanted) return;
    this.#retry = setTimeout(() => this.connect().catch(() => {}), RECONNECT_DELAY_MS);
  }
}
