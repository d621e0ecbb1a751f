import type { RelayRow } from "../../db/relays.ts";
import { QUARANTINE_MS } from "../../machines/billing/calendar.ts";
import { isNameKept, type RelayContext } from "../../machines/relay/context.ts";
import { causeOf, relayStatusOf } from "../../machines/relay/status.ts";
import type { PersistedSnapshot } from "../host/xstate.ts";
import { toSeconds, toSecondsOrNull } from "./seconds.ts";

export function relayRow({ value, context }: PersistedSnapshot): RelayRow {
  const c = context as RelayContext;
  return {
    id: c.id,
    tenant: c.tenant,
    name: c.name,
    subdomain: c.subdomain,
    schema: c.schema,
    description: c.description,
    icon: c.icon,
    plan: c.plan,
    price: c.priceSats,
    status: relayStatusOf(value),
    cause: causeOf(value),
    paidThrough: toSecondsOrNull(c.paidThrough),
    graceEnds: toSecondsOrNull(c.graceEnds),
    createdAt: toSeconds(c.createdAt),
    renamedAt: toSecondsOrNull(c.renamedAt),
    wanted: c.wanted,
    applied: c.applied,
    refused: c.refused,
    archivedAt: toSecondsOrNull(c.archivedAt),
  };
}

/** Names that this relay gave up and that are kept for its owner. */
export function quarantineRows({ value, context }: PersistedSnapshot) {
  const c = context as RelayContext;
  const row = (subdomain: string, untilMs: number) => ({
    relay: c.id,
    subdomain,
    tenant: c.tenant,
    until: toSeconds(untilMs),
  });
  const rows = c.freed.map(({ subdomain, until }) => row(subdomain, until));
  if (relayStatusOf(value) !== "deactivated" || c.closedAt === null) return rows;
  return isNameKept(c, c.closedAt) ? [...rows, row(c.subdomain, c.closedAt + QUARANTINE_MS)] : rows;
}
