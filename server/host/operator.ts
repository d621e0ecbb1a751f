/** The operator's work queue: what is held because it failed, and what can be done about it. */
import type { OutboxRow } from "../../db/host-store.ts";
import { AppError } from "../errors.ts";
import { deliverEnding, type Ending } from "./answer.ts";
import type { Host } from "./host.ts";

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
  await host.deliver((run) => {
    const held = host.store
      .alarmsOf(actor)
      .find((alarm) => alarm.name === name && alarm.heldAt !== null);
    if (!held) throw notHeld(`alarm ${name} of ${actor}`);
    host.store.releaseAlarm(actor, name);
    run.fire(held, { cause: "alarm", by, reason });
  });
}

/**
 * Delivers the answer of an undelivered row once more. The work itself is never run again.
 *
 * @throws AppError 404 `not_held`, or what it throws again, in which case it stays undelivered.
 */
export async function redeliver(host: Host, key: string, operator: Operator): Promise<void> {
  await host.deliver((run) => {
    const row = host.store.work(key);
    if (row?.state !== "undelivered") throw notHeld(`undelivered work ${key}`);
    deliverEnding(run, row, endingOf(row), operator);
  });
}

/** Lets work that was held after three deaths of the process run again. @throws AppError 404 `not_held`. */
export async function releaseWork(host: Host, key: string): Promise<void> {
  await host.deliver(() => {
    if (host.store.releaseWork(host.clock.now(), key) === 0) throw notHeld(`held work ${key}`);
    host.touched.started();
  });
}

/** An error's code stands before the words that say why it was not delivered. */
function endingOf({ answer, error }: OutboxRow): Ending {
  return answer === null ? { code: error?.split(":")[0] ?? "", said: null } : { answer };
}

const notHeld = (what: string): AppError => new AppError("not_held", 404, `there is no ${what}`);
