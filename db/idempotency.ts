import { and, eq, lt } from "drizzle-orm";
import type { Db } from "./database.ts";
import { idempotency } from "./schema.ts";

export type IdempotencyRow = typeof idempotency.$inferSelect;

/** What POSTs with an Idempotency-Key made. */
export function idempotencyQueries({ orm }: Db) {
  return {
    get: async (tenant: string, key: string): Promise<IdempotencyRow | null> =>
      orm
        .select()
        .from(idempotency)
        .where(and(eq(idempotency.tenant, tenant), eq(idempotency.key, key)))
        .get() ?? null,
    /** Forgets what is older. @param before - unix seconds. */
    async prune(before: number): Promise<void> {
      orm.delete(idempotency).where(lt(idempotency.createdAt, before)).run();
    },
  };
}
