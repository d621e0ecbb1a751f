import { isIP } from "node:net";

// Parsers of single settings. Each takes trimmed, non-empty text and throws an Error whose message
// reads on from the setting's name ("must be …") and never quotes the text: it may be a secret.

/** `sqlite://data/hosting.db` is relative, `sqlite:///var/lib/hosting.db` absolute. → file path */
export function parseDatabasePath(text: string): string {
  const path = /^sqlite:\/\/([^?#]*[^?#/])$/.exec(text)?.[1];
  if (path === undefined || path === ":memory:") {
    throw new Error("must be sqlite:// and the path of a file");
  }
  return path;
}

/** 0 lets the system choose. */
export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65535) throw new Error("must be a port, 0 to 65535");
  return port;
}

/** Where to listen: an IP address or a host name, without a port. */
export function parseHost(text: string): string {
  if (isIP(text) === 0 && !isDomain(text)) throw new Error("must be an IP address or a host name");
  return text;
}

/** → the origin without a slash at its end: `http://127.0.0.1:8032`. */
export function parseHttpOrigin(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.href !== `${url.origin}/`) {
    throw new Error("must be http:// or https:// and a host, without path, query or credentials");
  }
  return url.origin;
}

/** What people trust must come over TLS, except from their own machine. → origin */
export function parsePublicOrigin(text: string): string {
  const origin = parseHttpOrigin(text);
  const { protocol, hostname } = new URL(origin);
  if (protocol === "http:" && !isLoopback(hostname)) {
    throw new Error("must be https:// unless its host is loopback");
  }
  return origin;
}

/** `spaces.example` or `localhost:8080`. */
export function parseDomain(text: string): string {
  const [, name = "", port = "1"] = /^([^:]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (!isDomain(name) || isIP(name) !== 0 || Number(port) < 1 || Number(port) > 65535) {
    throw new Error("must be a lower-case domain name, with or without a port");
  }
  return text;
}

/** wss://, or ws:// to this machine. → as a URL parser writes it: `wss://relay.example/` */
export function parseWebSocketUrl(text: string): string {
  const url = URL.parse(text);
  const isAllowed =
    url?.protocol === "wss:" || (url?.protocol === "ws:" && isLoopback(url.hostname));
  if (!isAllowed || url.username !== "" || url.password !== "" || url.hash !== "") {
    throw new Error("must be a wss:// URL (ws:// for loopback only)");
  }
  return url.href;
}

/** Kind 0 content (NIP-01, NIP-24). */
export function parseProfile(text: string): Readonly<Record<string, unknown>> {
  let profile: unknown = null;
  try {
    profile = JSON.parse(text);
  } catch {
    // said below
  }
  if (typeof profile !== "object" || profile === null || Array.isArray(profile)) {
    throw new Error("must be a JSON object");
  }
  return profile as Record<string, unknown>;
}

/** What is either so or not. */
export function parseFlag(text: string): boolean {
  if (text !== "true" && text !== "false") throw new Error("must be true or false");
  return text === "true";
}

/** What can stand in a header: visible ASCII. */
export function parseToken(text: string): string {
  if (!/^[\x21-\x7e]+$/.test(text)) throw new Error("must be visible ASCII without spaces");
  return text;
}

/** `on` or `off`. */
export function parseSwitch(text: string): boolean {
  if (text !== "on" && text !== "off") throw new Error("must be on or off");
  return text === "on";
}

/** Comma-separated, each item by `parseItem`; empty items are passed over, doubles dropped. */
export function parseList<T>(text: string, parseItem: (item: string) => T): readonly T[] {
  const items = text.split(",").map((item) => item.trim());
  const parsed = items.flatMap((item, index) =>
    item === "" ? [] : [parsePart(`item ${index + 1}, which`, item, parseItem)],
  );
  return [...new Set(parsed)];
}

/** `localhost`, 127.0.0.0/8 or ::1; also as URLs spell them. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || /^127(\.\d+){3}$/.test(host) || /^(::1|\[::1\])$/.test(host);
}

/** RFC 1123 labels, in lower case. */
function isDomain(text: string): boolean {
  return text.length <= 253 && /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.(?=.)|$))+$/.test(text);
}

/** Puts the part's name before what its parser complains of. */
function parsePart<T>(part: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (error) {
    throw new Error(`has ${part} ${(error as Error).message}`);
  }
}
