import { Elysia } from "elysia";
import { AppError, Unavailable } from "../errors.ts";
import { addressOf } from "../http/address.ts";
import type { RouteParts } from "./parts.ts";
import { problem, profile, refusal } from "./shapes.ts";
import { UNKNOWN_PROFILE, viewProfile } from "./views.ts";

const RETRY_SECONDS = 10;

/** What I publish of myself on Nostr. */
export const profileRoutes = ({ edge, limits, people, queries }: RouteParts) =>
  new Elysia({ name: "profile", detail: { tags: ["tenant"] } }).get(
    "/tenant/profile",
    async ({ request, server }) => {
      const pubkey = edge.pubkeyOf(request);
      // A key costs nothing, and each new one a look-up.
      if (queries.tenants.get(pubkey) === null)
        await limits.publicRoute(addressOf(request, server));
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
  );
