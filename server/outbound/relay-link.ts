import type { Event, EventTemplate } from "nostr-tools/core";
import { type Filter, matchFilter } from "nostr-tools/filter";
import { makeAuthEvent } from "nostr-tools/nip42";
import { validateEvent } from "nostr-tools/pure";
import { Unavailable } from "../errors.ts";
import { isGenuine } from "../nostr/event.ts";
import type { Outbound } from "./outbound.ts";

/** A connection to one relay (NIP-01) whose address was checked. */
export interface RelayLink {
  /**
   * Hears events that match the filter, their signatures verified; the same one may come again.
   * @returns when all stored ones were heard (EOSE)
   * @throws {Unavailable} `relay_refused` or `relay_auth_required`; `outbound_broken` when the connection ends
   */
  subscribe(filter: Filter, hear: (event: Event) => void): Promise<void>;
  /**
   * @returns when the relay has taken the event, or had it already
   * @throws {Unavailable} as `subscribe`
   */
  publish(event: Event): Promise<void>;
  /** Never fulfilled. @throws {Unavailable} `outbound_broken` once the connection has ended */
  readonly ended: Promise<never>;
  close(): void;
}

type Subscription = { filter: Filter; hear: (event: Event) => void };
type Waiting = { resolve: () => void; reject: (error: Unavailable) => void };

/**
 * Verifying a signature, a millisecond, is the dearest thing a relay can make us do. Nothing that is asked
 * for brings more than a few events; whoever sends more, forged or genuine, would have us do nothing else.
 */
const MAX_VERIFICATIONS = 20;
const AUTH_REQUIRED = "relay_auth_required";

/**
 * Connects to a relay.
 *
 * @param signal ends the link, at any time
 * @param sign answers the relay's NIP-42 challenge; without it, a relay that wants one refuses
 * @throws {Refused} `outbound_refused` @throws {Unavailable} `outbound_unreachable`
 */
export async function openRelayLink(
  outbound: Outbound,
  url: string,
  signal: AbortSignal,
  sign?: (template: EventTemplate) => Event,
): Promise<RelayLink> {
  const socket = await outbound.connect(url, signal);
  const subscriptions = new Map<string, Subscription>();
  /** By event id or subscription id: what the relay has yet to answer. */
  const waiting = new Map<string, Waiting>();
  const { promise: ended, reject: end } = Promise.withResolvers<never>();
  ended.catch(() => {});
  let authenticated: Promise<void> | null = null;
  let verifications = 0;
  const over = () => end(new Unavailable("outbound_broken", "the connection to the relay ended"));

  function answered(id: string, refusal: string | null): void {
    const asked = waiting.get(id);
    waiting.delete(id);
    if (refusal === null) asked?.resolve();
    else asked?.reject(new Unavailable(refusalCodeOf(refusal), "the relay refused what we asked"));
  }

  async function ask(id: string, ...message: unknown[]): Promise<void> {
    const { promise, ...asked } = Promise.withResolvers<void>();
    waiting.set(id, asked);
    socket.send(JSON.stringify(message));
    await Promise.race([promise, ended]).finally(() => waiting.delete(id));
  }

  /** Asks again, once, if the relay wants to know first who asks (NIP-42). */
  async function askAs(id: string, ...message: unknown[]): Promise<void> {
    try {
      await ask(id, ...message);
    } catch (error) {
      const wantsAuth = error instanceof Unavailable && error.code === AUTH_REQUIRED;
      if (!wantsAuth || authenticated === null) throw error;
      await authenticated;
      await ask(id, ...message);
    }
  }

  function receive(message: unknown): void {
    if (!Array.isArray(message)) return;
    const [type, subject, third, fourth]: unknown[] = message;
    if (typeof subject !== "string") return;
    if (type === "EVENT") hear(subject, third);
    else if (type === "EOSE") answered(subject, null);
    else if (type === "CLOSED") answered(subject, String(third));
    else if (type === "OK") {
      const isTaken = third === true || String(fourth).startsWith("duplicate:");
      answered(subject, isTaken ? null : String(fourth));
    } else if (type === "AUTH" && sign && authenticated === null) {
      const auth = sign(makeAuthEvent(url, subject));
      authenticated = ask(auth.id, "AUTH", auth);
      authenticated.catch(() => {});
    }
  }

  function hear(id: string, event: unknown): void {
    const subscription = subscriptions.get(id);
    if (!subscription || !isEvent(event) || !matchFilter(subscription.filter, event)) return;
    if (++verifications > MAX_VERIFICATIONS) {
      // What it has sent already is still to be read, but nobody waits for it any more.
      over();
      socket.close();
    } else if (isGenuine(event)) subscription.hear(event);
  }

  async function read(): Promise<void> {
    for await (const text of socket.messages) receive(parse(text));
  }
  void read().then(over, over);

  return {
    async subscribe(filter, hear) {
      const id = String(subscriptions.size);
      subscriptions.set(id, { filter, hear });
      await askAs(id, "REQ", id, filter);
    },
    publish: (event) => askAs(event.id, "EVENT", event),
    ended,
    close: () => socket.close(),
  };
}

function isEvent(value: unknown): value is Event {
  return validateEvent(value) && "id" in value && "sig" in value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** By NIP-01's machine-readable prefix. What follows it is the relay's free text and goes no further. */
function refusalCodeOf(reason: string): string {
  return reason.startsWith("auth-required:") ? AUTH_REQUIRED : "relay_refused";
}
