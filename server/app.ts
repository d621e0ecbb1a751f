import { Elysia } from "elysia";
import { adminRoutes } from "./routes/admin.ts";
import { billingRoutes } from "./routes/billing.ts";
import { docRoutes } from "./routes/docs.ts";
import { type EventParts, eventRoutes } from "./routes/events.ts";
import { imageRoutes } from "./routes/images.ts";
import { inviteRoutes } from "./routes/invites.ts";
import { invoiceRoutes } from "./routes/invoices.ts";
import type { RouteParts } from "./routes/parts.ts";
import { peopleRoutes } from "./routes/people.ts";
import { profileRoutes } from "./routes/profile.ts";
import { publicRoutes } from "./routes/public.ts";
import { queueRoutes } from "./routes/queue.ts";
import { relayRoutes } from "./routes/relays.ts";
import { tenantRoutes } from "./routes/tenant.ts";
import { webRoutes } from "./routes/web.ts";
import { readWebFiles } from "./routes/web-files.ts";

/** The whole API and the pages beside it, as a value: tests call it, the process listens with it. */
export const createApp = (
  parts: RouteParts &
    EventParts & {
      webDirectory: string;
      origin: () => string;
      connectRelays: readonly string[];
    },
) => {
  const web = readWebFiles(parts.webDirectory);
  const app = new Elysia({ normalize: false })
    .use(webRoutes(web, parts.address, parts.origin, parts.connectRelays, parts))
    .use(parts.edge.plugin)
    .use(publicRoutes(parts))
    .use(imageRoutes(parts))
    .use(tenantRoutes(parts))
    .use(profileRoutes(parts))
    .use(relayRoutes(parts))
    .use(peopleRoutes(parts))
    .use(inviteRoutes(parts))
    .use(invoiceRoutes(parts))
    .use(billingRoutes(parts))
    .use(adminRoutes(parts))
    .use(queueRoutes(parts))
    .use(eventRoutes(parts));
  return app.use(docRoutes(web, () => app));
};

/** What the typed client of the web app is made of. */
export type App = ReturnType<typeof createApp>;
