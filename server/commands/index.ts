/** What people may do. Each command is one transaction; a route only calls it. */
import type { Queries } from "../../db/index.ts";
import type { Clock } from "../clock.ts";
import type { Host } from "../host/host.ts";
import type { Vault } from "../secrets.ts";
import type { Quotas } from "./quotas.ts";

export type CommandParts = {
  host: Host;
  queries: Queries;
  clock: Clock;
  vault: Vault;
  relayDomain: string;
  /** Hosts of our own that no relay may be called. */
  ownHosts: readonly string[];
  /** Whether a wallet of ours can issue bolt11s. */
  canBill: () => "yes" | "not_configured" | "not_now";
  quotas: Quotas;
  /** What a bolt11 must be of. */
  network: "bc" | "bcrt";
};

/** Who asks: a tenant's pubkey, and the Idempotency-Key of the request, with a hash of what it asks. */
export type Asker = {
  pubkey: string;
  once: { key: string; request: string } | null;
};

/** What an order or a reactivation made. */
export type Ordered = { relay: string; invoice: string | null };
