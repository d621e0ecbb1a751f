import { type Event, getEventHash, validateEvent, verifyEvent } from "nostr-tools/pure";
import { isJsonObject, parseGoJson } from "./go-json.ts";

/** A request that did not prove who sends it; the message is the one zooid sends with the 401. */
export class Unauthorized extends Error {}

const HTTP_AUTH_KIND = 27235;

/**
 * Who signed the request, by NIP-98 as zooid checks it: neither `created_at` nor `payload` nor
 * replay nor the event's own `id`.
 *
 * @param path - decoded path of the request, without query.
 * @returns the signer's pubkey, hex.
 * @throws Unauthorized
 */
export function authenticate(request: Request, path: string): string {
  const event = parseAuthorization(request.headers.get("authorization"));
  if (event.kind !== HTTP_AUTH_KIND) {
    throw new Unauthorized(
      `invalid event kind: expected ${HTTP_AUTH_KIND}, got ${event.kind ?? 0}`,
    );
  }
  if (!isSigned(event)) throw new Unauthorized("invalid event signature");
  const scheme = request.headers.get("x-forwarded-proto") === "https" ? "https" : "http";
  const url = `${scheme}://${request.headers.get("host")}${path}`;
  if (!event.tags.some(([name, value]) => name === "u" && value === url)) {
    throw new Unauthorized("event missing or invalid u tag");
  }
  const isMethod = (value: string | undefined) => value?.toUpperCase() === request.method;
  if (!event.tags.some(([name, value]) => name === "method" && isMethod(value))) {
    throw new Unauthorized("event missing or invalid method tag");
  }
  return event.pubkey;
}

function parseAuthorization(header: string | null): Record<string, unknown> {
  if (!header) throw new Unauthorized("missing authorization header");
  const space = header.indexOf(" ");
  if (space < 0 || header.slice(0, space).toLowerCase() !== "nostr") {
    throw new Unauthorized("invalid authorization header format");
  }
  try {
    const event = parseGoJson(decodeBase64(header.slice(space + 1)));
    if (isJsonObject(event) && typeof (event.kind ?? 0) === "number") return event;
  } catch (error) {
    if (error instanceof Unauthorized) throw error;
  }
  throw new Unauthorized("invalid event json: the token is not an event");
}

/** Go's base64.StdEncoding: the standard alphabet, padding required. @throws Unauthorized */
function decodeBase64(text: string): string {
  const canonical = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
  if (!canonical.test(text)) {
    const stray = text.search(/[^A-Za-z0-9+/=]/);
    const at = stray < 0 ? text.length : stray;
    throw new Unauthorized(`invalid base64 encoding: illegal base64 data at input byte ${at}`);
  }
  return Buffer.from(text, "base64").toString();
}

/** Whether the signature covers the fields; the `id` that came along is recomputed, not compared. */
export function isSigned(event: Record<string, unknown>): event is Record<string, unknown> & Event {
  return validateEvent(event) && verifyEvent({ ...event, id: getEventHash(event) } as Event);
}
