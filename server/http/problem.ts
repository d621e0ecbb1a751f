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

const TITLES: Record<number, string> = {
  400: "Bad request",
  401: "Not authenticated",
  403: "Not allowed",
  404: "Not found",
  409: "Not possible now",
  413: "Too large",
  415: "Not JSON",
  422: "Invalid input",
  429: "Too many",
  500: "Internal error",
  502: "Refused elsewhere",
  503: "Not available now",
};

export const PROBLEM_JSON = "application/problem+json";

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
    headers: { "content-type": PROBLEM_JSON, "cache-control": "no-store", ...headers },
  });
}

/** An expected refusal as a problem. */
export function refusalResponse(error: AppError): Response {
  const { code, status, message: detail, extra } = error;
  const headers: Record<string, string> = {};
  if (extra.retryAfterSeconds !== undefined)
    headers["retry-after"] = String(Math.ceil(extra.retryAfterSeconds));
  if (status === 401) headers["www-authenticate"] = "Nostr";
  const errors =
    extra.field === undefined ? {} : { errors: [{ field: extra.field, message: detail }] };
  return problemResponse({ code, status, detail, ...errors }, headers);
}
