/** The people of a relay, and what zooid is told of them. */
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { relays } from "./relays.ts";

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
    /** How they came in: added from here, by a link, or by another client. */
    via: text({ enum: ["added", "invite", "elsewhere"] }).notNull(),
    /** By which link. */
    invite: text(),
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

/** Links that let people in. The token itself is sealed in `secrets`, as `invite/<id>`. */
export const invites = sqliteTable(
  "invites",
  {
    /** `v` and 24 hex. */
    id: text().primaryKey(),
    relay: text()
      .notNull()
      .references(() => relays.id),
    /** sha256 of the token, by which it is looked up. */
    tokenHash: text("token_hash").notNull().unique(),
    label: text().notNull(),
    createdAt: integer("created_at").notNull(),
    expiresAt: integer("expires_at"),
    maxUses: integer("max_uses"),
    /** Seats and places in line that it gave. */
    uses: integer().notNull(),
    revokedAt: integer("revoked_at"),
  },
  (t) => [index("invites_by_relay").on(t.relay, t.createdAt)],
);

/** Who waits to be let in until there is room. */
export const requests = sqliteTable(
  "requests",
  {
    relay: text()
      .notNull()
      .references(() => relays.id),
    pubkey: text().notNull(),
    /** Who put them there; null for those who came by a link. */
    by: text(),
    invite: text(),
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
    as: text({ enum: ["owner", "member", "platform", "elsewhere"] }).notNull(),
    reason: text(),
  },
  (t) => [index("community_journal_by_relay").on(t.relay, t.seq)],
);
