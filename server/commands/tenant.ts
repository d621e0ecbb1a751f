import type { TenantRow } from "../../db/tenants.ts";
import { tenantActor } from "../../machines/addresses.ts";
import { statusOf } from "../../machines/describe.ts";
import type { TenantContext } from "../../machines/tenant/context.ts";
import { AppError } from "../errors.ts";
import type { Tx } from "../host/host.ts";
import type { CommandParts } from "./index.ts";

/** The till of a tenant, which is made at the first visit. */
function ensureTenant(tx: Tx, pubkey: string): TenantContext {
  const found = tx.read(tenantActor(pubkey));
  if (found) return found.persisted.context;
  tx.create(tenantActor(pubkey), "tenant", { pubkey }, { cause: "http", by: pubkey });
  return ensureTenant(tx, pubkey);
}

/** The same for someone who wants to change something. @throws AppError 403 `tenant_suspended` */
export function ensureActiveTenant(tx: Tx, pubkey: string): TenantContext {
  const context = ensureTenant(tx, pubkey);
  const value = tx.read(tenantActor(pubkey))?.persisted.value;
  if (statusOf(value) === "suspended")
    throw new AppError(
      "tenant_suspended",
      403,
      "your account is suspended; you can read everything, but change nothing",
    );
  return context;
}

/** The row of a tenant, who is made at the first visit. */
export async function visitTenant(parts: CommandParts, pubkey: string): Promise<TenantRow> {
  const { host, queries } = parts;
  const found = await queries.tenants.get(pubkey);
  if (found) return found;
  await host.transact(pubkey, (tx) => {
    ensureTenant(tx, pubkey);
  });
  return visitTenant(parts, pubkey);
}
