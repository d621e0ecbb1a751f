import { eq, sql } from "drizzle-orm";
import type { Db } from "./database.ts";
import { tenants } from "./schema.ts";
import { upsertInto } from "./upsert.ts";

export type TenantRow = typeof tenants.$inferSelect;

/** Queries over tenants. */
export function tenantQueries(db: Db) {
  const byPubkey = db.orm
    .select()
    .from(tenants)
    .where(eq(tenants.pubkey, sql.placeholder("pubkey")))
    .prepare();
  return {
    upsert: upsertInto(db, tenants, ["pubkey"]),
    get: (pubkey: string): TenantRow | null => byPubkey.get({ pubkey }) ?? null,
  };
}
