/** The API, typed by the server's own routes. What lies under /tenant and /admin is signed, and a join. */
import { treaty } from "@elysiajs/eden";
import type { App } from "../../../server/app.ts";
import { SignerProblem } from "../signers/signer.ts";
import { authorization } from "./nip98.ts";

/** Why a request did not do what it was to: a problem document of the server (RFC 9457), or no answer. */
export class ApiProblem extends Error {
  constructor(
    /** The server's stable code; `offline` and `unreachable` are ours. */
    readonly code: string,
    message: string,
    /** By field: what is wrong with it, and the fix. */
    readonly fields: Readonly<Record<string, string>> = {},
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(message);
  }
}

const PATIENCE_MS = 30_000;
const GUARDED = /^\/(?:tenant|admin)(?:\/|$)/;

/** Sends a request, signed where it must be. @throws ApiProblem, SignerProblem */
export async function send(
  input: string | URL | Request,
  init: RequestInit = {},
): Promise<Response> {
  const url = new URL(input instanceof Request ? input.url : input, location.origin);
  const method = (init.method ?? "GET").toUpperCase();
  const body = typeof init.body === "string" ? init.body : null;
  const headers = new Headers(init.headers);
  if (!headers.has("accept")) headers.set("accept", "application/json");
  const isJoin = method === "POST" && url.pathname.startsWith("/join/");
  if (GUARDED.test(url.pathname) || isJoin)
    headers.set("authorization", await authorization(url.href, method, body));
  try {
    return await fetch(url, {
      ...init,
      method,
      headers,
      signal: init.signal ?? AbortSignal.timeout(PATIENCE_MS),
    });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw navigator.onLine
      ? new ApiProblem("unreachable", "Berth does not answer. Try again in a moment.")
      : new ApiProblem("offline", "You are offline. Try again when you are connected.");
  }
}

// Dates on our wire are numbers: text that looks like one is a name.
export const api = treaty<App>(location.origin, {
  fetcher: send as typeof fetch,
  parseDate: false,
});

type Answered<T> = { data: T | null; error: unknown; response: Response };

/** The data of an answer. @throws ApiProblem for any other, SignerProblem */
export async function ask<T>(answer: Promise<Answered<T>>): Promise<T> {
  const { data, error, response } = await answer;
  if (!error) return data as T;
  // What was thrown before there was a response comes back as a value.
  const value = (error as { value?: unknown }).value ?? error;
  if (value instanceof ApiProblem || value instanceof SignerProblem) throw value;
  throw problemOf(value, response);
}

/** What the server says to programs, said to who can do something about it. */
const WORDS: Record<string, string> = {
  auth_expired:
    "What you signed is dated more than a minute off, so it was not taken. Set your device’s clock right and try again.",
  auth_before_boot:
    "Berth has only just started again and cannot take what you sign yet. Try again in a minute.",
};

export function problemOf(value: unknown, response: Response | null): ApiProblem {
  const { code, detail, errors } = (typeof value === "object" && value ? value : {}) as {
    code?: string;
    detail?: string;
    errors?: { field: string; message: string }[];
  };
  const retryAfter = Number(response?.headers.get("retry-after"));
  return new ApiProblem(
    code ?? "unexpected",
    WORDS[code ?? ""] ??
      (detail ? sentence(detail) : "Something went wrong on our side. Try again in a moment."),
    Object.fromEntries((errors ?? []).map(({ field, message }) => [field, sentence(message)])),
    retryAfter > 0 ? retryAfter : null,
  );
}

/** The server speaks in clauses; a page in sentences. */
const sentence = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?…]$/.test(text) ? "" : "."}`;

/** What to tell somebody of an error, whatever it is. */
export const wordsOf = (error: unknown): string =>
  error instanceof ApiProblem || error instanceof SignerProblem
    ? error.message
    : "Something went wrong in this page. Reload it and try again.";
