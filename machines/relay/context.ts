/** What a relay knows and hears, and what follows from that. Pure. */
import { DAY_MS } from "../billing/calendar.ts";
import type { ToRelay } from "../messages.ts";
import type { PlanId } from "../plans.ts";

/** What the owner may edit. */
export type Settings = { name: string; subdomain: string; description: string };
/** What the relay itself last said of its owner-editable part (NIP-11). */
export type Confirmed = { name: string; description: string; icon: string };
/** What came of applying: the revision that zooid now holds, or why it refused for good. */
export type Applied =
  | { applied: number; info: Confirmed | null; read: { name: string; description: string } }
  | { refused: string };

export type RelayInput = Settings & {
  id: string;
  tenant: string;
  schema: string;
  plan: PlanId;
  priceSats: number;
};

/** Deadlines and dates are epoch ms; `wanted` and `applied` are revisions of what zooid should hold. */
export type RelayContext = RelayInput & {
  icon: string;
  createdAt: number;
  paidThrough: number | null;
  prepaid: boolean;
  /** The renewal that is to be paid, and when its days of grace end; null while none is payable. */
  invoice: string | null;
  graceEnds: number | null;
  /** It was in grace when it was held: lifting that gives it back what is left of those days. */
  heldInGrace: boolean;
  wanted: number;
  applied: number;
  confirmed: Confirmed | null;
  /** zooid's refusal, as our code; an admin retries. */
  refused: string | null;
  lateAt: number | null;
  renamedAt: number | null;
  closedAt: number | null;
  /** Since when it is out of its owner's list; null while it is in it. */
  archivedAt: number | null;
  /** When its present name was first served; null before. */
  servedSince: number | null;
  /** Names given up by renaming, kept for this owner until then. */
  freed: { subdomain: string; until: number }[];
};

/** What was seen at the relay server. */
export type RelayFinding =
  | { type: "DRIFTED" }
  | { type: "ADOPTED"; info: Confirmed; over: Confirmed };

type RelayCommand =
  | ({ type: "EDIT" } & Partial<Settings>)
  | { type: "DEACTIVATE" }
  | { type: "ARCHIVE" }
  | { type: "UNARCHIVE" }
  | { type: "admin.suspend"; reason: string }
  | { type: "admin.unsuspend"; reason: string }
  | { type: "admin.deactivate"; reason: string }
  | { type: "admin.retry"; reason: string };

export type RelayEvent = RelayCommand | RelayFinding | ToRelay;

/** Why a suspended or deactivated relay is so; null in every other state. */
export type Cause = "nonpayment" | "admin" | "owner" | "lapsed";

/**
 * Whether a name that is given up then is kept from others: its members would look for it. One that zooid
 * never held was never known to anyone, nor one that was served for less than a day free of charge, which
 * costs nothing to do with every name there is.
 */
export function isNameKept(c: RelayContext, givenUpAt: number): boolean {
  if (c.wanted === 0) return false;
  return c.priceSats > 0 || (c.servedSince !== null && givenUpAt - c.servedSince >= DAY_MS);
}
