import { and, not, stateIn } from "xstate";
import { now } from "../durable.ts";
import * as ledger from "./ledger.ts";
import * as say from "./outputs.ts";
import { tenantSetup } from "./setup.ts";

/** Credit pays what it covers, after whatever may have brought some. */
const spending = ["spendCredit", say.tellCredited] as const;
const paying = [
  "numberReceipt",
  say.tellNumber,
  "applyPayment",
  say.closeNeedless,
  say.tellUnused,
  ledger.postRevenue,
  "setAnchor",
  say.tellPlans,
  say.tellBegun,
  ...spending,
] as const;
const renewing = ["moveAnchor", say.createInvoice, ...spending] as const;

/**
 * One tenant owns every sat and every date of its relays and invoices, which talk to it alone; copies
 * flow from here, by tell.
 */
export const tenantMachine = tenantSetup.createMachine({
  id: "tenant",
  version: "4",
  description: "You, as a customer: your standing, your credit, your relays' dates.",
  type: "parallel",
  context: ({ input }) => ({
    ...input,
    createdAt: now(),
    anchor: null,
    nextAnchor: null,
    creditSats: 0,
    refund: null,
    seats: {},
    open: {},
    renewal: null,
    pastDue: null,
    issued: 0,
    receipts: 0,
    draft: null,
    spent: { revenueSats: 0, credit: [], unused: [] },
  }),
  states: {
    status: {
      description: "Your standing with the operator.",
      initial: "active",
      states: {
        active: {
          description: "Everything is open to you.",
          on: {
            ORDER: [
              { guard: and(["mayOrder", "orderIsFree"]), actions: ["addSeat", say.createRelay] },
              {
                guard: "mayOrder",
                actions: ["addSeat", say.createRelay, "draftMonth", say.createInvoice],
              },
            ],
            REACTIVATE: [
              {
                guard: and(["mayReopen", "reopensCovered"]),
                actions: ["reopenSeat", say.tellPlan, say.tellReopen(true)],
              },
              {
                guard: "mayReopen",
                actions: [
                  "draftMonth",
                  "buyBack",
                  say.tellPlan,
                  say.tellReopen(false),
                  say.createInvoice,
                ],
              },
            ],
            CHANGE: [
              { guard: not("mayChange") },
              { guard: "isCancel", actions: "unschedulePlan" },
              {
                guard: "isPending",
                actions: ["replaceLater", "withdraw", say.closeInvoice("superseded")],
              },
              { guard: "isFreeNow", actions: ["makeFree", say.tellExtended, "setAnchor"] },
              { guard: "isLater", actions: "schedulePlan" },
              { guard: "isUpgrade", actions: ["draftUpgrade", say.createInvoice] },
              { actions: ["draftMonth", "keepInvoice", say.createInvoice] },
            ],
            "admin.suspend": { target: "suspended", actions: say.tellAll("HOLD") },
          },
        },
        suspended: {
          description:
            "The operator suspended your account. Your relays do not answer; nothing is billed and nothing is deleted.",
          on: { "admin.unsuspend": { target: "active", actions: say.tellAll("RELEASE") } },
        },
      },
    },
    billing: {
      description: "Your dates, your credit, and the one renewal a month.",
      initial: "waiting",
      // Whatever else is under way: a relay that turns free must not see grace.
      after: { planSwitch: { actions: [say.tellSwitching, "switchPlans", "setAnchor"] } },
      on: {
        SEAT: [
          {
            guard: "begins",
            actions: [
              say.tellStarted,
              say.noticeReactivated,
              "recordSeat",
              say.tellRoom,
              "beginSpan",
              "setAnchor",
              say.tellExtended,
            ],
          },
          {
            guard: "leaves",
            actions: [
              "recordSeat",
              say.tellRoom,
              "setAnchor",
              "withdraw",
              say.closeInvoice("cancelled"),
            ],
          },
          {
            guard: "isSuspension",
            actions: ["recordSeat", say.tellRoom, "setAnchor", say.noticeSuspended],
          },
          { actions: ["recordSeat", say.tellRoom, "setAnchor"] },
        ],
        BILLED: { actions: ["countGrace", say.tellBilled] },
        PAID: [
          { guard: "isRenewal", target: ".issuing", actions: ["forgetRenewal", ...paying] },
          { guard: "isPastDue", actions: ["forgetPastDue", ...paying] },
          { actions: [...paying] },
        ],
        CLOSED: [
          {
            guard: "isRenewal",
            target: ".issuing",
            actions: ["recordClosed", "forgetRenewal", say.tellUnbilled],
          },
          { guard: "isPastDue", actions: ["recordClosed", "forgetPastDue", ...spending] },
          {
            guard: "insteadIsFree",
            actions: ["recordClosed", "replaceByFree", say.tellPlans, ...spending],
          },
          {
            guard: "hasInstead",
            actions: [
              "recordClosed",
              "draftInstead",
              say.tellPlans,
              say.createInvoice,
              ...spending,
            ],
          },
          {
            guard: "isStillOwed",
            actions: ["recordClosed", "draftAgain", say.createInvoice, ...spending],
          },
          { actions: ["recordClosed", say.tellLapsed, ...spending] },
        ],
        CREDIT: { actions: ["addCredit", ...spending] },
        "admin.credit": {
          guard: "isPositive",
          actions: [ledger.postGranted, "addCredit", ...spending],
        },
        "admin.extend": {
          guard: "mayExtend",
          actions: ["extendDate", "setAnchor", say.tellExtended],
        },
        "admin.refund": { guard: "mayRefund", actions: [ledger.postSetAside, "setAside"] },
        "admin.refunded": { guard: "isRefunding", actions: [ledger.postRefunded, "forgetRefund"] },
        "admin.refundCancelled": {
          guard: "isRefunding",
          actions: [ledger.postTakenBack, "takeBack", ...spending],
        },
      },
      states: {
        waiting: {
          description: "Nothing has to be written now.",
          always: { guard: "isStale", target: "closing" },
          after: { renewal: "catchingUp" },
        },
        catchingUp: {
          description: "Your next renewal is about to be written.",
          invoke: {
            id: "catchUp",
            src: "catchUp",
            input: ({ context }) => ({ tenant: context.pubkey }),
            onDone: [
              { guard: not("isAnythingDue"), target: "waiting", actions: "moveAnchor" },
              { guard: "isOpen", target: "closing" },
              { target: "issuing" },
            ],
            onError: "issuing",
          },
        },
        closing: {
          description:
            "What your open renewal bills has changed. We ask our wallet about it, then write it anew.",
          entry: ["withdrawRenewal", say.closeRenewal],
        },
        issuing: {
          description: "Your renewal is being written.",
          always: [
            {
              guard: not("isAnythingDue"),
              target: "waiting",
              actions: ["moveAnchor", ...spending],
            },
            {
              guard: stateIn({ wallet: "connected" }),
              target: "waiting",
              actions: [{ type: "draftRenewal", params: { auto: true } }, ...renewing],
            },
            {
              target: "waiting",
              actions: [{ type: "draftRenewal", params: { auto: false } }, ...renewing],
            },
          ],
        },
      },
    },
    pastDue: {
      description: "What is suspended because it was not paid: billed apart from what runs.",
      initial: "settled",
      states: {
        settled: {
          description: "One invoice bills all of it, if there is any.",
          always: [
            { guard: "isPastDueChanged", target: "closing" },
            {
              guard: "isAnythingPastDue",
              actions: ["draftPastDue", say.createInvoice, ...spending],
            },
            { guard: "isAnythingLapsed", actions: "forgetLapsed" },
          ],
        },
        closing: {
          description:
            "What your past-due invoice bills has changed. We ask our wallet about it, then write it anew.",
          entry: ["withdrawPastDue", say.closePastDue],
          on: {
            PAID: { guard: "isPastDue", target: "settled" },
            CLOSED: { guard: "isPastDue", target: "settled" },
          },
        },
      },
    },
    wallet: {
      description: "Whether a wallet of yours is connected for recurring billing.",
      initial: "none",
      on: {
        WALLET_SET: { target: ".connected", actions: say.chargeOpen },
        WALLET_CLEARED: ".none",
        WALLET_BROKEN: {},
      },
      states: {
        none: {
          description: "You pay each invoice yourself.",
          on: { WALLET_BROKEN: { actions: say.noticeDue } },
        },
        connected: {
          description: "Your wallet pays each renewal.",
          on: { WALLET_BROKEN: { target: "broken", actions: say.noticeBroken } },
        },
        broken: {
          description:
            "Your wallet refused us for good. Pay by hand, or connect it again with a fresh permission.",
        },
      },
    },
  },
});
