import { and, eq, lt, sql } from "drizzle-orm";
import type { Db } from "./database.ts";
import { idempotency } from "./schema.ts";

export type IdempotencyRow = typeof idempotency.$inferSelect;

/** What POSTs with an Idempotency-Key made. */
export function idempotencyQueries({ orm }: Db) {
  const byKey = orm
    .select()
    .from(idempotency)
    .where(
      and(
        eq(idempotency.tenant, sql.placeholder("tenant")),
        eq(idempotency.key, sql.placeholder("key")),
      ),
    )
    .prepare();
  return {
    get: async (tenant: string, key: string): Promise<IdempotencyRow | null> =>
      byKey.get({ tenant, key }) ?? null,
    /** Forgets what is older. @param before - unix seconds. */
    async prune(before: number): Promise<void> {
      orm.delete(idempotency).where(lt(idempotency.createdAt, before)).run();
    },
  };
}
