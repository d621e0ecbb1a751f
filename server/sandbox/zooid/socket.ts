import type { ServerWebSocket } from "bun";
import type { Event } from "nostr-tools/core";
import { type Filter, matchFilter, matchFilters } from "nostr-tools/filter";
import { getEventHash, validateEvent, verifyEvent } from "nostr-tools/pure";
import { baseUrl, normalizeUrl } from "./base-url.ts";
import { isJsonObject } from "./go-json.ts";
import { INVITE_KIND } from "./invites.ts";
import { AUTH_REQUIRED, NOT_A_MEMBER, publish } from "./publish.ts";
import { canReadRoom, isRoomEvent } from "./rooms.ts";
import type { VirtualRelay } from "./virtual-relay.ts";

const AUTH_KIND = 22242;
const AUTH_TOLERANCE_SECONDS = 600;

/** One connection. It keeps the relay instance it was opened on, whatever happens to the config. */
export type Connection = {
  relay: VirtualRelay;
  url: string;
  challenge: string;
  /** NIP-42 pubkey. */
  authenticated: string | null;
  subscriptions: Map<string, Filter[]>;
  listener: (event: Event) => void;
};

type Socket = ServerWebSocket<Connection>;

export function newConnection(relay: VirtualRelay, request: Request): Connection {
  return {
    relay,
    url: normalizeUrl(baseUrl(request)),
    challenge: crypto.randomUUID(),
    authenticated: null,
    subscriptions: new Map(),
    listener: () => {},
  };
}

/** NIP-01 and NIP-42 over a Bun server's WebSockets. */
export const socketHandlers = {
  data: {} as Connection,
  maxPayloadLength: 512_000,

  open(socket: Socket): void {
    const { relay, subscriptions, challenge } = socket.data;
    socket.data.listener = (event) => {
      if (!isVisible(relay, socket.data.authenticated ?? "", event)) return;
      for (const [id, filters] of subscriptions) {
        if (matchFilters(filters, event)) send(socket, ["EVENT", id, event]);
      }
    };
    relay.listeners.add(socket.data.listener);
    send(socket, ["AUTH", challenge]);
  },

  close(socket: Socket): void {
    socket.data.relay.listeners.delete(socket.data.listener);
  },

  async message(socket: Socket, text: string | Buffer): Promise<void> {
    const message = parseMessage(String(text));
    const [type, subject] = message;
    if (type === "EVENT" && isEvent(subject)) await receiveEvent(socket, subject);
    else if (type === "AUTH" && isEvent(subject)) receiveAuth(socket, subject);
    else if (typeof subject !== "string") send(socket, ["NOTICE", "failed to parse envelope"]);
    else if (type === "REQ") receiveRequest(socket, subject, message.slice(2).filter(isFilter));
    else if (type === "CLOSE") socket.data.subscriptions.delete(subject);
    else if (type === "COUNT") {
      send(socket, ["CLOSED", subject, "unsupported: this relay does not support NIP-45"]);
    }
  },
};

function send(socket: Socket, message: unknown[]): void {
  socket.send(JSON.stringify(message));
}

function parseMessage(text: string): unknown[] {
  try {
    const message: unknown = JSON.parse(text);
    return Array.isArray(message) ? message : [];
  } catch {
    return [];
  }
}

function isEvent(value: unknown): value is Event {
  return isJsonObject(value) && validateEvent(value);
}

function isFilter(value: unknown): value is Filter {
  return isJsonObject(value);
}

async function receiveEvent(socket: Socket, event: Event): Promise<void> {
  const { relay, authenticated } = socket.data;
  const verdict = wrongSignature(event) ?? (await publish(relay, event, authenticated));
  send(socket, ["OK", event.id, ...verdict]);
}

function wrongSignature(event: Event): [false, string] | null {
  if (event.id !== getEventHash(event)) return [false, "invalid: id is computed incorrectly"];
  return verifyEvent(event) ? null : [false, "invalid: signature is invalid"];
}

function receiveAuth(socket: Socket, event: Event): void {
  const failure = authFailure(socket.data, event);
  if (failure === null) socket.data.authenticated = event.pubkey;
  const message = failure === null ? "" : `error: failed to authenticate: ${failure}`;
  send(socket, ["OK", event.id, failure === null, message]);
}

function authFailure({ challenge, url }: Connection, event: Event): string | null {
  const tag = (name: string) => event.tags.find((candidate) => candidate[0] === name)?.[1];
  if (event.kind !== AUTH_KIND) return "wrong kind";
  if (tag("challenge") !== challenge) return "wrong challenge";
  const relayUrl = tag("relay") ?? "";
  // Unlike NIP-86, the scheme itself is compared: http is not taken for ws.
  const found = relayUrl.startsWith("ws") ? normalizeUrl(relayUrl) : relayUrl;
  if (found !== url) return `expected relay URL '${url}', got '${found}'`;
  const ageSeconds = Math.abs(Date.now() / 1000 - event.created_at);
  if (ageSeconds > AUTH_TOLERANCE_SECONDS) return "event is too old or too far in the future";
  return wrongSignature(event) === null ? null : "invalid signature";
}

function receiveRequest(socket: Socket, id: string, filters: Filter[]): void {
  const { relay, authenticated, subscriptions } = socket.data;
  if (authenticated === null || !relay.members.has(authenticated)) {
    const reason = authenticated === null ? AUTH_REQUIRED : NOT_A_MEMBER;
    send(socket, ["CLOSED", id, reason]);
    return;
  }
  subscriptions.set(id, filters);
  for (const event of stored(relay, authenticated, filters)) send(socket, ["EVENT", id, event]);
  send(socket, ["EOSE", id]);
}

/** Codes are never seen as events, what is said in a room only by who may read it. */
function isVisible(relay: VirtualRelay, reader: string, event: Event): boolean {
  if (event.kind === INVITE_KIND) return false;
  return !isRoomEvent(event) || canReadRoom(relay, reader, event);
}

function stored(relay: VirtualRelay, reader: string, filters: Filter[]): Partial<Event>[] {
  const { config } = relay;
  const visible = relay.events.query(filters).filter((event) => isVisible(relay, reader, event));
  const asksForInvite = filters.filter((filter) => filter.kinds?.includes(INVITE_KIND));
  if (asksForInvite.length > 0 && relay.may(reader, "can_invite")) {
    const invite = relay.invites.request(reader);
    if (asksForInvite.some((filter) => matchFilter(filter, invite))) visible.push(invite);
  }
  const isStripped = config.policy.strip_signatures && !relay.may(reader, "can_manage");
  return isStripped ? visible.map(({ sig: _, ...event }) => event) : visible;
}
