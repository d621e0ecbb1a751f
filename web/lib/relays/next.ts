/**
 * What happens next with a relay, and when: one short line, said of what the relay's machine and the
 * till of its tenant hold. Pure: the same words in a list, on a page, and in a test without a browser.
 */
import { QUARANTINE_MS } from "../../../machines/billing/calendar.ts";
import { isNextPaid, type Seat } from "../../../machines/billing/seats.ts";
import type { InvoiceContext } from "../../../machines/invoice/context.ts";
import { plans } from "../../../machines/plans.ts";
import { isNameKept, type RelayContext } from "../../../machines/relay/context.ts";
import { type RelayPath, relayPathOf } from "../../../machines/relay/status.ts";
import { renews, type TenantContext } from "../../../machines/tenant/context.ts";
import { switchesByItself } from "../../../machines/tenant/orders.ts";
import { openInvoiceOf } from "../billing/open-invoice.ts";
import { upcoming } from "../billing/upcoming.ts";
import { day, sats, span } from "../words/format.ts";
import type { Tone } from "../words/tone.ts";

export type RelayNow = { value: unknown; context: RelayContext };
export type TillNow = { value: unknown; context: TenantContext };
/** An open invoice, by its id. */
export type InvoiceNow = (id: string) => { context: InvoiceContext } | undefined;

export type Next = {
  text: string;
  /** When it happens, or until when it can be done; null where that is not known, or never. */
  atMs: number | null;
  tone: Tone;
  /** What can be paid to go on. */
  invoice: string | null;
  /** The connected wallet is paying it: nothing is to be done. */
  isPaying?: boolean;
};

const walletOf = (till: TillNow | undefined): string =>
  (till?.value as { wallet?: string } | undefined)?.wallet ?? "none";

/** @param till - undefined while it is not known. @param nowMs - logical */
export function nextOf(
  { value, context: c }: RelayNow,
  till: TillNow | undefined,
  invoice: InvoiceNow,
  nowMs: number,
): Next {
  const is = (
    text: string,
    tone: Tone,
    atMs: number | null = null,
    pays: string | null = null,
  ) => ({
    text,
    tone,
    atMs,
    invoice: pays,
  });
  const open = openInvoiceOf(c, till?.context);
  const path = relayPathOf(value);
  switch (path) {
    case "pending": {
      const closesAt = open === null ? null : (invoice(open)?.context.closesAt ?? null);
      const left = closesAt === null ? "" : ` · ${span(closesAt - nowMs)} left`;
      return is(`Waiting for your payment${left}`, "waiting", closesAt, open);
    }
    case "provisioning.prompt":
      return is("Being set up", "harbour");
    case "provisioning.late":
      return is("Being set up, and it takes longer than usual", "grace");
    case "active":
      return whileActive(c, till, invoice, nowMs);
    case "grace.counting":
      return whileCounting(c, till, invoice, nowMs);
    case "grace.lastCall":
    case "grace.stuck":
      return is("We ask our wallet once more", "grace", c.graceEnds, c.invoice);
    case "grace.deciding":
    case "grace.unbilled":
      return is("Your invoice is being made; no deadline yet", "grace", null, open);
    case "suspended.unpaid":
      return open === null
        ? is("Reactivate to resume", "suspended")
        : is("Pay to resume", "suspended", invoice(open)?.context.closesAt ?? null, open);
    case "suspended.held":
      return is("Your account is suspended", "suspended");
    case "suspended.byAdmin":
    case "suspended.heldByAdmin":
      return is("Suspended by the operator", "suspended");
    case "deactivated.byAdmin":
      return is("Switched off by the operator", "waiting");
    case "deactivated.byOwner":
    case "deactivated.lapsed":
      return whileOff(c, path, nowMs);
  }
}

function whileActive(
  c: RelayContext,
  till: TillNow | undefined,
  invoice: InvoiceNow,
  nowMs: number,
): Next {
  const seat = till?.context.seats[c.id];
  if (seat?.invoice) {
    const bill = invoice(seat.invoice)?.context;
    const closesAt = bill?.closesAt ?? null;
    const to = bill?.items[0] ? ` to ${plans[bill.items[0].plan].name}` : "";
    const left = closesAt === null ? "" : ` · ${span(closesAt - nowMs)} left`;
    const text = `Changes${to} when you pay${left}`;
    return { text, tone: "harbour", atMs: closesAt, invoice: seat.invoice };
  }
  if (c.priceSats === 0)
    return { text: "Free, no end date", tone: "active", atMs: null, invoice: null };
  const atMs = c.paidThrough;
  if (!till || !seat || atMs === null)
    return { text: "Running", tone: "active", atMs, invoice: null };
  const date = day(atMs, nowMs);
  if (seat.next && isNextPaid(seat)) {
    // The date through which it is paid is that of the month after the change.
    const changesAt = seat.next.at + 1;
    const text = `Changes to ${plans[seat.next.plan].name} on ${day(changesAt, nowMs)}`;
    return { text, tone: "active", atMs: changesAt, invoice: null };
  }
  const turns = seat.next && plans[seat.next.plan];
  if (turns?.priceSats === 0)
    return { text: `Changes to ${turns.name} on ${date}`, tone: "active", atMs, invoice: null };
  return renewal(c.id, till, seat, invoice, nowMs);
}

/** How the next renewal of a relay that runs is paid. */
function renewal(id: string, till: TillNow, seat: Seat, invoice: InvoiceNow, nowMs: number): Next {
  const written = till.context.renewal;
  const isWritten = written !== null && renews(till.context, id);
  const items = isWritten ? written.items : upcoming(till.context, id, nowMs);
  const item = items.find(({ relay }) => relay === id);
  const price = sats(item?.sats ?? seat.priceSats);
  const atMs = item?.from ?? seat.paidThrough;
  const date = day(atMs ?? nowMs, nowMs);
  const isWallet = walletOf(till) === "connected";
  if (isWritten) {
    const charge = chargeOf(till, invoice(written.invoice)?.context, nowMs);
    return {
      text: `${charge?.words ?? "Renewal can be paid"} · ${price}`,
      tone: !charge ? "harbour" : charge.isPaying ? "active" : "grace",
      atMs,
      invoice: written.invoice,
    };
  }
  const total = items.reduce((sum, one) => sum + one.sats, 0);
  const how = switchesByItself(seat) ? "" : " with the renewal";
  const turns = seat.next ? `Changes to ${plans[seat.next.plan].name}${how}` : null;
  const who = till.context.creditSats >= total && total > 0 ? "credit" : isWallet ? "wallet" : null;
  const text = turns
    ? `${turns} on ${date} · ${price}`
    : who
      ? `Your ${who} pays on ${date} · ${price}`
      : `Renews ${date} · ${price}`;
  return { text, tone: "active", atMs, invoice: null };
}

/** Codes of a wallet's attempt that do not mean that it refused. */
const TRIED_WELL = [null, "unknown", "paid"];

/** It was asked, and what came of it is not known: between two attempts that is no payment on its way. */
const isSilent = ({ outcome, chargeAt }: InvoiceContext, nowMs: number): boolean =>
  outcome === "unknown" && chargeAt !== null && chargeAt > nowMs;

/** What the connected wallet has to do with an open renewal; null where it is not asked. */
function chargeOf(
  till: TillNow | undefined,
  bill: InvoiceContext | undefined,
  nowMs: number,
): { words: string; isPaying: boolean } | null {
  if (walletOf(till) !== "connected" || !bill || bill.chargeAt === null) return null;
  if (!TRIED_WELL.includes(bill.outcome))
    return { words: "Your wallet refused; it is tried again", isPaying: false };
  return isSilent(bill, nowMs)
    ? { words: "Your wallet does not answer; it is asked again", isPaying: false }
    : { words: "Your wallet is paying", isPaying: true };
}

function whileCounting(
  c: RelayContext,
  till: TillNow | undefined,
  invoice: InvoiceNow,
  nowMs: number,
): Next {
  const left = span((c.graceEnds ?? nowMs) - nowMs);
  const bill = c.invoice === null ? undefined : invoice(c.invoice)?.context;
  const charge = chargeOf(till, bill, nowMs);
  const text = charge ? `${charge.words} · ${left} left` : `Pay within ${left}`;
  const next = { text, tone: "grace" as const, atMs: c.graceEnds, invoice: c.invoice };
  return charge?.isPaying ? { ...next, isPaying: true } : next;
}

function whileOff(c: RelayContext, where: RelayPath, nowMs: number): Next {
  const paidUntil = c.priceSats > 0 && (c.paidThrough ?? 0) > nowMs ? c.paidThrough : null;
  const keptUntil =
    c.closedAt !== null && isNameKept(c, c.closedAt) ? c.closedAt + QUARANTINE_MS : null;
  const isOurs = keptUntil !== null && keptUntil > nowMs;
  const said = where === "deactivated.lapsed" ? "Not paid in time" : "Switched off";
  const next = { tone: "waiting" as const, invoice: null };
  if (paidUntil !== null) {
    const text = `Switched off; free to bring back until ${day(paidUntil, nowMs)}`;
    return { ...next, text, atMs: paidUntil };
  }
  if (isOurs) {
    const text = `${said}; the name stays yours until ${day(keptUntil, nowMs)}`;
    return { ...next, text, atMs: keptUntil };
  }
  return { ...next, text: `${said}; the name is free for anyone`, atMs: null };
}

/** What is due first comes first: what is dark, what soon will be, what waits for money, then by date. */
export function byDue(a: Next, b: Next): number {
  const rank = ({ tone, invoice }: Next): number =>
    tone === "suspended" ? 0 : tone === "grace" ? 1 : invoice !== null ? 2 : 3;
  const at = ({ atMs }: Next): number => atMs ?? Number.MAX_SAFE_INTEGER;
  return rank(a) - rank(b) || at(a) - at(b);
}
