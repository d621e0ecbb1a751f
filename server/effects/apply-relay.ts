import { statusOf } from "../../machines/describe.ts";
import { relayActor } from "../../machines/messages.ts";
import { plans } from "../../machines/plans.ts";
import type { Applied, RelayContext } from "../../machines/relay.ts";
import { Refused } from "../errors.ts";
import type { Effect } from "../host/effect.ts";
import type { ZooidClient } from "../zooid/client.ts";
import type { VirtualRelay } from "../zooid/virtual-relay.ts";
import type { EffectParts } from "./index.ts";

/** Which states of a relay zooid is to show, and how. */
const PRESENCE: Record<string, VirtualRelay["presence"]> = {
  provisioning: "live",
  active: "live",
  grace: "live",
  suspended: "inactive",
};

/** Makes zooid hold what the relay is when this runs, whatever it was when it was asked for. */
export function applyRelay({
  zooid,
  ...parts
}: EffectParts & { zooid: Pick<ZooidClient, "apply"> }): Effect {
  return {
    lane: "zooid",
    mutex: ({ relay }: { relay: string }) => relay,
    // The client has deadlines of its own, which know one relay's silence from zooid's.
    timeoutMs: 120_000,
    retry: "forever",
    backoffCapMs: parts.backoffCapMs ?? 30_000,
    async run({ relay }: { relay: string }, { signal }): Promise<Applied> {
      const actor = parts.read(relayActor(relay));
      if (!actor) throw new Error(`there is no relay ${relay}`);
      const c = actor.persisted.context as RelayContext;
      const status = statusOf(actor.persisted.value);
      const desired: VirtualRelay = {
        id: c.id,
        host: `${c.subdomain}.${parts.relayDomain}`,
        schema: c.schema,
        secret: parts.secretOf(relayActor(c.id)),
        owner: c.tenant,
        name: c.name,
        description: c.description,
        icon: c.icon,
        blossom: plans[c.plan].blossom,
        livekit: plans[c.plan].livekit ? parts.livekit : null,
        presence: PRESENCE[status] ?? "absent",
      };
      // If more than one revision was wanted since the last confirmed one, an attempt at one in
      // between may have left its words in zooid: they must not pass for the owner's.
      const confirmed = c.wanted > c.applied + 1 ? null : c.confirmed;
      try {
        const { info } = await zooid.apply(desired, confirmed, signal);
        const read = { name: c.name, description: c.description };
        return { applied: c.wanted, info, read };
      } catch (error) {
        if (error instanceof Refused) return { refused: error.code };
        throw error;
      }
    },
  };
}
