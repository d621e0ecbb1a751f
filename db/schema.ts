/**
 * What is remembered. Two halves: what the actor host keeps (times in epoch ms, `_at` and `due`),
 * and what the nouns of the product look like (names and units as on the wire: unix seconds, sats).
 * Only the host writes the first half; the second is derived from snapshots and facts.
 */
export * from "./schema/communities.ts";
export * from "./schema/host.ts";
export * from "./schema/invoices.ts";
export * from "./schema/relays.ts";
export * from "./schema/tenants.ts";
