import { eq, sql } from "drizzle-orm";
import type { Db } from "./database.ts";
import { secrets } from "./schema.ts";

/** Sealed secrets by the id of what they belong to. Nothing here can open one. */
export function secretQueries({ orm }: Db) {
  const byId = orm
    .select()
    .from(secrets)
    .where(eq(secrets.id, sql.placeholder("id")))
    .prepare();
  return {
    get: async (id: string): Promise<Uint8Array | null> => byId.get({ id })?.sealed ?? null,
    /** Any of them; null where there is none. */
    first: async (): Promise<{ id: string; sealed: Uint8Array } | null> =>
      orm.select().from(secrets).limit(1).get() ?? null,
  };
}
