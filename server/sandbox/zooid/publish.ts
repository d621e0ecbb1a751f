import type { Event } from "nostr-tools/core";
import { isEphemeralKind } from "nostr-tools/kinds";
import { isRoomKind, publishToRoom } from "./rooms.ts";
import type { VirtualRelay } from "./virtual-relay.ts";

/** The two last elements of an OK message. */
export type Verdict = [accepted: boolean, message: string];

export const AUTH_REQUIRED = "auth-required: authentication is required for access";
export const NOT_A_MEMBER = "restricted: you are not a member of this relay";

const JOIN_REQUEST_KIND = 28934;
const LEAVE_REQUEST_KIND = 28936;
const HANDLED = "handled internally";

/** Kinds only the relay itself may sign, and never over a socket. */
const RELAY_KINDS = [8000, 8001, 13534, 28935, 39000, 39001, 39002, 39003, 39004];

/** A zap receipt or gift wrap may come from anyone if it is addressed to a member. */
const LETTER_KINDS = [1059, 9735];

/**
 * Judges an event, and carries it out: stores and broadcasts it, or handles the request it is.
 *
 * @param event - its id and signature already verified.
 * @param authenticated - NIP-42 pubkey of the connection.
 */
export function publish(relay: VirtualRelay, event: Event, authenticated: string | null): Verdict {
  if (authenticated === null) return [false, AUTH_REQUIRED];
  if (!isLetterToMember(relay, event)) {
    if (event.pubkey !== authenticated) {
      return [false, "restricted: you cannot publish events on behalf of others"];
    }
    if (event.kind === JOIN_REQUEST_KIND) return join(relay, event);
    if (!relay.members.has(event.pubkey)) return [false, NOT_A_MEMBER];
  }
  if (RELAY_KINDS.includes(event.kind)) {
    return [false, "invalid: this event's kind is not accepted"];
  }
  if (event.kind === LEAVE_REQUEST_KIND) {
    relay.members.remove(event.pubkey);
    return [true, HANDLED];
  }
  if (relay.events.isBanned("event", event.id)) {
    return [false, "blocked: this event has been banned from this relay"];
  }
  if (relay.events.has(event.id)) return [true, "duplicate: already have this event"];
  if (isRoomKind(event)) {
    const refusal = publishToRoom(relay, event);
    if (refusal !== null) return [false, refusal];
  }
  if (event.kind === 5) remove(relay, event);
  if (!isEphemeralKind(event.kind) && !relay.events.hasLater(event)) relay.events.put(event);
  relay.broadcast(event);
  return [true, ""];
}

function isLetterToMember(relay: VirtualRelay, event: Event): boolean {
  if (!LETTER_KINDS.includes(event.kind)) return false;
  return event.tags.some(([name, value]) => name === "p" && relay.members.has(value ?? ""));
}

function join(relay: VirtualRelay, event: Event): Verdict {
  if (relay.members.has(event.pubkey)) return [true, HANDLED];
  if (relay.events.isBanned("pubkey", event.pubkey)) {
    return [false, "invalid: you have been banned from this relay"];
  }
  if (!relay.config.policy.public_join) {
    const claim = event.tags.find((tag) => tag[0] === "claim")?.[1];
    if (claim === undefined) return [false, "invalid: no claim tag"];
    if (!relay.invites.accepts(claim)) return [false, "invalid: failed to validate invite code"];
  }
  relay.members.add(event.pubkey);
  return [true, HANDLED];
}

/** NIP-09: authors delete what they wrote. */
function remove(relay: VirtualRelay, deletion: Event): void {
  const ids = deletion.tags.flatMap(([name, value]) => (name === "e" && value ? [value] : []));
  for (const event of relay.events.query([{ ids, authors: [deletion.pubkey] }])) {
    relay.events.remove(event.id);
  }
}
