/** One handler per remote of the machines, with its policy beside it. */
import type { Effect } from "../host/effect.ts";
import type { ZooidClient } from "../zooid/client.ts";
import { applyRelay } from "./apply-relay.ts";
import { type BillingParts, catchUp, deliver, payByWallet } from "./billing.ts";
import { type CommunityParts, comparePeople, nextWaiting, runErrands } from "./community.ts";
import { askWallet, mintBolt11 } from "./wallet.ts";

/** Concurrency of each lane. */
export const laneConcurrency = {
  ...{ zooid: 16, people: 16, wallet: 16, nwc: 16, dm: 8, clock: 64 },
};

export const createEffects = (
  parts: CommunityParts & BillingParts & { zooid: Pick<ZooidClient, "apply"> },
) =>
  ({
    applyRelay: applyRelay(parts),
    mintBolt11: mintBolt11(parts),
    askWallet: askWallet(parts),
    payByWallet: payByWallet(parts),
    deliver: deliver(parts),
    catchUp: catchUp(),
    runErrands: runErrands(parts),
    comparePeople: comparePeople(parts),
    nextWaiting: nextWaiting(parts),
  }) satisfies Record<string, Effect>;
