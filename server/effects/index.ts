/** One handler per remote of the machines, with its policy beside it. */
import type { Queries } from "../../db/index.ts";
import type { Clock } from "../clock.ts";
import type { Effect } from "../host/effect.ts";
import type { Host } from "../host/host.ts";
import type { ReceivingWallet, Settlement } from "../wallet/wallet.ts";
import type { ZooidClient } from "../zooid/client.ts";
import type { VirtualRelay } from "../zooid/virtual-relay.ts";
import { applyRelay } from "./apply-relay.ts";
import { type BillingParts, catchUp, deliver, payByWallet } from "./billing.ts";
import { askWallet, mintBolt11 } from "./wallet.ts";

/** What handlers are made of. `read` and `report` reach the host, which is made after them. */
export type EffectParts = {
  clock: Clock;
  queries: Queries;
  read: Host["read"];
  /** Takes in what our wallet says has arrived; resolves once it is on disk. */
  report: (settlement: Settlement) => Promise<unknown>;
  /** Opens the secret stored under an id. */
  secretOf: (id: string) => string;
  wallet: ReceivingWallet | null;
  relayDomain: string;
  livekit: VirtualRelay["livekit"];
  /** Shorter in the sandbox, where nobody wants to wait a minute for a fault to heal. */
  backoffCapMs?: number;
  walletTimeoutMs?: number;
};

/** Concurrency of each lane. */
export const laneConcurrency = { zooid: 16, wallet: 16, nwc: 16, dm: 8, clock: 64 };

export const createEffects = (
  parts: EffectParts & BillingParts & { zooid: Pick<ZooidClient, "apply"> },
) =>
  ({
    applyRelay: applyRelay(parts),
    mintBolt11: mintBolt11(parts),
    askWallet: askWallet(parts),
    payByWallet: payByWallet(parts),
    deliver: deliver(parts),
    catchUp: catchUp(),
  }) satisfies Record<string, Effect>;
