import { Unavailable } from "../errors.ts";

/** Where nothing else is said: a NIP-11 document has a few KB. */
const MAX_ANSWER_BYTES = 64 * 1024;
/** Longer than idle connections are kept for the next request. */
const FRESH_MS = 10 * 60_000;

/** What came back, whatever its status. `text` is untrusted; null: it was longer than anybody reads. */
export type Answer = { status: number; text: string | null };

/** One HTTP exchange, answered whole. @throws {NoAnswer} */
export type Exchange = (
  url: string,
  init: { method: string; headers: Record<string, string>; body?: string },
  signal: AbortSignal,
) => Promise<Answer>;

/**
 * Nothing whole came back. `refused`: nobody listens, so that nothing was sent. `cut`: the connection
 * ended, and `silent`: no answer came in time; the request may have taken effect all the same.
 */
export class NoAnswer extends Unavailable {
  constructor(
    readonly how: "refused" | "cut" | "silent",
    options?: ErrorOptions,
  ) {
    super("zooid_down", `zooid gave no answer: ${how}`, options);
  }
}

/**
 * HTTP to zooid: never follows a redirect, reads at most `maxAnswerBytes` (64 KB), waits at most
 * `timeoutMs`.
 *
 * After a time-out no connection is used twice for ten minutes: of pooled ones that the other side has
 * forgotten, each would cost a time-out of its own.
 */
export function createExchange(o: {
  fetch: typeof fetch;
  timeoutMs: number;
  maxAnswerBytes?: number;
}): Exchange {
  let freshUntilMs = 0;
  return async function exchange(url, init, signal) {
    const timeout = AbortSignal.timeout(o.timeoutMs);
    try {
      const response = await o.fetch(url, {
        ...init,
        redirect: "manual",
        keepalive: performance.now() >= freshUntilMs,
        signal: AbortSignal.any([signal, timeout]),
      });
      return { status: response.status, text: await readText(response, o.maxAnswerBytes) };
    } catch (cause) {
      const isSilent = timeout.aborted || signal.aborted;
      if (isSilent) freshUntilMs = performance.now() + FRESH_MS;
      throw new NoAnswer(isSilent ? "silent" : isRefusal(cause) ? "refused" : "cut", { cause });
    }
  };
}

const isRefusal = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ECONNREFUSED";

async function readText(response: Response, maxBytes = MAX_ANSWER_BYTES): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > maxBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** @returns the fields of a JSON object; null if the text is anything else. Never throws. */
export function parseObject(text: string | null): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text ?? "");
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? { ...value } : null;
  } catch {
    return null;
  }
}
