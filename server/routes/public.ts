import { Elysia, t } from "elysia";
import { type Offer, type PlanId, planIds, planOffered } from "../../machines/plans.ts";
import { availabilityOf } from "../commands/claims.ts";
import { toSeconds } from "../projections/seconds.ts";
import type { RouteParts } from "./parts.ts";
import { integer, listOf, literals, operator, plan, problem, refusal } from "./shapes.ts";

const viewPlan = (id: PlanId, offer: Offer) => {
  const { name, priceSats, memberLimit, blossom, livekit, isOffered } = planOffered(id, offer);
  return {
    ...{ id, name, price: priceSats, member_limit: memberLimit, blossom, livekit },
    available: isOffered,
  };
};

/** What anyone may ask. */
export const publicRoutes = (parts: RouteParts) =>
  new Elysia({ name: "public", detail: { tags: ["public"] } })
    .get(
      "/healthz",
      ({ request }) => {
        const [troubles, closed] = [parts.troubles(), parts.closedLanes()];
        const can_save = parts.canSave();
        const isWell = troubles.length === 0 && closed.length === 0 && can_save;
        const status = isWell ? ("ok" as const) : ("degraded" as const);
        const signer = parts.edge.signerOf(request);
        if (signer === null || !parts.admins.has(signer)) return { status };
        return {
          status,
          platform_pubkey: parts.platformPubkey,
          can_save,
          waiting_for: closed,
          troubles: troubles.map(({ since, ...trouble }) => ({
            ...trouble,
            since: toSeconds(since),
          })),
        };
      },
      {
        response: {
          200: t.Object({
            status: literals("ok", "degraded"),
            platform_pubkey: t.Optional(
              t.String({ description: "what zooid's whitelist must hold" }),
            ),
            can_save: t.Optional(
              t.Boolean({ description: "whether our disk takes what is written" }),
            ),
            waiting_for: t.Optional(
              t.Array(t.String(), {
                description: "kinds of work that wait for who does not answer",
              }),
            ),
            troubles: t.Optional(
              t.Array(
                t.Object({
                  system: literals("zooid", "wallet", "indexers"),
                  code: t.String(),
                  words: t.String({ description: "what it means, and what to do" }),
                  since: integer(),
                }),
              ),
            ),
          }),
          401: problem,
        },
        detail: {
          summary: "Whether everything we depend on answers",
          description:
            "`degraded` means that something outside does not answer, or not as it should, or that our disk takes nothing: then what would change something answers 503. What waits is done when it is back. Signed by an admin (NIP-98), it also says what is wrong.",
        },
      },
    )
    .get(
      "/plans",
      () => ({
        items: planIds.map((id) => viewPlan(id, parts.offer)),
        total: planIds.length,
        operator: parts.operator,
      }),
      {
        response: { 200: t.Object({ ...listOf(plan).properties, operator }) },
        detail: {
          summary: "The catalogue, and who sells it",
          description:
            "As this operator can give it: without a LiveKit server no plan has calls, and without a wallet none that costs anything is available. A plan that was sold keeps its price for who bought it.",
        },
      },
    )
    .get(
      "/subdomains/:name",
      async ({ params: { name } }) => ({
        name,
        ...(await availabilityOf(parts, name, null, parts.clock.now())),
      }),
      {
        params: t.Object({ name: t.String({ maxLength: 253 }) }),
        response: {
          200: t.Object({
            name: t.String(),
            available: t.Boolean(),
            reason: t.Optional(
              t.String({ description: "the code with which an order would be refused" }),
            ),
            detail: t.Optional(t.String({ description: "what to do, in words" })),
          }),
          422: refusal("invalid"),
          429: refusal("rate_limited"),
        },
        detail: {
          summary: "Whether a subdomain is free, or why not",
          description: "For a stranger: a name that is kept for you alone is not free here.",
        },
      },
    );
