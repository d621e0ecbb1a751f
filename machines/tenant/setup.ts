import { assertEvent, assign, setup } from "xstate";
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
import * as drafts from "./drafts.ts";
import * as orders from "./orders.ts";
import * as payments from "./payments.ts";

/** A guard of one kind of event; asked about any other it throws. */
const heard =
  <T extends TenantEvent["type"]>(
    type: T,
    holds: (e: Extract<TenantEvent, { type: T }>, c: TenantContext) => boolean,
  ) =>
  ({ context, event }: Taken): boolean => {
    const asked: { type: string } = event;
    assertEvent(event, type);
    return holds(asked as Extract<TenantEvent, { type: T }>, context);
  };
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
    orders.quoted(c, e, nowMs)?.quote.change === change;

/** What the machine is made of, by name: what it waits for, asks, and changes. */
export const tenantSetup = setup({
  types: {
    context: {} as TenantContext,
    input: {} as TenantInput,
    events: {} as TenantEvent,
  },
  actors: { catchUp: remote<null, { tenant: string }>() },
  delays: { renewal: until(orders.renewalAt), planSwitch: until(orders.nextSwitch) },
  guards: {
    mayOrder: when(orders.mayOrder),
    orderIsFree: heard("ORDER", ({ plan }) => plans[plan].priceSats === 0),
    mayReopen: when(orders.mayReopen),
    reopensCovered: when(orders.reopensCovered),
    mayChange: when(orders.mayChange),
    isPending: ({ context: c, event: e }) => seatOf(c, e)?.is === "new",
    isCancel: when(changes("cancel")),
    isFreeNow: when(changes("free")),
    isUpgrade: when(changes("upgrade")),
    isLater: when(
      (c, e, nowMs) => changes("downgrade")(c, e, nowMs) || changes("renewal")(c, e, nowMs),
    ),
    begins: heard("SEAT", (e, c) => e.is === "on" && Boolean(seatOf(c, e)?.prepaid)),
    leaves: heard("SEAT", ({ is }) => is === "off" || is === "shut"),
    isSuspension: heard("SEAT", (e) => e.is === "dark" && typeof e.invoice === "string"),
    isStillOwed: when(drafts.isStillOwed),
    isRenewal: ({ context: c, event: e }) => "invoice" in e && e.invoice === c.renewal?.invoice,
    isPastDue: ({ context: c, event: e }) => "invoice" in e && e.invoice === c.pastDue?.invoice,
    isPastDueChanged: when(drafts.isPastDueChanged),
    isAnythingPastDue: when(drafts.isAnythingPastDue),
    isAnythingLapsed: when(drafts.isAnythingLapsed),
    isOpen: ({ context: c }) => c.renewal !== null,
    isStale: ({ context: c }) => drafts.isRenewalStale(c),
    isAnythingDue: when(drafts.isAnythingDue),
    hasInstead: ({ context: c, event: e }) => orders.insteadOf(c, e) !== null,
    insteadIsFree: ({ context: c, event: e }) => {
      const instead = orders.insteadOf(c, e);
      return instead !== null && plans[instead.plan].priceSats === 0;
    },
    mayExtend: when(payments.mayExtend),
    mayRefund: when(payments.mayRefund),
    isRefunding: ({ context: c }) => c.refund !== null,
    isPositive: heard("admin.credit", ({ sats }) => sats > 0),
  },
  actions: {
    ...outputs,
    addSeat: assign(by(orders.addSeat)),
    reopenSeat: assign(by(orders.reopenSeat)),
    buyBack: assign(by(orders.buyBack)),
    keepInvoice: assign(by(drafts.keepInvoice)),
    schedulePlan: assign(by(orders.schedulePlan)),
    unschedulePlan: assign(by(orders.unschedulePlan)),
    switchPlans: assign(by(orders.switchPlans)),
    makeFree: assign(by(orders.makeFree)),
    replaceLater: assign(by(orders.replaceLater)),
    replaceByFree: assign(by(orders.replaceByFree)),
    draftMonth: assign(by(drafts.draftMonth)),
    draftUpgrade: assign(by(drafts.draftUpgrade)),
    draftInstead: assign(by(drafts.draftInstead)),
    draftAgain: assign(by(drafts.draftAgain)),
    draftRenewal: assign(({ context }, { auto }: { auto: boolean }) =>
      drafts.draftRenewal(context, auto, now()),
    ),
    forgetRenewal: assign({ renewal: null }),
    draftPastDue: assign(by(drafts.draftPastDue)),
    forgetPastDue: assign({ pastDue: null }),
    withdrawPastDue: assign(by(drafts.withdrawPastDue)),
    forgetLapsed: assign(by(drafts.forgetLapsed)),
    withdraw: assign(by(drafts.withdraw)),
    withdrawRenewal: assign(by(drafts.withdrawRenewal)),
    recordClosed: assign(by(drafts.recordClosed)),
    recordSeat: assign(by(payments.recordSeat)),
    beginSpan: assign(by(payments.beginSpan)),
    countGrace: assign(by(orders.countGrace)),
    setAnchor: assign(by(orders.setAnchor)),
    moveAnchor: assign(by(orders.moveAnchor)),
    numberReceipt: assign({ receipts: ({ context }) => context.receipts + 1 }),
    applyPayment: assign(by(payments.applyPayment)),
    addCredit: assign(by(payments.addCredit)),
    spendCredit: assign(by(payments.spendCredit)),
    extendDate: assign(by(payments.extendDate)),
    setAside: assign(by(payments.setAside)),
    takeBack: assign(by(payments.takeBack)),
    forgetRefund: assign({ refund: null }),
  },
});
