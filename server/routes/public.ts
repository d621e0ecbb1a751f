import { Elysia, t } from "elysia";
import { planIds, plans } from "../../machines/plans.ts";
import { availabilityOf } from "../commands/claims.ts";
import type { RouteParts } from "./parts.ts";
import { listOf, plan, refusal } from "./shapes.ts";

const catalogue = planIds.map((id) => ({
  id,
  name: plans[id].name,
  price: plans[id].priceSats,
  member_limit: plans[id].memberLimit,
  blossom: plans[id].blossom,
  livekit: plans[id].livekit,
}));

/** What anyone may ask. */
export const publicRoutes = (parts: RouteParts) =>
  new Elysia({ name: "public", detail: { tags: ["public"] } })
    .get(
      "/healthz",
      () => ({
        status:
          parts.closedLanes().length === 0 && parts.canSave()
            ? ("ok" as const)
            : ("degraded" as const),
      }),
      {
        response: { 200: t.Object({ status: t.Union([t.Literal("ok"), t.Literal("degraded")]) }) },
        detail: {
          summary: "Whether everything we depend on answers",
          description:
            "`degraded` means that something outside does not answer now, or that our disk takes nothing: then what would change something answers 503. What waits is done when it is back.",
        },
      },
    )
    .get("/plans", () => ({ items: catalogue, total: catalogue.length }), {
      response: { 200: listOf(plan) },
      detail: {
        summary: "The catalogue",
        description: "A plan that was sold keeps its price for who bought it.",
      },
    })
    .get(
      "/subdomains/:name",
      ({ params: { name } }) => ({ name, ...availabilityOf(parts, name, null) }),
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
