import { and, desc, eq, sql } from "drizzle-orm";
import type { Db } from "./database.ts";
import { type Listed, optionally, type Page } from "./page.ts";
import { notices } from "./schema.ts";

export type NoticeRow = typeof notices.$inferSelect;
export type NoticeFilter = Page & { status: string | null };

/** Queries over the messages to tenants. */
export function noticeQueries({ orm }: Db) {
  const matching = and(
    eq(notices.tenant, sql.placeholder("tenant")),
    optionally(notices.status, "status"),
  );
  const list = orm
    .select()
    .from(notices)
    .where(matching)
    .orderBy(desc(notices.createdAt), notices.id)
    .limit(sql.placeholder("limit"))
    .offset(sql.placeholder("offset"))
    .prepare();
  const count = orm
    .select({ total: sql<number>`count(*)` })
    .from(notices)
    .where(matching)
    .prepare();
  return {
    list: async (tenant: string, filter: NoticeFilter): Promise<Listed<NoticeRow>> => ({
      items: list.all({ tenant, ...filter }),
      total: count.get({ tenant, ...filter })?.total ?? 0,
    }),
  };
}
