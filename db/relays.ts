import { and, desc, eq, gt, ne, sql } from "drizzle-orm";
import type { Db } from "./database.ts";
import { type Listed, optionally, type Page, pattern, searching } from "./page.ts";
import { quarantine, relays, schemas } from "./schema.ts";

export type RelayRow = typeof relays.$inferSelect;
export type RelayFilter = Page & {
  q: string | null;
  status: string | null;
  plan: string | null;
} & {
  /** Those in the archive, or those that are not. */
  isArchived: boolean;
};

/** Queries over relays, their names and their schemas. */
export function relayQueries({ orm, sqlite }: Db) {
  const matching = and(
    eq(relays.tenant, sql.placeholder("tenant")),
    optionally(relays.status, "status"),
    optionally(relays.plan, "plan"),
    sql`(${relays.archivedAt} IS NOT NULL) = ${sql.placeholder("isArchived")}`,
    searching(relays.name, relays.subdomain, relays.id),
  );
  const list = orm
    .select()
    .from(relays)
    .where(matching)
    .orderBy(desc(relays.createdAt), relays.id)
    .limit(sql.placeholder("limit"))
    .offset(sql.placeholder("offset"))
    .prepare();
  const count = orm.select({ total: sql<number>`count(*)` }).from(relays).where(matching).prepare();
  const byId = orm
    .select()
    .from(relays)
    .where(eq(relays.id, sql.placeholder("id")))
    .prepare();
  const holder = orm
    .select({ id: relays.id, tenant: relays.tenant })
    .from(relays)
    .where(
      and(eq(relays.subdomain, sql.placeholder("subdomain")), ne(relays.status, "deactivated")),
    )
    .prepare();
  const kept = orm
    .select({ tenant: quarantine.tenant, until: quarantine.until })
    .from(quarantine)
    .where(
      and(
        eq(quarantine.subdomain, sql.placeholder("subdomain")),
        gt(quarantine.until, sql.placeholder("now")),
      ),
    )
    .orderBy(desc(quarantine.until))
    .limit(1)
    .prepare();
  const created = orm
    .select({ createdAt: relays.createdAt })
    .from(relays)
    .where(
      and(
        eq(relays.tenant, sql.placeholder("tenant")),
        gt(relays.createdAt, sql.placeholder("since")),
      ),
    )
    .orderBy(desc(relays.createdAt))
    .prepare();
  /**
   * A part of the fleet, in order of id. Its index is named: SQLite would rather read all of a status
   * and sort it, which takes 20 ms of 100,000. `condition` is that of the index, word for word.
   */
  const partOf = (index: string, condition: string) => {
    const from = `FROM relays INDEXED BY ${index} WHERE ${condition}`;
    const places = sqlite.prepare<Pick<RelayRow, "id" | "subdomain">, [string, number]>(
      `SELECT id, subdomain ${from} AND id > ? ORDER BY id LIMIT ?`,
    );
    const counted = sqlite.prepare<{ total: number }, []>(`SELECT count(*) AS total ${from}`);
    return {
      /** At most so many, those after an id. */
      after: async (id: string, limit: number) => places.all(id, limit),
      count: async () => counted.get()?.total ?? 0,
    };
  };
  const servedOf = orm
    .select({ id: relays.id, subdomain: relays.subdomain })
    .from(relays)
    .where(
      and(
        eq(relays.tenant, sql.placeholder("tenant")),
        sql`${relays.status} IN ('active', 'grace')`,
      ),
    )
    .prepare();
  const schemaOf = orm
    .select()
    .from(schemas)
    .where(eq(schemas.schema, sql.placeholder("schema")))
    .prepare();
  return {
    get: async (id: string): Promise<RelayRow | null> => byId.get({ id }) ?? null,
    async list(tenant: string, { q, ...filter }: RelayFilter): Promise<Listed<RelayRow>> {
      const bound = { tenant, ...filter, isArchived: Number(filter.isArchived), q: pattern(q) };
      const items = list.all(bound);
      // A page that is not full and starts at the beginning is all there is.
      const isAll = filter.offset === 0 && items.length < filter.limit;
      return { items, total: isAll ? items.length : (count.get(bound)?.total ?? 0) };
    },
    /** The relay that holds a name now. */
    holder: async (subdomain: string) => holder.get({ subdomain }) ?? null,
    /** Whoever a freed name is still kept for. @param now - unix seconds. */
    keptFor: async (subdomain: string, now: number) => kept.get({ subdomain, now }) ?? null,
    /** When the tenant's relays were created since then, newest first. All in unix seconds. */
    created: async (tenant: string, since: number): Promise<number[]> =>
      created.all({ tenant, since }).map(({ createdAt }) => createdAt),
    /** Relays that should answer at their host. */
    served: partOf("relays_served", "status IN ('active', 'grace')"),
    /** Relays that once did and must not now. */
    dark: partOf("relays_dark", "status IN ('suspended', 'deactivated') AND applied > 0"),
    servedOf: async (tenant: string) => servedOf.all({ tenant }),
    isSchemaAssigned: async (schema: string): Promise<boolean> =>
      schemaOf.get({ schema }) !== undefined,
  };
}
