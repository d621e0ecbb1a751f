import { createHash } from "node:crypto";
import { weightOf } from "./negotiation.ts";

/** Bytes that are served as they are, compressed once, ahead of all requests. */
export type Entity = {
  type: string;
  plain: Uint8Array<ArrayBuffer>;
  gzip: Uint8Array<ArrayBuffer>;
  hash: string;
};

/** @param type - the media type */
export function entityOf(content: string, type: string): Entity {
  const plain = new TextEncoder().encode(content);
  const hash = createHash("sha256").update(plain).digest("base64url").slice(0, 16);
  return { type, plain, gzip: Bun.gzipSync(plain, { level: 9 }), hash };
}

/**
 * Our pages run and load what comes from here, and nothing inline; nobody frames them.
 * @see https://www.w3.org/TR/CSP3/
 */
const SECURITY_HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/**
 * The answer to a GET or HEAD of an entity: compressed for who takes gzip, 304 for who has it.
 * @see RFC 9110 §8.8.3 (a strong ETag names the bytes: compressed ones have another), §13.1.2
 */
export function entityResponse(
  entity: Entity,
  request: Request,
  headers: { "cache-control": string; vary: string },
): Response {
  const isGzip = weightOf(request.headers.get("accept-encoding") ?? "", ["gzip", "*"]) > 0;
  const etag = isGzip ? `"${entity.hash}-gz"` : `"${entity.hash}"`;
  const common = { ...SECURITY_HEADERS, ...headers, etag };
  if (isNamed(etag, request.headers.get("if-none-match")))
    return new Response(null, { status: 304, headers: common });
  return new Response(isGzip ? entity.gzip : entity.plain, {
    headers: {
      ...common,
      "content-type": entity.type,
      ...(isGzip ? { "content-encoding": "gzip" } : {}),
    },
  });
}

const isNamed = (etag: string, ifNoneMatch: string | null): boolean =>
  (ifNoneMatch ?? "")
    .split(",")
    .some((tag) => ["*", etag].includes(tag.trim().replace(/^W\//, "")));
