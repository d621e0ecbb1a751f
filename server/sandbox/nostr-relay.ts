import type { ServerWebSocket } from "bun";
import type { Event } from "nostr-tools/core";
import { type Filter, matchFilters } from "nostr-tools/filter";
import { isEphemeralKind } from "nostr-tools/kinds";
import { NostrEvents } from "./nostr-events.ts";
import {
  type ClientMessage,
  MAX_FILTERS,
  MAX_SUBID_LENGTH,
  MAX_SUBSCRIPTIONS,
  readMessage,
} from "./nostr-messages.ts";
import { onPreferredPort } from "./preferred-port.ts";
import {
  demandsProof,
  eventRefusal,
  filterRefusal,
  isProof,
  type RelayHabit,
  saysOk,
  understood,
} from "./relay-habits.ts";
import { openSqlite } from "./sqlite.ts";

const MAX_MESSAGE_BYTES = 256 * 1024;
const MAX_LIMIT = 500;
const MAX_EVENTS_PER_PATH = 10_000;
const MAX_SOCKETS = 1000;

type Session = {
  path: string;
  subscriptions: Map<string, Filter[]>;
  challenge: string;
  isProven: boolean;
};
type Socket = ServerWebSocket<Session>;

/** `down`: upgrades and NIP-11 are refused with 503; sockets that were open are cut. */
type PathState = "ok" | "down";

/** A Nostr relay (NIP-01, NIP-11) on loopback whose paths are relays of their own. */
export type NostrRelay = {
  readonly port: number;
  /** ws:// URL of a path, without a trailing slash. */
  url(path?: string): string;
  pathState(path: string): PathState;
  /** Refuses or serves one path; the others go on. @throws RangeError for a path that is not served. */
  setPath(path: string, state: PathState): void;
  /** How one path differs from other relays, from now on; open sockets are cut. @throws as `setPath` */
  setHabits(path: string, habits: readonly RelayHabit[]): void;
  stop(): Promise<void>;
};

/**
 * Starts the relay on 127.0.0.1.
 *
 * @param options.port - tried first; a free one is chosen when it is taken or absent.
 * @param options.paths - each has its own events and subscribers, and is refused on its own.
 * @param options.databasePath - keeps events across runs; in memory when null or absent.
 */
export async function startNostrRelay(options: {
  port?: number;
  paths: readonly string[];
  databasePath?: string | null;
}): Promise<NostrRelay> {
  const database = openSqlite(options.databasePath ?? null);
  const events = new NostrEvents(database, MAX_EVENTS_PER_PATH);
  const states = new Map<string, PathState>(options.paths.map((path) => [path, "ok"]));
  const sockets = new Set<Socket>();
  const habits = new Map<string, ReadonlySet<RelayHabit>>();
  const none: ReadonlySet<RelayHabit> = new Set();
  const habitsOf = ({ data }: Socket) => habits.get(data.path) ?? none;

  const send = (socket: Socket, ...message: unknown[]): void => {
    socket.send(JSON.stringify(message));
  };

  const publish = (from: Socket, event: Event) => {
    const { path } = from.data;
    const refusal = eventRefusal(event, habitsOf(from));
    if (refusal !== null) return send(from, "OK", event.id, false, refusal);
    const stored = isEphemeralKind(event.kind) ? "added" : events.add(path, event);
    if (stored === "duplicate")
      return send(from, "OK", event.id, true, "duplicate: already stored");
    if (stored === "superseded") {
      return send(from, "OK", event.id, true, "duplicate: a newer version is stored");
    }
    if (saysOk(event, habitsOf(from))) send(from, "OK", event.id, true, "");
    for (const socket of sockets) {
      if (socket.data.path !== path) continue;
      for (const [id, filters] of socket.data.subscriptions) {
        if (matchFilters(understood(filters, habitsOf(socket)), event))
          send(socket, "EVENT", id, event);
      }
    }
  };

  const subscribe = (socket: Socket, id: string, filters: Filter[]) => {
    const { path, subscriptions } = socket.data;
    if (!subscriptions.has(id) && subscriptions.size >= MAX_SUBSCRIPTIONS) {
      return send(socket, "CLOSED", id, "error: too many subscriptions");
    }
    const refusal = filterRefusal(filters, habitsOf(socket));
    if (refusal !== null) return send(socket, "CLOSED", id, refusal);
    subscriptions.set(id, filters);
    for (const event of events.find(path, filters, MAX_LIMIT)) send(socket, "EVENT", id, event);
    send(socket, "EOSE", id);
  };

  const prove = (socket: Socket, event: Event) => {
    const { path, challenge } = socket.data;
    const known = habitsOf(socket);
    const accepted = isProof(event, { challenge, url: urlOf(path), habits: known });
    socket.data.isProven ||= accepted;
    if (known.has("proof_without_ok")) return;
    send(socket, "OK", event.id, accepted, accepted ? "" : "invalid: not for this relay");
  };

  /** Whom it does not know it tells so, or only challenges. @returns whether that is all it does */
  const turnsAway = (socket: Socket, message: ClientMessage): boolean => {
    const known = habitsOf(socket);
    if (!demandsProof(known) || socket.data.isProven) return false;
    const isHint = known.has("proof_by_hint");
    if (isHint && message.type === "REQ") {
      send(socket, "AUTH", socket.data.challenge);
      send(socket, "EOSE", message.id);
    } else if (message.type === "REQ") {
      send(socket, "CLOSED", message.id, "auth-required: who are you");
    } else if (message.type === "EVENT") {
      send(socket, "OK", message.event.id, false, "auth-required: who are you");
    } else return false;
    return true;
  };

  const serve = (port: number) =>
    Bun.serve<Session>({
      hostname: "127.0.0.1",
      port,
      fetch(request, server) {
        // A slash at the end makes no other relay of it.
        const path = new URL(request.url).pathname.replace(/(.)\/$/, "$1");
        const state = states.get(path);
        if (state === undefined) return new Response("no such relay\n", { status: 404 });
        if (state === "down" || sockets.size >= MAX_SOCKETS) {
          return new Response("this relay is down\n", { status: 503 });
        }
        if (server.upgrade(request, { data: newSession(path) })) return;
        return Response.json(RELAY_INFORMATION, { headers: RELAY_INFORMATION_HEADERS });
      },
      websocket: {
        maxPayloadLength: MAX_MESSAGE_BYTES,
        backpressureLimit: 16 * MAX_MESSAGE_BYTES,
        closeOnBackpressureLimit: true,
        open(socket) {
          sockets.add(socket);
          // A path can go down between the upgrade and this call.
          if (states.get(socket.data.path) === "down") return socket.terminate();
          const known = habitsOf(socket);
          if (demandsProof(known) && !known.has("proof_by_hint"))
            send(socket, "AUTH", socket.data.challenge);
        },
        close(socket) {
          sockets.delete(socket);
        },
        message(socket, frame) {
          if (typeof frame !== "string") return send(socket, "NOTICE", "invalid: binary frame");
          const message = readMessage(frame);
          if (message.type === "AUTH") prove(socket, message.event);
          else if (turnsAway(socket, message)) return;
          else if (message.type === "EVENT") publish(socket, message.event);
          else if (message.type === "REQ") subscribe(socket, message.id, message.filters);
          else if (message.type === "CLOSE") socket.data.subscriptions.delete(message.id);
          else send(socket, ...message.answer);
        },
      },
    });
  const server = await onPreferredPort(options.port, serve);
  const port = server.port ?? 0;

  function cut(path: string): void {
    for (const socket of sockets) if (socket.data.path === path) socket.terminate();
  }
  function urlOf(path = "/"): string {
    return `ws://127.0.0.1:${port}${path === "/" ? "" : path}`;
  }

  return {
    port,
    url: urlOf,
    pathState(path) {
      const state = states.get(path);
      if (state === undefined) throw new RangeError(`no relay at ${path}`);
      return state;
    },
    setPath(path, state) {
      if (!states.has(path)) throw new RangeError(`no relay at ${path}`);
      states.set(path, state);
      if (state === "down") cut(path);
    },
    setHabits(path, next) {
      if (!states.has(path)) throw new RangeError(`no relay at ${path}`);
      habits.set(path, new Set(next));
      cut(path);
    },
    async stop() {
      await server.stop(true);
      database.close();
    },
  };
}

const newSession = (path: string): Session => ({
  ...{ path, subscriptions: new Map(), isProven: false },
  challenge: crypto.randomUUID(),
});

/** NIP-11. */
const RELAY_INFORMATION = {
  name: "Sandbox relay",
  description: "A Nostr relay on loopback, for trying things out.",
  supported_nips: [1, 11, 42],
  limitation: {
    max_message_length: MAX_MESSAGE_BYTES,
    max_subscriptions: MAX_SUBSCRIPTIONS,
    max_filters: MAX_FILTERS,
    max_subid_length: MAX_SUBID_LENGTH,
    max_limit: MAX_LIMIT,
  },
};
const RELAY_INFORMATION_HEADERS = {
  "content-type": "application/nostr+json",
  "access-control-allow-origin": "*",
};
