import type { Event } from "nostr-tools/core";
import { type Filter, matchFilter } from "nostr-tools/filter";
import { makeAuthEvent } from "nostr-tools/nip42";
import { isGenuine, signEvent } from "./event.ts";
import { maxFrameChars, parseFrame, printable } from "./relay-link-frame.ts";

/** An open WebSocket. `messages` ends, or throws, when the connection does; then `send` does nothing. */
export type RelaySocket = {
  readonly messages: AsyncIterable<string>;
  send(text: string): void;
  close(): void;
};

/**
 * Opens a WebSocket. The signal may end it later, too.
 * @throws {Refused} the address is none that may be connected to; anything else: not reached
 */
export type Connect = (url: string, signal: AbortSignal) => Promise<RelaySocket>;

/** A relay's OK (NIP-01). `reason`: at most 200 characters, none of them control or formatting. */
export type RelayAnswer = { accepted: boolean; reason: string };

/** Whether a refusal speaks of the moment, not of the event, which may be offered again (NIP-01). */
export const isPassing = (reason: string): boolean => /^(rate-limited|error):/.test(reason);

/** Of one answer; the kinds that are asked for here are replaceable. */
const maxEvents = 20;

type Reply = RelayAnswer & { events: Event[] };
type Waiting = {
  hear(type: unknown, rest: unknown[], answer: (reply: Reply) => void): void;
  reply: PromiseWithResolvers<Reply>;
  /** How many wait for it. */
  askers: number;
};

/**
 * One connection to a relay (NIP-01). Proves who asks (NIP-42) where the relay demands it, and only
 * there: every other relay need not know whose connection it is.
 */
export class RelayLink {
  readonly #socket: RelaySocket;
  readonly #secretKey: Uint8Array;
  readonly #waiting = new Map<string, Waiting>();
  readonly #closed = Promise.withResolvers<void>();
  readonly #challenged = Promise.withResolvers<void>();
  #challenge = "";
  #isOpen = true;
  #proof: Promise<Reply> | null = null;
  #queries = 0;

  private constructor(
    readonly url: string,
    socket: RelaySocket,
    secretKey: Uint8Array,
  ) {
    this.#socket = socket;
    this.#secretKey = secretKey;
    this.#challenged.promise.catch(() => {}); // few wait for it
    const end = () => this.#end();
    this.#listen().then(end, end);
  }

  /** @param secretKey signs the proof where one is demanded. @throws whatever `connect` throws */
  static async open(
    url: string,
    options: { connect: Connect; secretKey: Uint8Array },
    signal: AbortSignal,
  ): Promise<RelayLink> {
    return new RelayLink(url, await options.connect(url, signal), options.secretKey);
  }

  /** Resolves when the connection is gone, whoever ended it. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  close(): void {
    this.#socket.close();
    this.#end();
  }

  /**
   * What the relay has stored: events that match the filter and whose signature is valid, at most 20.
   * @throws Error when the relay does not give a whole answer: closed, lost, too much, aborted
   */
  async query(filter: Filter, signal: AbortSignal): Promise<Event[]> {
    const limited = { ...filter, limit: maxEvents };
    const reply = await this.#proven(() => this.#read(limited, signal), signal);
    if (!reply.accepted) throw new Error("the relay closed the subscription");
    return reply.events;
  }

  /** Offers an event. @throws Error when no OK came: whether it was stored is then unknown */
  async publish(event: Event, signal: AbortSignal): Promise<RelayAnswer> {
    const { accepted, reason } = await this.#proven(
      () => this.#offer("EVENT", event, signal),
      signal,
    );
    return { accepted, reason };
  }

  async #proven(attempt: () => Promise<Reply>, signal: AbortSignal): Promise<Reply> {
    const reply = await attempt();
    if (reply.accepted || !reply.reason.startsWith("auth-required:")) return reply;
    this.#proof ??= this.#prove();
    const proof = await abortable(this.#proof, signal);
    return proof.accepted ? attempt() : proof;
  }

  /** Shared by all that wait for it, hence under nobody's signal: it ends with the connection. */
  async #prove(): Promise<Reply> {
    await this.#challenged.promise;
    const template = makeAuthEvent(this.url, this.#challenge);
    return this.#offer("AUTH", signEvent(template, this.#secretKey));
  }

  #offer(verb: "EVENT" | "AUTH", event: Event, signal?: AbortSignal): Promise<Reply> {
    return this.#ask(event.id, [verb, event], signal, (type, [accepted, reason], answer) => {
      if (type === "OK")
        answer({ accepted: accepted === true, reason: printable(reason), events: [] });
    });
  }

  #read(filter: Filter, signal: AbortSignal): Promise<Reply> {
    const id = `q${++this.#queries}`;
    const events: Event[] = [];
    let heard = 0;
    return this.#ask(id, ["REQ", id, filter], signal, (type, [subject], answer) => {
      if (type === "CLOSED")
        return answer({ accepted: false, reason: printable(subject), events: [] });
      if (type === "EVENT") {
        // Each costs a verification: a relay that sends more than was asked for is not listened to.
        if (++heard > maxEvents) return this.close();
        if (isGenuine(subject) && matchFilter(filter, subject)) events.push(subject);
      }
      if (type !== "EOSE") return;
      this.#send(["CLOSE", id]);
      answer({ accepted: true, reason: "", events });
    });
  }

  /** Whoever asks under an id that is being asked already waits for the same answer: a relay gives one. */
  async #ask(
    id: string,
    message: unknown[],
    signal: AbortSignal | undefined,
    hear: Waiting["hear"],
  ): Promise<Reply> {
    if (!this.#isOpen) throw lost();
    const under = this.#waiting.get(id);
    const waiting = under ?? { hear, reply: Promise.withResolvers<Reply>(), askers: 0 };
    const { promise } = waiting.reply;
    waiting.askers++;
    this.#waiting.set(id, waiting);
    try {
      if (!under) this.#send(message);
      return await (signal ? abortable(promise, signal) : promise);
    } finally {
      if (--waiting.askers === 0 && this.#waiting.get(id) === waiting) this.#waiting.delete(id);
    }
  }

  #send(message: unknown[]): void {
    this.#socket.send(JSON.stringify(message));
  }

  async #listen(): Promise<void> {
    for await (const frame of this.#socket.messages) {
      if (frame.length > maxFrameChars) return this.close();
      this.#receive(frame);
    }
  }

  #receive(frame: string): void {
    const [type, subject, ...rest] = parseFrame(frame);
    if (typeof subject !== "string") return;
    if (type === "AUTH") this.#challengedWith(subject);
    const waiting = this.#waiting.get(subject);
    waiting?.hear(type, rest, (reply) => {
      this.#waiting.delete(subject);
      waiting.reply.resolve(reply);
    });
  }

  /** Another challenge ends the proof that was given for the one before. */
  #challengedWith(challenge: string): void {
    if (this.#challenge !== "" && this.#challenge !== challenge) this.#proof = null;
    this.#challenge = challenge;
    this.#challenged.resolve();
  }

  #end(): void {
    this.#isOpen = false;
    for (const { reply } of this.#waiting.values()) reply.reject(lost());
    this.#challenged.reject(lost());
    this.#closed.resolve();
  }
}

/** The promise, or the signal's reason as soon as it aborts. */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

const lost = () => new Error("the connection to the relay was lost");
