/** What becomes of a piece of work, each step one change of its row. */
import type { Unit } from "../../db/unit.ts";

/** Three deaths, of this process or of what it asks, during one piece of work hold it: it may be what kills. */
const DEATHS_MAX = 3;

/** Begins it, its attempt counted. @returns whether it waited to be begun. */
export function claimWork(unit: Unit, key: string): boolean {
  const work = unit.work(key);
  if (work?.state !== "todo") return false;
  unit.changeWork(work, { state: "running", attempt: work.attempt + 1 });
  return true;
}

/** Tries again at `nextAt`. @param refund - 1 where the attempt costs nothing: nobody was reached */
export function retryWork(
  unit: Unit,
  key: string,
  { nextAt, error, refund }: { nextAt: number; error: string; refund: 0 | 1 },
): void {
  const work = unit.work(key);
  if (work?.state !== "running") return;
  unit.changeWork(work, { state: "todo", nextAt, error, attempt: work.attempt - refund });
}

/** The answer could not be delivered: it is kept, and waits for the operator. */
export function stickWork(
  unit: Unit,
  key: string,
  kept: { answer: string | null; error: string },
): void {
  const work = unit.work(key);
  if (work?.state === "running") unit.changeWork(work, { state: "undelivered", ...kept });
}

/** Ends it. @returns whether anybody still waited for that. */
export function finishWork(
  unit: Unit,
  key: string,
  end: { finishedAt: number; answer: string | null; error: string | null },
): boolean {
  const work = unit.work(key);
  if (work?.state !== "running" && work?.state !== "undelivered") return false;
  unit.changeWork(work, { state: "done", ...end });
  return true;
}

/** Remembers what its handler made, before that is used. */
export function noteWork(unit: Unit, key: string, memo: string): void {
  const work = unit.work(key);
  if (work) unit.changeWork(work, { memo });
}

/** Lets work that was held run again. @returns whether it was held. */
export function releaseWork(unit: Unit, key: string, nextAt: number): boolean {
  const work = unit.work(key);
  if (work?.state !== "held") return false;
  unit.changeWork(work, { state: "todo", deaths: 0, nextAt });
  return true;
}

/** The process died while it ran: it is to be done again, unless that was the last death. */
export function reviveWork(unit: Unit, key: string, deathsMax = DEATHS_MAX): void {
  const work = unit.work(key);
  if (work?.state !== "running") return;
  const deaths = work.deaths + 1;
  const held = { state: "held" as const, error: "the process died while this ran" };
  unit.changeWork(work, { ...(deaths < deathsMax ? { state: "todo" } : held), deaths });
}

/** What it asks died of it, which costs no attempt: it is done again, unless that was the last death. */
export function dieWork(unit: Unit, key: string, died: { nextAt: number; error: string }): void {
  const work = unit.work(key);
  if (work?.state !== "running") return;
  const deaths = work.deaths + 1;
  const state = deaths < DEATHS_MAX ? "todo" : "held";
  unit.changeWork(work, { ...died, state, deaths, attempt: work.attempt - 1 });
}
