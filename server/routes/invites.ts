import { Elysia, type Static, t } from "elysia";
import type { InviteRow } from "../../db/communities.ts";
import { communityActor } from "../../machines/addresses.ts";
import { hasRoom } from "../../machines/community/context.ts";
import {
  createInvite,
  inviteBy,
  inviteEnd,
  inviteSecret,
  joinBy,
  revokeInvite,
} from "../commands/invites.ts";
import { ownRelay } from "../commands/order.ts";
import { toSeconds } from "../projections/seconds.ts";
import type { RouteParts } from "./parts.ts";
import { idParam, integer, listOf, literals, nullable, problem, refusal } from "./shapes.ts";

const invite = t.Object({
  id: t.String(),
  label: t.String(),
  url: t.String({ description: "the link; whoever has it can join" }),
  created_at: integer(),
  expires_at: nullable(integer()),
  max_uses: nullable(integer()),
  uses: integer(),
  state: literals("open", "expired", "used_up"),
});
const inviteBody = t.Object(
  {
    label: t.String({ minLength: 1, maxLength: 80, description: "for you alone" }),
    expires_at: t.Optional(nullable(integer({ description: "after it nobody new comes by it" }))),
    max_uses: t.Optional(nullable(integer({ minimum: 1, maximum: 100_000 }))),
  },
  { additionalProperties: false },
);
const token = t.Object({ token: t.String({ minLength: 1, maxLength: 100 }) });
const community = t.Object({
  name: t.String(),
  description: t.String(),
  icon: t.String({ description: "show it by way of /images" }),
  host: t.String(),
  url: t.String(),
  state: literals("open", "full", "closed", "expired", "used_up"),
});

/** The links of my relays, and joining by one. */
export const inviteRoutes = (parts: RouteParts & { origin: () => string }) => {
  const { address, clock, edge, host, limits, queries } = parts;
  const { communities } = queries;

  const stateOf = (row: InviteRow): Static<typeof invite>["state"] => {
    const end = inviteEnd(row, toSeconds(clock.now()));
    return end === null ? "open" : end === "invite_expired" ? "expired" : "used_up";
  };
  const view = async (row: InviteRow): Promise<Static<typeof invite>> => ({
    id: row.id,
    label: row.label,
    url: `${parts.origin()}/join/${await parts.secretOf(inviteSecret(row.id))}`,
    created_at: row.createdAt,
    expires_at: row.expiresAt,
    max_uses: row.maxUses,
    uses: row.uses,
    state: stateOf(row),
  });

  return new Elysia({ name: "invites", detail: { tags: ["community"] } })
    .get(
      "/tenant/relays/:id/invites",
      async ({ request, params }) => {
        const { id } = await ownRelay(parts, edge.pubkeyOf(request), params.id);
        const rows = await communities.liveInvites(id);
        return { items: await Promise.all(rows.map(view)), total: rows.length };
      },
      {
        params: idParam,
        response: { 200: listOf(invite), 401: problem, 404: refusal("relay_not_found") },
        detail: { summary: "The links that let people into a relay, newest first" },
      },
    )
    .post(
      "/tenant/relays/:id/invites",
      async ({ request, params, body, set }) => {
        const by = edge.pubkeyOf(request);
        await limits.peopleAct(by);
        const { label, expires_at: expiresAt = null, max_uses: maxUses = null } = body;
        const wish = { label, expiresAt, maxUses };
        const row = await createInvite(parts, { by, relay: params.id }, wish);
        set.status = 201;
        return view(row);
      },
      {
        params: idParam,
        body: inviteBody,
        response: {
          201: invite,
          401: problem,
          403: refusal("tenant_suspended"),
          404: refusal("relay_not_found"),
          422: refusal("invalid", "unsafe_text", "invite_past"),
          429: refusal("invite_limit", "rate_limited"),
        },
        detail: {
          summary: "Make a link that lets people in",
          description:
            "Whoever opens it joins with any Nostr key, or makes one. Where the plan has no seat left they go on the waiting list.",
        },
      },
    )
    .delete(
      "/tenant/relays/:id/invites/:invite",
      async ({ request, params }) => {
        const by = edge.pubkeyOf(request);
        await limits.peopleAct(by);
        await revokeInvite(parts, { by, relay: params.id, id: params.invite });
        return { id: params.invite };
      },
      {
        params: t.Object({ id: t.String({ maxLength: 64 }), invite: t.String({ maxLength: 64 }) }),
        response: {
          200: t.Object({ id: t.String() }),
          401: problem,
          403: refusal("tenant_suspended"),
          404: refusal("relay_not_found", "invite_not_found"),
          429: refusal("rate_limited"),
        },
        detail: {
          summary: "Revoke a link",
          description:
            "The link stops working, and anyone who waits through it loses their place. Members stay. It is safe to repeat this request.",
        },
      },
    )
    .get(
      "/join/:token",
      async ({ params }) => {
        const row = await inviteBy(parts, params.token);
        const relay = await queries.relays.get(row.relay);
        const actor = await host.read(communityActor(row.relay));
        if (!relay || !actor) throw new Error(`there is no relay ${row.relay}`);
        const c = actor.persisted.context;
        const { name, description, icon, subdomain } = relay;
        const place = `${subdomain}.${address.relayDomain}`;
        const open = hasRoom(c) ? ("open" as const) : ("full" as const);
        const state = stateOf(row);
        return {
          ...{ name, description, icon, host: place, url: `${address.scheme}://${place}` },
          state: !c.isServed ? ("closed" as const) : state === "open" ? open : state,
        };
      },
      {
        params: token,
        response: { 200: community, 404: refusal("invite_not_found"), 422: problem },
        detail: { summary: "What a link leads to", description: "Of its members it says nothing." },
      },
    )
    .post(
      "/join/:token",
      async ({ request, params }) => {
        const pubkey = edge.pubkeyOf(request);
        await limits.join(pubkey, params.token);
        return { standing: await joinBy(parts, params.token, pubkey) };
      },
      {
        params: token,
        response: {
          200: t.Object({ standing: literals("member", "waiting", "none", "banned") }),
          401: problem,
          403: refusal("banned_here"),
          404: refusal("invite_not_found"),
          409: refusal("community_closed", "invite_expired", "invite_used_up"),
          422: problem,
          429: refusal("rate_limited"),
        },
        detail: {
          summary: "Join by a link",
          description:
            "Signed (NIP-98) by the key that joins. `waiting`: there is no room yet; whoever has waited longest is let in first. It is safe to repeat this request: it costs no use.",
        },
      },
    );
};
