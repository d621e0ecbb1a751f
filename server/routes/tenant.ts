import type { Server } from "bun";
import { Elysia } from "elysia";
import { visitTenant } from "../commands/tenant.ts";
import { addressOf } from "../http/address.ts";
import type { RouteParts } from "./parts.ts";
import { problem, refusal, tenant } from "./shapes.ts";
import { viewTenant } from "./views.ts";

/** For each route that makes a tenant of a stranger. @throws AppError 429 `rate_limited` */
export async function admitTenant(
  { edge, limits, queries }: RouteParts,
  request: Request,
  server: Server<unknown> | null,
): Promise<void> {
  if ((await queries.tenants.get(edge.pubkeyOf(request))) !== null) return;
  await limits.newTenant(addressOf(request, server));
}

/** Who I am here. */
export const tenantRoutes = (parts: RouteParts) =>
  new Elysia({ name: "tenant", detail: { tags: ["tenant"] } }).get(
    "/tenant",
    async ({ request, server }) => {
      await admitTenant(parts, request, server);
      return viewTenant(await visitTenant(parts, parts.edge.pubkeyOf(request)));
    },
    {
      response: { 200: tenant, 401: problem, 429: refusal("rate_limited") },
      detail: {
        summary: "Fetch or create the tenant that signs",
        description: "There is nothing to sign up for: the first signed request makes the tenant.",
      },
    },
  );
