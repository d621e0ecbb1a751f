import type { CommandParts } from "../commands/index.ts";
import type { createEdge } from "../http/edge.ts";
import type { Limits } from "../http/limits.ts";
import type { RelayAddress } from "./views.ts";

/** What routes are made of. */
export type RouteParts = CommandParts & {
  edge: ReturnType<typeof createEdge>;
  limits: Limits;
  address: RelayAddress;
  /** Asks our wallet about an invoice now. @throws Unavailable */
  askAbout: (invoice: string, signal: AbortSignal) => Promise<unknown>;
  /** Outside systems that do not answer now. */
  closedLanes: () => string[];
  /** Marks a tenant's stream as open, for who looks often while somebody watches. @returns unmark */
  watching: (tenant: string) => () => void;
};
