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

/** What the relay signs about a room, by its `d` tag. */
const isAboutRoom = ({ kind }: Event): boolean => kind >= METADATA_KIND && kind <= 39004;
const isModeration = ({ kind }: Event): boolean => kind >= 9000 && kind <= 9020;

/** NIP-29: what the relay says of rooms, moderation, joining and leaving, and whatever has an `h` tag. */
export function isRoomEvent(event: Event): boolean {
  const isRequest = event.kind === JOIN_KIND || event.kind === LEAVE_KIND;
  return isAboutRoom(event) || isModeration(event) || isRequest || roomOf(event) !== "";
}

/** Whether `reader` may see an event of a room; managers see those of every room. */
export function canReadRoom(relay: VirtualRelay, reader: string, event: Event): boolean {
  if (!relay.config.groups.enabled) return false;
  const room = roomOf(event);
  const metadata = metadataOf(relay, room);
  if (metadata === undefined) return false;
  const hasAccess = () => hasRoomAccess(relay, room, reader);
  if (hasFlag(metadata, "hidden") && !hasAccess()) return false;
  if (event.kind === METADATA_KIND || event.kind === DELETE_KIND) return true;
  return !hasFlag(metadata, "private") || hasAccess();
}

/** Why an event of a room is refused, or null. */
export function roomRefusal(relay: VirtualRelay, event: Event): string | null {
  if (!relay.config.groups.enabled) return "invalid: groups are not enabled";
  const room = roomOf(event);
  const metadata = metadataOf(relay, room);
  const mayManage = relay.may(event.pubkey, "can_manage");
  const unauthorized = "restricted: you are not authorized to manage groups";
  if (event.kind === CREATE_KIND) {
    if (metadata !== undefined) return "invalid: that group already exists";
    return mayManage ? null : unauthorized;
  }
  if (metadata === undefined) return "invalid: group not found";
  if (isModeration(event) && !mayManage) return unauthorized;
  const hasAccess = hasRoomAccess(relay, room, event.pubkey);
  if (hasFlag(metadata, "hidden") && !hasAccess) return "invalid: group not found";
  const isMember = isRoomMember(relay, room, event.pubkey);
  if (event.kind === JOIN_KIND) return isMember ? "duplicate: already a member" : null;
  if (event.kind === LEAVE_KIND) return isMember ? null : "duplicate: not currently a member";
  const isShut = hasFlag(metadata, "closed") && !hasAccess;
  return isShut ? "restricted: you are not a member of that group" : null;
}

/**
 * What follows from a stored event of a room: metadata, admins and members that the relay signs anew.
 *
 * @throws Fatal when a managing role lists what is no pubkey.
 */
export function followRoomEvent(relay: VirtualRelay, event: Event): void {
  const room = roomOf(event);
  const entry = [
    ["p", event.pubkey],
    ["h", room],
  ];
  switch (event.kind) {
    case CREATE_KIND:
    case EDIT_METADATA_KIND: {
      // All its other tags are copied; an edit leaves none of the old ones.
      const tags = event.tags.map(([name, ...rest]) => [
        name === "h" ? "d" : (name ?? ""),
        ...rest,
      ]);
      const { content, created_at } = event;
      relay.author.publish(METADATA_KIND, tags, { content, created_at });
      relay.author.publish(ADMINS_KIND, [["-"], ["d", room], ...admins(relay)]);
      return;
    }
    case DELETE_KIND:
      removeRoom(relay, room);
      return;
    case JOIN_KIND:
      // In a closed room it is stored for a manager to see, and does nothing.
      if (hasFlag(metadataOf(relay, room), "closed")) return;
      relay.author.publish(PUT_USER_KIND, entry);
      break;
    case LEAVE_KIND:
      relay.author.publish(REMOVE_USER_KIND, entry);
      break;
    case PUT_USER_KIND:
    case REMOVE_USER_KIND:
      break;
    default:
      return;
  }
  publishMembers(relay, room);
}

/** The room that an event names, "" if none. */
function roomOf(event: Event): string {
  const name = isAboutRoom(event) ? "d" : "h";
  return event.tags.find((tag) => tag[0] === name)?.[1] ?? "";
}

export function metadataOf(relay: VirtualRelay, room: string): Event | undefined {
  return relay.events.query([{ kinds: [METADATA_KIND], "#d": [room], limit: 1 }])[0];
}

export function hasFlag(metadata: Event | undefined, flag: string): boolean {
  return metadata?.tags.some(([name]) => name === flag) ?? false;
}

export function hasRoomAccess(relay: VirtualRelay, room: string, pubkey: string): boolean {
  return relay.may(pubkey, "can_manage") || isRoomMember(relay, room, pubkey);
}

/** By the newest event that put or removed them, whatever the list of members says. */
function isRoomMember(relay: VirtualRelay, room: string, pubkey: string): boolean {
  const kinds = [PUT_USER_KIND, REMOVE_USER_KIND];
  const filter = { kinds, "#h": [room], "#p": [pubkey], limit: 1 };
  return relay.events.query([filter])[0]?.kind === PUT_USER_KIND;
}

function removeRoom(relay: VirtualRelay, room: string): void {
  const kinds = [METADATA_KIND, ADMINS_KIND, MEMBERS_KIND, 39003, 39004];
  const all = relay.events.query([{ kinds, "#d": [room] }, { "#h": [room] }]);
  for (const { id, kind } of all) if (kind !== DELETE_KIND) relay.events.remove(id);
}

function publishMembers(relay: VirtualRelay, room: string): void {
  const members = new Set<string>();
  const filter = { kinds: [PUT_USER_KIND, REMOVE_USER_KIND], "#h": [room] };
  for (const { kind, tags } of relay.events.query([filter]).reverse()) {
    const keys = tags.flatMap(([name, key]) => (name === "p" && key ? [key] : []));
    for (const key of keys) {
      if (kind === PUT_USER_KIND) members.add(key);
      else members.delete(key);
    }
  }
  const list = [...members].map((key) => ["p", key]);
  relay.author.publish(MEMBERS_KIND, [["-"], ["d", room], ...list]);
}

function admins(relay: VirtualRelay): string[][] {
  const roles = Object.values(relay.config.roles).filter((role) => role.can_manage);
  const keys = roles.flatMap((role) => role.pubkeys);
  const stray = keys.find((key) => !/^[0-9a-f]{64}$/i.test(key));
  if (stray !== undefined) throw new Fatal(`relay ${relay.id}: panic: "${stray}" is no pubkey`);
  return [...new Set([relay.self, relay.owner, ...keys])].map((key) => ["p", key]);
}
