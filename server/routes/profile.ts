import type { Server } from "bun";
import { Elysia } from "elysia";
import { publishEvent } from "../commands/publish.ts";
import { AppError, Unavailable } from "../errors.ts";
import { addressOf } from "../http/address.ts";
import type { RouteParts } from "./parts.ts";
import { problem, profile, published, publishRequest, refusal } from "./shapes.ts";
import { UNKNOWN_PROFILE, viewProfile } from "./views.ts";

const RETRY_SECONDS = 10;

/** What I publish of myself on Nostr. */
export const profileRoutes = (parts: RouteParts) => {
  const { edge, limits, people, queries } = parts;

  /** A key costs nothing, and each new one a look-up. @throws AppError 429 */
  async function admit(request: Request, server: Server<unknown> | null): Promise<string> {
    const pubkey = edge.pubkeyOf(request);
    if ((await queries.tenants.get(pubkey)) === null)
      await limits.publicRoute(addressOf(request, server));
    return pubkey;
  }

  return new Elysia({ name: "profile", detail: { tags: ["tenant"] } })
    .get(
      "/tenant/profile",
      async ({ request, server }) => {
        const pubkey = await admit(request, server);
        if (!people.isConfigured) return UNKNOWN_PROFILE;
        try {
          return viewProfile(await people.profile(pubkey));
        } catch (error) {
          if (!(error instanceof Unavailable)) throw error;
          throw new AppError(
            "indexers_unavailable",
            503,
            "the relays on which profiles are looked up do not answer now; try again",
            { retryAfterSeconds: RETRY_SECONDS },
          );
        }
      },
      {
        response: {
          200: profile,
          401: problem,
          429: refusal("rate_limited"),
          503: refusal("indexers_unavailable"),
        },
        detail: {
          summary: "What I publish of myself: profile, relays, inbox",
          description:
            "The newest kind 0, 10002 (NIP-65) and 10050 (NIP-17) of whoever signs, from the operator's indexer relays; a few minutes old at most. `null` is what none of them knows.",
        },
      },
    )
    .post(
      "/tenant/publish",
      async ({ request, server, body: { event } }) => {
        // Each passes an event on: tenants are limited as strangers are.
        await limits.publicRoute(addressOf(request, server));
        return { relays: await publishEvent(parts, edge.pubkeyOf(request), event) };
      },
      {
        body: publishRequest,
        response: {
          200: published,
          401: problem,
          403: refusal("not_your_event", "tenant_suspended"),
          422: refusal("invalid", "kind_not_published", "event_invalid"),
          429: refusal("rate_limited"),
          502: refusal("publish_failed"),
          503: refusal("indexers_not_configured"),
        },
        detail: {
          summary: "Publish a profile, relay list or inbox that I signed",
          description:
            "An event of kind 0, 10002 (NIP-65) or 10050 (NIP-17), of the last hour and by the key that signs the request, goes to the operator's indexer relays. At least one took it; `relays` says which. With an inbox, messages about what is still due that could not be sent are sent.",
        },
      },
    );
};
