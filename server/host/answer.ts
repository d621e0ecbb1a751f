import type { OutboxRow } from "../../db/host-store.ts";
import type { Origin, Run } from "./run.ts";
import { doneEvent, errorEvent } from "./xstate.ts";

/**
 * How a piece of work ended: with an answer (JSON), or with our code of an error, and what was said, which
 * is kept with the work and goes no further.
 */
export type Ending = { answer: string } | { code: string; said: string | null };

/** An error as a row keeps it: its code, and after a colon what was said. */
export const errorText = ({ code, said }: { code: string; said: string | null }): string =>
  said === null ? code : `${code}: ${said}`;

/** So many old rows go with each that ends, so that the outbox stays small without a sweep. */
const PRUNED_PER_ENDING = 2;
const KEEP_FINISHED_MS = 7 * 86_400_000;

/**
 * Ends a piece of work and delivers its ending to the state that waits for it, in one transaction.
 * Where the state was left meanwhile, nothing happens: a late answer drops.
 *
 * @throws where the state that waits does not take it.
 */
export function deliverEnding(
  run: Run,
  row: OutboxRow,
  ending: Ending,
  by: Pick<Origin, "by" | "reason"> = { by: null, reason: null },
): void {
  const { store, clock } = run.host;
  const now = clock.now();
  const answer = "answer" in ending ? ending.answer : null;
  const error = "code" in ending ? errorText(ending) : null;
  // What was due before now happens before now, and may leave the state that waits.
  run.catchUp(row.actor);
  if (store.finishWork(now, answer, error, row.key) === 0) return;
  store.pruneWork(now - KEEP_FINISHED_MS, PRUNED_PER_ENDING);
  const event =
    "answer" in ending
      ? doneEvent(row.invoke, JSON.parse(ending.answer))
      : errorEvent(row.invoke, ending.code);
  const { changed } = run.deliver(row.actor, event, now, "result", { cause: row.key, ...by });
  if (!changed) throw new Error(`${row.actor} waits for '${row.invoke}' and does not take its end`);
}
