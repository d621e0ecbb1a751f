import type { Event } from "nostr-tools/core";
import { Fatal, type VirtualRelay } from "./virtual-relay.ts";

const PUT_USER_KIND = 9000;
const REMOVE_USER_KIND = 9001;
const EDIT_METADATA_KIND = 9002;
const CREATE_KIND = 9007;
const DELETE_KIND = 9008;
const JOIN_KIND = 9021;
const LEAVE_KIND = 9022;

const METADATA_KIND = 39000;
const ADMINS_KIND = 39001;
const MEMBERS_KIND = 39002;

/** NIP-29: moderation, joining and leaving, and whatever names a room in an `h` tag. */
export function isRoomKind(event: Event): boolean {
  return (event.kind >= 9000 && event.kind <= 9022) || roomOf(event) !== undefined;
}

/** Whether a stored event may be seen: rooms hide while groups are off. */
export function isRoomEvent(event: Event): boolean {
  return (event.kind >= METADATA_KIND && event.kind <= 39004) || isRoomKind(event);
}

/**
 * Updates what the relay signs about a room (metadata, admins, members) from an event about it.
 *
 * @returns why the event is refused, or null.
 * @throws Fatal when a managing role lists what is no pubkey.
 */
export function publishToRoom(relay: VirtualRelay, event: Event): string | null {
  if (!relay.config.groups.enabled) return "invalid: groups are not enabled";
  const room = roomOf(event);
  if (room === undefined) return "invalid: group not found";
  const isModeration = event.kind >= 9000 && event.kind <= 9009;
  if (isModeration && !relay.may(event.pubkey, "can_manage")) {
    return "restricted: you are not authorized to manage groups";
  }
  const named = event.tags.flatMap(([name, value]) => (name === "p" && value ? [value] : []));
  switch (event.kind) {
    case CREATE_KIND:
    case EDIT_METADATA_KIND:
      relay.author.publish(METADATA_KIND, [["d", room], ...event.tags.filter(([n]) => n !== "h")]);
      relay.author.publish(ADMINS_KIND, [["d", room], ...admins(relay).map((key) => ["p", key])]);
      break;
    case DELETE_KIND:
      for (const own of aboutRoom(relay, room)) relay.events.remove(own.id);
      break;
    case PUT_USER_KIND:
      changeMembers(relay, room, (keys) => [...keys, ...named]);
      break;
    case REMOVE_USER_KIND:
      changeMembers(relay, room, (keys) => keys.filter((key) => !named.includes(key)));
      break;
    case JOIN_KIND:
      changeMembers(relay, room, (keys) => [...keys, event.pubkey]);
      break;
    case LEAVE_KIND:
      changeMembers(relay, room, (keys) => keys.filter((key) => key !== event.pubkey));
      break;
  }
  return null;
}

function roomOf(event: Event): string | undefined {
  return event.tags.find((tag) => tag[0] === "h")?.[1];
}

function admins(relay: VirtualRelay): string[] {
  const roles = Object.values(relay.config.roles).filter((role) => role.can_manage);
  const keys = roles.flatMap((role) => role.pubkeys);
  const stray = keys.find((key) => !/^[0-9a-f]{64}$/i.test(key));
  if (stray !== undefined) throw new Fatal(`relay ${relay.id}: panic: "${stray}" is no pubkey`);
  return [...new Set([relay.self, relay.owner, ...keys])];
}

function aboutRoom(relay: VirtualRelay, room: string, kinds = [39000, 39001, 39002]): Event[] {
  return relay.events.query([{ kinds, authors: [relay.self], "#d": [room] }]);
}

function changeMembers(
  relay: VirtualRelay,
  room: string,
  change: (keys: string[]) => string[],
): void {
  const [current] = aboutRoom(relay, room, [MEMBERS_KIND]);
  const keys = current?.tags.flatMap(([name, key]) => (name === "p" && key ? [key] : [])) ?? [];
  const next = [...new Set(change(keys))].map((key) => ["p", key]);
  relay.author.publish(MEMBERS_KIND, [["d", room], ...next]);
}
