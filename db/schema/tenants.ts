/** Tenants, and what belongs to one: messages, sealed secrets, what requests made. */
import { sql } from "drizzle-orm";
import { blob, index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const tenants = sqliteTable(
  "tenants",
  {
    pubkey: text().primaryKey(),
    status: text({ enum: ["active", "suspended"] }).notNull(),
    anchor: integer(),
    credit: integer().notNull(),
    /** Sats that a refund under way has set aside, and the bolt11 by which they are to be paid. */
    refund: integer(),
    refundBolt11: text("refund_bolt11"),
    /** Whether a wallet is connected; its URL is a secret and stands in `secrets`. */
    wallet: text({ enum: ["none", "connected", "broken"] }).notNull(),
    createdAt: integer("created_at").notNull(),
  },
  // For the operator's queue.
  (t) => [index("tenants_refunded").on(t.pubkey).where(sql`${t.refund} IS NOT NULL`)],
);

/** Every message to a tenant, one per invoice and stage, and what became of it. */
export const notices = sqliteTable(
  "notices",
  {
    /** `<invoice>/<stage>` */
    id: text().primaryKey(),
    tenant: text()
      .notNull()
      .references(() => tenants.pubkey),
    invoice: text().notNull(),
    stage: text().notNull(),
    status: text({ enum: ["queued", "delivered", "refused", "no_inbox", "missed"] }).notNull(),
    subject: text(),
    text: text(),
    /** Where it was delivered, JSON. */
    relays: text().notNull(),
    createdAt: integer("created_at").notNull(),
    sentAt: integer("sent_at"),
  },
  (t) => [index("notices_by_tenant").on(t.tenant, t.createdAt)],
);

/** Sealed secrets, by the id of what they belong to: `relay/<id>`, `nwc/<pubkey>`. */
export const secrets = sqliteTable("secrets", {
  id: text().primaryKey(),
  sealed: blob({ mode: "buffer" }).notNull(),
});

/** What a POST with an Idempotency-Key made, so that its repetition makes nothing. */
export const idempotency = sqliteTable(
  "idempotency",
  {
    tenant: text().notNull(),
    key: text().notNull(),
    /** sha256 of method, path and body. */
    request: text().notNull(),
    relay: text().notNull(),
    invoice: text(),
    createdAt: integer("created_at").notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.key] }), index("idempotency_by_age").on(t.createdAt)],
);
