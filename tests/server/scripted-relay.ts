import type { ServerWebSocket } from "bun";
import type { Event } from "nostr-tools/core";
import { verifyEvent } from "nostr-tools/pure";
import type { RelaySocket } from "../../server/nostr/relay-link.ts";

type Say = (...message: unknown[]) => void;
export type Script = {
  /** When a client connects. */
  open?: (say: Say) => void;
  /** To one message of a client. */
  hear: (message: [type: string, ...rest: unknown[]], say: Say, client: object) => void;
};

export type ScriptedRelay = {
  url: string;
  /** Types of all messages heard, in order. */
  heard: string[];
  /** Events that clients offered. */
  offered: Event[];
  /** Ends every connection, as a restart would. */
  drop(): void;
  stop(): Promise<void>;
};

/** A relay on loopback that answers what a test tells it to. */
export function startScriptedRelay(script: Script): ScriptedRelay {
  const heard: string[] = [];
  const offered: Event[] = [];
  const sockets = new Set<ServerWebSocket<undefined>>();
  const sayTo =
    (socket: ServerWebSocket<undefined>): Say =>
    (...message) => {
      socket.send(JSON.stringify(message));
    };
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request, upgrading): Response | undefined {
      return upgrading.upgrade(request) ? undefined : new Response("a relay\n", { status: 400 });
    },
    websocket: {
      open(socket: ServerWebSocket<undefined>) {
        sockets.add(socket);
        script.open?.(sayTo(socket));
      },
      close(socket) {
        sockets.delete(socket);
      },
      message(socket, frame) {
        const message = JSON.parse(String(frame));
        heard.push(message[0]);
        if (message[0] === "EVENT") offered.push(message[1]);
        script.hear(message, sayTo(socket), socket);
      },
    },
  });
  return {
    url: `ws://127.0.0.1:${server.port}/`,
    heard,
    offered,
    drop() {
      for (const socket of sockets) socket.terminate();
    },
    stop: () => server.stop(true),
  };
}

/** Says no to every event, with that reason. */
export const refusing = (reason: string): Script => ({
  hear([type, event], say) {
    if (type === "EVENT") say("OK", (event as Event).id, false, reason);
  },
});

/** Has stored these events, whatever is asked for, and takes no others. */
export const holding = (events: readonly Event[]): Script => ({
  hear([type, id], say) {
    if (type !== "REQ") return;
    for (const event of events) say("EVENT", id, event);
    say("EOSE", id);
  },
});

/**
 * Has `events`, and takes more, but only for clients that prove to be `pubkey` (NIP-42).
 * @param url - its own, asked for once it is known
 */
export function demandingProof(
  pubkey: string,
  events: readonly Event[],
  url: () => string,
): Script {
  const challenge = crypto.randomUUID();
  const proven = new WeakSet<object>();
  const isProof = ({ kind, tags, ...event }: Event) =>
    kind === 22242 &&
    event.pubkey === pubkey &&
    verifyEvent({ kind, tags, ...event }) &&
    Bun.deepEquals(tags, [
      ["relay", url()],
      ["challenge", challenge],
    ]);
  return {
    open: (say) => say("AUTH", challenge),
    hear([type, subject], say, client) {
      const id = typeof subject === "string" ? subject : (subject as Event).id;
      if (type === "AUTH") {
        const accepted = isProof(subject as Event);
        if (accepted) proven.add(client);
        say("OK", id, accepted, accepted ? "" : "restricted: not on the list");
      } else if (!proven.has(client)) {
        if (type === "EVENT") say("OK", id, false, "auth-required: who are you");
        if (type === "REQ") say("CLOSED", id, "auth-required: who are you");
      } else if (type === "REQ") {
        for (const event of events) say("EVENT", id, event);
        say("EOSE", id);
      } else if (type === "EVENT") say("OK", id, true, "");
    },
  };
}

/** Opens a WebSocket as production does, but to any address. */
export async function openSocket(url: string, signal: AbortSignal): Promise<RelaySocket> {
  const socket = new WebSocket(url);
  const end = () => socket.close();
  signal.addEventListener("abort", end, { once: true });
  const heard: string[] = [];
  let isClosed = false;
  let wake = () => {};
  socket.onmessage = ({ data }) => {
    heard.push(String(data));
    wake();
  };
  socket.addEventListener("close", () => {
    isClosed = true;
    wake();
  });
  async function* messages(): AsyncGenerator<string> {
    while (!isClosed || heard.length > 0) {
      const next = heard.shift();
      if (next !== undefined) yield next;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onclose = () => reject(new Error("not reached"));
    socket.onerror = () => reject(new Error("not reached"));
  });
  return { messages: messages(), send: (text) => socket.send(text), close: end };
}
