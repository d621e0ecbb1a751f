/** What keeps a relay from being as it should, and how one that does not run is brought back. */
import { isCovered } from "../../../machines/billing/seats.ts";
import { statusOf } from "../../../machines/describe.ts";
import type { RelayContext } from "../../../machines/relay/context.ts";
import type { TenantContext } from "../../../machines/tenant/context.ts";
import { invoiceOfReturn } from "../billing/open-invoice.ts";

/** The relay server usually takes a change within a second. */
const PATIENCE_MS = 5_000;

/**
 * Why the relay server does not hold yet what it should, in words; null while all is well.
 * @param relay - its last revision came at `at`. @param nowMs - logical
 */
export function troubleOf(
  relay: { value: unknown; context: RelayContext; at: number },
  nowMs: number,
): string | null {
  const { wanted, applied, refused } = relay.context;
  const status = statusOf(relay.value);
  if (refused !== null)
    return "The relay server refused the last change. What you entered is kept; the operator has to look at it.";
  if (applied >= wanted || nowMs - relay.at < PATIENCE_MS) return null;
  switch (status) {
    case "provisioning":
      return "The relay server does not answer. We keep trying, and your period starts only when the relay is active.";
    case "suspended":
    case "deactivated":
      return "The relay server does not answer, so the relay may still be running. We keep trying.";
    default:
      return "The relay server does not answer. We keep trying; your last change is stored and applied as soon as it does.";
  }
}

const UNREACHED: Record<string, string> = {
  zooid_not_live:
    "Your relay does not answer at its address. We are setting it up again, which usually takes less than a minute.",
  zooid_differs: "Your relay shows something else than what you set. We are putting it right.",
};
const UNREACHED_ALL =
  "The relay server does not answer, so nobody can reach your relay now. We are working on it. Nothing is lost: it is back as soon as the server is.";

/**
 * Why a relay that should run does not run as it should, in words; null where it does, or should not.
 * @param seen - the server's code for what it sees
 */
export const unreached = (relay: { value: unknown }, seen: string | null): string | null =>
  seen !== null && ["active", "grace"].includes(statusOf(relay.value))
    ? (UNREACHED[seen] ?? UNREACHED_ALL)
    : null;

/** How its owner brings a relay back that does not run. */
export type WayBack =
  /** Only the operator can. */
  | { by: "operator" }
  /** By paying what is open. */
  | { by: "payment"; invoice: string }
  /** At once and free: it is paid for until then. */
  | { by: "paid"; untilMs: number }
  /** By choosing a plan: what it owes, a new purchase, or free. */
  | { by: "plan" };

/** @returns null while it runs, or is about to. @param nowMs - logical */
export function wayBack(
  relay: { value: unknown; context: RelayContext },
  till: TenantContext | undefined,
  nowMs: number,
): WayBack | null {
  const status = statusOf(relay.value);
  if (status !== "suspended" && status !== "deactivated") return null;
  const seat = till?.seats[relay.context.id];
  if (!seat || seat.is === "held" || seat.is === "shut") return { by: "operator" };
  if (seat.priceSats > 0 && seat.paidThrough !== null && isCovered(seat, nowMs))
    return { by: "paid", untilMs: seat.paidThrough };
  const invoice = invoiceOfReturn(relay.context, till);
  return invoice === null ? { by: "plan" } : { by: "payment", invoice };
}

/** Where an address is opened at once. @see https://github.com/coracle-social/flotilla */
export const clientsOf = (host: string): { name: string; href: string; what: string }[] => [
  {
    name: "Flotilla",
    href: `https://app.flotilla.social/spaces/${encodeURIComponent(host)}`,
    what: "rooms and chat",
  },
  {
    name: "Coracle",
    href: `https://coracle.social/relays/${encodeURIComponent(host)}`,
    what: "its notes and people",
  },
];
