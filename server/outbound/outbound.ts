import { lookup } from "node:dns/promises";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { Refused, Unavailable } from "../errors.ts";
import { isLiteral, isLoopback, isPublic } from "./address.ts";
import { type OutboundSocket, openWebSocket, type SocketLimits } from "./web-socket.ts";

/** How addresses that others named are reached. */
export type OutboundPolicy = {
  /** Also this machine's own addresses, and there without TLS: the sandbox, never production. */
  allowLoopback: boolean;
  /** Also private addresses, over TLS: what the operator names, never what a stranger does. */
  allowPrivate?: boolean;
  /** The IP addresses of a name. The system's resolver if absent. */
  resolve?: (host: string) => Promise<readonly string[]>;
  /** Real time for a connection to stand, and for a fetch as a whole. */
  timeoutMs?: number;
  /** PEM, in place of the system's certificate authorities. */
  certificateAuthority?: string;
  limits?: SocketLimits;
};

/** What a fetch brought: the answer of the last redirect, whatever its status. */
type Fetched = { url: string; status: number; contentType: string; body: Uint8Array };

/**
 * The way out to addresses that tenants name: wallets' and inboxes' relays, NIP-05, icons. Both methods
 * throw {@link Refused} `outbound_refused` for an address that is not public or a URL that is not
 * plainly of a name, and {@link Unavailable} `outbound_unreachable` for what cannot be reached, or not
 * in time. No error tells of the URL, which can hold a secret.
 */
export interface Outbound {
  /** A `wss:` connection. @param signal ends it too, at any time */
  connect(url: string, signal: AbortSignal): Promise<OutboundSocket>;
  /**
   * GETs an `https:` URL and follows up to 3 redirects, each checked like the first.
   * @param options.maxBytes of the body; a bigger one is `outbound_refused`
   * @param options.accept the Accept header
   */
  fetch(
    url: string,
    options: { signal: AbortSignal; maxBytes: number; accept: string },
  ): Promise<Fetched>;
}

type Target = { url: URL; isSecure: boolean; addresses: readonly string[] };

const MAX_REDIRECTS = 3;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const DEFAULT_LIMITS: SocketLimits = { maxMessageBytes: 262_144, maxTotalBytes: 4_194_304 };

/**
 * A connection goes to the very address that was checked, under the name that was asked for: a name
 * that resolves to something else a moment later (DNS rebinding) gains nothing.
 */
export function createOutbound(policy: OutboundPolicy): Outbound {
  const {
    allowLoopback,
    allowPrivate = false,
    timeoutMs = 10_000,
    limits = DEFAULT_LIMITS,
  } = policy;
  const resolve = policy.resolve ?? resolveBySystem;
  const ca = policy.certificateAuthority;

  async function check(text: string, scheme: "ws" | "http", ends: AbortSignal): Promise<Target> {
    const url = URL.parse(text);
    if (url === null) throw refused("it is not a URL");
    const isSecure = url.protocol === `${scheme}s:`;
    if (!isSecure && !(allowLoopback && url.protocol === `${scheme}:`)) {
      throw refused(`it is not ${scheme}s`);
    }
    if (url.username !== "" || url.password !== "") throw refused("it holds credentials");
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const addresses = isLiteral(host) ? [host] : await until(ends, resolve(host));
    if (addresses.length === 0) throw unreachable();
    const isAllowed = (address: string) =>
      allowLoopback && isLoopback(address)
        ? true
        : isSecure && (allowPrivate || (isPublic(address) && !isLiteral(host)));
    if (!addresses.every(isAllowed)) throw refused("it is not a name on the public internet");
    return { url, isSecure, addresses };
  }

  /** The first of the addresses that lets us in. */
  async function dial({ url, isSecure, addresses }: Target, ends: AbortSignal): Promise<Socket> {
    for (const host of addresses) {
      const port = Number(url.port) || (isSecure ? 443 : 80);
      const socket = isSecure
        ? connectTls({ host, port, servername: url.hostname, ...(ca ? { ca } : {}) })
        : connectTcp({ host, port });
      if (await isConnected(socket, isSecure ? "secureConnect" : "connect", ends)) return socket;
    }
    throw unreachable();
  }

  async function get({ url, isSecure, addresses }: Target, accept: string, ends: AbortSignal) {
    for (const address of addresses) {
      const pinned = new URL(url);
      pinned.hostname = address.includes(":") ? `[${address}]` : address;
      try {
        return await fetch(pinned, {
          redirect: "manual",
          signal: ends,
          // A pooled connection could be one that was made for another name.
          keepalive: false,
          // A decompressor would be past the size limit before we could look.
          decompress: false,
          headers: { host: url.host, accept, "accept-encoding": "identity" },
          ...(isSecure ? { tls: { serverName: url.hostname, ...(ca ? { ca } : {}) } } : {}),
        });
      } catch {
        if (ends.aborted) break;
      }
    }
    throw unreachable();
  }

  return {
    async connect(text, signal) {
      const ends = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      const target = await check(text, "ws", ends);
      const socket = await dial(target, ends);
      const end = () => socket.destroy();
      signal.addEventListener("abort", end);
      socket.once("close", () => signal.removeEventListener("abort", end));
      socket.on("error", end);
      try {
        return await until(ends, openWebSocket(socket, target.url, limits));
      } catch (error) {
        end();
        throw error;
      }
    },

    async fetch(text, { signal, maxBytes, accept }) {
      const ends = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      let asked = text;
      for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
        const target = await check(asked, "http", ends);
        const response = await get(target, accept, ends);
        const location = response.headers.get("location");
        if (!REDIRECTS.has(response.status) || location === null) {
          const body = await readBody(response, maxBytes);
          const contentType = response.headers.get("content-type") ?? "";
          return { url: target.url.href, status: response.status, contentType, body };
        }
        await response.body?.cancel();
        asked = URL.parse(location, target.url)?.href ?? "";
      }
      throw refused("it redirects too often");
    },
  };
}

async function resolveBySystem(host: string): Promise<string[]> {
  const found = await lookup(host, { all: true, order: "ipv4first" });
  return found.map(({ address }) => address);
}

async function isConnected(
  socket: Socket,
  event: "connect" | "secureConnect",
  ends: AbortSignal,
): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const fail = () => resolve(false);
  socket
    .once(event, () => resolve(true))
    .once("error", fail)
    .once("close", fail);
  ends.addEventListener("abort", fail, { once: true });
  if (ends.aborted) fail();
  const connected = await promise;
  ends.removeEventListener("abort", fail);
  if (!connected) socket.on("error", () => {}).destroy();
  return connected;
}

async function readBody(response: Response, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length;
      if (bytes > maxBytes) break;
      chunks.push(chunk);
    }
  } catch {
    throw unreachable();
  }
  if (bytes > maxBytes) throw refused("it brings too much");
  return Buffer.concat(chunks);
}

/** Waits for work that has no end of its own. */
async function until<T>(ends: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const end = () => reject(unreachable());
  ends.addEventListener("abort", end, { once: true });
  if (ends.aborted) end();
  try {
    return await Promise.race([ended, work]);
  } catch (error) {
    throw error instanceof Unavailable ? error : unreachable();
  } finally {
    ends.removeEventListener("abort", end);
  }
}

const refused = (why: string): Refused =>
  new Refused("outbound_refused", `the address is refused: ${why}`);

const unreachable = (): Unavailable =>
  new Unavailable("outbound_unreachable", "the address cannot be reached");
