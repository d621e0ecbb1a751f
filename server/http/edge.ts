import { Elysia } from "elysia";
import { AppError } from "../errors.ts";
import type { Nip98 } from "../nostr/nip98.ts";
import type { Limits } from "./limits.ts";
import { type FieldError, problemResponse, refusalResponse } from "./problem.ts";

/** What the edge found out about a request before any route saw it. */
type Known = { pubkey: string | null; raw: Uint8Array | null };

const BODY_BYTES_MAX = 64 * 1024;
const GUARDED = /^\/(?:tenant|admin)(?:\/|$)/;

export type EdgeOptions = {
  nip98: () => Nip98;
  limits: Limits;
  /** An unexpected failure: logged under an id that the client is told too. */
  onFailure: (id: string, error: unknown) => void;
};

/**
 * Everything between the socket and the routes: reads the body once, authenticates whatever lies under
 * /tenant and /admin, whether or not the route exists, and turns every error into a problem document.
 */
export function createEdge({ nip98, limits, onFailure }: EdgeOptions) {
  const known = new WeakMap<Request, Known>();

  /** The pubkey that signed this request. Only for routes under /tenant and /admin. */
  const pubkeyOf = (request: Request): string => {
    const pubkey = known.get(request)?.pubkey;
    if (!pubkey) throw new AppError("auth_missing", 401, "sign this request (NIP-98)");
    return pubkey;
  };
  /** The raw bytes of the body; null where there is none. */
  const bodyOf = (request: Request): Uint8Array | null => known.get(request)?.raw ?? null;

  async function admit(request: Request, address: string): Promise<void> {
    const raw = request.body === null ? null : await readBody(request);
    const { pathname, target } = targetOf(request.url);
    if (!GUARDED.test(pathname)) {
      known.set(request, { pubkey: null, raw });
      return limits.publicRoute(address);
    }
    try {
      const authorization = request.headers.get("authorization");
      const pubkey = nip98().verify({ method: request.method, target, authorization, body: raw });
      known.set(request, { pubkey, raw });
    } catch (error) {
      if (error instanceof AppError) await limits.failedAuth(address);
      throw error;
    }
  }

  const plugin = new Elysia({ name: "edge" })
    .onRequest(({ request, server }) =>
      admit(request, server?.requestIP(request)?.address ?? "unknown"),
    )
    .onParse({ as: "global" }, ({ request, contentType }) => {
      const raw = bodyOf(request);
      if (raw === null || raw.length === 0) return undefined;
      if (contentType.split(";")[0]?.trim().toLowerCase() !== "application/json")
        throw new AppError("not_json", 415, "send JSON, as content-type application/json");
      return parseJson(raw);
    })
    .onError({ as: "global" }, ({ code, error }) => {
      if (error instanceof AppError) return refusalResponse(error);
      if (code === "NOT_FOUND")
        return problemResponse({ code: "not_found", status: 404, detail: "there is nothing here" });
      if (code === "VALIDATION" && error.type !== "response") {
        const errors = fieldErrors(error.type, error.all as unknown[]);
        const detail = errors.map((e) => `${e.field}: ${e.message}`).join("; ");
        return problemResponse({ code: "invalid", status: 422, detail, errors });
      }
      if (code === "PARSE" || code === "INVALID_FILE_TYPE" || code === "INVALID_COOKIE_SIGNATURE")
        return problemResponse({ code: "malformed", status: 400, detail: "the body is not JSON" });
      const id = crypto.randomUUID();
      onFailure(id, error);
      const detail = "something went wrong on our side; it was noted under this id";
      return problemResponse({ code: "internal", status: 500, detail, id });
    });
  return { plugin, pubkeyOf, bodyOf };
}

/** Path and query exactly as they were sent. */
function targetOf(url: string): { pathname: string; target: string } {
  const target = url.slice(url.indexOf("/", url.indexOf("//") + 2));
  const end = target.search(/[?#]/);
  return { pathname: end === -1 ? target : target.slice(0, end), target };
}

async function readBody(request: Request): Promise<Uint8Array> {
  const tooLarge = () =>
    new AppError("too_large", 413, `the body may have at most ${BODY_BYTES_MAX} bytes`);
  if (Number(request.headers.get("content-length") ?? 0) > BODY_BYTES_MAX) throw tooLarge();
  const raw = new Uint8Array(await request.arrayBuffer());
  if (raw.length > BODY_BYTES_MAX) throw tooLarge();
  return raw;
}

function parseJson(raw: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(raw));
  } catch {
    throw new AppError("malformed", 400, "the body is not JSON");
  }
}

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
