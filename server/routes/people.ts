import { Elysia, type Static, t } from "elysia";
import type { MemberRow } from "../../db/communities.ts";
import { communityActor } from "../../machines/addresses.ts";
import { ownRelay } from "../commands/order.ts";
import {
  addPerson,
  banPerson,
  type PersonAct,
  removePerson,
  unbanPerson,
} from "../commands/people.ts";
import type { Standing } from "../commands/scene.ts";
import { AppError } from "../errors.ts";
import { parsePerson } from "../nostr/keys.ts";
import type { RouteParts } from "./parts.ts";
import {
  historyQuery,
  idParam,
  integer,
  listOf,
  literals,
  nullable,
  page,
  problem,
  refusal,
} from "./shapes.ts";

const person = t.String({
  maxLength: 500,
  description: "a Nostr public key: `npub1…`, `nprofile1…`, or 64 hex digits",
});
const why = t.Optional(
  t.String({
    minLength: 1,
    maxLength: 300,
    description: "why, for the community's journal; nobody else reads it",
  }),
);
const actBody = t.Object({ pubkey: person, reason: why }, { additionalProperties: false });
/** The body may be left out. */
const reasonBody = t.Optional(t.Object({ reason: why }, { additionalProperties: false }));
const personParam = t.Object({ id: t.String({ maxLength: 64 }), pubkey: person });

const member = t.Object({
  pubkey: t.String(),
  state: literals("joining", "member"),
  via: literals("added", "invite", "elsewhere"),
  added_by: nullable(t.String()),
  joined_at: integer(),
});
const memberList = t.Object({
  items: t.Array(member),
  total: integer(),
  owner: t.String({ description: "has a seat too, and is none of the items" }),
  taken: integer({ description: "seats that are taken: by the owner, and by all members" }),
  limit: nullable(integer({ description: "seats of the plan; null is without limit" })),
  waiting: integer({ description: "people on the waiting list" }),
});
const request = t.Object({
  pubkey: t.String(),
  asked_at: integer(),
  added_by: nullable(t.String()),
});
const ban = t.Object({
  pubkey: t.String(),
  at: integer(),
  by: nullable(t.String({ description: "null: by another client" })),
  reason: nullable(t.String()),
});
const entry = t.Object({
  at: integer(),
  act: t.String({
    description:
      "`added`, `waiting`, `admitted`, `removed`, `banned`, `unbanned`, `joined` by a link or another client, `left` by another client, `restored`, `refused`",
  }),
  pubkey: t.String(),
  by: nullable(t.String()),
  as: literals("owner", "member", "platform", "elsewhere"),
  reason: nullable(t.String()),
});
const done = t.Object({
  pubkey: t.String(),
  standing: literals("member", "waiting", "none", "banned"),
});

const ACT = {
  401: problem,
  403: refusal("tenant_suspended"),
  404: refusal("relay_not_found"),
  422: refusal("invalid", "unsafe_text", "pubkey_malformed"),
  429: refusal("rate_limited"),
};

const viewMember = (row: MemberRow, done: number): Static<typeof member> => ({
  pubkey: row.pubkey,
  state: row.errand !== null && row.errand > done ? "joining" : "member",
  via: row.via,
  added_by: row.by,
  joined_at: row.joinedAt,
});

/** The people of one of my relays. */
export const peopleRoutes = (parts: RouteParts) => {
  const { edge, host, limits, queries } = parts;
  const { communities } = queries;

  const pubkeyIn = (text: string): string => {
    try {
      return parsePerson(text);
    } catch (error) {
      throw new AppError("pubkey_malformed", 422, `this ${(error as Error).message}`, {
        field: "pubkey",
      });
    }
  };

  async function act(
    how: typeof addPerson,
    request: Request,
    relay: string,
    who: string,
    reason: string | undefined,
  ): Promise<{ pubkey: string; standing: Standing }> {
    const by = edge.pubkeyOf(request);
    const pubkey = pubkeyIn(who);
    await limits.peopleAct(by);
    const asked: PersonAct = { by, relay, pubkey, ...(reason === undefined ? {} : { reason }) };
    return { pubkey, standing: await how(parts, asked) };
  }

  const mine = (request: Request, id: string) => ownRelay(parts, edge.pubkeyOf(request), id);

  return new Elysia({ name: "people", detail: { tags: ["community"] } })
    .get(
      "/tenant/relays/:id/members",
      async ({ request, params, query: { q = null, limit = 50, offset = 0 } }) => {
        const { id, tenant } = await mine(request, params.id);
        const { items, total } = await communities.listMembers(id, { q, limit, offset });
        const actor = await host.read(communityActor(id));
        if (!actor) throw new Error(`there is no community ${id}`);
        const { taken, waiting, done, limit: seats } = actor.persisted.context;
        const views = items.map((row) => viewMember(row, done));
        return { items: views, total, owner: tenant, taken, limit: seats, waiting };
      },
      {
        params: idParam,
        query: t.Object(page, { additionalProperties: false }),
        response: { 200: memberList, 401: problem, 404: refusal("relay_not_found"), 422: problem },
        detail: {
          summary: "Members of a relay, in the order in which they joined",
          description:
            "`q` is a part of a public key in hex. `joining` is somebody who has a seat, and of whom the relay server is still to be told.",
        },
      },
    )
    .post(
      "/tenant/relays/:id/members",
      ({ request, params, body }) => act(addPerson, request, params.id, body.pubkey, body.reason),
      {
        params: idParam,
        body: actBody,
        response: { 200: done, ...ACT, 409: refusal("relay_not_running", "banned_here") },
        detail: {
          summary: "Let somebody in",
          description:
            "Where the plan has no seat left they go on the waiting list, and are let in, longest wait first, as soon as there is one. It is safe to repeat this request.",
        },
      },
    )
    .delete(
      "/tenant/relays/:id/members/:pubkey",
      ({ request, params, body }) =>
        act(removePerson, request, params.id, params.pubkey, body?.reason),
      {
        params: personParam,
        body: reasonBody,
        response: { 200: done, ...ACT, 409: refusal("relay_not_running", "owner_stays") },
        detail: {
          summary: "Take a membership, or a place on the waiting list, away",
          description:
            "What they wrote stays, and they may join again. It is safe to repeat this request.",
        },
      },
    )
    .get(
      "/tenant/relays/:id/requests",
      async ({ request, params, query: { limit = 50, offset = 0 } }) => {
        const { id } = await mine(request, params.id);
        const { items, total } = await communities.listRequests(id, { limit, offset });
        const views = items.map((row) => ({
          pubkey: row.pubkey,
          asked_at: row.askedAt,
          added_by: row.by,
        }));
        return { items: views, total };
      },
      {
        params: idParam,
        query: historyQuery,
        response: {
          200: listOf(request),
          ...{ 401: problem, 404: refusal("relay_not_found"), 422: problem },
        },
        detail: { summary: "The waiting list of a relay, longest wait first" },
      },
    )
    .get(
      "/tenant/relays/:id/bans",
      async ({ request, params }) => {
        const { id } = await mine(request, params.id);
        const rows = await communities.bans(id);
        const items = rows.map(({ pubkey, at, by, reason }) => ({ pubkey, at, by, reason }));
        return { items, total: items.length };
      },
      {
        params: idParam,
        response: { 200: listOf(ban), 401: problem, 404: refusal("relay_not_found") },
        detail: { summary: "Who is banned from a relay, newest first" },
      },
    )
    .post(
      "/tenant/relays/:id/bans",
      ({ request, params, body }) => act(banPerson, request, params.id, body.pubkey, body.reason),
      {
        params: idParam,
        body: actBody,
        response: { 200: done, ...ACT, 409: refusal("relay_not_running", "owner_stays") },
        detail: {
          summary: "Ban somebody, and delete all they wrote",
          description:
            "The relay server deletes every event of theirs, for ever, and takes them in no more. It is safe to repeat this request.",
        },
      },
    )
    .delete(
      "/tenant/relays/:id/bans/:pubkey",
      ({ request, params, body }) =>
        act(unbanPerson, request, params.id, params.pubkey, body?.reason),
      {
        params: personParam,
        body: reasonBody,
        response: { 200: done, ...ACT, 409: refusal("relay_not_running") },
        detail: {
          summary: "Lift a ban",
          description:
            "They may join again, and are no member by it. What the ban deleted does not come back. It is safe to repeat this request.",
        },
      },
    )
    .get(
      "/tenant/relays/:id/journal",
      async ({ request, params, query: { limit = 50, offset = 0 } }) => {
        const { id } = await mine(request, params.id);
        const { items, total } = await communities.journal(id, { limit, offset });
        const views = items.map(({ at, act, pubkey, by, as, reason }) => ({
          ...{ at, act, pubkey, by, as, reason },
        }));
        return { items: views, total };
      },
      {
        params: idParam,
        query: historyQuery,
        response: {
          200: listOf(entry),
          ...{ 401: problem, 404: refusal("relay_not_found"), 422: problem },
        },
        detail: {
          summary: "Who did what to whom in a community, newest first",
          description:
            "`elsewhere` is what another client did: only its trail was seen. `restored` is somebody whom the relay server had lost.",
        },
      },
    );
};
