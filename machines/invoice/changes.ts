/**
 * What becomes of an invoice's data: functions from context and what was heard to what changes. Pure;
 * `machine.ts` says when, and `outputs.ts` what others are told.
 */
import { assertEvent } from "xstate";
import { RESERVATION_MS } from "../billing/calendar.ts";
import { nextChargeAt, nextLookAt, remindersOf } from "../billing/schedule.ts";
import { totalSats } from "../billing/seats.ts";
import {
  type Bolt11,
  type Charged,
  type InvoiceContext,
  type InvoiceEvent,
  type InvoiceInput,
  isBroken,
  isStanding,
} from "./context.ts";

type Changes = Partial<InvoiceContext>;

/** When it ends unpaid: a renewal not while its relays run, and what is past due when the tenant says. */
function closesAt({ purpose, closesAt }: InvoiceInput, nowMs: number): number | null {
  if (purpose === "renewal" || purpose === "past_due") return closesAt;
  return Math.min(closesAt ?? Number.POSITIVE_INFINITY, nowMs + RESERVATION_MS);
}

/** An invoice as it begins. */
export const beginInvoice = (input: InvoiceInput, nowMs: number): InvoiceContext => ({
  ...input,
  createdAt: nowMs,
  amountSats: totalSats(input?.items ?? []),
  bolt11: null,
  billedAt: null,
  closesAt: closesAt(input, nowMs),
  closing: null,
  chargeAt: input?.auto ? nowMs : null,
  tries: 0,
  outcome: null,
  reminders: [],
  paidAt: null,
  receiptNumber: null,
  unused: [],
  receipt: null,
});

export function keepBolt11(c: InvoiceContext, bolt11: Bolt11, nowMs: number): Changes {
  if (c.billedAt !== null) return { bolt11 };
  const reminders = c.purpose === "renewal" ? remindersOf(c.items, c.grace, nowMs) : [];
  return { bolt11, billedAt: nowMs, reminders };
}

/** What is still to be said after now. */
export const remindersAfter = ({ reminders }: InvoiceContext, nowMs: number) =>
  reminders.filter(({ at }) => at > nowMs);

/** From when it begins it counts, and what becomes of it is not known: it may pay at any moment. */
export const beginCharge = (c: InvoiceContext): Changes => ({
  tries: c.tries + 1,
  outcome: "unknown",
});

export function recordCharge(c: InvoiceContext, charged: Charged, nowMs: number): Changes {
  const before = c.tries - 1;
  switch (charged.outcome) {
    case "none":
      return { outcome: "none", chargeAt: null };
    case "rejected": {
      const outcome = charged.code;
      if (!isBroken(charged) && isStanding(c))
        return { outcome, chargeAt: nextChargeAt(before, nowMs, charged.renewsAt) };
      // What was asked for by a click is asked for once.
      if (!isBroken(charged)) return { outcome, chargeAt: null };
      // That it will not be paid by itself is said at once, with what is due: not once more at its date.
      const reminders = c.reminders.filter(({ stage }) => stage !== "due");
      return { outcome, chargeAt: null, reminders };
    }
    default:
      return { outcome: charged.outcome, chargeAt: nextLookAt(before, nowMs) };
  }
}

export const addCredit = (c: InvoiceContext, e: InvoiceEvent): Changes => {
  assertEvent(e, "CREDITED");
  return { creditSats: c.creditSats + e.sats };
};

export const keepReceipt = (_: InvoiceContext, e: InvoiceEvent): Changes => {
  assertEvent(e, "SETTLED");
  return { receipt: { paymentHash: e.paymentHash, preimage: e.preimage, sats: e.sats } };
};

/** A span that was paid begins: its dates are known now. */
export const setSpan = (c: InvoiceContext, e: InvoiceEvent): Changes => {
  assertEvent(e, "STARTED");
  const { relay, from, to, usedMs } = e;
  const span = { from, to, usedMs };
  return { items: c.items.map((item) => (item.relay === relay ? { ...item, ...span } : item)) };
};
