import { and } from "xstate";
import { createNotice, invoiceActor, tellTenant } from "../addresses.ts";
import { now } from "../durable.ts";
import { beginInvoice } from "./changes.ts";
import { type Charged, dueSats, lastsUntil, outdatedAt, wasCharged } from "./context.ts";
import {
  attempt,
  attemptOf,
  bill,
  chargedActions,
  credit,
  creditAll,
  ended,
  mintedActions,
  notice,
  noticeRefused,
  receive,
  remind,
} from "./outputs.ts";
import { invoiceSetup } from "./setup.ts";

/**
 * What is owed, and the bolt11s by which it may be paid. Talks only to its tenant. A deadline never
 * takes anything away by itself: it leads to `lastCall`, which asks our own wallet first.
 */
export const invoiceMachine = invoiceSetup.createMachine({
  id: "invoice",
  version: "4",
  description: "What you owe for your relays, and how to pay it.",
  initial: "pending",
  context: ({ input }) => beginInvoice(input, now()),
  // Whatever arrives after the end is the tenant's credit: sats are never lost.
  on: {
    SETTLED: { actions: [receive, creditAll] },
    CREDITED: {
      actions: {
        type: "tell",
        params: ({ context, event }) => credit(context, event.sats, "not needed by"),
      },
    },
    STARTED: { actions: "setSpan" },
    UNUSED: { actions: "keepUnused" },
    NUMBERED: { actions: "keepNumber" },
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
        remindAt: { actions: [remind, "dropReminders"] },
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
          { guard: "isEnough", target: ".deciding", actions: "addCredit" },
          { actions: "addCredit" },
        ],
        CLOSE: {
          target: ".lastCall",
          actions: { type: "closeAs", params: ({ event }) => ({ why: event.why }) },
        },
        CHARGE: [{ guard: "isChargeable", actions: "chargeNow" }, {}],
        "admin.retry": { guard: "isChargeable", actions: "chargeNow" },
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
          always: [
            { guard: "nothingDue", target: "#invoice.paid" },
            { guard: "isPastDue", target: "dormant" },
            { target: "minting" },
          ],
        },
        minting: {
          description: "Your Lightning invoice is being made.",
          after: { outdatedAt: "outdated" },
          on: { PAY_BY_WALLET: { actions: "chargeNow" } },
          invoke: {
            id: "mint",
            src: "mintBolt11",
            input: ({ context: c }) => ({
              invoice: c.id,
              sats: dueSats(c),
              lastsUntil: lastsUntil(c, now()),
              notFrom: outdatedAt(c),
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
        outdated: {
          description:
            "The period that it bills was over before it could be paid. It is written anew.",
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
              on: { PAY_BY_WALLET: { actions: "chargeNow" } },
            },
            asking: {
              description: "We ask our own wallet first, so that nothing is paid twice.",
              tags: "charging",
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
              tags: "charging",
              entry: ["beginCharge", attempt],
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
                    ],
                  },
                  {
                    guard: { type: "isRefused", params: ({ event }) => event.output },
                    target: "confirming",
                    actions: [...chargedActions(), noticeRefused],
                  },
                  { target: "confirming", actions: chargedActions() },
                ],
                onError: {
                  target: "confirming",
                  actions: { type: "recordCharge", params: { outcome: "unknown" } as Charged },
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
          description: "It can be paid. You get a Lightning invoice for it when you ask for one.",
          on: {
            REISSUE: "minting",
            PAY_BY_WALLET: { target: "minting", actions: "chargeNow" },
            CHARGE: { target: "minting", actions: "chargeNow" },
            "admin.retry": { target: "minting", actions: "chargeNow" },
          },
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
          meta: { attention: "blocked_invoice" },
          on: {
            "admin.retry": [{ guard: "mustAsk", target: "lastCall" }, { target: "deciding" }],
          },
        },
      },
    },
    paid: {
      description: "Paid in full.",
      tags: "ended",
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
      tags: "ended",
      entry: ended(false),
    },
    void: {
      description: "The operator withdrew it; nothing is owed on it.",
      tags: "ended",
      entry: ended(true),
    },
  },
});
