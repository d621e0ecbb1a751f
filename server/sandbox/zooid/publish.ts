import type { Event } from "nostr-tools/core";
import { isEphemeralKind } from "nostr-tools/kinds";
import { followRoomEvent, isRoomEvent, roomRefusal } from "./rooms.ts";
import type { VirtualRelay } from "./virtual-relay.ts";

/** The two last elements of an OK message. */
export type Verdict = [accepted: boolean, message: string];

export const AUTH_REQUIRED = "auth-required: authentication is required for access";
export const NOT_A_MEMBER = "restricted: you are not a member of this relay";

const JOIN_REQUEST_KIND = 28934;
const INVITE_KIND = 28935;
const LEAVE_REQUEST_KIND = 28936;
const HANDLED: Verdict = [true, "handled internally"];
const UNWANTED_KIND: Verdict = [false, "invalid: this event's kind is not accepted"];

/** Kinds only the relay itself may sign, and never over a socket. */
const RELAY_KINDS = [8000, 8001, 13534, 39000, 39001, 39002, 39003, 39004];

/** A zap receipt or gift wrap may come from anyone, without AUTH, if it is addressed to a member. */
const LETTER_KINDS = [1059, 9735];

/**
 * Judges an event, and carries it out: stores and broadcasts it, or handles the request it is.
 *
 * @param event - its id and signature already verified.
 * @param authenticated - NIP-42 pubkey of the connection.
 */
export async function publish(
  relay: VirtualRelay,
  event: Event,
  authenticated: string | null,
): Promise<Verdict> {
  if (isLetterToMember(relay, event)) return keep(relay, event);
  if (authenticated === null) return [false, AUTH_REQUIRED];
  if (event.pubkey !== authenticated) {
    return [false, "restricted: you cannot publish events on behalf of others"];
  }
  if (event.kind === JOIN_REQUEST_KIND) return await join(relay, event);
  if (!relay.members.has(event.pubkey)) return [false, NOT_A_MEMBER];
  if (RELAY_KINDS.includes(event.kind) || isBanList(event)) return UNWANTED_KIND;
  if (event.kind === LEAVE_REQUEST_KIND) {
    await relay.members.leave(event.pubkey);
    return HANDLED;
  }
  // Nobody chooses a code: it is let in, and forgotten.
  if (event.kind === INVITE_KIND) return HANDLED;
  const refusal = isRoomEvent(event) ? roomRefusal(relay, event) : null;
  if (refusal !== null) return [false, refusal];
  if (relay.events.isBanned("event", event.id)) {
    return [false, "restricted: this event has been banned from this relay"];
  }
  return keep(relay, event);
}

function keep(relay: VirtualRelay, event: Event): Verdict {
  if (relay.events.has(event.id)) return [true, ""];
  if (event.kind === 5 && !remove(relay, event)) {
    return [false, "blocked: you are not the author of this event"];
  }
  if (!isEphemeralKind(event.kind)) relay.events.put(event);
  if (isRoomEvent(event)) followRoomEvent(relay, event);
  relay.broadcast(event);
  return [true, ""];
}

function isLetterToMember(relay: VirtualRelay, event: Event): boolean {
  if (!LETTER_KINDS.includes(event.kind)) return false;
  return relay.members.has(event.tags.find(([name]) => name === "p")?.[1] ?? "");
}

/** Where zooid keeps who and what is banned. */
function isBanList({ kind, tags }: Event): boolean {
  return (
    kind === 30078 && tags.some(([name, value]) => name === "d" && value?.startsWith("zooid/"))
  );
}

async function join(relay: VirtualRelay, event: Event): Promise<Verdict> {
  if (relay.members.has(event.pubkey)) return HANDLED;
  if (relay.events.isBanned("pubkey", event.pubkey)) {
    return [false, "invalid: you have been banned from this relay"];
  }
  if (!relay.config.policy.public_join) {
    const claim = event.tags.find((tag) => tag[0] === "claim")?.[1];
    if (claim === undefined) return [false, "invalid: no claim tag"];
    if (!relay.invites.accepts(claim)) return [false, "invalid: failed to validate invite code"];
  }
  await relay.members.join(event.pubkey);
  return HANDLED;
}

/** NIP-09, by `e` and by `a`, up to the first that somebody else wrote. @returns false there */
function remove(relay: VirtualRelay, deletion: Event): boolean {
  for (const [name, value = ""] of deletion.tags) {
    if (name !== "e" && name !== "a") continue;
    const [kind, author = "", d = ""] = value.split(":");
    const address = { kinds: [Number(kind)], authors: [author], ...(d && { "#d": [d] }) };
    for (const event of relay.events.query([name === "e" ? { ids: [value] } : address])) {
      if (event.pubkey !== deletion.pubkey) return false;
      relay.events.remove(event.id);
    }
  }
  return true;
}
