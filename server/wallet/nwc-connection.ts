import { type Nip47SingleMethod, NWCClient } from "@getalby/sdk/nwc";

/** Beside NIP-47's error codes: what came is no answer. */
export const UNREADABLE = "UNREADABLE";

/** The SDK's own sender of requests, private in its types. */
type PrivateRequest = {
  executeNip47Request(
    method: Nip47SingleMethod,
    params: object,
    isResult: (result: unknown) => boolean,
    timeouts: { publishTimeout: number; replyTimeout: number },
  ): Promise<Record<string, unknown>>;
};

/**
 * One connection to a wallet service, over all the relays of its URL: @getalby/sdk's client without
 * its traps. It reconnects by itself until it is closed; closed, it stays closed.
 */
export class NwcConnection extends NWCClient {
  readonly #closing = new AbortController();
  readonly #timeoutMs: number;

  /**
   * @param nwcUrl validated; holds a secret
   * @param timeoutMs for a request as a whole; connecting and publishing get a part of it
   */
  constructor(nwcUrl: string, timeoutMs: number) {
    super({ nostrWalletConnectUrl: nwcUrl, requireSecret: true });
    this.#timeoutMs = timeoutMs;
    const ensureRelay = this.pool.ensureRelay.bind(this.pool);
    // The SDK gives most connects no time limit, and its subscriptions go on reconnecting after close.
    this.pool.ensureRelay = async (url, params) => {
      this.closed.throwIfAborted();
      const connectionTimeout = Math.min(5_000, timeoutMs / 2);
      const relay = await ensureRelay(url, { connectionTimeout, ...params });
      if (this.closed.aborted) relay.close();
      this.closed.throwIfAborted();
      return relay;
    };
  }

  /** Aborted by {@link close}. */
  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  override close(): void {
    this.#closing.abort(new Error("the connection to the wallet was closed"));
    super.close();
  }

  /** @throws {AggregateError} no relay can be reached; the SDK's own check would write that to the log */
  async connect(): Promise<void> {
    await Promise.any(this.relayUrls.map((url) => this.pool.ensureRelay(url)));
  }

  /**
   * Proves that the relay still hears us and we it, by reading the wallet's info event (kind 13194). Pings
   * would not do: of a connection whose other end vanished, the WebSocket never says that it closed.
   */
  async probe(): Promise<void> {
    await this.connect();
    await this.getWalletServiceInfo();
  }

  /**
   * Sends a NIP-47 request. It goes past the SDK's public methods because these log what went wrong with
   * what was asked and answered, wait 60 s, and take a lookup_invoice answer without `invoice`, which
   * NIP-47 allows, for an error.
   *
   * @returns the answer's `result`, unchecked but for being an object
   * @throws {Nip47Error} told apart by class: a local timeout has the code INTERNAL too
   */
  async request(method: Nip47SingleMethod, params: object): Promise<Record<string, unknown>> {
    await this.connect();
    return (this as unknown as PrivateRequest).executeNip47Request(method, params, isObject, {
      publishTimeout: Math.min(5_000, this.#timeoutMs / 2),
      replyTimeout: this.#timeoutMs,
    });
  }

  /**
   * Where the SDK would leave a rejection unhandled and its caller waiting for ever, a message that cannot
   * be decrypted or understood becomes an error of the code {@link UNREADABLE}. Every message reads as a
   * notification too, of no type, because the SDK writes those it misses that in to the log.
   */
  override async decrypt(pubkey: string, content: string): Promise<string> {
    const { result, error, notification, notification_type } = await super
      .decrypt(pubkey, content)
      .then(JSON.parse)
      .then((message: unknown) => (isObject(message) ? message : {}))
      .catch(() => ({}) as Record<string, unknown>);
    if (notification) return JSON.stringify({ notification, notification_type });
    const answer = result || error ? { result, error } : { error: { code: UNREADABLE } };
    return JSON.stringify({ ...answer, notification: {}, notification_type: "" });
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
