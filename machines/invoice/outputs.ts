/** What an invoice tells, creates and posts: actions by name, with what they are about. */

import { createNotice, invoiceActor, tellTenant } from "../addresses.ts";
import { graceEndOf, reminderEndsAt } from "../billing/schedule.ts";
import { now, type Post } from "../durable.ts";
import type { Stage } from "../messages.ts";
import type { Bolt11, Charged, InvoiceContext, Settled } from "./context.ts";

/** An attempt by the tenant's wallet begins. */
export const attempt = {
  type: "post" as const,
  params: ({ context: c }: { context: InvoiceContext }) => attemptOf(c, c.tries, "created", null),
};
export const attemptOf = (
  c: InvoiceContext,
  n: number,
  state: "created" | "sent" | "settled" | "rejected" | "unknown",
  code: string | null,
): Post => ({
  fact: "attempt",
  id: `${c.id}.${n}`,
  paymentHash: c.bolt11?.paymentHash ?? "",
  state,
  code,
  at: now(),
});

const received = (c: InvoiceContext, e: Settled): Post[] => [
  {
    fact: "settlement",
    paymentHash: e.paymentHash,
    sats: e.sats,
    preimage: e.preimage,
    settledAt: e.settledAt,
  },
  {
    fact: "ledger",
    from: "wallet",
    to: invoiceActor(c.id),
    sats: e.sats,
    why: `settled ${e.paymentHash}`,
  },
];

export const credit = (c: InvoiceContext, sats: number, why: string) =>
  sats > 0 ? [tellTenant(c.tenant, { type: "CREDIT", sats, why: `${why} ${c.id}` }, sats)] : [];

export const receive = {
  type: "post" as const,
  params: ({ context, event }: { context: InvoiceContext; event: Settled }) =>
    received(context, event),
};
export const creditAll = {
  type: "tell" as const,
  params: ({ context, event }: { context: InvoiceContext; event: Settled }) =>
    credit(context, event.sats, "paid after the end"),
};
export const ended = (isVoid: boolean) => ({
  type: "tell" as const,
  // Closed first, or the tenant would spend the credit that comes back on this very invoice.
  params: ({ context: c }: { context: InvoiceContext }) => [
    tellTenant(
      c.tenant,
      { type: "CLOSED", invoice: c.id, items: c.items, sats: c.creditSats, isVoid },
      c.creditSats,
    ),
  ],
});
/** What runs is told what is due until it is suspended. */
const graceEnds = (c: InvoiceContext): number => graceEndOf(c.items, c.grace, c.billedAt ?? now());

export const notice = (stage: Stage) => ({
  type: "create" as const,
  params: ({ context: c }: { context: InvoiceContext }) =>
    createNotice(c.tenant, c.id, stage, graceEnds(c)),
});

/** Says what is to be said now: two dates may fall on one instant. */
export const remind = {
  type: "create" as const,
  params: ({ context: c }: { context: InvoiceContext }) =>
    c.reminders
      .filter(({ at }) => at <= now())
      .map((said) => createNotice(c.tenant, c.id, said.stage, reminderEndsAt(said, graceEnds(c)))),
};

/** Its wallet refused a renewal: what is due is said as to everyone else. What is past due was said. */
export const noticeRefused = {
  type: "create" as const,
  params: ({ context: c }: { context: InvoiceContext }) =>
    c.purpose === "renewal" ? createNotice(c.tenant, c.id, "due", graceEnds(c)) : [],
};

export const bill = {
  type: "tell" as const,
  params: ({ context: c }: { context: InvoiceContext }) =>
    tellTenant(c.tenant, { type: "BILLED", invoice: c.id, items: c.items }),
};

type Minted = { context: InvoiceContext; event: { output: Bolt11 } };
export const mintedActions = () => [
  { type: "keepBolt11" as const, params: ({ event }: Minted) => event.output },
  {
    type: "post" as const,
    params: ({ event }: Minted): Post => ({ fact: "bolt11", ...event.output }),
  },
];

type Answered = { context: InvoiceContext; event: { output: Charged } };
export const chargedActions = () => [
  { type: "recordCharge" as const, params: ({ event }: Answered) => event.output },
  {
    type: "post" as const,
    params: ({ context: c, event: { output } }: Answered): Post | [] => {
      if (output.outcome === "none") return attemptOf(c, c.tries, "rejected", "NO_WALLET");
      const state = output.outcome === "paid" ? "sent" : output.outcome;
      return attemptOf(c, c.tries, state, "code" in output ? output.code : null);
    },
  },
];
