import { hexToBytes } from "nostr-tools/utils";
import { relayActor } from "../../machines/addresses.ts";
import { plans } from "../../machines/plans.ts";
import type { RelayContext } from "../../machines/relay/context.ts";
import { type RelayStatus, relayStatusOf } from "../../machines/relay/status.ts";
import { publicKeyOf } from "../nostr/event.ts";
import type { Wanted } from "../zooid/verdict.ts";
import type { VirtualRelay } from "../zooid/virtual-relay.ts";
import type { EffectParts } from "./parts.ts";

/** Which states of a relay zooid is to show, and how. */
const PRESENCE: Record<RelayStatus, VirtualRelay["presence"]> = {
  pending: "absent",
  provisioning: "live",
  active: "live",
  grace: "live",
  suspended: "inactive",
  deactivated: "absent",
};

/** What zooid is to hold of a relay now, and the relay that says so; null where there is none. */
export async function desiredRelay(
  parts: Pick<EffectParts, "read" | "secretOf" | "relayDomain" | "livekit">,
  id: string,
): Promise<{ relay: VirtualRelay; context: RelayContext } | null> {
  const actor = await parts.read(relayActor(id));
  if (!actor) return null;
  const context = actor.persisted.context;
  const { subdomain, schema, name, description, icon, plan, tenant } = context;
  const relay: VirtualRelay = {
    id,
    host: `${subdomain}.${parts.relayDomain}`,
    ...{ schema, name, description, icon },
    secret: await parts.secretOf(relayActor(id)),
    owner: tenant,
    blossom: plans[plan].blossom,
    livekit: plans[plan].livekit ? parts.livekit : null,
    presence: PRESENCE[relayStatusOf(actor.persisted.value)],
  };
  return { relay, context };
}

/** What the patrol compares with; null where zooid has not confirmed yet what is wanted. */
export async function wantedOf(
  parts: Parameters<typeof desiredRelay>[0],
  id: string,
): Promise<Wanted | null> {
  const desired = await desiredRelay(parts, id);
  if (!desired || desired.context.applied < desired.context.wanted) return null;
  const { relay, context } = desired;
  const { presence, owner, blossom } = relay;
  const self = publicKeyOf(hexToBytes(relay.secret));
  return { presence, owner, blossom, self, words: context.confirmed ?? relay };
}
