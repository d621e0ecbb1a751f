import { asc, eq, sql } from "drizzle-orm";
import type { Db } from "./database.ts";
import { attempts } from "./schema.ts";

export type AttemptRow = typeof attempts.$inferSelect;

/** Every time a tenant's wallet was asked to pay. */
export function attemptQueries({ orm }: Db) {
  const byInvoice = orm
    .select()
    .from(attempts)
    .where(eq(attempts.invoice, sql.placeholder("invoice")))
    .orderBy(asc(attempts.createdAt), asc(attempts.id))
    .prepare();
  return {
    of: async (invoice: string): Promise<AttemptRow[]> => byInvoice.all({ invoice }),
  };
}
