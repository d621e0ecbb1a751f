import { openapi } from "@elysiajs/openapi";
import { Elysia } from "elysia";
import type { Feed } from "./host/feed.ts";
import { eventRoutes } from "./routes/events.ts";
import { invoiceRoutes } from "./routes/invoices.ts";
import type { RouteParts } from "./routes/parts.ts";
import { publicRoutes } from "./routes/public.ts";
import { relayRoutes } from "./routes/relays.ts";
import { tenantRoutes } from "./routes/tenant.ts";

/** The whole API, as a value: tests call it, the process listens with it. */
export const createApp = (parts: RouteParts & { feed: Feed }) =>
  new Elysia({ normalize: false })
    .use(parts.edge.plugin)
    .use(
      openapi({
        path: "/openapi",
        specPath: "/openapi.json",
        provider: null,
        documentation: {
          info: {
            title: "Berth",
            version: "1",
            description:
              "Hosting for Nostr community relays. Everything under /tenant is signed per request (NIP-98). Errors are RFC 9457 problem documents; times are unix seconds, money is sats.",
          },
        },
      }),
    )
    .use(publicRoutes(parts))
    .use(tenantRoutes(parts))
    .use(relayRoutes(parts))
    .use(invoiceRoutes(parts))
    .use(eventRoutes(parts));

/** What the typed client of the web app is made of. */
export type App = ReturnType<typeof createApp>;
