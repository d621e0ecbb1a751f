import { Elysia, t } from "elysia";
import { planIds, plans } from "../../machines/plans.ts";
import { availabilityOf } from "../commands/claims.ts";
import type { RouteParts } from "./parts.ts";
import { listOf, plan, problem } from "./shapes.ts";

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
        status: parts.closedLanes().length === 0 ? ("ok" as const) : ("degraded" as const),
      }),
      {
        response: { 200: t.Object({ status: t.Union([t.Literal("ok"), t.Literal("degraded")]) }) },
        detail: { summary: "Whether everything we depend on answers" },
      },
    )
    .get("/plans", () => ({ items: catalogue, total: catalogue.length }), {
      response: { 200: listOf(plan) },
      detail: { summary: "The catalogue" },
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
            reason: t.Optional(t.String()),
            detail: t.Optional(t.String()),
          }),
          422: problem,
          429: problem,
        },
        detail: { summary: "Whether a subdomain is free, or why not" },
      },
    );
