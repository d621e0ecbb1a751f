import { relayActor } from "../../machines/addresses.ts";
import { RENAME_INTERVAL_MS } from "../../machines/billing/calendar.ts";
import type { PlanId } from "../../machines/plans.ts";
import type { Settings } from "../../machines/relay/context.ts";
import { AppError } from "../errors.ts";
import { assertAvailable } from "./claims.ts";
import type { CommandParts } from "./index.ts";
import { ownRelay } from "./order.ts";
import { changePlan } from "./plan.ts";
import { ensureActiveTenant } from "./tenant.ts";
import { cleanTexts } from "./text.ts";

/**
 * Stores what the owner wants of a relay; zooid is told afterwards. What is left out stays, and
 * nothing is stored where nothing differs.
 *
 * @throws AppError 404, 403 `tenant_suspended`, 409 or 422 for the name, 429 `rename_limit`, 409
 * `relay_not_running`, `relay_not_ready`, `change_still_open`, `next_plan_paid`
 */
export function editRelay(
  parts: CommandParts,
  pubkey: string,
  id: string,
  wish: Partial<Settings> & { plan?: PlanId },
): Promise<void> {
  const edit = cleanTexts(wish);
  return parts.host.transact(pubkey, async (tx) => {
    const row = await ownRelay(parts, pubkey, id);
    const till = ensureActiveTenant(tx, pubkey);
    if (edit.plan !== undefined) await changePlan(parts, tx, till, id, edit.plan);
    const { name = row.name, subdomain = row.subdomain, description = row.description } = edit;
    if (subdomain !== row.subdomain) {
      assertRenameDue(row.renamedAt, tx.now);
      await assertAvailable(parts, subdomain, pubkey, tx.now);
    } else if (name === row.name && description === row.description) return;
    const event = { type: "EDIT" as const, name, subdomain, description };
    tx.send(relayActor(id), event, { cause: "http", by: pubkey });
  });
}

/** @param renamedAt - unix seconds of the last rename. */
function assertRenameDue(renamedAt: number | null, nowMs: number): void {
  if (renamedAt === null) return;
  const waitMs = renamedAt * 1000 + RENAME_INTERVAL_MS - nowMs;
  if (waitMs > 0)
    throw new AppError("rename_limit", 429, "a relay can be renamed once a day", {
      field: "subdomain",
      retryAfterSeconds: waitMs / 1000,
    });
}

/**
 * Switches a relay off; data, id, schema and secret are kept. Idempotent.
 * @throws AppError 404, 403 `tenant_suspended`, 409 `suspended_by_operator`
 */
export function deactivateRelay(parts: CommandParts, pubkey: string, id: string): Promise<void> {
  return parts.host.transact(pubkey, async (tx) => {
    const row = await ownRelay(parts, pubkey, id);
    ensureActiveTenant(tx, pubkey);
    if (row.status === "deactivated") return;
    if (row.status === "suspended" && row.cause === "admin")
      throw new AppError(
        "suspended_by_operator",
        409,
        "the operator suspended this relay; it cannot be deactivated while it is",
      );
    tx.send(relayActor(id), { type: "DEACTIVATE" }, { cause: "http", by: pubkey });
  });
}
