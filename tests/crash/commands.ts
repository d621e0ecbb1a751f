import { type Answer, type Api, apiClient } from "../../server/sandbox/api.ts";

/** What came of all commands of a run. Counts are of commands, not of attempts. */
export type Tally = {
  /** Answered with 2xx: what was promised must be there in the end. */
  acknowledged: number;
  /** Answered with a reason why not. */
  refused: Record<string, number>;
  /** Attempts that got no answer: what became of them was unknown, and they were made again. */
  unanswered: number;
  /** Answers that no client should ever get. */
  wrong: string[];
};

export const newTally = (): Tally => ({ acknowledged: 0, refused: {}, unanswered: 0, wrong: [] });

/** Refusals that follow from what others, or time, did meanwhile. */
const FORESEEN = new Set([
  "free_relay_limit",
  "reservation_limit",
  "relay_not_deactivated",
  "invoice_still_open",
  "already_paid",
  "wallet_unavailable",
]);
const RETRY_MS = 25;
const PATIENCE_MS = 60_000;

/** The 2xx answer, or the code of the refusal. */
export type Outcome<T> = { done: true; body: T } | { done: false; code: string };

/**
 * Sends one command until there is an answer, under one Idempotency-Key: a process that is killed may
 * have taken it in or not, and only asking again can tell.
 */
export async function command<T>(
  tally: Tally,
  send: (key: Record<string, string>) => Promise<Answer<T | { code: string }>>,
): Promise<Outcome<T>> {
  const key = { "idempotency-key": crypto.randomUUID() };
  return settle(tally, () => send(key));
}

/** The same for what is safe to send twice by its nature. */
export async function settle<T>(
  tally: Tally,
  send: () => Promise<Answer<T | { code: string }>>,
): Promise<Outcome<T>> {
  const { status, body } = await answered(tally, send);
  if (status < 300) {
    tally.acknowledged++;
    return { done: true, body: body as T };
  }
  const { code } = body as { code: string };
  if (FORESEEN.has(code)) tally.refused[code] = (tally.refused[code] ?? 0) + 1;
  else tally.wrong.push(`${status} ${JSON.stringify(body)}`);
  return { done: false, code };
}

/** Asks until there is an answer. @throws Error when there is none for a minute. */
export async function answered<T>(
  tally: Tally,
  send: () => Promise<Answer<T>>,
): Promise<Answer<T>> {
  for (const deadline = performance.now() + PATIENCE_MS; ; ) {
    try {
      return await send();
    } catch (cause) {
      // No connection, or one that ended in the middle of an answer.
      tally.unanswered++;
      if (performance.now() > deadline) throw new Error("nobody answers any more", { cause });
      await Bun.sleep(RETRY_MS);
    }
  }
}

/** A tenant's client, and one for the routes of the sandbox. */
export const clients = (url: string, key: Uint8Array): { api: Api; anyone: Api } => ({
  api: apiClient(url, key),
  anyone: apiClient(url, null),
});
