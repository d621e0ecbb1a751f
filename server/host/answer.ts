import type { OutboxRow } from "../../db/image.ts";
import type { Origin, Run } from "./run.ts";
import { finishWork } from "./work.ts";
import { doneEvent, errorEvent } from "./xstate.ts";

/**
 * How a piece of work ended: with an answer (JSON), or with our code of an error, and what was said, which
 * is kept with the work and goes no further.
 */
export type Ending = { answer: string } | { code: string; said: string | null };

/** An error as a row keeps it: its code, and after a colon what was said. */
export const errorText = ({ code, said }: { code: string; said: string | null }): string =>
  said === null ? code : `${code}: ${said}`;

/**
 * Ends a piece of work and delivers its ending to the state that waits for it, in one unit.
 * Where the state was left meanwhile, nothing happens: a late answer drops.
 *
 * @throws where the state that waits does not take it.
 */
export function deliverEnding(
  run: Run,
  row: Pick<OutboxRow, "key" | "actor" | "invoke">,
  ending: Ending,
  by: Pick<Origin, "by" | "reason"> = { by: null, reason: null },
): void {
  const { now } = run;
  const answer = "answer" in ending ? ending.answer : null;
  const error = "code" in ending ? errorText(ending) : null;
  // What was due before now happens before now, and may leave the state that waits.
  run.catchUp(row.actor);
  if (!finishWork(run.unit, row.key, { finishedAt: now, answer, error })) return;
  const event =
    "answer" in ending
      ? doneEvent(row.invoke, JSON.parse(ending.answer))
      : errorEvent(row.invoke, ending.code);
  const { changed } = run.deliver(row.actor, event, now, "result", { cause: row.key, ...by });
  if (!changed) throw new Error(`${row.actor} waits for '${row.invoke}' and does not take its end`);
}
