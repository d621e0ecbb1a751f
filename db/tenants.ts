import { eq, sql } from "drizzle-orm";
import type { Db } from "./database.ts";
import { tenants } from "./schema.ts";

export type TenantRow = typeof tenants.$inferSelect;

/** Queries over tenants. */
export function tenantQueries(db: Db) {
  const byPubkey = db.orm
    .select()
    .from(tenants)
    .where(eq(tenants.pubkey, sql.placeholder("pubkey")))
    .prepare();
  // One refund at a time: the next that was said of one is what became of it.
  const refunded = db.sqlite.prepare<{ became: string | null }, [string, string]>(`
    SELECT (SELECT json_extract(event, '$.type') FROM journal AS later
      WHERE later.actor = asked.actor AND later.rev > asked.rev
        AND json_extract(event, '$.type') IN ('admin.refunded', 'admin.refundCancelled')
      ORDER BY later.rev LIMIT 1) AS became
    FROM journal AS asked WHERE actor = 'tenant/' || ? AND json_extract(event, '$.type') = 'admin.refund'
      AND json_extract(event, '$.bolt11') = ?`);
  return {
    /** Whether a refund to this bolt11 was confirmed before: it can be paid only once. */
    isRefunded: async (pubkey: string, bolt11: string): Promise<boolean> =>
      refunded.all(pubkey, bolt11).some(({ became }) => became === "admin.refunded"),
    get: async (pubkey: string): Promise<TenantRow | null> => byPubkey.get({ pubkey }) ?? null,
  };
}
