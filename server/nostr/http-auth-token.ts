import { AppError } from "../errors.ts";

/** An event of NIP-98 as it arrived: of the right shape, and nothing about it checked. */
export type HttpAuthEvent = {
  /** 64 lower-case hex, like `pubkey`. */
  id: string;
  pubkey: string;
  /** Epoch seconds, a whole number. */
  created_at: number;
  kind: number;
  tags: string[][];
  content: string;
  /** 128 lower-case hex. */
  sig: string;
};

/** Room for a long URL; some 15 times what a usual token takes. Bounds the cost of all later steps. */
const maxHeaderChars = 8192;
const hex32 = /^[0-9a-f]{64}$/;
const hex64 = /^[0-9a-f]{128}$/;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The answer to a request that does not prove who sent it. */
export function unauthorized(code: string, message: string): AppError {
  return new AppError(code, 401, message);
}

function malformed(problem: string): AppError {
  return unauthorized("auth_malformed", `the Authorization header ${problem}`);
}

/**
 * `Nostr <base64 of the event's JSON>` (NIP-98) → the event.
 * @throws AppError 401 `auth_missing` or `auth_malformed`, and nothing else
 */
export function parseHttpAuth(authorization: string | null): HttpAuthEvent {
  if (!authorization) throw unauthorized("auth_missing", "this request needs NIP-98 authorization");
  if (authorization.length > maxHeaderChars) throw malformed("is too long");
  const token = /^nostr +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization)?.[1];
  if (token === undefined) throw malformed("is not the scheme Nostr and one base64 token");
  let event: unknown;
  try {
    event = JSON.parse(utf8.decode(decodeBase64(token)));
  } catch {
    throw malformed("is not base64 of JSON");
  }
  // The object comes from JSON.parse alone, so that no library's "already verified" mark is on it.
  if (!isHttpAuthEvent(event)) throw malformed("does not hold a Nostr event");
  return event;
}

/**
 * The value of the one tag of this name; null where there is none.
 * @throws AppError 401 `auth_malformed` where the name stands twice or has no single value
 */
export function readTag(event: HttpAuthEvent, name: "u" | "method" | "payload"): string | null {
  let value: string | null = null;
  for (const tag of event.tags) {
    if (tag[0] !== name) continue;
    if (value !== null) throw malformed(`has more than one ${name} tag`);
    if (tag.length !== 2) throw malformed(`has a ${name} tag without a single value`);
    value = tag[1] ?? null;
  }
  return value;
}

/** Strict about the alphabet, the length and the last bits; padding may be left out. */
function decodeBase64(token: string): Uint8Array {
  const missing = token.endsWith("=") ? 0 : -token.length & 3;
  return Uint8Array.fromBase64(token + "=".repeat(missing), { lastChunkHandling: "strict" });
}

function isHttpAuthEvent(value: unknown): value is HttpAuthEvent {
  if (typeof value !== "object" || value === null) return false;
  const event = value as Partial<Record<keyof HttpAuthEvent, unknown>>;
  return (
    isHex(event.id, hex32) &&
    isHex(event.pubkey, hex32) &&
    isHex(event.sig, hex64) &&
    Number.isSafeInteger(event.kind) &&
    Number.isSafeInteger(event.created_at) &&
    typeof event.content === "string" &&
    Array.isArray(event.tags) &&
    event.tags.every(isTag)
  );
}

function isHex(value: unknown, form: RegExp): boolean {
  return typeof value === "string" && form.test(value);
}

function isTag(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((cell) => typeof cell === "string");
}
