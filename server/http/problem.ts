import type { AppError } from "../errors.ts";

/** One input that is wrong: `field` is its path (`name`, `query.limit`), `message` names the fix. */
export type FieldError = { field: string; message: string };

/** An RFC 9457 problem document. `code` is stable; `errors` names every offending input. */
export type Problem = {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  errors?: FieldError[];
  /** Of an unexpected failure: the id under which the operator finds it in the log. */
  id?: string;
};

/** The reason phrases of RFC 9110 §15 and RFC 6585 §4. */
const TITLES: Record<number, string> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  409: "Conflict",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
};

const PROBLEM_JSON = "application/problem+json";

/** A browser takes it for what it is called, not for what it looks like. */
export const NOSNIFF = { "x-content-type-options": "nosniff" };
/** What is meant for one reader is kept nowhere on its way. */
export const PRIVATE = { ...NOSNIFF, "cache-control": "no-store" };

/** A problem as the response it is. */
export function problemResponse(
  problem: Omit<Problem, "type" | "title">,
  headers: Record<string, string> = {},
): Response {
  const { code, status } = problem;
  const body: Problem = {
    type: `urn:berth:problem:${code}`,
    title: TITLES[status] ?? "Error",
    ...problem,
  };
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": PROBLEM_JSON, ...PRIVATE, ...headers },
  });
}

/** An expected refusal as a problem. */
export function refusalResponse(error: AppError): Response {
  const { code, status, message: detail, extra } = error;
  const headers: Record<string, string> = {};
  if (extra.retryAfterSeconds !== undefined)
    headers["retry-after"] = String(Math.ceil(extra.retryAfterSeconds));
  if (status === 401) headers["www-authenticate"] = "Nostr";
  // Whoever is not let in sends nothing more here, nor the rest of a body that nobody reads.
  if (status === 401 || status === 413) headers.connection = "close";
  const errors =
    extra.field === undefined ? {} : { errors: [{ field: extra.field, message: detail }] };
  return problemResponse({ code, status, detail, ...errors }, headers);
}
