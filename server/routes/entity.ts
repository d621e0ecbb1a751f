import { createHash } from "node:crypto";
import { weightOf } from "./negotiation.ts";

/** Bytes that are served as they are, compressed once, ahead of all requests. */
export type Entity = {
  type: string;
  plain: Uint8Array<ArrayBuffer>;
  /** Null for what does not get smaller. */
  gzip: Uint8Array<ArrayBuffer> | null;
  hash: string;
};

/** @param type - the media type */
export function entityOf(content: string | Uint8Array, type: string): Entity {
  const plain = new Uint8Array(
    typeof content === "string" ? new TextEncoder().encode(content) : content,
  );
  const hash = createHash("sha256").update(plain).digest("base64url").slice(0, 16);
  // Fonts and pictures are compressed already.
  const isText = !/^(?:font|image\/(?!svg))/.test(type);
  return { type, plain, gzip: isText ? Bun.gzipSync(plain, { level: 9 }) : null, hash };
}

/**
 * Our pages run and load what comes from here, and nothing inline; nobody frames them.
 * @param connect - what they may talk to besides ourselves
 * @see https://www.w3.org/TR/CSP3/
 */
export const policy = (connect = ""): string =>
  `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src ${`'self' ${connect}`.trim()}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

const SECURITY_HEADERS = {
  "content-security-policy": policy(),
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
  headers: {
    "cache-control": string;
    vary: string;
    "content-security-policy"?: string;
    "x-robots-tag"?: string;
  },
  status: 200 | 404 = 200,
): Response {
  const takesGzip = weightOf(request.headers.get("accept-encoding") ?? "", ["gzip", "*"]) > 0;
  const gzip = takesGzip ? entity.gzip : null;
  const etag = gzip ? `"${entity.hash}-gz"` : `"${entity.hash}"`;
  const common = { ...SECURITY_HEADERS, ...headers, etag };
  if (status === 200 && isNamed(etag, request.headers.get("if-none-match")))
    return new Response(null, { status: 304, headers: common });
  return new Response(gzip ?? entity.plain, {
    status,
    headers: {
      ...common,
      "content-type": entity.type,
      ...(gzip ? { "content-encoding": "gzip" } : {}),
    },
  });
}

const isNamed = (etag: string, ifNoneMatch: string | null): boolean =>
  (ifNoneMatch ?? "")
    .split(",")
    .some((tag) => ["*", etag].includes(tag.trim().replace(/^W\//, "")));
