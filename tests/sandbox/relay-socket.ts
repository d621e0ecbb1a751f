import type { Event } from "nostr-tools/core";
import { finalizeEvent } from "nostr-tools/pure";

const DEADLINE_MS = 5000;

/** Polls until `check` gives something other than null, false or undefined. @throws after 5 s. */
export async function until<T>(check: () => T | Promise<T>): Promise<NonNullable<T>> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const value = await check();
    if (value !== null && value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`not so within ${DEADLINE_MS} ms: ${check}`);
    await Bun.sleep(5);
  }
}

type Message = [type: string, ...rest: unknown[]];

/** A client that says and hears exactly what is on the wire. */
export class RelaySocket {
  readonly received: Message[] = [];
  readonly #socket: WebSocket;
  readonly closed: Promise<void>;

  private constructor(url: string) {
    this.#socket = new WebSocket(url);
    this.#socket.onmessage = ({ data }) => this.received.push(JSON.parse(String(data)));
    this.closed = new Promise((resolve) => {
      this.#socket.onclose = () => resolve();
    });
  }

  /** @throws when the upgrade is refused. */
  static async open(url: string): Promise<RelaySocket> {
    const client = new RelaySocket(url);
    await new Promise<void>((resolve, reject) => {
      client.#socket.onopen = () => resolve();
      client.#socket.onerror = () => reject(new Error("refused"));
    });
    return client;
  }

  send(...message: unknown[]): void {
    this.raw(JSON.stringify(message));
  }

  raw(frame: string | Uint8Array<ArrayBuffer>): void {
    this.#socket.send(frame);
  }

  /** Takes the oldest message heard of that type, waiting for it. */
  next(type: string): Promise<Message> {
    return until(() => {
      const at = this.received.findIndex(([heard]) => heard === type);
      return at < 0 ? null : this.received.splice(at, 1)[0];
    });
  }

  /** Events stored and matching, up to EOSE. */
  async query(filter: object, id = "query"): Promise<Event[]> {
    this.send("REQ", id, filter);
    await this.next("EOSE");
    this.send("CLOSE", id);
    const events = this.received.filter(([type, heard]) => type === "EVENT" && heard === id);
    this.received.length = 0;
    return events.map(([, , event]) => event as Event);
  }

  /** Publishes and gives the relay's OK as [accepted, reason]. */
  async publish(event: object): Promise<[unknown, unknown]> {
    this.send("EVENT", event);
    const [, , accepted, reason] = await this.next("OK");
    return [accepted, reason];
  }

  close(): void {
    this.#socket.close();
  }
}

/** A signed event as it arrives from elsewhere: without the mark that it was verified. */
export function signedEvent(
  secretKey: Uint8Array,
  event: { kind: number; content?: string; tags?: string[][]; created_at?: number },
): Event {
  const created_at = Math.floor(Date.now() / 1000);
  const template = { content: "", tags: [], created_at, ...event };
  return JSON.parse(JSON.stringify(finalizeEvent(template, secretKey)));
}
