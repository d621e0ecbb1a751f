import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { abortable } from "../../nostr/abortable.ts";
import type { Connect } from "../../nostr/relay-link.ts";
import { openWebSocket, type SocketLimits } from "../../outbound/web-socket.ts";

/** 100,000 entries of a trail, at some 400 bytes each. */
const LIMITS: SocketLimits = {
  maxMessageBytes: 256 * 1024,
  maxTotalBytes: 64 * 1024 * 1024,
  maxFrames: 200_000,
};

/**
 * WebSockets to where the relays are reached, each with its own `Host`: zooid tells its relays apart by
 * nothing else. The operator names that address, so that it may be on this machine.
 */
export function connectAs(relayUrl: string): (host: string) => Connect {
  const { protocol, hostname, port } = new URL(relayUrl);
  const isTls = protocol === "https:";
  const address = {
    host: hostname.replace(/^\[|\]$/g, ""),
    port: Number(port || (isTls ? 443 : 80)),
  };
  const open = (): Socket =>
    isTls ? connectTls({ ...address, servername: hostname }) : connectTcp(address);
  return (host) => async (_url, signal) => {
    signal.throwIfAborted();
    const socket = open();
    const end = () => socket.destroy();
    signal.addEventListener("abort", end, { once: true });
    socket.once("close", () => signal.removeEventListener("abort", end));
    const opened = new Promise<void>((resolve, reject) => {
      socket.once(isTls ? "secureConnect" : "connect", resolve);
      socket.once("error", reject);
    });
    await abortable(opened, signal);
    return await openWebSocket(socket, new URL(`ws://${host}/`), LIMITS);
  };
}
