import type { OutboxRow } from "../../db/image.ts";
import { isStorageFailure } from "../../db/storage-failure.ts";
import { Killed, Refused, Unavailable } from "../errors.ts";
import type { Effect, EffectContext } from "./effect.ts";

/** Nobody waits for the answer any more: the state was left, or the process stops. */
export class Abandoned extends Error {}

/**
 * What came of one attempt. `code` is ours; `answer` JSON; `said`, for the operator alone, what the
 * outside system said.
 */
export type Outcome =
  | { kind: "answered"; answer: string }
  | { kind: "refused"; code: string; said: string | null }
  | { kind: "unreachable" | "killed"; code: string; said: string | null }
  | { kind: "abandoned"; code: string; said: null }
  | { kind: "failed"; code: string; said: string | null; error: unknown };

const SAID_MAX_CHARS = 400;

/** Performs a row once, until it answers, time is up or `controller` aborts. Never throws. */
export async function attempt(
  row: OutboxRow,
  effect: Effect,
  controller: AbortController,
  memo: EffectContext["memo"],
): Promise<Outcome> {
  const { signal } = controller;
  const timer = setTimeout(
    () => controller.abort(new Unavailable("timeout", `${row.src} did not answer in time`)),
    effect.timeoutMs,
  );
  try {
    signal.throwIfAborted();
    // Listens before the handler does: whatever that makes of being aborted comes too late.
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
    // Nobody else may listen, when `run` throws at once.
    aborted.catch(() => {});
    const context = { key: row.key, attempt: row.attempt + 1, signal, memo };
    const output = await Promise.race([
      aborted,
      effect.run(JSON.parse(row.input) as never, context),
    ]);
    return { kind: "answered", answer: JSON.stringify(output ?? null) };
  } catch (error) {
    if (error instanceof Abandoned) return { kind: "abandoned", code: "abandoned", said: null };
    // What it wanted to remember was not written: that is no answer, and costs nothing.
    if (isStorageFailure(error)) return { kind: "abandoned", code: "storage_down", said: null };
    const said = saidIn(error);
    if (error instanceof Refused) return { kind: "refused", code: error.code, said };
    if (error instanceof Killed) return { kind: "killed", code: error.code, said };
    if (error instanceof Unavailable) return { kind: "unreachable", code: error.code, said };
    return { kind: "failed", code: codeOf(error), said, error };
  } finally {
    clearTimeout(timer);
  }
}

/** Our own code of an error; never its text, which may hold what must not be stored. */
function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === "string" && /^[a-z][a-z0-9_]{0,60}$/.test(code) ? code : "defect";
}

/** What an error was given to be said; any other text of it may hold what must not be stored. */
function saidIn(error: unknown): string | null {
  const { said } = (error ?? {}) as { said?: unknown };
  return typeof said === "string" ? said.slice(0, SAID_MAX_CHARS) : null;
}
