/** What the actor host keeps: times in epoch ms, `_at` and `due`. Only the host writes these tables. */
import { sql } from "drizzle-orm";
import {
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";

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
    /** What of it the operator should know of; null where there is nothing to see to. */
    attention: text(),
  },
  (t) => [
    index("actors_for_operator").on(t.attention).where(sql`attention IS NOT NULL`),
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
    index("alarms_held").on(t.heldAt).where(sql`${t.heldAt} IS NOT NULL`),
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
