import type { Queries } from "../../db/index.ts";
import type { Clock } from "../clock.ts";
import type { Host } from "../host/host.ts";
import type { ReceivingWallet, Settlement } from "../wallet/wallet.ts";
import type { VirtualRelay } from "../zooid/virtual-relay.ts";

/** What handlers are made of. `read` and `report` reach the host, which is made after them. */
export type EffectParts = {
  clock: Clock;
  queries: Queries;
  read: Host["read"];
  /** Takes in what our wallet says has arrived; resolves once it is on disk. */
  report: (settlement: Settlement) => Promise<unknown>;
  /** Opens the secret stored under an id. */
  secretOf: (id: string) => Promise<string>;
  wallet: ReceivingWallet | null;
  relayDomain: string;
  livekit: VirtualRelay["livekit"];
  /** Shorter in the sandbox, where nobody wants to wait a minute for a fault to heal. */
  backoffCapMs?: number;
  walletTimeoutMs?: number;
};
