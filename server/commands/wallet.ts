import { secrets } from "../../db/schema.ts";
import { tenantActor } from "../../machines/addresses.ts";
import { AppError } from "../errors.ts";
import type { CommandParts } from "./index.ts";
import { ensureActiveTenant } from "./tenant.ts";

/** The id under which a tenant's wallet connection is sealed. */
export const walletSecret = (pubkey: string): string => `nwc/${pubkey}`;

/**
 * Connects a wallet that was probed, or clears it; where there is none, nothing happens. The URL is sealed in the same transaction in which
 * the till learns of it, and never comes out again.
 * @throws AppError 403 `tenant_suspended`
 */
export function setWallet(
  { host, queries, vault }: CommandParts,
  pubkey: string,
  nwcUrl: string | null,
): Promise<void> {
  return host.transact(pubkey, async (tx) => {
    ensureActiveTenant(tx, pubkey);
    const id = walletSecret(pubkey);
    if (nwcUrl === null && !(await queries.secrets.get(id))) return;
    if (nwcUrl === null) tx.erase(secrets, { id });
    else tx.put(secrets, { id, sealed: Buffer.from(vault.seal(nwcUrl, id)) });
    const type = nwcUrl === null ? "WALLET_CLEARED" : "WALLET_SET";
    tx.send(tenantActor(pubkey), { type }, { cause: "http", by: pubkey });
  });
}

/** What is wrong with a wallet connection, as the field that it came in. */
export const walletProblem = (code: string, message: string): AppError =>
  new AppError(code, 422, message, { field: "nwc_url" });
