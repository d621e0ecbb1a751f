import type { Event } from "nostr-tools/core";
import { DirectMessageRelaysList } from "nostr-tools/kinds";
import { AppError } from "../errors.ts";
import { assertPublishable } from "../nostr/own-event.ts";
import type { Offered, People } from "../nostr/people.ts";
import type { CommandParts } from "./index.ts";
import { retryNotices } from "./notices.ts";

/**
 * Passes an event of `pubkey` on to the indexer relays. With an inbox, what waited for one is sent.
 *
 * @returns what each relay said; at least one has taken it
 * @throws AppError 403 `not_your_event`, `tenant_suspended`; 422 `kind_not_published`, `event_invalid`;
 * 502 `publish_failed` with each relay's reason; 503 `indexers_not_configured`
 */
export async function publishEvent(
  parts: CommandParts & { people: People },
  pubkey: string,
  event: Event,
): Promise<Offered[]> {
  const { people, queries } = parts;
  assertPublishable(event, { pubkey, nowMs: Date.now() });
  if ((await queries.tenants.get(pubkey))?.status === "suspended")
    throw new AppError("tenant_suspended", 403, "your account is suspended; publish it elsewhere");
  if (!people.isConfigured)
    throw new AppError(
      "indexers_not_configured",
      503,
      "this operator has no relays to publish to; publish it with another app",
    );
  const offered = await people.publish(event);
  if (!offered.some(({ accepted }) => accepted)) {
    const reasons = offered.map(({ url, reason }) => `${url} (${reason})`).join(", ");
    throw new AppError("publish_failed", 502, `no relay took it: ${reasons}; try again`);
  }
  if (event.kind === DirectMessageRelaysList) await retryNotices(parts, pubkey);
  return offered;
}
