/** The lines of the ledger that a tenant writes: actions by name. */

import { tenantActor } from "../addresses.ts";
import type { Post } from "../durable.ts";
import type { ToTenant } from "../messages.ts";
import type { TenantContext } from "./context.ts";

type In<E = unknown> = { context: TenantContext; event: E };
type Heard<T extends ToTenant["type"]> = Extract<ToTenant, { type: T }>;

const line = (from: string, to: string, sats: number, why: string): Post => ({
  fact: "ledger",
  from,
  to,
  sats,
  why,
});
const refundOf = (c: TenantContext): string => `refund/${c.pubkey}`;

export const postRevenue = {
  type: "post" as const,
  params: ({ context: c, event }: In<Heard<"PAID">>) =>
    line(tenantActor(c.pubkey), "revenue", c.spent.revenueSats, `paid ${event.invoice}`),
};

export const postGranted = {
  type: "post" as const,
  params: ({ context: c, event }: In<{ sats: number }>) =>
    line("granted", tenantActor(c.pubkey), event.sats, "credit granted"),
};

export const postSetAside = {
  type: "post" as const,
  params: ({ context: c, event }: In<{ sats: number }>) =>
    line(tenantActor(c.pubkey), refundOf(c), event.sats, "refund set aside"),
};

export const postRefunded = {
  type: "post" as const,
  params: ({ context: c }: In) => line(refundOf(c), "refunded", c.refund?.sats ?? 0, "refunded"),
};

export const postTakenBack = {
  type: "post" as const,
  params: ({ context: c }: In) =>
    line(refundOf(c), tenantActor(c.pubkey), c.refund?.sats ?? 0, "refund cancelled"),
};
