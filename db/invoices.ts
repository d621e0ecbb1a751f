import { and, asc, desc, eq, gt, isNull, sql } from "drizzle-orm";
import type { Db } from "./database.ts";
import { type Listed, optionally, type Page, pattern } from "./page.ts";
import { bolt11s, invoiceItems, invoices } from "./schema.ts";

export type InvoiceRow = typeof invoices.$inferSelect;
export type InvoiceItemRow = typeof invoiceItems.$inferSelect;
export type Bolt11Row = typeof bolt11s.$inferSelect;
export type InvoiceWithItems = InvoiceRow & { items: InvoiceItemRow[] };
/** Unix seconds, both exclusive. */
export type Bolt11Span = { issuedAfter: number; expiresAfter: number };
export type InvoiceFilter = Page & { q: string | null; status: string | null };

/** Queries over invoices, always with their items, and over every bolt11 ever issued. */
export function invoiceQueries({ orm }: Db) {
  const matching = and(
    eq(invoices.tenant, sql.placeholder("tenant")),
    optionally(invoices.status, "status"),
    sql`(${sql.placeholder("q")} IS NULL OR ${invoices.id} LIKE ${sql.placeholder("q")} ESCAPE '\\'
      OR EXISTS (SELECT 1 FROM invoice_items JOIN relays ON relays.id = invoice_items.relay
        WHERE invoice_items.invoice = ${invoices.id}
          AND (relays.name LIKE ${sql.placeholder("q")} ESCAPE '\\'
            OR relays.subdomain LIKE ${sql.placeholder("q")} ESCAPE '\\')))`,
  );
  const list = orm
    .select()
    .from(invoices)
    .where(matching)
    .orderBy(desc(invoices.createdAt), invoices.id)
    .limit(sql.placeholder("limit"))
    .offset(sql.placeholder("offset"))
    .prepare();
  const count = orm
    .select({ total: sql<number>`count(*)` })
    .from(invoices)
    .where(matching)
    .prepare();
  const byId = orm
    .select()
    .from(invoices)
    .where(eq(invoices.id, sql.placeholder("id")))
    .prepare();
  const writtenFor = orm
    .select({ createdAt: invoices.createdAt })
    .from(invoices)
    .innerJoin(invoiceItems, eq(invoiceItems.invoice, invoices.id))
    .where(
      and(
        eq(invoices.tenant, sql.placeholder("tenant")),
        gt(invoices.createdAt, sql.placeholder("since")),
        eq(invoiceItems.relay, sql.placeholder("relay")),
      ),
    )
    .orderBy(desc(invoices.createdAt))
    .prepare();
  const bolt11ByHash = orm
    .select()
    .from(bolt11s)
    .where(eq(bolt11s.paymentHash, sql.placeholder("hash")))
    .prepare();
  const bolt11sOf = orm
    .select()
    .from(bolt11s)
    .where(eq(bolt11s.invoice, sql.placeholder("invoice")))
    .orderBy(asc(bolt11s.issuedAt))
    .prepare();
  const unsettled = orm
    .select()
    .from(bolt11s)
    .where(and(isNull(bolt11s.settledAt), gt(bolt11s.issuedAt, sql.placeholder("since"))))
    .orderBy(asc(bolt11s.issuedAt))
    .limit(sql.placeholder("limit"))
    .prepare();

  const ofWallet = and(
    isNull(bolt11s.settledAt),
    eq(bolt11s.wallet, sql.placeholder("wallet")),
    gt(bolt11s.issuedAt, sql.placeholder("issuedAfter")),
    gt(bolt11s.expiresAt, sql.placeholder("expiresAfter")),
  );
  const unsettledOf = orm
    .select({ hash: bolt11s.paymentHash })
    .from(bolt11s)
    .where(ofWallet)
    .orderBy(asc(bolt11s.issuedAt))
    .limit(sql.placeholder("limit"))
    .prepare();
  const oldestUnsettled = orm
    .select({ issuedAt: bolt11s.issuedAt })
    .from(bolt11s)
    .where(ofWallet)
    .orderBy(asc(bolt11s.issuedAt))
    .limit(1)
    .prepare();
  const payableOf = orm
    .select({ hash: bolt11s.paymentHash })
    .from(invoices)
    .innerJoin(bolt11s, eq(bolt11s.invoice, invoices.id))
    .where(
      and(
        eq(invoices.tenant, sql.placeholder("tenant")),
        eq(invoices.status, "pending"),
        isNull(bolt11s.settledAt),
        eq(bolt11s.wallet, sql.placeholder("wallet")),
        gt(bolt11s.expiresAt, sql.placeholder("now")),
      ),
    )
    .prepare();

  const itemsOf = orm
    .select()
    .from(invoiceItems)
    .where(
      sql`${invoiceItems.invoice} IN (SELECT value FROM json_each(${sql.placeholder("invoices")}))`,
    )
    .orderBy(asc(invoiceItems.id))
    .prepare();

  const withItems = (rows: InvoiceRow[]): InvoiceWithItems[] => {
    if (rows.length === 0) return [];
    const items = itemsOf.all({ invoices: JSON.stringify(rows.map((row) => row.id)) });
    return rows.map((row) => ({ ...row, items: items.filter((item) => item.invoice === row.id) }));
  };

  return {
    /** When invoices that bill a relay were written since then, newest first. All in unix seconds. */
    writtenFor: async (relay: string, tenant: string, since: number): Promise<number[]> =>
      writtenFor.all({ relay, tenant, since }).map(({ createdAt }) => createdAt),
    get: async (id: string): Promise<InvoiceWithItems | null> =>
      withItems(byId.all({ id }))[0] ?? null,
    async list(tenant: string, { q, ...filter }: InvoiceFilter): Promise<Listed<InvoiceWithItems>> {
      const bound = { tenant, ...filter, q: pattern(q) };
      return { items: withItems(list.all(bound)), total: count.get(bound)?.total ?? 0 };
    },
    bolt11: async (paymentHash: string): Promise<Bolt11Row | null> =>
      bolt11ByHash.get({ hash: paymentHash }) ?? null,
    bolt11sOf: async (invoice: string): Promise<Bolt11Row[]> => bolt11sOf.all({ invoice }),
    /** Unsettled bolt11s issued after `since` (unix seconds), oldest first. */
    unsettled: async (since: number, limit: number): Promise<Bolt11Row[]> =>
      unsettled.all({ since, limit }),
    /** Payment hashes of a wallet's unsettled bolt11s within a span, oldest first. */
    unsettledOf: async (wallet: string, span: Bolt11Span, limit: number): Promise<string[]> =>
      unsettledOf.all({ wallet, ...span, limit }).map(({ hash }) => hash),
    /** When the oldest of them was issued (unix seconds); null where there is none. */
    oldestUnsettled: async (wallet: string, span: Bolt11Span): Promise<number | null> =>
      oldestUnsettled.get({ wallet, ...span })?.issuedAt ?? null,
    /** Payment hashes of what this tenant can pay now (unix seconds). */
    payableOf: async (wallet: string, tenant: string, now: number): Promise<string[]> =>
      payableOf.all({ wallet, tenant, now }).map(({ hash }) => hash),
  };
}
