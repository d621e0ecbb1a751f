import { and, asc, count, desc, eq, gt, isNull, sql } from "drizzle-orm";
import type { Db } from "./database.ts";
import { type Listed, type Page, pattern } from "./page.ts";
import { bans, communityJournal, errands, invites, members, relays, requests } from "./schema.ts";

export type MemberRow = typeof members.$inferSelect;
export type InviteRow = typeof invites.$inferSelect;
export type RequestRow = typeof requests.$inferSelect;
export type ErrandRow = typeof errands.$inferSelect;
export type JournalEntry = typeof communityJournal.$inferSelect;

/** Queries over the people of communities. */
export function communityQueries({ orm }: Db) {
  const total = (rows: { total: number } | undefined): number => rows?.total ?? 0;
  return {
    member: async (relay: string, pubkey: string): Promise<MemberRow | null> =>
      orm
        .select()
        .from(members)
        .where(and(eq(members.relay, relay), eq(members.pubkey, pubkey)))
        .get() ?? null,
    /** Everybody who has a seat, but for the owner. */
    allMembers: async (relay: string): Promise<MemberRow[]> =>
      orm.select().from(members).where(eq(members.relay, relay)).orderBy(members.joinedAt).all(),
    /** @param q - a part of the pubkey in hex */
    async listMembers(
      relay: string,
      { q, limit, offset }: Page & { q: string | null },
    ): Promise<Listed<MemberRow>> {
      const wanted = pattern(q);
      const matching = and(
        eq(members.relay, relay),
        wanted === null ? undefined : sql`${members.pubkey} LIKE ${wanted} ESCAPE '\\'`,
      );
      const items = orm
        .select()
        .from(members)
        .where(matching)
        .orderBy(asc(members.joinedAt), members.pubkey)
        .limit(limit)
        .offset(offset)
        .all();
      const counted = orm.select({ total: count() }).from(members).where(matching).get();
      return { items, total: total(counted) };
    },
    isBanned: async (relay: string, pubkey: string): Promise<boolean> =>
      orm
        .select({ at: bans.at })
        .from(bans)
        .where(and(eq(bans.relay, relay), eq(bans.pubkey, pubkey)))
        .get() !== undefined,
    bans: async (relay: string) =>
      orm.select().from(bans).where(eq(bans.relay, relay)).orderBy(desc(bans.at)).all(),

    invite: async (id: string): Promise<InviteRow | null> =>
      orm.select().from(invites).where(eq(invites.id, id)).get() ?? null,
    inviteByHash: async (tokenHash: string): Promise<InviteRow | null> =>
      orm.select().from(invites).where(eq(invites.tokenHash, tokenHash)).get() ?? null,
    /** All links of a relay that nobody revoked, newest first. */
    liveInvites: async (relay: string): Promise<InviteRow[]> =>
      orm
        .select()
        .from(invites)
        .where(and(eq(invites.relay, relay), isNull(invites.revokedAt)))
        .orderBy(desc(invites.createdAt), invites.id)
        .all(),
    requestsBy: async (relay: string, invite: string): Promise<RequestRow[]> =>
      orm
        .select()
        .from(requests)
        .where(and(eq(requests.relay, relay), eq(requests.invite, invite)))
        .all(),

    request: async (relay: string, pubkey: string): Promise<RequestRow | null> =>
      orm
        .select()
        .from(requests)
        .where(and(eq(requests.relay, relay), eq(requests.pubkey, pubkey)))
        .get() ?? null,
    async listRequests(relay: string, { limit, offset }: Page): Promise<Listed<RequestRow>> {
      const matching = eq(requests.relay, relay);
      const items = orm
        .select()
        .from(requests)
        .where(matching)
        .orderBy(requests.place)
        .limit(limit)
        .offset(offset)
        .all();
      const counted = orm.select({ total: count() }).from(requests).where(matching).get();
      return { items, total: total(counted) };
    },
    /** Who waits longest. */
    firstWaiting: async (relay: string, limit: number): Promise<RequestRow[]> =>
      orm
        .select()
        .from(requests)
        .where(eq(requests.relay, relay))
        .orderBy(requests.place)
        .limit(limit)
        .all(),
    /** The last place in line that is taken; 0 where nobody stands in it. */
    lastPlace: async (relay: string): Promise<number> =>
      orm
        .select({ last: sql<number | null>`max(${requests.place})` })
        .from(requests)
        .where(eq(requests.relay, relay))
        .get()?.last ?? 0,

    /** What zooid is still to be told, oldest first. */
    errandsAfter: async (relay: string, n: number, limit: number): Promise<ErrandRow[]> =>
      orm
        .select()
        .from(errands)
        .where(and(eq(errands.relay, relay), gt(errands.n, n)))
        .orderBy(errands.n)
        .limit(limit)
        .all(),

    async journal(relay: string, { limit, offset }: Page): Promise<Listed<JournalEntry>> {
      const matching = eq(communityJournal.relay, relay);
      const items = orm
        .select()
        .from(communityJournal)
        .where(matching)
        .orderBy(desc(communityJournal.seq))
        .limit(limit)
        .offset(offset)
        .all();
      const counted = orm.select({ total: count() }).from(communityJournal).where(matching).get();
      return { items, total: total(counted) };
    },

    /** Relays of which nobody keeps the people yet: those of before that was so. */
    async withoutActor(limit: number): Promise<{ id: string; tenant: string }[]> {
      return orm
        .select({ id: relays.id, tenant: relays.tenant })
        .from(relays)
        .where(
          sql`NOT EXISTS (SELECT 1 FROM actors WHERE actors.id = 'community/' || ${relays.id})`,
        )
        .orderBy(relays.id)
        .limit(limit)
        .all();
    },
  };
}
