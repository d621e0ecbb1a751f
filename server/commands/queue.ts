import { isStorageFailure } from "../../db/storage-failure.ts";
import { AppError } from "../errors.ts";
import { redeliver, releaseWork, retryAlarm } from "../host/operator.ts";
import type { CommandParts } from "./index.ts";
import type { Act } from "./operator.ts";
import { cleanReason } from "./text.ts";

/**
 * Delivers again what the host holds; the work itself is done again only where it was never answered.
 * @throws AppError 404 `not_held`, 409 `still_held` where it fails again
 */
export async function retryHeld(
  { host, queries }: CommandParts,
  id: string,
  { by, reason }: Act,
): Promise<void> {
  const operator = { by, reason: cleanReason(reason) };
  const held = await queries.queue.get(id, null);
  try {
    switch (held?.kind) {
      case "held_alarm":
        return await retryAlarm(
          host,
          { actor: held.actor, name: id.slice(held.actor.length + 1) },
          operator,
        );
      case "undelivered_answer":
        return await redeliver(host, id, operator);
      case "held_work":
      case "deadly_work":
        return await releaseWork(host, id);
    }
  } catch (error) {
    if (error instanceof AppError || isStorageFailure(error)) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new AppError("still_held", 409, `it failed again: ${why}`);
  }
  throw new AppError("not_held", 404, "nothing is held under this id");
}
