/** What is owed, how it is paid, and every sat that moved. */
import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { relays } from "./relays.ts";
import { tenants } from "./tenants.ts";

export const invoices = sqliteTable(
  "invoices",
  {
    id: text().primaryKey(),
    tenant: text()
      .notNull()
      .references(() => tenants.pubkey),
    /** `past_due` bills what is suspended for non-payment, apart from what runs. */
    purpose: text({ enum: ["purchase", "upgrade", "renewal", "reactivation", "past_due"] })
      .notNull()
      .default("purchase"),
    amount: integer().notNull(),
    /** How much of the amount the tenant's credit pays. */
    credit: integer().notNull(),
    status: text({ enum: ["pending", "paid", "expired", "void"] }).notNull(),
    createdAt: integer("created_at").notNull(),
    closesAt: integer("closes_at"),
    paidAt: integer("paid_at"),
    /** The current bolt11, null until issued. */
    invoice: text(),
    expiresAt: integer("expires_at"),
    paymentHash: text("payment_hash"),
    preimage: text(),
    /** Of a paid one: which of its tenant's receipts it is, from 1 without gaps. */
    receiptNumber: integer("receipt_number"),
  },
  (t) => [
    index("invoices_by_tenant").on(t.tenant, t.createdAt),
    // For the operator's queue.
    index("invoices_pending").on(t.id).where(sql`${t.status} = 'pending'`),
  ],
);

export const invoiceItems = sqliteTable(
  "invoice_items",
  {
    id: text().primaryKey(),
    invoice: text()
      .notNull()
      .references(() => invoices.id),
    relay: text()
      .notNull()
      .references(() => relays.id),
    amount: integer().notNull(),
    periodStart: integer("period_start").notNull(),
    periodEnd: integer("period_end").notNull(),
    kind: text({ enum: ["purchase", "upgrade", "renewal", "reactivation"] }).notNull(),
    /** Seconds of the length paid for that were used before it was paid: missing at its end. */
    used: integer().notNull().default(0),
    /** What became of its sats: time for the relay, credit, or nothing was paid. */
    outcome: text({ enum: ["open", "applied", "credited", "withdrawn"] })
      .notNull()
      .default("open"),
  },
  (t) => [index("invoice_items_by_invoice").on(t.invoice)],
);

/** Every bolt11 ever issued, of which invoice, by which wallet, and what became of it. */
export const bolt11s = sqliteTable(
  "bolt11s",
  {
    paymentHash: text("payment_hash").primaryKey(),
    invoice: text()
      .notNull()
      .references(() => invoices.id),
    bolt11: text().notNull(),
    amount: integer().notNull(),
    wallet: text().notNull(),
    issuedAt: integer("issued_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
    settledAt: integer("settled_at"),
    settledAmount: integer("settled_amount"),
    preimage: text(),
  },
  (t) => [
    index("bolt11s_by_invoice").on(t.invoice),
    index("bolt11s_open").on(t.issuedAt).where(sql`${t.settledAt} IS NULL`),
  ],
);

/** Every time a tenant's wallet was asked to pay: created, sent, settled, rejected, unknown. */
export const attempts = sqliteTable(
  "payment_attempts",
  {
    /** `<invoice>.<n>` */
    id: text().primaryKey(),
    invoice: text()
      .notNull()
      .references(() => invoices.id),
    paymentHash: text("payment_hash").notNull(),
    state: text({ enum: ["created", "sent", "settled", "rejected", "unknown"] }).notNull(),
    /** The wallet's own code, of a rejected one. */
    code: text(),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (t) => [index("attempts_by_invoice").on(t.invoice)],
);

/** Every sat that moved, from one account to another. Accounts are actors, wallet and revenue. */
export const ledger = sqliteTable(
  "ledger",
  {
    seq: integer().primaryKey(),
    key: text().notNull().unique(),
    tenant: text().notNull(),
    at: integer().notNull(),
    from: text("from_account").notNull(),
    to: text("to_account").notNull(),
    amount: integer().notNull(),
    why: text().notNull(),
  },
  (t) => [index("ledger_by_tenant").on(t.tenant, t.seq)],
);
