import { and, assign, setup } from "xstate";
import {
  DAY_MS,
  GRACE_MS,
  type Item,
  LEAD_MS,
  nextChargeAt,
  nextLookAt,
  type Purpose,
  RENEWAL_MS,
  RESERVATION_MS,
  remindersOf,
  totalSats,
} from "./billing.ts";
import { now, outputs, type Post, remote, until } from "./durable.ts";
import { createNotice, invoiceActor, type Stage, type ToInvoice, tellTenant } from "./messages.ts";

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
  /** When it ends unpaid, where that is sooner than is usual for its purpose. */
  closesAt: number | null;
  /** Whether the tenant's wallet is to pay it. */
  auto: boolean;
};

/** What came of asking a tenant's wallet to pay. Silence is unknown, never failed. */
export type Charged =
  | { outcome: "paid" | "unknown" }
  | { outcome: "rejected"; code: string; renewsAt: number | null }
  | { outcome: "none" };

export type InvoiceContext = InvoiceInput & {
  createdAt: number;
  amountSats: number;
  /** The current one; at most one is payable. */
  bolt11: Bolt11 | null;
  /** When its first bolt11 was issued: from then on it could be paid. */
  billedAt: number | null;
  closing: "unpaid" | "cancelled" | "superseded" | null;
  /** The next attempt by the tenant's wallet; null for none. */
  chargeAt: number | null;
  tries: number;
  /** What came of the last attempt: an outcome, or the wallet's code. */
  outcome: string | null;
  /** Reminders that are still to go out, soonest first. */
  reminders: { stage: Stage; at: number }[];
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
  | { type: "REISSUE" }
  | { type: "admin.void"; reason: string }
  | { type: "admin.markPaid"; reason: string }
  | { type: "admin.retry"; reason: string };

/** Codes by which a wallet says that it will never pay us like this. */
const BROKEN = new Set(["UNAUTHORIZED", "RESTRICTED", "NOT_IMPLEMENTED", "UNSUPPORTED_ENCRYPTION"]);
/** What the wallet that pays for a charge by itself is not told to do again. */
const attempt = (state: "created") => ({
  type: "post" as const,
  params: ({ context: c }: { context: InvoiceContext }) => attemptOf(c, c.tries, state, null),
});
const attemptOf = (
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
    tellTenant(
      c.tenant,
      { type: "CLOSED", invoice: c.id, items: c.items, sats: c.creditSats },
      c.creditSats,
    ),
  ],
};
const notice = (stage: Stage) => ({
  type: "create" as const,
  params: ({ context: c }: { context: InvoiceContext }) =>
    createNotice(c.tenant, c.id, stage, c.closesAt),
});

/** Whether what paid it may well have been the tenant's wallet at our request. */
const wasCharged = (c: InvoiceContext): boolean =>
  c.receipt !== null && (c.outcome === "paid" || c.outcome === "unknown");

const bill = {
  type: "tell" as const,
  params: ({ context: c }: { context: InvoiceContext }) =>
    tellTenant(c.tenant, { type: "BILLED", invoice: c.id, items: c.items }),
};

/**
 * A purchase's bolt11 lasts as long as it, a renewal's to the end of grace and a day: with the hour by
 * which it was written ahead, so that who comes back on that day still finds it.
 */
const lastsUntil = (c: InvoiceContext): number | null =>
  c.purpose === "renewal"
    ? Math.min(
        c.closesAt ?? Number.POSITIVE_INFINITY,
        Math.max(now(), ...c.items.map((item) => item.from)) + GRACE_MS + DAY_MS + LEAD_MS,
      )
    : c.closesAt;

type Minted = { context: InvoiceContext; event: { output: Bolt11 } };
const mintedActions = () => [
  { type: "minted" as const, params: ({ event }: Minted) => event.output },
  {
    type: "post" as const,
    params: ({ event }: Minted): Post => ({ fact: "bolt11", ...event.output }),
  },
];

type Answered = { context: InvoiceContext; event: { output: Charged } };
const chargedActions = () => [
  { type: "charged" as const, params: ({ event }: Answered) => event.output },
  {
    type: "post" as const,
    params: ({ context: c, event: { output } }: Answered): Post | [] => {
      if (output.outcome === "none") return attemptOf(c, c.tries, "rejected", "NO_WALLET");
      const state = output.outcome === "paid" ? "sent" : output.outcome;
      return attemptOf(c, c.tries, state, "code" in output ? output.code : null);
    },
  },
];

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
    mintBolt11: remote<Bolt11, { invoice: string; sats: number; lastsUntil: number | null }>(),
    askWallet: remote<{ settled: boolean }, { invoice: string }>(),
    payByWallet: remote<Charged, { tenant: string; invoice: string; bolt11: string }>(),
  },
  delays: {
    closesAt: until((c: InvoiceContext) => c.closesAt),
    bolt11Ends: until((c: InvoiceContext) => c.bolt11?.expiresAt ?? null),
    chargeAt: until((c: InvoiceContext) => c.chargeAt),
    remindAt: until((c: InvoiceContext) => c.reminders[0]?.at ?? null),
  },
  guards: {
    nothingDue: ({ context }) => dueSats(context) <= 0,
    isEnough: ({ context, event }) => event.type === "SETTLED" && event.sats >= dueSats(context),
    isEnoughCredit: ({ context, event }) =>
      event.type === "CREDITED" && event.sats >= dueSats(context),
    isClosing: ({ context }) => context.closing !== null,
    isUnsettled: (_, params: { settled: boolean }) => !params.settled,
    isRenewal: ({ context }) => context.purpose === "renewal",
    /** A renewal whose bolt11 ran out: its relays are suspended by now. */
    isBilled: ({ context }) => context.purpose === "renewal" && context.billedAt !== null,
    isFirst: ({ context }) => context.purpose === "renewal" && context.billedAt === null,
    isAuto: ({ context }) => context.chargeAt !== null,
    isBroken: (_, charged: Charged) => charged.outcome === "rejected" && BROKEN.has(charged.code),
    isRefused: (_, charged: Charged) =>
      charged.outcome === "rejected" || charged.outcome === "none",
    /** Nothing ends, and no second bolt11 is made, before our wallet spoke about the first. */
    mustAsk: ({ context: c }) => c.closing !== null || c.bolt11 !== null,
  },
  actions: {
    ...outputs,
    minted: assign(({ context: c }, bolt11: Bolt11) => {
      if (c.billedAt !== null) return { bolt11 };
      const isRenewal = c.purpose === "renewal";
      const reminders = isRenewal ? remindersOf(c.items, now()) : [];
      return { bolt11, billedAt: now(), reminders };
    }),
    reminded: assign(({ context }) => ({ reminders: context.reminders.slice(1) })),
    chargeNow: assign({ chargeAt: () => now() }),
    /** From when it begins it counts, and what becomes of it is not known: it may pay at any moment. */
    charging: assign(({ context: c }) => ({ tries: c.tries + 1, outcome: "unknown" })),
    charged: assign(({ context: c }, charged: Charged) => {
      const before = c.tries - 1;
      switch (charged.outcome) {
        case "none":
          return { outcome: "none", chargeAt: null };
        case "rejected":
          return {
            outcome: charged.code,
            chargeAt: BROKEN.has(charged.code)
              ? null
              : nextChargeAt(before, now(), charged.renewsAt),
          };
        default:
          return { outcome: charged.outcome, chargeAt: nextLookAt(before, now()) };
      }
    }),
    /** Nothing was attempted: our own wallet could not be asked, or has spoken already. */
    chargeLater: assign(({ context: c }) => ({ chargeAt: nextLookAt(c.tries, now()) })),
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
    billedAt: null,
    closesAt: Math.min(
      input?.closesAt ?? Number.POSITIVE_INFINITY,
      now() + (input?.purpose === "renewal" ? RENEWAL_MS : RESERVATION_MS),
    ),
    closing: null,
    chargeAt: input?.auto ? now() : null,
    tries: 0,
    outcome: null,
    reminders: [],
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
    CHARGE: {},
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
        remindAt: {
          actions: [
            {
              type: "create",
              params: ({ context: c }) => {
                const [reminder] = c.reminders;
                return reminder ? createNotice(c.tenant, c.id, reminder.stage, c.closesAt) : [];
              },
            },
            "reminded",
          ],
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
        CHARGE: [{ guard: "isRenewal", actions: "chargeNow" }, {}],
        "admin.retry": { guard: "isRenewal", actions: "chargeNow" },
        "admin.void": "void",
        "admin.markPaid": {
          target: "paid",
          actions: {
            type: "post",
            params: ({ context: c }) => ({
              fact: "ledger",
              from: "operator",
              to: invoiceActor(c.id),
              sats: dueSats(c),
              why: "marked paid",
            }),
          },
        },
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
            input: ({ context: c }) => ({
              invoice: c.id,
              sats: dueSats(c),
              lastsUntil: lastsUntil(c),
            }),
            onDone: [
              {
                guard: and(["isFirst", "isAuto"]),
                target: "payable",
                actions: [bill, ...mintedActions()],
              },
              {
                guard: "isFirst",
                target: "payable",
                actions: [bill, ...mintedActions(), notice("due")],
              },
              { target: "payable", actions: mintedActions() },
            ],
            onError: "blocked",
          },
        },
        payable: {
          description: "Pay the Lightning invoice and it is done; nothing needs to stay open.",
          tags: "payable",
          after: { bolt11Ends: "lastCall" },
          initial: "idle",
          states: {
            idle: {
              description: "Waiting for you, or for your wallet's next turn.",
              after: { chargeAt: "asking" },
            },
            asking: {
              description: "We ask our own wallet first, so that nothing is paid twice.",
              invoke: {
                id: "askFirst",
                src: "askWallet",
                input: ({ context }) => ({ invoice: context.id }),
                onDone: [
                  {
                    guard: { type: "isUnsettled", params: ({ event }) => event.output },
                    target: "charging",
                  },
                  { target: "idle", actions: "chargeLater" },
                ],
                onError: { target: "idle", actions: "chargeLater" },
              },
            },
            charging: {
              description: "Your wallet is asked to pay.",
              entry: ["charging", attempt("created")],
              invoke: {
                id: "pay",
                src: "payByWallet",
                input: ({ context: c }) => ({
                  tenant: c.tenant,
                  invoice: c.id,
                  bolt11: c.bolt11?.bolt11 ?? "",
                }),
                onDone: [
                  {
                    guard: { type: "isBroken", params: ({ event }) => event.output },
                    target: "confirming",
                    actions: [
                      ...chargedActions(),
                      {
                        type: "tell",
                        params: ({ context: c, event }) =>
                          tellTenant(c.tenant, {
                            type: "WALLET_BROKEN",
                            invoice: c.id,
                            code: "code" in event.output ? event.output.code : "",
                          }),
                      },
                      notice("due"),
                    ],
                  },
                  {
                    guard: { type: "isRefused", params: ({ event }) => event.output },
                    target: "confirming",
                    actions: [...chargedActions(), notice("due")],
                  },
                  { target: "confirming", actions: chargedActions() },
                ],
                onError: {
                  target: "confirming",
                  actions: { type: "charged", params: { outcome: "unknown" } as Charged },
                },
              },
            },
            confirming: {
              description:
                "Your wallet has answered, or not. Only our own wallet's word counts: we ask it.",
              invoke: {
                id: "askAfter",
                src: "askWallet",
                input: ({ context }) => ({ invoice: context.id }),
                onDone: "idle",
                onError: "idle",
              },
            },
          },
        },
        dormant: {
          description:
            "It is unpaid and its Lightning invoice has run out. You get a new one when you ask for it.",
          on: {
            REISSUE: "deciding",
            CHARGE: { target: "deciding", actions: "chargeNow" },
            "admin.retry": { target: "deciding", actions: "chargeNow" },
          },
        },
        lastCall: {
          description: "Its time is up. We ask our wallet once more before anything ends.",
          invoke: {
            id: "ask",
            src: "askWallet",
            input: ({ context }) => ({ invoice: context.id }),
            onDone: [
              { guard: "isClosing", target: "#invoice.expired" },
              { guard: "isBilled", target: "dormant" },
              { target: "deciding" },
            ],
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
          type: "post",
          params: ({ context: c }) => (wasCharged(c) ? attemptOf(c, c.tries, "settled", null) : []),
        },
        {
          type: "create",
          params: ({ context: c }) =>
            wasCharged(c) ? createNotice(c.tenant, c.id, "receipt", null) : [],
        },
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
