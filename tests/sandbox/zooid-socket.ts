import type { Event } from "nostr-tools/core";
import type { Filter } from "nostr-tools/filter";
import { type Endpoint, type Key, signed } from "./zooid-client.ts";

type Message = [type: string, ...rest: unknown[]];

/** A raw NIP-01 connection to the relay at `host`; every message is kept until it is awaited. */
export class RelaySocket {
  readonly #messages: Message[] = [];
  readonly #waiting = new Set<() => void>();

  private constructor(
    readonly socket: WebSocket,
    readonly host: string,
  ) {
    socket.onmessage = ({ data }) => {
      this.#messages.push(JSON.parse(String(data)) as Message);
      for (const wake of this.#waiting) wake();
    };
  }

  /** @throws when the handshake is refused. */
  static async open(zooid: Endpoint, host: string): Promise<RelaySocket> {
    // Bun takes headers where the DOM's type knows protocols only.
    const options = { headers: { Host: host } } as unknown as string[];
    const socket = new WebSocket(zooid.url.replace("http", "ws"), options);
    const connection = new RelaySocket(socket, host);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    return connection;
  }

  /** A connection authenticated as `key`. */
  static async as(key: Key, zooid: Endpoint, host: string): Promise<RelaySocket> {
    const connection = await RelaySocket.open(zooid, host);
    const [accepted, message] = await connection.authenticate(key, `wss://${host}`);
    if (!accepted) throw new Error(message);
    return connection;
  }

  /** Takes the first kept or coming message that fits. @throws after four seconds. */
  async take(fits: (message: Message) => boolean): Promise<Message> {
    const deadline = Date.now() + 4000;
    for (;;) {
      const at = this.#messages.findIndex(fits);
      if (at >= 0) return this.#messages.splice(at, 1)[0]!;
      if (Date.now() > deadline) throw new Error(`no such message: ${fits}`);
      await this.#woken(deadline - Date.now());
    }
  }

  #woken(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, timeoutMs + 1);
      this.#waiting.add(wake);
    });
  }

  send(message: unknown[]): void {
    this.socket.send(JSON.stringify(message));
  }

  async authenticate(key: Key, relayUrl: string): Promise<[accepted: boolean, message: string]> {
    const [, challenge] = await this.take(([type]) => type === "AUTH");
    const tags = [
      ["relay", relayUrl],
      ["challenge", String(challenge)],
    ];
    return await this.#confirmed("AUTH", signed(key, 22242, { tags }));
  }

  async publish(event: Event): Promise<[accepted: boolean, message: string]> {
    return await this.#confirmed("EVENT", event);
  }

  async #confirmed(type: string, event: Event): Promise<[boolean, string]> {
    this.send([type, event]);
    const [, , accepted, message] = await this.take(([t, id]) => t === "OK" && id === event.id);
    return [Boolean(accepted), String(message)];
  }

  /** Stored events that match, or the reason of the CLOSED. */
  async request(filter: Filter, id: string = crypto.randomUUID()): Promise<Event[] | string> {
    this.send(["REQ", id, filter]);
    const end = await this.take(([t, sub]) => sub === id && (t === "EOSE" || t === "CLOSED"));
    if (end[0] === "CLOSED") return String(end[2]);
    const stored = this.#messages.filter(([type, sub]) => type === "EVENT" && sub === id);
    for (const message of stored) this.#messages.splice(this.#messages.indexOf(message), 1);
    return stored.map((message) => message[2] as Event);
  }

  /** The next live event of a subscription. */
  async live(id: string): Promise<Event> {
    return (await this.take(([type, sub]) => type === "EVENT" && sub === id))[2] as Event;
  }

  close(): void {
    this.socket.close();
  }
}
