import { and, assign, not, setup, stateIn } from "xstate";
import { now, outputs, remote, until } from "../durable.ts";
import { plans } from "../plans.ts";
import {
  type Condition,
  seatOf,
  type TenantContext,
  type TenantEvent,
  type TenantInput,
  type Transformation,
} from "./context.ts";
import * as money from "./money.ts";
import * as till from "./orders.ts";
import * as say from "./outputs.ts";

export { type Order, renews, type TenantContext, type TenantInput } from "./context.ts";
export { changeRefusal, reopenedAs, switchesByItself } from "./orders.ts";
export { roomOf } from "./outputs.ts";
export {
  isAlonePastDue,
  isPastDue,
  itemOfReturn,
  owedOf,
  planOfReturn,
} from "./past-due.ts";

type Taken = { context: TenantContext; event: TenantEvent };
const by =
  (transform: Transformation) =>
  ({ context, event }: Taken) =>
    transform(context, event, now());
const when =
  (holds: Condition) =>
  ({ context, event }: Taken): boolean =>
    holds(context, event, now());
const changes =
  (change: string): Condition =>
  (c, e, nowMs) =>
    till.quoted(c, e, nowMs)?.quote.change === change;

/** Credit pays what it covers, after whatever may have brought some. */
const spending = ["creditSpent", say.tellCredited] as const;
const paying = [
  "numbered",
  say.tellNumber,
  "applied",
  say.closeNeedless,
  say.tellUnused,
  say.postRevenue,
  "anchored",
  say.tellPlans,
  say.tellBegun,
  ...spending,
] as const;
const renewing = ["anchorMoved", say.createInvoice, ...spending] as const;

/**
 * The till. One tenant owns every sat and every date of its relays and invoices, which talk to it
 * alone; copies flow from here, by tell.
 */
export const tenantMachine = setup({
  types: {
    context: {} as TenantContext,
    input: {} as TenantInput,
    events: {} as TenantEvent,
  },
  actors: { catchUp: remote<null, { tenant: string }>() },
  delays: { renewal: until(till.renewalAt), planSwitch: until(till.nextSwitch) },
  guards: {
    mayOrder: when(till.mayOrder),
    orderIsFree: ({ event: e }) => e.type === "ORDER" && plans[e.plan].priceSats === 0,
    mayReopen: when(till.mayReopen),
    reopensCovered: when(till.reopensCovered),
    mayChange: when(till.mayChange),
    isPending: ({ context: c, event: e }) => seatOf(c, e)?.is === "new",
    isCancel: when(changes("cancel")),
    isFreeNow: when(changes("free")),
    isUpgrade: when(changes("upgrade")),
    isLater: when(
      (c, e, nowMs) => changes("downgrade")(c, e, nowMs) || changes("renewal")(c, e, nowMs),
    ),
    begins: ({ context: c, event: e }) =>
      e.type === "SEAT" && e.is === "on" && Boolean(seatOf(c, e)?.prepaid),
    leaves: ({ event: e }) => e.type === "SEAT" && (e.is === "off" || e.is === "shut"),
    isSuspension: ({ event: e }) =>
      e.type === "SEAT" && e.is === "dark" && typeof e.invoice === "string",
    isStillOwed: when(money.isStillOwed),
    isRenewal: ({ context: c, event: e }) => "invoice" in e && e.invoice === c.renewal?.invoice,
    isPastDue: ({ context: c, event: e }) => "invoice" in e && e.invoice === c.pastDue?.invoice,
    isPastDueChanged: when(money.isPastDueChanged),
    isAnythingPastDue: when(money.isAnythingPastDue),
    isAnythingLapsed: when(money.isAnythingLapsed),
    isOpen: ({ context: c }) => c.renewal !== null,
    isStale: ({ context: c }) => money.isRenewalStale(c),
    isAnythingDue: when(money.isAnythingDue),
    hasInstead: ({ context: c, event: e }) => till.insteadOf(c, e) !== null,
    insteadIsFree: ({ context: c, event: e }) => {
      const instead = till.insteadOf(c, e);
      return instead !== null && plans[instead.plan].priceSats === 0;
    },
    mayExtend: when(money.mayExtend),
    mayRefund: when(money.mayRefund),
    isRefunding: ({ context: c }) => c.refund !== null,
    isPositive: ({ event: e }) => e.type === "admin.credit" && e.sats > 0,
  },
  actions: {
    ...outputs,
    ordered: assign(by(till.ordered)),
    reopened: assign(by(till.reopened)),
    bought: assign(by(till.bought)),
    changing: assign(by(money.changing)),
    scheduled: assign(by(till.scheduled)),
    unscheduled: assign(by(till.unscheduled)),
    switched: assign(by(till.switched)),
    madeFree: assign(by(till.madeFree)),
    replacedLater: assign(by(till.replacedLater)),
    replacedByFree: assign(by(till.replacedByFree)),
    draftedMonth: assign(by(money.draftedMonth)),
    draftedUpgrade: assign(by(money.draftedUpgrade)),
    draftedInstead: assign(by(money.draftedInstead)),
    draftedAgain: assign(by(money.draftedAgain)),
    draftedRenewal: assign(({ context }, { auto }: { auto: boolean }) =>
      money.draftedRenewal(context, auto, now()),
    ),
    forgetRenewal: assign({ renewal: null }),
    draftedPastDue: assign(by(money.draftedPastDue)),
    forgetPastDue: assign({ pastDue: null }),
    pastDueWithdrawn: assign(by(money.pastDueWithdrawn)),
    lapsedForgotten: assign(by(money.lapsedForgotten)),
    withdrawn: assign(by(money.withdrawn)),
    renewalWithdrawn: assign(by(money.renewalWithdrawn)),
    closed: assign(by(money.closed)),
    seated: assign(by(money.seated)),
    begun: assign(by(money.begun)),
    billed: assign(by(till.billed)),
    anchored: assign(by(till.anchored)),
    anchorMoved: assign(by(till.anchorMoved)),
    numbered: assign({ receipts: ({ context }) => context.receipts + 1 }),
    applied: assign(by(money.applied)),
    credited: assign(by(money.credited)),
    creditSpent: assign(by(money.creditSpent)),
    dateExtended: assign(by(money.dateExtended)),
    setAside: assign(by(money.setAside)),
    takenBack: assign(by(money.takenBack)),
    refunded: assign({ refund: null }),
  },
}).createMachine({
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
              { guard: and(["mayOrder", "orderIsFree"]), actions: ["ordered", say.createRelay] },
              {
                guard: "mayOrder",
                actions: ["ordered", say.createRelay, "draftedMonth", say.createInvoice],
              },
            ],
            REACTIVATE: [
              {
                guard: and(["mayReopen", "reopensCovered"]),
                actions: ["reopened", say.tellPlan, say.tellReopen(true)],
              },
              {
                guard: "mayReopen",
                actions: [
                  "draftedMonth",
                  "bought",
                  say.tellPlan,
                  say.tellReopen(false),
                  say.createInvoice,
                ],
              },
            ],
            CHANGE: [
              { guard: not("mayChange") },
              { guard: "isCancel", actions: "unscheduled" },
              {
                guard: "isPending",
                actions: ["replacedLater", "withdrawn", say.closeInvoice("superseded")],
              },
              { guard: "isFreeNow", actions: ["madeFree", say.tellExtended, "anchored"] },
              { guard: "isLater", actions: "scheduled" },
              { guard: "isUpgrade", actions: ["draftedUpgrade", say.createInvoice] },
              { actions: ["draftedMonth", "changing", say.createInvoice] },
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
      after: { planSwitch: { actions: [say.tellSwitching, "switched", "anchored"] } },
      on: {
        SEAT: [
          {
            guard: "begins",
            actions: [
              say.tellStarted,
              say.noticeReactivated,
              "seated",
              say.tellRoom,
              "begun",
              "anchored",
              say.tellExtended,
            ],
          },
          {
            guard: "leaves",
            actions: [
              "seated",
              say.tellRoom,
              "anchored",
              "withdrawn",
              say.closeInvoice("cancelled"),
            ],
          },
          {
            guard: "isSuspension",
            actions: ["seated", say.tellRoom, "anchored", say.noticeSuspended],
          },
          { actions: ["seated", say.tellRoom, "anchored"] },
        ],
        BILLED: { actions: ["billed", say.tellBilled] },
        PAID: [
          { guard: "isRenewal", target: ".issuing", actions: ["forgetRenewal", ...paying] },
          { guard: "isPastDue", actions: ["forgetPastDue", ...paying] },
          { actions: [...paying] },
        ],
        CLOSED: [
          {
            guard: "isRenewal",
            target: ".issuing",
            actions: ["closed", "forgetRenewal", say.tellUnbilled],
          },
          { guard: "isPastDue", actions: ["closed", "forgetPastDue", ...spending] },
          {
            guard: "insteadIsFree",
            actions: ["closed", "replacedByFree", say.tellPlans, ...spending],
          },
          {
            guard: "hasInstead",
            actions: ["closed", "draftedInstead", say.tellPlans, say.createInvoice, ...spending],
          },
          {
            guard: "isStillOwed",
            actions: ["closed", "draftedAgain", say.createInvoice, ...spending],
          },
          { actions: ["closed", say.tellLapsed, ...spending] },
        ],
        CREDIT: { actions: ["credited", ...spending] },
        "admin.credit": {
          guard: "isPositive",
          actions: [say.postGranted, "credited", ...spending],
        },
        "admin.extend": {
          guard: "mayExtend",
          actions: ["dateExtended", "anchored", say.tellExtended],
        },
        "admin.refund": { guard: "mayRefund", actions: [say.postSetAside, "setAside"] },
        "admin.refunded": { guard: "isRefunding", actions: [say.postRefunded, "refunded"] },
        "admin.refundCancelled": {
          guard: "isRefunding",
          actions: [say.postTakenBack, "takenBack", ...spending],
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
              { guard: not("isAnythingDue"), target: "waiting", actions: "anchorMoved" },
              { guard: "isOpen", target: "closing" },
              { target: "issuing" },
            ],
            onError: "issuing",
          },
        },
        closing: {
          description:
            "What your open renewal bills has changed. We ask our wallet about it, then write it anew.",
          entry: ["renewalWithdrawn", say.closeRenewal],
        },
        issuing: {
          description: "Your renewal is being written.",
          always: [
            {
              guard: not("isAnythingDue"),
              target: "waiting",
              actions: ["anchorMoved", ...spending],
            },
            {
              guard: stateIn({ wallet: "connected" }),
              target: "waiting",
              actions: [{ type: "draftedRenewal", params: { auto: true } }, ...renewing],
            },
            {
              target: "waiting",
              actions: [{ type: "draftedRenewal", params: { auto: false } }, ...renewing],
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
              actions: ["draftedPastDue", say.createInvoice, ...spending],
            },
            { guard: "isAnythingLapsed", actions: "lapsedForgotten" },
          ],
        },
        closing: {
          description:
            "What your past-due invoice bills has changed. We ask our wallet about it, then write it anew.",
          entry: ["pastDueWithdrawn", say.closePastDue],
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
