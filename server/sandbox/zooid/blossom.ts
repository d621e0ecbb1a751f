import { createHash } from "node:crypto";
import { type Event, getEventHash, validateEvent, verifyEvent } from "nostr-tools/pure";
import type { VirtualRelay } from "./virtual-relay.ts";

const MAX_BLOB_BYTES = 10 * 1024 * 1024;
/** Both the index of what is stored and the token of a request have this kind (BUD-11). */
const BLOB_KIND = 24242;

/** A request that fails: the reason goes into a header, the body stays empty. */
class BlobError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Blossom as zooid speaks it (BUD-01, BUD-02), for members alone. Files are kept by hash; who uploaded one
 * stands in an unsigned event of kind 24242 that members can read.
 *
 * @returns null for a path that is none of Blossom's
 */
export async function serveBlossom(
  request: Request,
  relay: VirtualRelay,
): Promise<Response | null> {
  const path = new URL(request.url).pathname;
  const hash = /^\/([0-9a-f]{64})(?:\.[A-Za-z0-9]+)?$/.exec(path)?.[1];
  const owner = /^\/list\/([0-9a-f]{64})$/.exec(path)?.[1];
  try {
    if (path === "/upload" && request.method === "PUT") return await upload(request, relay);
    if (owner && request.method === "GET") return list(request, relay, owner);
    if (hash === undefined) return null;
    if (request.method === "HEAD")
      return new Response(null, { status: fileOf(relay, hash) ? 200 : 404 });
    if (request.method === "GET") return download(request, relay, hash);
    if (request.method === "DELETE") return remove(request, relay, hash);
    return null;
  } catch (error) {
    if (!(error instanceof BlobError)) throw error;
    return new Response(null, { status: error.status, headers: { "X-Reason": error.message } });
  }
}

async function upload(request: Request, relay: VirtualRelay): Promise<Response> {
  const token = readToken(request);
  if (token === null) throw new BlobError(401, 'missing "Authorization" header');
  if (!token.tags.some(([name, value]) => name === "t" && value === "upload")) {
    throw new BlobError(403, 'invalid "Authorization" event "t" tag');
  }
  if (Number(request.headers.get("content-length")) > MAX_BLOB_BYTES) {
    throw new BlobError(413, "file too large");
  }
  requireMember(relay, token);
  const body = new Uint8Array(await request.arrayBuffer());
  if (body.length > MAX_BLOB_BYTES) throw new BlobError(413, "file too large");
  const hash = createHash("sha256").update(body).digest("hex");
  const type = request.headers.get("content-type") ?? "application/octet-stream";
  relay.blobs.put(hash, type, body);
  const known = indexOf(relay, hash).find((entry) => entry.pubkey === token.pubkey);
  const entry = known ?? newEntry(token.pubkey, hash, type, body.length);
  if (known === undefined) relay.events.put(entry as Event);
  return Response.json(describe(relay, entry));
}

function download(request: Request, relay: VirtualRelay, hash: string): Response {
  requireMember(relay, readToken(request));
  const file = fileOf(relay, hash);
  if (file === null) throw new BlobError(404, "file not found");
  return new Response(file.body, { headers: { "Content-Type": file.type } });
}

function list(request: Request, relay: VirtualRelay, pubkey: string): Response {
  requireMember(relay, readToken(request));
  const entries = relay.events.query([{ kinds: [BLOB_KIND], authors: [pubkey] }]);
  return Response.json(entries.map((entry) => describe(relay, entry)));
}

/** Takes away the caller's own entry, and the file once nobody's is left: 200 either way. */
function remove(request: Request, relay: VirtualRelay, hash: string): Response {
  const token = readToken(request);
  // zooid's handler dies of a nil pointer; the connection is reset.
  if (token === null) return new Response(new ReadableStream({ start: (c) => c.error() }));
  requireMember(relay, token);
  for (const entry of indexOf(relay, hash)) {
    if (entry.pubkey === token.pubkey) relay.events.remove(entry.id);
  }
  if (indexOf(relay, hash).length === 0) relay.blobs.remove(hash);
  return new Response(null, { status: 200 });
}

const fileOf = (relay: VirtualRelay, hash: string) => relay.blobs.get(hash);

const indexOf = (relay: VirtualRelay, hash: string): Event[] =>
  relay.events.query([{ kinds: [BLOB_KIND], "#x": [hash] }]);

function newEntry(pubkey: string, hash: string, type: string, size: number): Omit<Event, "sig"> {
  const tags = [
    ["x", hash],
    ["type", type],
    ["size", String(size)],
  ];
  const created_at = Math.floor(Date.now() / 1000);
  const entry = { kind: BLOB_KIND, pubkey, tags, content: "", created_at };
  return { ...entry, id: getEventHash(entry) };
}

function describe(relay: VirtualRelay, { tags, created_at }: Omit<Event, "sig">): object {
  const tag = (name: string) => tags.find(([found]) => found === name)?.[1] ?? "";
  const extension = tag("type").split("/")[1] ?? "bin";
  const url = `https://${relay.config.host}/${tag("x")}.${extension}`;
  return {
    url,
    sha256: tag("x"),
    size: Number(tag("size")),
    type: tag("type"),
    uploaded: created_at,
  };
}

function requireMember(relay: VirtualRelay, token: Event | null): void {
  if (token === null || !relay.members.has(token.pubkey)) throw new BlobError(403, "unauthorized");
}

/** @returns null where there is none */
function readToken(request: Request): Event | null {
  const header = request.headers.get("authorization") ?? "";
  if (!header.startsWith("Nostr ")) return null;
  const refuse = (why: string) => new BlobError(404, `invalid "Authorization": ${why}`);
  const text = header.slice("Nostr ".length);
  const bytes = Buffer.from(text, "base64");
  if (bytes.toString("base64") !== text) throw refuse("invalid event");
  let event: unknown;
  try {
    event = JSON.parse(bytes.toString());
  } catch {
    throw refuse("invalid event");
  }
  if (!validateEvent(event) || !verifyEvent(event as Event)) throw refuse("invalid event");
  const token = event as Event;
  if (token.kind !== BLOB_KIND) throw refuse("invalid event");
  const expiration = token.tags.find(([name]) => name === "expiration")?.[1];
  if (expiration === undefined) throw refuse('missing "expiration" tag');
  if (Number(expiration) < Date.now() / 1000) throw refuse("event expired");
  return token;
}
