import type { Applied } from "../../machines/relay/context.ts";
import { Refused } from "../errors.ts";
import type { Effect } from "../host/effect.ts";
import type { ZooidClient } from "../zooid/client.ts";
import { desiredRelay } from "./desired-relay.ts";
import type { EffectParts } from "./parts.ts";

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
    async run({ relay: id }: { relay: string }, { signal }): Promise<Applied> {
      const desired = await desiredRelay(parts, id);
      if (!desired) throw new Error(`there is no relay ${id}`);
      const { relay, context: c } = desired;
      // If more than one revision was wanted since the last confirmed one, an attempt at one in
      // between may have left its words in zooid: they must not pass for the owner's.
      const confirmed = c.wanted > c.applied + 1 ? null : c.confirmed;
      try {
        const { info } = await zooid.apply(relay, confirmed, signal);
        const read = { name: c.name, description: c.description };
        return { applied: c.wanted, info, read };
      } catch (error) {
        if (error instanceof Refused) return { refused: error.code };
        throw error;
      }
    },
  };
}
