import type { Event } from "nostr-tools/core";
import { finalizeEvent, getPublicKey } from "nostr-tools/pure";
import { secretKeyOf } from "./config.ts";
import type { EventTable } from "./event-table.ts";

/** The relay as an author of events: it signs its member list, rooms and invites with its secret. */
export class RelayAuthor {
  /** NIP-11 `self`, hex. */
  readonly pubkey: string;
  readonly #secretKey: Uint8Array;

  constructor(
    secret: string,
    readonly events: EventTable,
    /** Sends an event to the subscriptions it matches. */
    readonly broadcast: (event: Event) => void,
  ) {
    this.#secretKey = secretKeyOf(secret);
    this.pubkey = getPublicKey(this.#secretKey);
  }

  /** Signs and stores. @param part - content and time, where they are not nothing and now */
  store(
    kind: number,
    tags: string[][],
    part: { content?: string; created_at?: number } = {},
  ): Event {
    const now = Math.floor(Date.now() / 1000);
    const template = { kind, tags, content: "", created_at: now, ...part };
    const event = finalizeEvent(template, this.#secretKey);
    this.events.put(event);
    return event;
  }

  /** Signs, stores and broadcasts. */
  publish(...event: Parameters<RelayAuthor["store"]>): void {
    this.broadcast(this.store(...event));
  }
}
