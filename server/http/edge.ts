import { Elysia } from "elysia";
import { AppError } from "../errors.ts";
import type { Nip98 } from "../nostr/nip98.ts";
import { addressOf } from "./address.ts";
import type { Limits } from "./limits.ts";
import { type FieldError, NOSNIFF, PRIVATE, problemResponse, refusalResponse } from "./problem.ts";

/** What the edge found out about a request before any route saw it. */
type Known = { pubkey: string | null; raw: Uint8Array | null };

const BODY_BYTES_MAX = 64 * 1024;
/** Far more than any shape has. Deeper ones take seconds and gigabytes to describe as wrong. */
const NESTING_MAX = 16;
/** Public, and says more to the operator, or lets in whoever signs. */
const SIGNABLE = /^\/(?:healthz$|join\/)/;
const GUARDED = /^\/(?:tenant|admin)(?:\/|$)/;

export type EdgeOptions = {
  nip98: () => Nip98;
  limits: Limits;
  /** Whether an error is the disk's, which takes nothing now. */
  isStorageFailure: (error: unknown) => boolean;
  /** An unexpected failure: logged under an id that the client is told too. */
  onFailure: (id: string, error: unknown) => void;
};

/**
 * Everything between the socket and the routes: reads the body once, authenticates whatever lies under
 * /tenant and /admin, whether or not the route exists, and turns every error into a problem document.
 */
export function createEdge({ nip98, limits, isStorageFailure, onFailure }: EdgeOptions) {
  const known = new WeakMap<Request, Known>();

  /** The pubkey that signed this request. Only for routes under /tenant and /admin. */
  const pubkeyOf = (request: Request): string => {
    const pubkey = known.get(request)?.pubkey;
    if (!pubkey) throw new AppError("auth_missing", 401, "sign this request (NIP-98)");
    return pubkey;
  };
  /** The same of a route that need not be signed; null where it was not. */
  const signerOf = (request: Request): string | null => known.get(request)?.pubkey ?? null;
  /** The raw bytes of the body; null where there is none. */
  const bodyOf = (request: Request): Uint8Array | null => known.get(request)?.raw ?? null;

  async function admit(request: Request, address: string): Promise<void> {
    await limits.publicRoute(address);
    known.set(request, { pubkey: null, raw: await readBody(request) });
  }

  /** What is cheap comes first: the token's words, the limit, then the body, the signature last. */
  async function authenticate(request: Request, target: string, address: string): Promise<void> {
    const authorization = request.headers.get("authorization");
    const token = await counted(address, null, () =>
      nip98().read({ method: request.method, target, authorization }),
    );
    await limits.mayAuthenticate(address, token.pubkey);
    const raw = await readBody(request);
    // Others may have failed while the body came.
    await limits.mayAuthenticate(address, token.pubkey);
    const pubkey = await counted(address, token.pubkey, () => nip98().prove(token, raw));
    limits.authenticated(address, pubkey);
    known.set(request, { pubkey, raw });
  }

  /** A failure of `check` counts against who sent it. @throws AppError 401, or 429 where it is one too many */
  async function counted<T>(address: string, pubkey: string | null, check: () => T): Promise<T> {
    try {
      return check();
    } catch (error) {
      if (error instanceof AppError) await limits.failedAuth(address, pubkey);
      throw error;
    }
  }

  const plugin = new Elysia({ name: "edge" })
    .onRequest(async ({ request, server, set }) => {
      const { pathname, target } = targetOf(request.url);
      const address = addressOf(request, server);
      const isSigned = SIGNABLE.test(pathname) && request.headers.has("authorization");
      const isPrivate = isSigned || isGuarded(pathname);
      Object.assign(set.headers, isPrivate ? PRIVATE : NOSNIFF);
      if (isPrivate) await authenticate(request, target, address);
      else await admit(request, address);
    })
    .onParse({ as: "global" }, ({ request, contentType }) => {
      const raw = bodyOf(request);
      if (raw === null || raw.length === 0) return undefined;
      if (contentType.split(";")[0]?.trim().toLowerCase() !== "application/json")
        throw new AppError("not_json", 415, "send JSON, as content-type application/json");
      return parseJson(raw);
    })
    .onError({ as: "global" }, ({ code, error }) => {
      // What a parser throws arrives wrapped.
      const refusal = code === "PARSE" ? error.cause : error;
      if (refusal instanceof AppError) return refusalResponse(refusal);
      if (code === "NOT_FOUND")
        return problemResponse({ code: "not_found", status: 404, detail: "there is nothing here" });
      if (code === "VALIDATION" && error.type !== "response") {
        const errors = fieldErrors(error.type, error.all as unknown[]);
        const detail = errors.map((e) => `${e.field}: ${e.message}`).join("; ");
        return problemResponse({ code: "invalid", status: 422, detail, errors });
      }
      if (code === "PARSE" || code === "INVALID_FILE_TYPE" || code === "INVALID_COOKIE_SIGNATURE")
        return problemResponse({ code: "malformed", status: 400, detail: "the body is not JSON" });
      if (isStorageFailure(error)) return refusalResponse(cannotSave());
      const id = crypto.randomUUID();
      onFailure(id, error);
      const detail = "something went wrong on our side; it was noted under this id";
      return problemResponse({ code: "internal", status: 500, detail, id });
    });
  return { plugin, pubkeyOf, signerOf, bodyOf };
}

/** Nothing of a transaction that failed remains, so a request can simply be made again. */
const cannotSave = () =>
  new AppError(
    "cannot_save",
    503,
    "we cannot save anything right now, so nothing was changed. We are on it: try again in a minute",
    { retryAfterSeconds: 60 },
  );

/** Whether nothing is answered there without a signature, whether or not the route exists. */
export const isGuarded = (pathname: string): boolean => GUARDED.test(pathname);

/** Path and query exactly as they were sent; the Host before them may be no host at all. */
export function targetOf(url: string): { pathname: string; target: string } {
  const target = url.slice(url.indexOf("/", url.indexOf("//") + 2));
  const end = target.search(/[?#]/);
  return { pathname: end === -1 ? target : target.slice(0, end), target };
}

/**
 * @returns null where there is none
 * @throws AppError 413, having read no more than the limit; 400 for a body that cannot be read, or that
 * breaks off
 */
async function readBody(request: Request): Promise<Uint8Array | null> {
  const declared = request.headers.get("content-length");
  if (request.body === null) {
    // Bun drops the body of a GET, so no token could vouch for it.
    if (Number(declared) > 0 || request.headers.has("transfer-encoding"))
      throw new AppError("malformed", 400, `a ${request.method} request has no body`);
    return null;
  }
  const tooLarge = () =>
    new AppError("too_large", 413, `the body may have at most ${BODY_BYTES_MAX} bytes`);
  if (Number(declared) > BODY_BYTES_MAX) throw tooLarge();
  try {
    if (declared !== null) return new Uint8Array(await request.arrayBuffer());
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of request.body as ReadableStream<Uint8Array>) {
      length += chunk.length;
      if (length > BODY_BYTES_MAX) throw tooLarge();
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    if (error instanceof AppError) throw error;
    // Whoever sent it has gone: that is theirs to know, and no failure of ours.
    throw new AppError("malformed", 400, "the body broke off before its end");
  }
}

function parseJson(raw: Uint8Array): unknown {
  const value = ((): unknown => {
    try {
      return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(raw));
    } catch {
      throw new AppError("malformed", 400, "the body is not JSON");
    }
  })();
  if (isNestedDeeper(value, NESTING_MAX))
    throw new AppError("malformed", 400, `the body is nested more than ${NESTING_MAX} levels deep`);
  const field = builtInField(value);
  if (field !== null)
    throw new AppError("invalid", 422, "no field can be called so; leave it out", { field });
  return value;
}

/**
 * The path of a field that goes by the name of a method that every object has, such as `toString`:
 * whoever turns such an object into text, if only to say what is wrong with it, would fail.
 */
function builtInField(value: unknown, path = ""): string | null {
  if (typeof value !== "object" || value === null) return null;
  for (const [key, inner] of Object.entries(value)) {
    const field = path === "" ? key : `${path}.${key}`;
    if (key === "toJSON" || key in Object.prototype) return field;
    const found = builtInField(inner, field);
    if (found !== null) return found;
  }
  return null;
}

const isNestedDeeper = (value: unknown, levels: number): boolean =>
  typeof value === "object" &&
  value !== null &&
  (levels === 0 || Object.values(value).some((inner) => isNestedDeeper(inner, levels - 1)));

type ValidationIssue = { path?: string; summary?: string; message?: string; schema?: unknown };

/** One error per field, in words that name the fix: the schema's own description where it has one. */
function fieldErrors(where: string, issues: unknown[]): FieldError[] {
  const byField = new Map<string, string>();
  for (const issue of issues as ValidationIssue[]) {
    const path = (issue.path ?? "").replace(/^\//, "").replaceAll("/", ".");
    const field = where === "body" ? path || "body" : path ? `${where}.${path}` : where;
    const wanted = (issue.schema as { description?: string } | undefined)?.description;
    if (!byField.has(field))
      byField.set(field, wanted ?? issue.summary ?? issue.message ?? "invalid");
  }
  return [...byField].map(([field, message]) => ({ field, message }));
}
