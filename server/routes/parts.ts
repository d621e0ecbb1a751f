import type { Static } from "elysia";
import type { CommandParts } from "../commands/index.ts";
import type { forecast } from "../forecast.ts";
import type { createEdge } from "../http/edge.ts";
import type { Limits } from "../http/limits.ts";
import type { Why } from "../why.ts";
import type { billing } from "./shapes.ts";
import type { RelayAddress } from "./views.ts";

/** What routes are made of. */
export type RouteParts = CommandParts & {
  edge: ReturnType<typeof createEdge>;
  limits: Limits;
  address: RelayAddress;
  /** Asks our wallet about an invoice now. @throws Unavailable */
  askAbout: (invoice: string, signal: AbortSignal) => Promise<unknown>;
  /** Which wallet of ours is connected now; null without one. */
  walletPubkey: string | null;
  /** Pubkeys of the operator. */
  admins: ReadonlySet<string>;
  /** Tries a tenant's wallet and keeps it. @throws AppError 422 */
  connectWallet: (pubkey: string, nwcUrl: string | null) => Promise<Static<typeof billing>>;
  forecast: typeof forecast;
  why: (relay: string) => Why;
  /** Outside systems that do not answer now. */
  closedLanes: () => string[];
  /** Marks a tenant's stream as open, for who looks often while somebody watches. @returns unmark */
  watching: (tenant: string) => () => void;
};
