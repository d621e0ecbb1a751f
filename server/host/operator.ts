/** The operator's work queue: what is held because it failed, and what can be done about it. */
import type { OutboxRow } from "../../db/image.ts";
import { AppError } from "../errors.ts";
import { deliverEnding, type Ending } from "./answer.ts";
import type { Host } from "./host.ts";
import { releaseWork as release } from "./work.ts";

/** Who acts, and why; both are journalled with what follows. */
export type Operator = { by: string; reason: string | null };

/**
 * Fires a held alarm again, at the time it was due.
 *
 * @throws AppError 404 `not_held`, or what it throws again, in which case it stays held.
 */
export async function retryAlarm(
  host: Host,
  { actor, name }: { actor: string; name: string },
  { by, reason }: Operator,
): Promise<void> {
  const what = `alarm ${name} of ${actor}`;
  const scope = scopeFor(await host.store.scopeOf(actor), what);
  await host.deliver(scope, (run) => {
    const held = run.unit
      .alarmsOf(actor)
      .find((alarm) => alarm.name === name && alarm.heldAt !== null);
    if (!held) throw notHeld(what);
    run.unit.setAlarm({ ...held, heldAt: null, error: null });
    run.fire(held, { cause: "alarm", by, reason });
  });
}

/**
 * Delivers the answer of an undelivered row once more. The work itself is never run again.
 *
 * @throws AppError 404 `not_held`, or what it throws again, in which case it stays undelivered.
 */
export async function redeliver(host: Host, key: string, operator: Operator): Promise<void> {
  const what = `undelivered work ${key}`;
  const scope = scopeFor((await host.store.work(key))?.scope, what);
  await host.deliver(scope, (run) => {
    const row = run.unit.work(key);
    if (row?.state !== "undelivered") throw notHeld(what);
    deliverEnding(run, row, endingOf(row), operator);
  });
}

/** Lets work that was held after three deaths of the process run again. @throws AppError 404 `not_held`. */
export async function releaseWork(host: Host, key: string): Promise<void> {
  const what = `held work ${key}`;
  const scope = scopeFor((await host.store.work(key))?.scope, what);
  await host.deliver(scope, ({ unit, now }) => {
    if (!release(unit, key, now)) throw notHeld(what);
  });
}

/** An error's code stands before the words that say why it was not delivered. */
function endingOf({ answer, error }: OutboxRow): Ending {
  return answer === null ? { code: error?.split(":")[0] ?? "", said: null } : { answer };
}

function scopeFor(scope: string | null | undefined, what: string): string {
  if (scope == null) throw notHeld(what);
  return scope;
}

const notHeld = (what: string): AppError => new AppError("not_held", 404, `there is no ${what}`);
