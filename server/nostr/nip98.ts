import { timingSafeEqual } from "node:crypto";
import { eventIdOf } from "./event.ts";
import { type HttpAuthEvent, parseHttpAuth, readTag, unauthorized } from "./http-auth-token.ts";
import type { Schnorr } from "./schnorr.ts";
import type { SeenIds } from "./seen-ids.ts";

/** What of an HTTP request NIP-98 vouches for. */
export type AuthRequest = {
  method: string;
  /** Path and query as received, e.g. `/tenant/relays?limit=5`. */
  target: string;
  /** The Authorization header. */
  authorization: string | null;
  /** Raw bytes; null or empty means no body. */
  body: Uint8Array | null;
};

/**
 * NIP-98 in two steps, so that a limit can be asked between what is cheap and what is not. Both throw
 * AppError 401 for whatever a client can send.
 */
export interface Nip98 {
  /**
   * A token for this method and URL with its query, signed within 60 s: as far as that can be told
   * without body and signature. Whose it is is only claimed.
   *
   * @throws AppError 401 `auth_missing`, `auth_malformed`, `auth_kind`, `auth_expired`, `auth_url`,
   * `auth_method`
   */
  read(request: Omit<AuthRequest, "body">): HttpAuthEvent;
  /**
   * The pubkey (64 lower-case hex) that signed a token which {@link read} returned, for this body,
   * and for no other request before.
   *
   * @throws AppError 401 `auth_payload`, `auth_signature`, `auth_replayed`, `auth_before_boot`. A store
   * of seen ids that cannot be written is the server's own fault and comes out as it is.
   */
  prove(token: HttpAuthEvent, body: AuthRequest["body"]): string;
}

const httpAuthKind = 27235;
const windowMs = 60_000;

/**
 * The verifier of one server (NIP-98).
 *
 * @param options `publicUrl` is the origin that `u` tags must name; never the request's own Host,
 * which a proxy changes and an attacker chooses. `now` is real time in epoch ms: authentication
 * has nothing to do with logical time.
 */
export function createNip98(options: {
  publicUrl: string;
  verifier: Pick<Schnorr, "verify">;
  seen: SeenIds;
  now?: () => number;
}): Nip98 {
  const { verifier, seen, now = Date.now } = options;
  const isAskedUrl = createUrlCheck(options.publicUrl);

  return {
    read(request) {
      const event = parseHttpAuth(request.authorization);
      if (event.kind !== httpAuthKind) {
        throw unauthorized("auth_kind", "the event is not of kind 27235");
      }
      if (Math.abs(now() - event.created_at * 1000) > windowMs) {
        throw unauthorized("auth_expired", "created_at is not within 60 s of the server's time");
      }
      if (!isAskedUrl(readTag(event, "u"), request.target)) {
        throw unauthorized("auth_url", "the u tag is not the URL of this request");
      }
      if (!isAskedMethod(readTag(event, "method"), request.method)) {
        throw unauthorized("auth_method", "the method tag is not the method of this request");
      }
      return event;
    },

    // Cheapest first, the signature last, and the id recorded only for an event that passed.
    prove(event, body) {
      checkPayload(readTag(event, "payload"), body);
      if (eventIdOf(event) !== event.id) {
        throw unauthorized("auth_signature", "the event's id is not the hash of the event");
      }
      if (!verifier.verify(event.sig, event.id, event.pubkey)) {
        throw unauthorized("auth_signature", "the event's signature is not valid");
      }
      switch (seen.claim(event.id, event.created_at)) {
        case "fresh":
          return event.pubkey;
        case "seen":
          throw unauthorized("auth_replayed", "the event was used before: sign one per request");
        case "too_early_after_boot":
          throw unauthorized("auth_before_boot", "the event is older than the server: sign again");
      }
    },
  };
}

/**
 * Whether a `u` tag is public URL + target. What makes no difference is the case of the host, the
 * default port, and whether characters are percent-encoded that a URL parser would encode (a client
 * signs what it passes to fetch, the server sees what fetch made of it). All else does: the
 * trailing slash, and each character and the order of the query.
 */
function createUrlCheck(publicUrl: string): (u: string | null, target: string) => boolean {
  const { origin, protocol, port } = new URL(publicUrl);
  const defaultPort = protocol === "https:" ? ":443" : ":80";
  const origins = port === "" ? [origin, origin + defaultPort] : [origin];
  const normalize = (target: string) => new URL(origin + target).href; // cannot fail after / or ?

  return (u, target) => {
    // A fragment is never sent; control characters and backslashes a parser changes silently.
    if (u === null || /[#\\\p{Cc}]/u.test(u) || u.endsWith(" ")) return false;
    const [, signedOrigin = "", signedTarget = ""] = /^([^/]*\/\/[^/?]*)(.*)$/.exec(u) ?? [];
    if (!origins.includes(signedOrigin.toLowerCase()) || !target.startsWith("/")) return false;
    return signedTarget === target || normalize(signedTarget) === normalize(target);
  };
}

/** Methods are case-sensitive, but clients and the examples of libraries sign `get` and `post` too. */
function isAskedMethod(method: string | null, asked: string): boolean {
  return method === asked || method === asked.toLowerCase();
}

function checkPayload(payload: string | null, body: Uint8Array | null): void {
  const hasBody = body !== null && body.length > 0;
  if (payload === null) {
    if (hasBody) throw unauthorized("auth_payload", "a request with a body needs a payload tag");
    return;
  }
  const hash = Buffer.from(Bun.SHA256.hash(hasBody ? body : "", "hex"));
  const claimed = Buffer.from(payload);
  if (claimed.length !== hash.length || !timingSafeEqual(claimed, hash)) {
    throw unauthorized("auth_payload", "the payload tag is not the SHA-256 of the body in hex");
  }
}
