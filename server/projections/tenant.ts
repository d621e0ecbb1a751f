import type { TenantRow } from "../../db/tenants.ts";
import { statusOf } from "../../machines/describe.ts";
import type { TenantContext } from "../../machines/tenant/context.ts";
import type { PersistedSnapshot } from "../host/xstate.ts";
import { toSeconds, toSecondsOrNull } from "./seconds.ts";

export function tenantRow({ value, context }: PersistedSnapshot): TenantRow {
  const c = context as TenantContext;
  const { wallet } = value as { wallet: TenantRow["wallet"] };
  return {
    pubkey: c.pubkey,
    status: statusOf(value) as TenantRow["status"],
    anchor: toSecondsOrNull(c.anchor),
    credit: c.creditSats,
    refund: c.refund?.sats ?? null,
    refundBolt11: c.refund?.bolt11 ?? null,
    wallet,
    createdAt: toSeconds(c.createdAt),
  };
}
