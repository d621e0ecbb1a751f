import type { Event } from "nostr-tools/core";
import { type Filter, matchFilter } from "nostr-tools/filter";
import { abortable } from "./abortable.ts";
import { isGenuine } from "./event.ts";
import { isCandidate, maxFrameChars, parseFrame, printable } from "./relay-link-frame.ts";
import { type Proof, RelayProof } from "./relay-proof.ts";

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

/** The relay said no to a subscription. `reason` as in {@link RelayAnswer}. */
export class RelayRefusal extends Error {
  override readonly name = "RelayRefusal";
  constructor(readonly reason: string) {
    super("the relay refused what we asked");
  }
}

/**
 * How many events of subscriptions are verified: so many at once, and so many more a second. A signature
 * is the dearest thing that a relay can make us look at; one that sends more is not listened to.
 */
export type Allowance = { atOnce: number; perSecond: number };

export type LinkOptions = {
  connect: Connect;
  /** Signs the proof of who asks (NIP-42). */
  secretKey: Uint8Array;
  /** Proves it to whoever wants to know, not only to a relay that refuses otherwise. */
  isEager?: boolean;
  allowance?: Allowance;
  /** Of one query's answer; 20 if absent. */
  maxEvents?: number;
  /** Real time after which a relay that gives no OK to a proof is taken to have accepted it. */
  proofPatienceMs?: number;
};

/** Of one query's answer, where nothing else is said: most kinds that are queried are replaceable. */
const fewEvents = 20;

type Reply = RelayAnswer & { events: Event[] };
type Waiting = {
  hear(type: unknown, rest: unknown[], answer: (reply: Reply) => void): void;
  reply: PromiseWithResolvers<Reply>;
  /** How many wait for it. */
  askers: number;
};
type Subscription = { filter: Filter; hear: (event: Event) => void };

/**
 * One connection to a relay (NIP-01). Proves who asks (NIP-42) where the relay demands it, and only
 * there: every other relay need not know whose connection it is.
 */
export class RelayLink {
  readonly #socket: RelaySocket;
  readonly #options: LinkOptions;
  readonly #waiting = new Map<string, Waiting>();
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #closed = Promise.withResolvers<void>();
  readonly #proof: RelayProof;
  #isOpen = true;
  #asked = 0;
  #allowed: { left: number; at: number };

  private constructor(
    readonly url: string,
    socket: RelaySocket,
    options: LinkOptions,
  ) {
    this.#socket = socket;
    this.#options = options;
    this.#allowed = { left: allowanceOf(options).atOnce, at: performance.now() };
    const { secretKey, proofPatienceMs: patienceMs = 2_000 } = options;
    const offer = (proof: Event) => this.#offer("AUTH", proof);
    this.#proof = new RelayProof({ url, secretKey, patienceMs, offer });
    const end = () => this.#end();
    this.#listen().then(end, end);
  }

  /** @throws whatever `connect` throws */
  static async open(url: string, options: LinkOptions, signal: AbortSignal): Promise<RelayLink> {
    return new RelayLink(url, await options.connect(url, signal), options);
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
   * What the relay has stored: events that match the filter and whose signature is valid, at most
   * `maxEvents`.
   * @throws Error when the relay does not give a whole answer: closed, lost, too much, aborted
   */
  async query(filter: Filter, signal: AbortSignal): Promise<Event[]> {
    const limited = { ...filter, limit: this.#maxEvents };
    const reply = await this.#proven(() => this.#read(limited, signal), signal, "read");
    if (!reply.accepted) throw new RelayRefusal(reply.reason);
    return reply.events;
  }

  /** Offers an event. @throws Error when no OK came: whether it was stored is then unknown */
  async publish(event: Event, signal: AbortSignal): Promise<RelayAnswer> {
    const { accepted, reason } = await this.#proven(
      () => this.#offer("EVENT", event, signal),
      signal,
      "write",
    );
    return { accepted, reason };
  }

  /**
   * Hears events that match the filter and are signed, stored ones and those to come; the same one may
   * come again. A relay that ends the subscription later loses the connection.
   * @returns when the stored ones were heard (EOSE)
   * @throws {RelayRefusal} or as `query`
   */
  async subscribe(
    filter: Filter,
    hear: (event: Event) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const id = `s${++this.#asked}`;
    this.#subscriptions.set(id, { filter, hear });
    const begin = () =>
      this.#ask(id, ["REQ", id, filter], signal, (type, [subject], answer) => {
        if (type === "EOSE") answer({ accepted: true, reason: "", events: [] });
        if (type === "CLOSED") answer({ accepted: false, reason: printable(subject), events: [] });
      });
    const { accepted, reason } = await this.#proven(begin, signal, "read");
    if (accepted) return;
    this.#subscriptions.delete(id);
    throw new RelayRefusal(reason);
  }

  get #maxEvents(): number {
    return this.#options.maxEvents ?? fewEvents;
  }

  /** Attempts it again, with a proof, for as long as the relay wants one that was not yet tried. */
  async #proven(
    attempt: () => Promise<Reply>,
    signal: AbortSignal,
    what: "read" | "write",
  ): Promise<Reply> {
    const { isEager = false } = this.#options;
    let given: Promise<Proof> | null = null;
    if (isEager && this.#proof.challenges > 0) {
      given = this.#proof.prove(null);
      await abortable(given, signal);
    }
    for (;;) {
      const { challenges } = this.#proof;
      const reply = await attempt();
      // Some say nothing of it: they challenge, and then have nothing for whom they do not know.
      const isHinted = isEager && what === "read" && this.#proof.challenges > challenges;
      if (!isHinted && !isDemand(reply)) return reply;
      given = this.#proof.prove(given);
      const proof = await abortable(given, signal);
      if (!proof.accepted) return reply.accepted ? reply : { ...proof, events: [] };
    }
  }

  #offer(verb: "EVENT" | "AUTH", event: Event, signal?: AbortSignal): Promise<Reply> {
    return this.#ask(event.id, [verb, event], signal, (type, [accepted, reason], answer) => {
      if (type === "OK")
        answer({ accepted: accepted === true, reason: printable(reason), events: [] });
    });
  }

  #read(filter: Filter, signal: AbortSignal): Promise<Reply> {
    const id = `q${++this.#asked}`;
    const events: Event[] = [];
    let heard = 0;
    return this.#ask(id, ["REQ", id, filter], signal, (type, [subject], answer) => {
      if (type === "CLOSED")
        return answer({ accepted: false, reason: printable(subject), events: [] });
      if (type === "EVENT") {
        // Each costs a verification: a relay that sends more than was asked for is not listened to.
        if (++heard > this.#maxEvents) return this.close();
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
      if (!this.#isOpen) return;
      this.#receive(frame);
    }
  }

  #receive(frame: string): void {
    const [type, subject, ...rest] = parseFrame(frame);
    if (typeof subject !== "string") return;
    if (type === "AUTH") this.#proof.challengedWith(subject);
    const waiting = this.#waiting.get(subject);
    const subscription = this.#subscriptions.get(subject);
    if (subscription && type === "EVENT") this.#hear(subscription, rest[0]);
    // Deaf on a connection that stands: a new one is what heals it.
    else if (subscription && type === "CLOSED" && !waiting) this.close();
    waiting?.hear(type, rest, (reply) => {
      this.#waiting.delete(subject);
      waiting.reply.resolve(reply);
    });
  }

  #hear({ filter, hear }: Subscription, event: unknown): void {
    if (!isCandidate(event) || !matchFilter(filter, event)) return;
    const { perSecond, atOnce } = allowanceOf(this.#options);
    const now = performance.now();
    const { left, at } = this.#allowed;
    const allowed = Math.min(atOnce, left + ((now - at) / 1_000) * perSecond);
    this.#allowed = { left: allowed - 1, at: now };
    if (allowed < 1) this.close();
    else if (isGenuine(event)) hear(event);
  }

  #end(): void {
    this.#isOpen = false;
    for (const { reply } of this.#waiting.values()) reply.reject(lost());
    this.#proof.end(lost());
    this.#closed.resolve();
  }
}

const isDemand = ({ accepted, reason }: Reply): boolean =>
  !accepted && reason.startsWith("auth-required:");

const allowanceOf = ({ allowance = { atOnce: fewEvents, perSecond: 0 } }: LinkOptions): Allowance =>
  allowance;

const lost = () => new Error("the connection to the relay was lost");
