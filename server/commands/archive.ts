import { relayActor } from "../../machines/addresses.ts";
import { AppError } from "../errors.ts";
import type { CommandParts } from "./index.ts";
import { ownRelay } from "./order.ts";
import { ensureActiveTenant } from "./tenant.ts";

/**
 * Takes a relay that is deactivated out of its owner's list; nothing else about it changes. Idempotent.
 * @throws AppError 404, 403 `tenant_suspended`, 409 `relay_not_deactivated`
 */
export function archiveRelay(parts: CommandParts, pubkey: string, id: string): Promise<void> {
  return parts.host.transact(pubkey, async (tx) => {
    const row = await ownRelay(parts, pubkey, id);
    ensureActiveTenant(tx, pubkey);
    if (row.archivedAt !== null) return;
    if (row.status !== "deactivated")
      throw new AppError(
        "relay_not_deactivated",
        409,
        `this relay is ${row.status}; deactivate it first`,
      );
    tx.send(relayActor(id), { type: "ARCHIVE" }, { cause: "http", by: pubkey });
  });
}

/** Puts it back into the list. Idempotent. @throws AppError 404, 403 `tenant_suspended` */
export function unarchiveRelay(parts: CommandParts, pubkey: string, id: string): Promise<void> {
  return parts.host.transact(pubkey, async (tx) => {
    const row = await ownRelay(parts, pubkey, id);
    ensureActiveTenant(tx, pubkey);
    if (row.archivedAt === null) return;
    tx.send(relayActor(id), { type: "UNARCHIVE" }, { cause: "http", by: pubkey });
  });
}
