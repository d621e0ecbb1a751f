/** Relays, and the names that they hold, held, or were given for ever. */
import { sql } from "drizzle-orm";
import {
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";
import { tenants } from "./tenants.ts";

export const relays = sqliteTable(
  "relays",
  {
    id: text().primaryKey(),
    tenant: text()
      .notNull()
      .references(() => tenants.pubkey),
    name: text().notNull(),
    subdomain: text().notNull(),
    /** Unique: `schemas` holds all that there ever were. */
    schema: text().notNull(),
    description: text().notNull(),
    icon: text().notNull(),
    plan: text({ enum: ["free", "basic", "growth"] }).notNull(),
    /** The price agreed, sats a month. */
    price: integer().notNull(),
    status: text({
      enum: ["pending", "provisioning", "active", "grace", "suspended", "deactivated"],
    }).notNull(),
    cause: text({ enum: ["nonpayment", "admin", "owner", "lapsed"] }),
    paidThrough: integer("paid_through"),
    /** The end of grace, once an invoice that can be paid was given. */
    graceEnds: integer("grace_ends"),
    createdAt: integer("created_at").notNull(),
    renamedAt: integer("renamed_at"),
    /** Which revision of the settings this row is, and which one zooid confirmed. */
    wanted: integer().notNull(),
    applied: integer().notNull(),
    refused: text(),
    /** Since when it is out of its owner's list. */
    archivedAt: integer("archived_at"),
  },
  (t) => [
    // A deactivated relay remembers its name but does not hold it.
    uniqueIndex("relays_subdomain").on(t.subdomain).where(sql`${t.status} <> 'deactivated'`),
    index("relays_by_tenant").on(t.tenant, t.createdAt),
    // For the patrol, which walks each part in order of id.
    index("relays_served").on(t.id).where(sql`${t.status} IN ('active', 'grace')`),
    index("relays_dark")
      .on(t.id)
      .where(sql`${t.status} IN ('suspended', 'deactivated') AND ${t.applied} > 0`),
    // For the operator's queue.
    index("relays_in_grace").on(t.id).where(sql`${t.status} = 'grace'`),
    index("relays_refused").on(t.id).where(sql`${t.refused} IS NOT NULL`),
  ],
);

/** Names given up, kept for their former owner until then (unix seconds). */
export const quarantine = sqliteTable(
  "quarantine",
  {
    relay: text()
      .notNull()
      .references(() => relays.id),
    subdomain: text().notNull(),
    tenant: text().notNull(),
    until: integer().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.relay, t.subdomain] }),
    index("quarantine_by_name").on(t.subdomain),
  ],
);

/** Every schema ever assigned: zooid shows the old data to whoever reuses one. */
export const schemas = sqliteTable("schemas", {
  schema: text().primaryKey(),
  relay: text().notNull(),
});
