import { Unavailable } from "../errors.ts";

/** zooid's longest honest answer is a NIP-11 document of a few KB. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** What came back, whatever its status. `text` is untrusted. */
export type Answer = { status: number; text: string };

/** One HTTP exchange, answered whole. */
export type Exchange = (
  url: string,
  init: { method: string; headers: Record<string, string>; body?: string },
  signal: AbortSignal,
) => Promise<Answer>;

/**
 * HTTP to zooid: never follows a redirect, reads at most 64 KB, waits at most `timeoutMs`.
 *
 * @throws {Unavailable} `zooid_down` when there is no whole answer in time; the request may have
 *   taken effect all the same
 */
export function createExchange(o: { fetch: typeof fetch; timeoutMs: number }): Exchange {
  return async function exchange(url, init, signal) {
    try {
      const response = await o.fetch(url, {
        ...init,
        redirect: "manual",
        signal: AbortSignal.any([signal, AbortSignal.timeout(o.timeoutMs)]),
      });
      return { status: response.status, text: await readText(response) };
    } catch (cause) {
      throw new Unavailable("zooid_down", "zooid gave no answer", { cause });
    }
  };
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > MAX_ANSWER_BYTES) throw new Error("the answer is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** @returns the fields of a JSON object; none if the text is anything else. Never throws. */
export function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
