/**
 * What is remembered. Two halves: what the actor host keeps (times in epoch ms, `_at` and `due`),
 * and what the nouns of the product look like (names and units as on the wire: unix seconds, sats).
 * Only the host writes the first half; the second is derived from snapshots and facts.
 */
import { sql } from "drizzle-orm";
import {
  blob,
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";

// ---- the actor host ----

/** One row per actor: its whole state. `scope` is the tenant, out of which no tell leads. */
export const actors = sqliteTable(
  "actors",
  {
    id: text().primaryKey(),
    machine: text().notNull(),
    version: text().notNull(),
    scope: text().notNull(),
    rev: integer().notNull(),
    /** Logical time of the last transition. */
    at: integer().notNull(),
    snapshot: text().notNull(),
  },
  (t) => [
    index("actors_by_version").on(t.machine, t.version),
    index("actors_by_scope").on(t.scope),
  ],
);

/**
 * Every transition ever made. `seq` is the revision of the scope that it made: 1, 2, 3 … without gaps.
 * `at` is logical, `recorded_at` real. Some rows hold the snapshot after it, the others what it changed.
 */
export const journal = sqliteTable(
  "journal",
  {
    scope: text().notNull(),
    seq: integer().notNull(),
    actor: text().notNull(),
    rev: integer().notNull(),
    at: integer().notNull(),
    recordedAt: integer("recorded_at").notNull(),
    version: text().notNull(),
    event: text().notNull(),
    /** http, alarm, an outbox key, or `sender#rev` for a tell. */
    cause: text().notNull(),
    /** Who asked: a pubkey, or null for the machine itself. */
    by: text(),
    reason: text(),
    /** The whole snapshot after it, JSON; or null, and `patch` says what makes it of the one before. */
    snapshot: text(),
    patch: text(),
  },
  (t) => [
    primaryKey({ columns: [t.scope, t.seq] }),
    uniqueIndex("journal_by_actor").on(t.actor, t.rev),
  ],
);

/** Outside facts that were taken in: each once, for ever, whatever becomes of the journal. */
export const dedups = sqliteTable("dedups", {
  key: text().primaryKey(),
  scope: text().notNull(),
});

/** The deadlines of every actor's present state: an index of the snapshots, rebuilt from them. */
export const alarms = sqliteTable(
  "alarms",
  {
    actor: text().notNull(),
    name: text().notNull(),
    due: integer().notNull(),
    /** Firing it failed: it waits for the operator, and nothing else does. */
    heldAt: integer("held_at"),
    error: text(),
  },
  (t) => [
    primaryKey({ columns: [t.actor, t.name] }),
    index("alarms_due").on(t.due, t.actor, t.name).where(sql`${t.heldAt} IS NULL`),
  ],
);

/** Work that a state waits for. */
export const outbox = sqliteTable(
  "outbox",
  {
    seq: integer().primaryKey(),
    /** `<actor>#<rev>.<n>`: the idempotency key of the work. */
    key: text().notNull().unique(),
    actor: text().notNull(),
    invoke: text().notNull(),
    src: text().notNull(),
    lane: text().notNull(),
    /** Rows of a lane with the same mutex never run at the same time. */
    mutex: text(),
    input: text().notNull(),
    state: text({
      enum: ["todo", "running", "done", "cancelled", "undelivered", "held"],
    }).notNull(),
    attempt: integer().notNull(),
    /** How often the process died while this ran. */
    deaths: integer().notNull(),
    nextAt: integer("next_at").notNull(),
    error: text(),
    answer: text(),
    memo: text(),
    createdAt: integer("created_at").notNull(),
    finishedAt: integer("finished_at"),
  },
  (t) => [
    index("outbox_todo").on(t.lane, t.nextAt, t.seq).where(sql`${t.state} = 'todo'`),
    index("outbox_open")
      .on(t.actor, t.invoke)
      .where(sql`${t.state} IN ('todo', 'running', 'undelivered', 'held')`),
    index("outbox_finished").on(t.finishedAt).where(sql`${t.finishedAt} IS NOT NULL`),
  ],
);

// ---- the nouns ----

export const tenants = sqliteTable("tenants", {
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
});

export const relays = sqliteTable(
  "relays",
  {
    id: text().primaryKey(),
    tenant: text()
      .notNull()
      .references(() => tenants.pubkey),
    name: text().notNull(),
    subdomain: text().notNull(),
    schema: text().notNull().unique(),
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
    index("relays_by_status").on(t.status),
    // For the patrol, which walks each part in order of id.
    index("relays_served").on(t.id).where(sql`${t.status} IN ('active', 'grace')`),
    index("relays_dark")
      .on(t.id)
      .where(sql`${t.status} IN ('suspended', 'deactivated') AND ${t.applied} > 0`),
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
  (t) => [index("invoices_by_tenant").on(t.tenant, t.createdAt)],
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

// ---- communities ----

/**
 * Who has a seat in a community, but for its owner, who always has one. `errand` is the one by which
 * zooid is told of them: they are a member there once it is done.
 */
export const members = sqliteTable(
  "members",
  {
    relay: text()
      .notNull()
      .references(() => relays.id),
    pubkey: text().notNull(),
    errand: integer(),
    /** How they came in: added from here, or by another client. */
    via: text({ enum: ["added", "elsewhere"] }).notNull(),
    /** Who added them; null for those who came by themselves. */
    by: text(),
    joinedAt: integer("joined_at").notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.relay, t.pubkey] }),
    index("members_by_joining").on(t.relay, t.joinedAt),
  ],
);

/** Who may not join. */
export const bans = sqliteTable(
  "bans",
  {
    relay: text()
      .notNull()
      .references(() => relays.id),
    pubkey: text().notNull(),
    /** Who banned them; null where another client did. */
    by: text(),
    reason: text(),
    at: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.relay, t.pubkey] })],
);

/** Who waits to be let in until there is room. */
export const requests = sqliteTable(
  "requests",
  {
    relay: text()
      .notNull()
      .references(() => relays.id),
    pubkey: text().notNull(),
    /** Who put them there. */
    by: text(),
    askedAt: integer("asked_at").notNull(),
    /** Their place in line, which is not given out twice while somebody stands behind it. */
    place: integer().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.relay, t.pubkey] }),
    index("requests_in_line").on(t.relay, t.place),
  ],
);

/** What zooid is to be told about people, in order; `n` is the community's own count. */
export const errands = sqliteTable(
  "errands",
  {
    relay: text()
      .notNull()
      .references(() => relays.id),
    n: integer().notNull(),
    act: text({ enum: ["allow", "unallow", "ban", "unban"] }).notNull(),
    pubkey: text().notNull(),
    state: text({ enum: ["todo", "done", "refused"] }).notNull(),
    /** Why it was refused. */
    code: text(),
  },
  (t) => [primaryKey({ columns: [t.relay, t.n] })],
);

/** Who did what to whom in a community, and why. Its owner's, not the operator's. */
export const communityJournal = sqliteTable(
  "community_journal",
  {
    seq: integer().primaryKey(),
    /** Names the transition, so that none is written twice. */
    key: text().notNull().unique(),
    relay: text()
      .notNull()
      .references(() => relays.id),
    at: integer().notNull(),
    act: text().notNull(),
    /** About whom. */
    pubkey: text().notNull(),
    /** Who did it; null where nobody did. */
    by: text(),
    as: text({ enum: ["owner", "platform", "elsewhere"] }).notNull(),
    reason: text(),
  },
  (t) => [index("community_journal_by_relay").on(t.relay, t.seq)],
);

/** Sealed secrets, by the id of what they belong to: `relay/<id>`, `nwc/<pubkey>`. */
export const secrets = sqliteTable("secrets", {
  id: text().primaryKey(),
  sealed: blob({ mode: "buffer" }).notNull(),
});

/** Every schema ever assigned: zooid shows the old data to whoever reuses one. */
export const schemas = sqliteTable("schemas", {
  schema: text().primaryKey(),
  relay: text().notNull(),
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
