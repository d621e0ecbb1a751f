import type { ServerWebSocket } from "bun";
import type { Event } from "nostr-tools/core";
import { type Filter, matchFilters } from "nostr-tools/filter";
import { isEphemeralKind } from "nostr-tools/kinds";
import { NostrEvents } from "./nostr-events.ts";
import { MAX_FILTERS, MAX_SUBID_LENGTH, MAX_SUBSCRIPTIONS, readMessage } from "./nostr-messages.ts";
import { onPreferredPort } from "./preferred-port.ts";
import { openSqlite } from "./sqlite.ts";

const MAX_MESSAGE_BYTES = 256 * 1024;
const MAX_LIMIT = 500;
const MAX_EVENTS_PER_PATH = 10_000;
const MAX_SOCKETS = 1000;

type Session = { path: string; subscriptions: Map<string, Filter[]> };
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

  const send = (socket: Socket, ...message: unknown[]): void => {
    socket.send(JSON.stringify(message));
  };

  const publish = (from: Socket, event: Event) => {
    const { path } = from.data;
    const stored = isEphemeralKind(event.kind) ? "added" : events.add(path, event);
    if (stored === "duplicate")
      return send(from, "OK", event.id, true, "duplicate: already stored");
    if (stored === "superseded") {
      return send(from, "OK", event.id, true, "duplicate: a newer version is stored");
    }
    send(from, "OK", event.id, true, "");
    for (const socket of sockets) {
      if (socket.data.path !== path) continue;
      for (const [id, filters] of socket.data.subscriptions) {
        if (matchFilters(filters, event)) send(socket, "EVENT", id, event);
      }
    }
  };

  const subscribe = (socket: Socket, id: string, filters: Filter[]) => {
    const { path, subscriptions } = socket.data;
    if (!subscriptions.has(id) && subscriptions.size >= MAX_SUBSCRIPTIONS) {
      return send(socket, "CLOSED", id, "error: too many subscriptions");
    }
    subscriptions.set(id, filters);
    for (const event of events.find(path, filters, MAX_LIMIT)) send(socket, "EVENT", id, event);
    send(socket, "EOSE", id);
  };

  const serve = (port: number) =>
    Bun.serve<Session>({
      hostname: "127.0.0.1",
      port,
      fetch(request, server) {
        const path = new URL(request.url).pathname;
        const state = states.get(path);
        if (state === undefined) return new Response("no such relay\n", { status: 404 });
        if (state === "down" || sockets.size >= MAX_SOCKETS) {
          return new Response("this relay is down\n", { status: 503 });
        }
        if (server.upgrade(request, { data: { path, subscriptions: new Map() } })) return;
        return Response.json(RELAY_INFORMATION, { headers: RELAY_INFORMATION_HEADERS });
      },
      websocket: {
        maxPayloadLength: MAX_MESSAGE_BYTES,
        backpressureLimit: 16 * MAX_MESSAGE_BYTES,
        closeOnBackpressureLimit: true,
        open(socket) {
          sockets.add(socket);
          // A path can go down between the upgrade and this call.
          if (states.get(socket.data.path) === "down") socket.terminate();
        },
        close(socket) {
          sockets.delete(socket);
        },
        message(socket, frame) {
          if (typeof frame !== "string") return send(socket, "NOTICE", "invalid: binary frame");
          const message = readMessage(frame);
          if (message.type === "EVENT") publish(socket, message.event);
          else if (message.type === "REQ") subscribe(socket, message.id, message.filters);
          else if (message.type === "CLOSE") socket.data.subscriptions.delete(message.id);
          else send(socket, ...message.answer);
        },
      },
    });
  const server = await onPreferredPort(options.port, serve);
  const port = server.port ?? 0;

  return {
    port,
    url: (path = "/") => `ws://127.0.0.1:${port}${path === "/" ? "" : path}`,
    pathState(path) {
      const state = states.get(path);
      if (state === undefined) throw new RangeError(`no relay at ${path}`);
      return state;
    },
    setPath(path, state) {
      if (!states.has(path)) throw new RangeError(`no relay at ${path}`);
      states.set(path, state);
      if (state === "ok") return;
      for (const socket of sockets) if (socket.data.path === path) socket.terminate();
    },
    async stop() {
      await server.stop(true);
      database.close();
    },
  };
}

/** NIP-11. */
const RELAY_INFORMATION = {
  name: "Sandbox relay",
  description: "A Nostr relay on loopback, for trying things out.",
  supported_nips: [1, 11],
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
