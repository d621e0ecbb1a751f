import type { Event } from "nostr-tools/core";
import type { Filter } from "nostr-tools/filter";
import { Relay } from "nostr-tools/relay";

const RECONNECT_DELAY_MS = 100;
const CONNECT_TIMEOUT_MS = 3000;

/**
 * A subscription to one relay that comes back by itself whenever the connection is lost, for as long
 * as it is not closed. Events that passed meanwhile are missed, as with any relay.
 */
export class RelayLink {
  #relay: Relay | null = null;
  #retry: ReturnType<typeof setTimeout> | null = null;
  #connecting: Promise<void> | null = null;
  #wanted = false;

  constructor(
    private readonly url: string,
    private readonly filter: Filter,
    private readonly handlers: { event(event: Event): void; connected(): Promise<void> },
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
    await this.#relay?.publish(event).catch(() => {});
  }

  /** Disconnects and stays so until {@link connect} is called. */
  close(): void {
    this.#wanted = false;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#relay?.close();
    this.#relay = null;
  }

  async #attempt(): Promise<void> {
    if (this.#relay !== null || !this.#wanted) return;
    if (this.#retry !== null) clearTimeout(this.#retry);
    const relay = new Relay(this.url);
    try {
      await relay.connect({ timeout: CONNECT_TIMEOUT_MS });
      await this.#subscribe(relay);
    } catch (error) {
      relay.close();
      this.#retryLater();
      throw error;
    }
    if (!this.#wanted) return relay.close();
    this.#relay = relay;
    relay.onclose = () => {
      if (this.#relay !== relay) return;
      this.#relay = null;
      this.#retryLater();
    };
    await this.handlers.connected();
  }

  #subscribe(relay: Relay): Promise<void> {
    return new Promise((resolve, reject) => {
      relay.onclose = () => reject(new Error("relay connection lost"));
      relay.subscribe([this.filter], {
        onevent: this.handlers.event,
        oneose: resolve,
        onclose: (reason) => reject(new Error(reason)),
      });
    });
  }

  #retryLater(): void {
    if (!this.#wanted) return;
    this.#retry = setTimeout(() => this.connect().catch(() => {}), RECONNECT_DELAY_MS);
  }
}
