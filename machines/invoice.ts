import { assign, setup } from "xstate";
import { type Item, type Purpose, RESERVATION_MS, totalSats } from "./billing.ts";
import { now, outputs, type Post, remote, until } from "./durable.ts";
import { invoiceActor, type ToInvoice, tellTenant } from "./messages.ts";

/** What our wallet issued: times epoch ms, `wallet` the service's pubkey. */
export type Bolt11 = {
  paymentHash: string;
  bolt11: string;
  sats: number;
  wallet: string;
  issuedAt: number;
  expiresAt: number;
};

export type InvoiceInput = {
  id: string;
  tenant: string;
  purpose: Purpose;
  items: Item[];
  creditSats: number;
};

export type InvoiceContext = InvoiceInput & {
  createdAt: number;
  amountSats: number;
  /** The current one; at most one is payable. */
  bolt11: Bolt11 | null;
  closesAt: number | null;
  closing: "unpaid" | "cancelled" | null;
  paidAt: number | null;
  /** What paid it, for the receipt; null when credit alone did. */
  receipt: { paymentHash: string; preimage: string | null; sats: number } | null;
};

/** Our own wallet's word that money arrived for a bolt11 of this invoice; once per payment hash. */
export type Settled = {
  type: "SETTLED";
  paymentHash: string;
  sats: number;
  preimage: string | null;
  settledAt: number;
};
type Command =
  | Settled
  | { type: "admin.void"; reason: string }
  | { type: "admin.retry"; reason: string };

/** What is still to be paid over Lightning. */
export const dueSats = (c: Pick<InvoiceContext, "amountSats" | "creditSats">): number =>
  c.amountSats - c.creditSats;

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

const credit = (c: InvoiceContext, sats: number, why: string) =>
  sats > 0 ? [tellTenant(c.tenant, { type: "CREDIT", sats, why: `${why} ${c.id}` }, sats)] : [];

const receive = {
  type: "post" as const,
  params: ({ context, event }: { context: InvoiceContext; event: Settled }) =>
    received(context, event),
};
const creditAll = {
  type: "tell" as const,
  params: ({ context, event }: { context: InvoiceContext; event: Settled }) =>
    credit(context, event.sats, "paid after the end"),
};
const ended = {
  type: "tell" as const,
  // Closed first, or the till would spend the credit that comes back on this very invoice.
  params: ({ context: c }: { context: InvoiceContext }) => [
    tellTenant(c.tenant, { type: "CLOSED", invoice: c.id, items: c.items }),
    ...credit(c, c.creditSats, "unused"),
  ],
};

/**
 * What is owed, and the bolt11s by which it may be paid. Talks only to its tenant. A deadline never
 * takes anything away by itself: it leads to `lastCall`, which asks our own wallet first.
 */
export const invoiceMachine = setup({
  types: {
    context: {} as InvoiceContext,
    input: {} as InvoiceInput,
    events: {} as Command | ToInvoice,
    tags: {} as "payable" | "attention",
  },
  actors: {
    mintBolt11: remote<Bolt11, { invoice: string; sats: number; closesAt: number | null }>(),
    askWallet: remote<{ settled: boolean }, { invoice: string }>(),
  },
  delays: {
    closesAt: until((c: InvoiceContext) => c.closesAt),
    bolt11Ends: until((c: InvoiceContext) => c.bolt11?.expiresAt ?? null),
  },
  guards: {
    nothingDue: ({ context }) => dueSats(context) <= 0,
    isEnough: ({ context, event }) => event.type === "SETTLED" && event.sats >= dueSats(context),
    isEnoughCredit: ({ context, event }) =>
      event.type === "CREDITED" && event.sats >= dueSats(context),
    isClosing: ({ context }) => context.closing !== null,
    /** Nothing ends, and no second bolt11 is made, before our wallet spoke about the first. */
    mustAsk: ({ context: c }) => c.closing !== null || c.bolt11 !== null,
  },
  actions: {
    ...outputs,
    minted: assign((_, bolt11: Bolt11) => ({ bolt11 })),
    closeAs: assign((_, { why }: { why: InvoiceContext["closing"] }) => ({
      closing: why,
      closesAt: null,
    })),
    addCredit: assign(({ context: c, event: e }) =>
      e.type === "CREDITED" ? { creditSats: c.creditSats + e.sats } : {},
    ),
    keepReceipt: assign(({ event: e }) =>
      e.type === "SETTLED"
        ? { receipt: { paymentHash: e.paymentHash, preimage: e.preimage, sats: e.sats } }
        : {},
    ),
    markPaid: assign({ paidAt: () => now(), closesAt: null }),
    start: assign(({ context: c, event: e }) =>
      e.type === "STARTED"
        ? {
            items: c.items.map((item) =>
              item.relay === e.relay ? { ...item, from: e.from, to: e.to } : item,
            ),
          }
        : {},
    ),
  },
}).createMachine({
  id: "invoice",
  version: "1",
  description: "What you owe for your relays, and how to pay it.",
  initial: "pending",
  context: ({ input }) => ({
    ...input,
    createdAt: now(),
    amountSats: totalSats(input?.items ?? []),
    bolt11: null,
    closesAt: now() + RESERVATION_MS,
    closing: null,
    paidAt: null,
    receipt: null,
  }),
  // Whatever arrives after the end is the tenant's credit: sats are never lost.
  on: {
    SETTLED: { actions: [receive, creditAll] },
    CREDITED: {
      actions: {
        type: "tell",
        params: ({ context, event }) => credit(context, event.sats, "not needed by"),
      },
    },
    STARTED: { actions: "start" },
    CLOSE: {},
  },
  states: {
    pending: {
      description: "We are waiting for your payment.",
      initial: "deciding",
      after: {
        closesAt: {
          target: ".lastCall",
          actions: { type: "closeAs", params: { why: "unpaid" } },
        },
      },
      on: {
        SETTLED: [
          {
            guard: "isEnough",
            target: "paid",
            actions: [receive, "keepReceipt"],
          },
          {
            actions: [
              receive,
              {
                type: "tell",
                params: ({ context: c, event: e }) => credit(c, e.sats, "less than was due for"),
              },
            ],
          },
        ],
        CREDITED: [
          { guard: "isEnoughCredit", target: ".deciding", actions: "addCredit" },
          { actions: "addCredit" },
        ],
        CLOSE: {
          target: ".lastCall",
          actions: { type: "closeAs", params: ({ event }) => ({ why: event.why }) },
        },
        "admin.void": "void",
      },
      states: {
        deciding: {
          description: "We are looking at what is left to pay.",
          always: [{ guard: "nothingDue", target: "#invoice.paid" }, { target: "minting" }],
        },
        minting: {
          description: "Your Lightning invoice is being made.",
          invoke: {
            id: "mint",
            src: "mintBolt11",
            input: ({ context: c }) => ({ invoice: c.id, sats: dueSats(c), closesAt: c.closesAt }),
            onDone: {
              target: "payable",
              actions: [
                { type: "minted", params: ({ event }) => event.output },
                { type: "post", params: ({ event }) => ({ fact: "bolt11", ...event.output }) },
              ],
            },
            onError: "blocked",
          },
        },
        payable: {
          description: "Pay the Lightning invoice and it is done; nothing needs to stay open.",
          tags: "payable",
          after: { bolt11Ends: "lastCall" },
        },
        lastCall: {
          description: "Its time is up. We ask our wallet once more before anything ends.",
          invoke: {
            id: "ask",
            src: "askWallet",
            input: ({ context }) => ({ invoice: context.id }),
            onDone: [{ guard: "isClosing", target: "#invoice.expired" }, { target: "deciding" }],
            onError: "blocked",
          },
        },
        blocked: {
          description:
            "Our wallet refused to make a Lightning invoice. The operator has been told.",
          tags: "attention",
          on: {
            "admin.retry": [{ guard: "mustAsk", target: "lastCall" }, { target: "deciding" }],
          },
        },
      },
    },
    paid: {
      description: "Paid in full.",
      entry: [
        "markPaid",
        {
          type: "tell",
          params: ({ context: c, event: e }) => [
            tellTenant(
              c.tenant,
              { type: "PAID", invoice: c.id, items: c.items, sats: c.amountSats },
              c.amountSats,
            ),
            ...credit(c, (e.type === "SETTLED" ? e.sats : 0) - dueSats(c), "more than was due for"),
          ],
        },
      ],
    },
    expired: {
      description: "It was not paid in time, and nothing is owed on it.",
      entry: ended,
    },
    void: {
      description: "The operator withdrew it; nothing is owed on it.",
      entry: ended,
    },
  },
});
