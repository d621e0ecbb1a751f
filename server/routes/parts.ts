import type { Offer } from "../../machines/plans.ts";
import type { CommandParts } from "../commands/index.ts";
import type { forecast } from "../forecast.ts";
import type { Trouble } from "../health.ts";
import type { relayHistory } from "../history.ts";
import type { createEdge } from "../http/edge.ts";
import type { Limits } from "../http/limits.ts";
import type { People } from "../nostr/people.ts";
import type { OperatorFacts } from "../operator-facts.ts";
import type { Images } from "../outbound/images.ts";
import type { TenantWallets } from "../tenant-wallets.ts";
import type { UnclearPayment } from "../watch.ts";
import type { Why } from "../why.ts";
import type { Pulse } from "../zooid/pulse.ts";
import type { RelayAddress } from "./views.ts";

/** What routes are made of. */
export type RouteParts = CommandParts & {
  edge: ReturnType<typeof createEdge>;
  limits: Limits;
  address: RelayAddress;
  /** Asks our wallet about an invoice now. @throws Unavailable */
  check: (invoice: string) => Promise<void>;
  /** Which wallet of ours is connected now; null without one. */
  walletPubkey: string | null;
  /** Pubkeys of the operator. */
  admins: ReadonlySet<string>;
  /** How tenants pay. */
  tenantWallets: Pick<TenantWallets, "billing" | "connect" | "check">;
  forecast: typeof forecast;
  why: (relay: string) => Promise<Why>;
  people: People;
  images: Images;
  history: typeof relayHistory;
  /** Opens the secret stored under an id. */
  secretOf: (id: string) => Promise<string>;
  /** Outside systems that do not answer now. */
  closedLanes: () => string[];
  /** Whether the disk takes what is written. */
  canSave: () => boolean;
  /** What is wrong outside, for the operator. */
  troubles: () => Trouble[];
  /** Money that may have come for closed invoices. */
  unclearPayments: () => UnclearPayment[];
  /** What is known of zooid and of each relay in it. */
  pulse: Pulse;
  /** What the plans of this operator can have. */
  offer: Offer;
  operator: OperatorFacts;
  /** The platform's own. */
  platformPubkey: string;
  /** Marks a tenant's stream as open, for who looks often while somebody watches. @returns unmark */
  watching: (tenant: string) => () => void;
};
