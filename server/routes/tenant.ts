import { Elysia } from "elysia";
import { visitTenant } from "../commands/tenant.ts";
import type { RouteParts } from "./parts.ts";
import { problem, tenant } from "./shapes.ts";
import { viewTenant } from "./views.ts";

/** Who I am here. */
export const tenantRoutes = (parts: RouteParts) =>
  new Elysia({ name: "tenant", detail: { tags: ["tenant"] } }).get(
    "/tenant",
    async ({ request, server }) => {
      const pubkey = parts.edge.pubkeyOf(request);
      const address = server?.requestIP(request)?.address ?? "unknown";
      if (!parts.queries.tenants.get(pubkey)) await parts.limits.newTenant(address);
      return viewTenant(await visitTenant(parts, pubkey));
    },
    {
      response: { 200: tenant, 401: problem, 429: problem },
      detail: { summary: "Fetch or create the tenant that signs" },
    },
  );
