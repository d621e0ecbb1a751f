import { and, assign, setup, stateIn } from "xstate";
import {
  creditPays,
  dueItems,
  endOf,
  type Item,
  isCovered,
  isRenewed,
  isStale,
  LEAD_MS,
  monthOf,
  type OpenInvoice,
  orderRefusal,
  type Purpose,
  quote,
  renewalEnd,
  type Seat,
  totalSats,
  wholeSecond,
} from "./billing.ts";
import { now, outputs, remote, until } from "./durable.ts";
import type { InvoiceInput } from "./invoice.ts";
import {
  createNotice,
  invoiceActor,
  relayActor,
  type ToTenant,
  tellInvoice,
  tellRelay,
  tenantActor,
} from "./messages.ts";
import { type PlanId, plans } from "./plans.ts";
import type { RelayInput, Settings } from "./relay.ts";

export type TenantInput = { pubkey: string };

/** `seats` by relay id, `open` by invoice id in order of issue. Sats and dates are owned here alone. */
export type TenantContext = TenantInput & {
  createdAt: number;
  /** Day and time of month to which periods align; null while no paid relay runs. */
  anchor: number | null;
  /** The anchor for which the next renewal is written. */
  nextAnchor: number | null;
  creditSats: number;
  /** Of the credit, what a refund that is under way has set aside. */
  refund: { sats: number; bolt11: string } | null;
  seats: Record<string, Seat>;
  open: Record<string, OpenInvoice>;
  /** The open renewal: at most one. */
  renewal: { invoice: string; items: Item[] } | null;
  /** How many renewals were written: their ids. */
  issued: number;
  /** The invoice being written in this transition. */
  draft: InvoiceInput | null;
  /** What the last PAID or CREDIT was used for. */
  spent: { revenueSats: number; credit: { invoice: string; sats: number }[] };
};

export type Order = Settings & {
  type: "ORDER";
  relay: string;
  schema: string;
  plan: PlanId;
  /** Id of the invoice to write; unused for a free plan. */
  invoice: string;
};
type Reactivate = { type: "REACTIVATE"; relay: string; plan: PlanId; invoice: string };
type Change = { type: "CHANGE"; relay: string; plan: PlanId; invoice: string };
type Extend = { type: "admin.extend"; relay: string; to: number; reason: string };
type Command =
  | Order
  | Reactivate
  | Change
  | Extend
  | { type: "WALLET_SET" }
  | { type: "WALLET_CLEARED" }
  | { type: "admin.suspend"; reason: string }
  | { type: "admin.unsuspend"; reason: string }
  | { type: "admin.credit"; sats: number; reason: string }
  | { type: "admin.refund"; sats: number; bolt11: string; reason: string }
  | { type: "admin.refunded"; preimage: string; reason: string }
  | { type: "admin.refundCancelled"; reason: string };

const relayIds = (items: readonly Item[]): string[] => items.map((item) => item.relay);

type With<E> = { context: TenantContext; event: E };

/** Tells relays what the till now knows of their plan and dates. */
const extended = (c: TenantContext, relays: readonly string[]) =>
  relays.flatMap((relay) => {
    const seat = c.seats[relay];
    if (!seat || seat.is === "off" || seat.is === "shut") return [];
    const { plan, priceSats, paidThrough } = seat;
    const prepaid = seat.prepaid !== null;
    return [tellRelay(relay, { type: "EXTENDED", plan, priceSats, paidThrough, prepaid })];
  });

/** The span that `relay` was waiting for begins now: its invoice learns the exact dates. */
const started = (c: TenantContext, relay: string) => {
  const prepaid = c.seats[relay]?.prepaid;
  if (!prepaid) return [];
  const from = wholeSecond(now());
  return [tellInvoice(prepaid.invoice, { type: "STARTED", relay, from, to: endOf(prepaid, from) })];
};

const credited = (c: TenantContext) =>
  c.spent.credit.map(({ invoice, sats }) => tellInvoice(invoice, { type: "CREDITED", sats }, sats));

const createRelay = {
  type: "create" as const,
  params: ({ context: c, event: order }: With<Order>) => ({
    id: relayActor(order.relay),
    machine: "relay",
    input: {
      id: order.relay,
      tenant: c.pubkey,
      name: order.name,
      subdomain: order.subdomain,
      schema: order.schema,
      description: order.description,
      plan: order.plan,
      priceSats: plans[order.plan].priceSats,
    } satisfies RelayInput,
  }),
};
const createInvoice = {
  type: "create" as const,
  params: ({ context: { draft } }: { context: TenantContext }) => {
    if (draft === null) throw new Error("no invoice was drafted");
    return { id: invoiceActor(draft.id), machine: "invoice", sats: draft.creditSats, input: draft };
  },
};
const tellReopen = (covered: boolean) => ({
  type: "tell" as const,
  params: ({ event }: With<Reactivate>) => tellRelay(event.relay, { type: "REOPEN", covered }),
});
const tellRelays = (type: "HOLD" | "RELEASE") => ({
  type: "tell" as const,
  params: ({ context: c }: { context: TenantContext }) =>
    Object.keys(c.seats).map((relay) => tellRelay(relay, { type })),
});
const tellExtended = {
  type: "tell" as const,
  params: ({ context, event }: With<{ relay: string }>) => extended(context, [event.relay]),
};
/** The plan that a reopened relay comes back with, told to one that is off too. */
const tellPlan = {
  type: "tell" as const,
  params: ({ context: c, event: e }: With<Reactivate>) => {
    const seat = c.seats[e.relay];
    if (!seat) return [];
    const { plan, priceSats, paidThrough } = seat;
    const prepaid = seat.prepaid !== null;
    return tellRelay(e.relay, { type: "EXTENDED", plan, priceSats, paidThrough, prepaid });
  },
};
const tellCredited = {
  type: "tell" as const,
  params: ({ context }: { context: TenantContext }) => credited(context),
};
const closeSeatInvoice = (why: "cancelled" | "superseded") => ({
  type: "tell" as const,
  params: ({ context: c, event }: With<{ relay: string }>) => {
    const invoice = c.seats[event.relay]?.invoice;
    return invoice ? tellInvoice(invoice, { type: "CLOSE", why }) : [];
  },
});

/** Tells the relays of an invoice what became of their plans. */
const tellPlans = {
  type: "tell" as const,
  params: ({ context, event }: With<{ items: Item[] }>) => extended(context, relayIds(event.items)),
};

/** The seat that a command is about. */
const seatOf = (c: TenantContext, e: { type: string }): Seat | undefined =>
  "relay" in e && typeof e.relay === "string" ? c.seats[e.relay] : undefined;

const quoted = (c: TenantContext, e: { type: string }) => {
  const seat = seatOf(c, e);
  if (e.type !== "CHANGE" || !seat) return null;
  const till = { anchor: c.anchor, isRenewing: renews(c, (e as Change).relay) };
  return { seat, quote: quote(seat, (e as Change).plan, now(), till) };
};

/** Whether the open renewal has this relay. */
export const renews = (c: Pick<TenantContext, "renewal">, relay: string): boolean =>
  c.renewal?.items.some((item) => item.relay === relay) ?? false;

/** Whether the plan of a seat may be changed as quoted, or what stands in the way. */
export function changeRefusal(
  seat: Seat,
  change: ReturnType<typeof quote>["change"],
): "relay_not_running" | "change_still_open" | null {
  if (seat.is !== "new" && seat.is !== "on") return "relay_not_running";
  if (seat.is === "new") return seat.invoice === null || seat.instead ? "change_still_open" : null;
  const writes = change === "upgrade" || change === "purchase";
  return writes && seat.invoice !== null ? "change_still_open" : null;
}

const without = (open: TenantContext["open"], invoice: string): TenantContext["open"] => {
  const { [invoice]: _closed, ...rest } = open;
  return rest;
};

const draftOf = (
  c: TenantContext,
  id: string,
  purpose: Purpose,
  items: Item[],
  closesAt: number | null,
): Partial<TenantContext> => {
  const dueSats = totalSats(items);
  const creditSats = Math.min(c.creditSats, dueSats);
  return {
    draft: { id, tenant: c.pubkey, purpose, items, creditSats, closesAt, auto: false },
    creditSats: c.creditSats - creditSats,
    open: { ...c.open, [id]: { dueSats: dueSats - creditSats } },
  };
};

const setSeat = (c: TenantContext, relay: string, set: Partial<Seat>): Partial<TenantContext> => {
  const seat = c.seats[relay];
  return seat ? { seats: { ...c.seats, [relay]: { ...seat, ...set } } } : {};
};

/**
 * When the next renewal is to be written: before the next anchor, or before the date of a relay that
 * ends sooner, as one does that came back within what it had paid for.
 */
const renewalAt = (c: TenantContext): number | null => {
  if (c.nextAnchor === null) return null;
  let soonest = c.nextAnchor;
  for (const [relay, seat] of Object.entries(c.seats))
    if (isRenewed(seat) && !renews(c, relay))
      soonest = Math.min(soonest, seat.paidThrough ?? soonest);
  return soonest - LEAD_MS;
};

/** The soonest instant at which a scheduled change of plan takes effect. */
const nextSwitch = (c: TenantContext): number | null => {
  const times = Object.values(c.seats).flatMap((s) => (s.next && s.is === "on" ? [s.next.at] : []));
  return times.length === 0 ? null : Math.min(...times);
};

/**
 * The till. One tenant owns every sat and every date of its relays and invoices, which talk to it
 * alone; copies flow from here, by tell.
 */
export const tenantMachine = setup({
  types: {
    context: {} as TenantContext,
    input: {} as TenantInput,
    events: {} as Command | ToTenant,
  },
  actors: { catchUp: remote<null, { tenant: string }>() },
  delays: {
    renewal: until(renewalAt),
    planSwitch: until(nextSwitch),
  },
  guards: {
    mayOrder: ({ context: c, event: e }) =>
      e.type === "ORDER" && !c.seats[e.relay] && orderRefusal(c.seats, e.plan) === null,
    orderIsFree: ({ event: e }) => e.type === "ORDER" && plans[e.plan].priceSats === 0,
    mayReopen: ({ context: c, event: e }) => {
      const seat = seatOf(c, e);
      if (e.type !== "REACTIVATE" || !seat || seat.invoice !== null) return false;
      if (seat.is !== "off" && seat.is !== "dark") return false;
      const isPaid = seat.priceSats > 0 && isCovered(seat, now());
      // What is paid is not thrown away for another plan: back first, then change it.
      if (isPaid && e.plan !== seat.plan) return false;
      return isPaid || orderRefusal(c.seats, e.plan) === null;
    },
    reopensCovered: ({ context: c, event: e }) => {
      const seat = seatOf(c, e);
      if (e.type !== "REACTIVATE" || !seat) return false;
      return plans[e.plan].priceSats === 0 || (e.plan === seat.plan && isCovered(seat, now()));
    },
    mayChange: ({ context: c, event: e }) => {
      const found = quoted(c, e);
      return (
        found !== null &&
        found.quote.change !== "none" &&
        changeRefusal(found.seat, found.quote.change) === null
      );
    },
    isCancel: ({ context: c, event: e }) => quoted(c, e)?.quote.change === "cancel",
    isPending: ({ context: c, event: e }) => seatOf(c, e)?.is === "new",
    isFreeNow: ({ context: c, event: e }) => quoted(c, e)?.quote.change === "free",
    isUpgrade: ({ context: c, event: e }) => quoted(c, e)?.quote.change === "upgrade",
    isScheduled: ({ context: c, event: e }) => {
      const found = quoted(c, e)?.quote;
      return found?.applies === "at_period_end" || found?.change === "renewal";
    },
    begins: ({ context: c, event: e }) =>
      e.type === "SEAT" && e.is === "on" && Boolean(seatOf(c, e)?.prepaid),
    leaves: ({ event: e }) => e.type === "SEAT" && (e.is === "off" || e.is === "shut"),
    isSuspension: ({ context: c, event: e }) =>
      e.type === "SEAT" &&
      e.is === "dark" &&
      typeof e.invoice === "string" &&
      Boolean(seatOf(c, e)),
    isRenewal: ({ context: c, event: e }) => "invoice" in e && e.invoice === c.renewal?.invoice,
    isOpen: ({ context: c }) => c.renewal !== null,
    isStale: ({ context: c }) => c.renewal !== null && isStale(c.seats, c.renewal.items),
    nothingDue: ({ context: c }) =>
      c.anchor === null || dueItems(c.seats, c.anchor, now()).length === 0,
    hasInstead: ({ context: c, event: e }) =>
      e.type === "CLOSED" && e.items.some((item) => c.seats[item.relay]?.instead),
    insteadIsFree: ({ context: c, event: e }) =>
      e.type === "CLOSED" &&
      e.items.some((item) => {
        const instead = c.seats[item.relay]?.instead;
        return instead && plans[instead.plan].priceSats === 0;
      }),
    mayExtend: ({ context: c, event: e }) => {
      const seat = seatOf(c, e);
      if (e.type !== "admin.extend" || !seat || seat.priceSats === 0) return false;
      return (
        (seat.is === "on" || seat.is === "dark") && e.to > Math.max(now(), seat.paidThrough ?? 0)
      );
    },
    mayRefund: ({ context: c, event: e }) =>
      e.type === "admin.refund" && c.refund === null && e.sats > 0 && e.sats <= c.creditSats,
    isRefunding: ({ context: c }) => c.refund !== null,
    isPositive: ({ event: e }) => e.type === "admin.credit" && e.sats > 0,
  },
  actions: {
    ...outputs,
    seatOrdered: assign(({ context: c, event: e }) => {
      if (e.type !== "ORDER") return {};
      const { priceSats } = plans[e.plan];
      const seat: Seat = {
        plan: e.plan,
        priceSats,
        is: "new",
        paidThrough: null,
        prepaid: null,
        invoice: priceSats === 0 ? null : e.invoice,
        next: null,
        instead: null,
      };
      return { seats: { ...c.seats, [e.relay]: seat } };
    }),
    /** Covered by what was paid, or free from now on. */
    seatReopened: assign(({ context: c, event: e }) => {
      if (e.type !== "REACTIVATE") return {};
      const { priceSats } = plans[e.plan];
      const isFree = priceSats === 0;
      const free = { plan: e.plan, priceSats, paidThrough: null, prepaid: null, next: null };
      return setSeat(c, e.relay, { is: "new", ...(isFree ? free : {}) });
    }),
    /** By a new purchase; what was paid of a period that is over is forgotten. A dark one stays dark. */
    seatBought: assign(({ context: c, event: e }) => {
      const seat = seatOf(c, e);
      if (e.type !== "REACTIVATE" || !seat) return {};
      const isDark = seat.is === "dark";
      return setSeat(c, e.relay, {
        ...(isDark ? {} : { is: "new", paidThrough: null, prepaid: null, plan: e.plan }),
        ...(isDark ? {} : { priceSats: plans[e.plan].priceSats }),
        invoice: e.invoice,
        next: null,
      });
    }),
    /** Credit first: the invoice is given what there is, to hold until it ends. */
    draftMonth: assign(({ context: c, event: e }) => {
      if (e.type !== "ORDER" && e.type !== "REACTIVATE" && e.type !== "CHANGE") return {};
      const kind = seatOf(c, e)?.is === "dark" ? "reactivation" : "purchase";
      const items = [monthOf(e.relay, kind, e.plan, now())];
      return draftOf(c, e.invoice, kind, items, null);
    }),
    draftUpgrade: assign(({ context: c, event: e }) => {
      const found = quoted(c, e);
      if (e.type !== "CHANGE" || !found) return {};
      const { from, to, amountSats: sats, plan } = found.quote;
      if (from === null || to === null) return {};
      const { priceSats } = plans[plan];
      const item: Item = { relay: e.relay, kind: "upgrade", plan, priceSats, sats, from, to };
      // Written before the next renewal, it ends before that is written too.
      const closesAt = c.nextAnchor === null ? null : c.nextAnchor - LEAD_MS;
      return {
        ...draftOf(c, e.invoice, "upgrade", [item], closesAt),
        ...setSeat(c, e.relay, { invoice: e.invoice }),
      };
    }),
    seatChanging: assign(({ context: c, event: e }) =>
      e.type === "CHANGE" ? setSeat(c, e.relay, { invoice: e.invoice }) : {},
    ),
    draftInstead: assign(({ context: c, event: e }) => {
      if (e.type !== "CLOSED") return {};
      for (const relay of relayIds(e.items)) {
        const instead = c.seats[relay]?.instead;
        if (!instead) continue;
        const { plan, invoice } = instead;
        const { priceSats } = plans[plan];
        const draft = draftOf(
          c,
          invoice,
          "purchase",
          [monthOf(relay, "purchase", plan, now())],
          null,
        );
        return { ...draft, ...setSeat(c, relay, { plan, priceSats, invoice, instead: null }) };
      }
      return {};
    }),
    seatInsteadFree: assign(({ context: c, event: e }) => {
      if (e.type !== "CLOSED") return {};
      const seats = { ...c.seats };
      for (const relay of relayIds(e.items)) {
        const seat = seats[relay];
        if (!seat?.instead) continue;
        const { plan } = seat.instead;
        seats[relay] = { ...seat, plan, priceSats: plans[plan].priceSats, instead: null };
      }
      return { seats };
    }),
    replaceLater: assign(({ context: c, event: e }) =>
      e.type === "CHANGE"
        ? setSeat(c, e.relay, { instead: { plan: e.plan, invoice: e.invoice } })
        : {},
    ),
    schedule: assign(({ context: c, event: e }) => {
      const seat = seatOf(c, e);
      if (e.type !== "CHANGE" || !seat) return {};
      // One millisecond before its date, so that a relay that turns free never sees grace.
      const at = Math.max(now(), (seat.paidThrough ?? 0) - 1);
      return setSeat(c, e.relay, { next: { plan: e.plan, at } });
    }),
    unschedule: assign(({ context: c, event: e }) =>
      e.type === "CHANGE" ? setSeat(c, e.relay, { next: null }) : {},
    ),
    makeFree: assign(({ context: c, event: e }) => {
      if (e.type !== "CHANGE") return {};
      const { priceSats } = plans[e.plan];
      return setSeat(c, e.relay, { plan: e.plan, priceSats, paidThrough: null, next: null });
    }),
    /** A scheduled plan takes effect; one that is not paid for waits in grace at its new price. */
    switchPlans: assign(({ context: c }) => {
      const seats = { ...c.seats };
      for (const [relay, seat] of Object.entries(seats)) {
        if (!seat.next || seat.is !== "on" || seat.next.at > now()) continue;
        const { plan } = seat.next;
        const { priceSats } = plans[plan];
        const paidThrough = priceSats === 0 ? null : seat.paidThrough;
        seats[relay] = { ...seat, plan, priceSats, paidThrough, next: null };
      }
      return { seats };
    }),
    seat: assign(({ context: c, event: e }) =>
      e.type === "SEAT" ? setSeat(c, e.relay, { is: e.is }) : {},
    ),
    /** The span that was paid begins when the relay becomes active: our delay is not billed. */
    /** What is being closed is not to be paid by credit any more. */
    withdraw: assign(({ context: c, event: e }) => {
      const invoice = seatOf(c, e)?.invoice;
      return invoice ? { open: without(c.open, invoice) } : {};
    }),
    withdrawRenewal: assign(({ context: c }) =>
      c.renewal ? { open: without(c.open, c.renewal.invoice) } : {},
    ),
    begin: assign(({ context: c, event: e }) => {
      const seat = seatOf(c, e);
      if (e.type !== "SEAT" || !seat?.prepaid) return {};
      const paidThrough = endOf(seat.prepaid, wholeSecond(now()));
      return setSeat(c, e.relay, { prepaid: null, paidThrough });
    }),
    /** Set when a paid relay first runs, cleared when none does. */
    anchor: assign(({ context: c }) => {
      const isPaid = Object.values(c.seats).some((s) => s.is === "on" && s.priceSats > 0);
      if (!isPaid) return { anchor: null, nextAnchor: null };
      const anchor = c.anchor ?? wholeSecond(now());
      return { anchor, nextAnchor: c.nextAnchor ?? renewalEnd(anchor, now()) };
    }),
    /** The one place where money becomes time. What no relay can use becomes credit. */
    apply: assign(({ context: c, event: e }) => {
      if (e.type !== "PAID") return {};
      const seats = { ...c.seats };
      let revenueSats = 0;
      for (const item of e.items) {
        const seat = seats[item.relay];
        if (!seat) continue;
        const paid = payFor(seat, item, e.invoice);
        if (paid) revenueSats += item.sats;
        const invoice = seat.invoice === e.invoice ? null : seat.invoice;
        const instead = seat.invoice === e.invoice ? null : seat.instead;
        seats[item.relay] = { ...seat, ...paid, invoice, instead };
      }
      const { [e.invoice]: _paid, ...open } = c.open;
      const creditSats = c.creditSats + e.sats - revenueSats;
      return { seats, open, creditSats, spent: { revenueSats, credit: [] } };
    }),
    credit: assign(({ context: c, event: e }) =>
      e.type === "CREDIT" || e.type === "admin.credit" ? { creditSats: c.creditSats + e.sats } : {},
    ),
    close: assign(({ context: c, event: e }) => {
      if (e.type !== "CLOSED") return {};
      const { [e.invoice]: _closed, ...open } = c.open;
      const seats = { ...c.seats };
      for (const relay of relayIds(e.items)) {
        const seat = seats[relay];
        if (seat?.invoice === e.invoice) seats[relay] = { ...seat, invoice: null };
      }
      return { open, seats, creditSats: c.creditSats + e.sats };
    }),
    /** Credit at once pays the oldest open invoice that it covers whole. */
    spendCredit: assign(({ context: c }) => {
      const credit = creditPays(c.open, c.creditSats);
      const open = { ...c.open };
      for (const { invoice } of credit) open[invoice] = { dueSats: 0 };
      const usedSats = credit.reduce((sum, { sats }) => sum + sats, 0);
      return { open, creditSats: c.creditSats - usedSats, spent: { ...c.spent, credit } };
    }),
    draftRenewal: assign(({ context: c }, { auto }: { auto: boolean }) => {
      if (c.anchor === null) return {};
      const items = dueItems(c.seats, c.anchor, now());
      const issued = c.issued + 1;
      // Ids come in with events; a renewal is nobody's event, so its id is the tenant's own count.
      const invoice = `i${c.pubkey.slice(0, 16)}${issued.toString(16).padStart(8, "0")}`;
      const drafted = draftOf(c, invoice, "renewal", items, null);
      const draft = drafted.draft ? { ...drafted.draft, auto } : null;
      return { ...drafted, draft, issued, renewal: { invoice, items } };
    }),
    moveAnchor: assign(({ context: c }) =>
      c.anchor === null ? { nextAnchor: null } : { nextAnchor: renewalEnd(c.anchor, now()) },
    ),
    forgetRenewal: assign({ renewal: null }),
    extendSeat: assign(({ context: c, event: e }) => {
      const seat = seatOf(c, e);
      if (e.type !== "admin.extend" || !seat) return {};
      return setSeat(c, e.relay, { paidThrough: wholeSecond(e.to) });
    }),
    setAside: assign(({ context: c, event: e }) =>
      e.type === "admin.refund"
        ? { creditSats: c.creditSats - e.sats, refund: { sats: e.sats, bolt11: e.bolt11 } }
        : {},
    ),
    takeBack: assign(({ context: c }) => ({
      creditSats: c.creditSats + (c.refund?.sats ?? 0),
      refund: null,
    })),
    refunded: assign({ refund: null }),
  },
}).createMachine({
  id: "tenant",
  version: "1",
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
    issued: 0,
    draft: null,
    spent: { revenueSats: 0, credit: [] },
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
              {
                guard: and(["mayOrder", "orderIsFree"]),
                actions: ["seatOrdered", createRelay],
              },
              {
                guard: "mayOrder",
                actions: ["seatOrdered", createRelay, "draftMonth", createInvoice],
              },
            ],
            REACTIVATE: [
              {
                guard: and(["mayReopen", "reopensCovered"]),
                actions: ["seatReopened", tellPlan, tellReopen(true)],
              },
              {
                guard: "mayReopen",
                actions: ["draftMonth", "seatBought", tellPlan, tellReopen(false), createInvoice],
              },
            ],
            CHANGE: [
              { guard: and(["mayChange", "isCancel"]), actions: "unschedule" },
              {
                guard: and(["mayChange", "isPending"]),
                actions: ["replaceLater", "withdraw", closeSeatInvoice("superseded")],
              },
              {
                guard: and(["mayChange", "isFreeNow"]),
                actions: ["makeFree", tellExtended, "anchor"],
              },
              { guard: and(["mayChange", "isScheduled"]), actions: "schedule" },
              {
                guard: and(["mayChange", "isUpgrade"]),
                actions: ["draftUpgrade", createInvoice],
              },
              { guard: "mayChange", actions: ["draftMonth", "seatChanging", createInvoice] },
            ],
            "admin.suspend": { target: "suspended", actions: tellRelays("HOLD") },
          },
        },
        suspended: {
          description:
            "The operator suspended your account. Your relays do not answer; nothing is billed and nothing is deleted.",
          on: { "admin.unsuspend": { target: "active", actions: tellRelays("RELEASE") } },
        },
      },
    },
    billing: {
      description: "Your dates, your credit, and the one renewal a month.",
      initial: "waiting",
      // Whatever else is under way: a relay that turns free must not see grace.
      after: {
        planSwitch: {
          actions: [
            "switchPlans",
            "anchor",
            {
              type: "tell",
              params: ({ context: c }) =>
                extended(
                  c,
                  Object.keys(c.seats).filter((relay) => c.seats[relay]?.is === "on"),
                ),
            },
          ],
        },
      },
      on: {
        SEAT: [
          {
            guard: "begins",
            actions: [
              { type: "tell", params: ({ context: c, event: e }) => started(c, e.relay) },
              { type: "create", params: ({ context: c, event: e }) => welcomedBack(c, e.relay) },
              "seat",
              "begin",
              "anchor",
              tellExtended,
            ],
          },
          {
            guard: "leaves",
            actions: ["seat", "anchor", "withdraw", closeSeatInvoice("cancelled")],
          },
          {
            guard: "isSuspension",
            actions: [
              "seat",
              "anchor",
              {
                type: "create",
                params: ({ context: c, event: e }) =>
                  e.invoice ? createNotice(c.pubkey, e.invoice, "suspended", null) : [],
              },
            ],
          },
          { actions: ["seat", "anchor"] },
        ],
        BILLED: {
          actions: {
            type: "tell",
            params: ({ event: e }) =>
              relayIds(e.items).map((relay) =>
                tellRelay(relay, { type: "BILLED", invoice: e.invoice }),
              ),
          },
        },
        PAID: [
          { guard: "isRenewal", target: ".issuing", actions: ["forgetRenewal", ...applied()] },
          { actions: applied() },
        ],
        CLOSED: [
          {
            guard: "isRenewal",
            target: ".issuing",
            actions: [
              "close",
              "forgetRenewal",
              {
                type: "tell",
                params: ({ event: e }) =>
                  relayIds(e.items).map((relay) =>
                    tellRelay(relay, { type: "UNBILLED", invoice: e.invoice }),
                  ),
              },
            ],
          },
          {
            guard: "insteadIsFree",
            actions: ["close", "seatInsteadFree", tellPlans, ...spending()],
          },
          {
            guard: "hasInstead",
            actions: ["close", "draftInstead", tellPlans, createInvoice, ...spending()],
          },
          {
            actions: [
              "close",
              {
                type: "tell",
                params: ({ event: e }) =>
                  relayIds(e.items).map((relay) => tellRelay(relay, { type: "LAPSED" })),
              },
              ...spending(),
            ],
          },
        ],
        CREDIT: { actions: ["credit", ...spending()] },
        "admin.credit": {
          guard: "isPositive",
          actions: [
            {
              type: "post",
              params: ({ context: c, event: e }) =>
                ledger("granted", tenantActor(c.pubkey), e.sats, "credit granted"),
            },
            "credit",
            ...spending(),
          ],
        },
        "admin.extend": { guard: "mayExtend", actions: ["extendSeat", "anchor", tellExtended] },
        "admin.refund": {
          guard: "mayRefund",
          actions: [
            {
              type: "post",
              params: ({ context: c, event: e }) =>
                ledger(tenantActor(c.pubkey), `refund/${c.pubkey}`, e.sats, "refund set aside"),
            },
            "setAside",
          ],
        },
        "admin.refunded": {
          guard: "isRefunding",
          actions: [
            {
              type: "post",
              params: ({ context: c }) =>
                ledger(`refund/${c.pubkey}`, "refunded", c.refund?.sats ?? 0, "refunded"),
            },
            "refunded",
          ],
        },
        "admin.refundCancelled": {
          guard: "isRefunding",
          actions: [
            {
              type: "post",
              params: ({ context: c }) =>
                ledger(
                  `refund/${c.pubkey}`,
                  tenantActor(c.pubkey),
                  c.refund?.sats ?? 0,
                  "refund cancelled",
                ),
            },
            "takeBack",
            ...spending(),
          ],
        },
      },
      states: {
        waiting: {
          description: "Nothing has to be written now.",
          always: { guard: "isStale", target: "closing" },
          after: {
            renewal: "catchingUp",
          },
        },
        catchingUp: {
          description: "Your next renewal is about to be written.",
          invoke: {
            id: "catchUp",
            src: "catchUp",
            input: ({ context }) => ({ tenant: context.pubkey }),
            onDone: [
              { guard: "nothingDue", target: "waiting", actions: "moveAnchor" },
              { guard: "isOpen", target: "closing" },
              { target: "issuing" },
            ],
            onError: "issuing",
          },
        },
        closing: {
          description:
            "What your open renewal bills has changed. We ask our wallet about it, then write it anew.",
          entry: [
            "withdrawRenewal",
            {
              type: "tell",
              params: ({ context: c }) =>
                c.renewal
                  ? tellInvoice(c.renewal.invoice, { type: "CLOSE", why: "superseded" })
                  : [],
            },
          ],
        },
        issuing: {
          description: "Your renewal is being written.",
          always: [
            { guard: "nothingDue", target: "waiting", actions: ["moveAnchor", ...spending()] },
            {
              guard: stateIn({ wallet: "connected" }),
              target: "waiting",
              actions: [
                { type: "draftRenewal", params: { auto: true } },
                "moveAnchor",
                createInvoice,
                ...spending(),
              ],
            },
            {
              target: "waiting",
              actions: [
                { type: "draftRenewal", params: { auto: false } },
                "moveAnchor",
                createInvoice,
                ...spending(),
              ],
            },
          ],
        },
      },
    },
    wallet: {
      description: "Whether a wallet of yours is connected for recurring billing.",
      initial: "none",
      on: {
        WALLET_SET: {
          target: ".connected",
          actions: {
            type: "tell",
            params: ({ context: c }) =>
              c.renewal ? tellInvoice(c.renewal.invoice, { type: "CHARGE" }) : [],
          },
        },
        WALLET_CLEARED: ".none",
        WALLET_BROKEN: {},
      },
      states: {
        none: { description: "You pay each invoice yourself." },
        connected: {
          description: "Your wallet pays each renewal.",
          on: {
            WALLET_BROKEN: {
              target: "broken",
              actions: {
                type: "create",
                params: ({ context: c, event: e }) =>
                  createNotice(c.pubkey, e.invoice, "wallet_broken", null),
              },
            },
          },
        },
        broken: {
          description:
            "Your wallet refused us for good. Pay by hand, or connect it again with a fresh permission.",
        },
      },
    },
  },
});

function ledger(from: string, to: string, sats: number, why: string) {
  return { fact: "ledger" as const, from, to, sats, why };
}

function spending() {
  return ["spendCredit" as const, tellCredited];
}

function applied() {
  return [
    "apply" as const,
    {
      type: "post" as const,
      params: ({ context: c, event: e }: With<{ invoice: string }>) =>
        ledger(tenantActor(c.pubkey), "revenue", c.spent.revenueSats, `paid ${e.invoice}`),
    },
    "anchor" as const,
    {
      type: "tell" as const,
      params: ({ context: c, event: e }: With<{ items: Item[] }>) => extended(c, relayIds(e.items)),
    },
    ...spending(),
  ];
}

/** A relay that was suspended for non-payment is back: its owner hears of it. */
function welcomedBack(c: TenantContext, relay: string) {
  const seat = c.seats[relay];
  if (seat?.is !== "dark" || !seat.prepaid) return [];
  return createNotice(c.pubkey, seat.prepaid.invoice, "reactivated", null);
}

/** What paying for an item makes of a seat; null where the relay has no use for it. */
function payFor(seat: Seat, item: Item, invoice: string): Partial<Seat> | null {
  const { plan, priceSats } = item;
  const span = item.kind === "renewal" ? item.to - item.from : ("month" as const);
  switch (seat.is) {
    case "off":
    case "shut":
      return null;
    case "new":
    case "dark":
    case "held":
      // Dark days are not billed: the span counts from when the relay is back.
      if (item.kind === "upgrade" || seat.prepaid !== null) return null;
      return { plan, priceSats, prepaid: { invoice, lengthMs: span }, next: null };
    case "on":
      return payWhileOn(seat, item);
  }
}

function payWhileOn(seat: Seat, item: Item): Partial<Seat> | null {
  const { plan, priceSats } = item;
  if (item.kind === "upgrade") return seat.paidThrough === item.to ? { plan, priceSats } : null;
  if (item.kind !== "renewal") {
    const from = wholeSecond(now());
    const { to } = monthOf(item.relay, "purchase", plan, from);
    return seat.priceSats === 0 ? { plan, priceSats, paidThrough: to, next: null } : null;
  }
  if (seat.priceSats === 0 || (seat.paidThrough ?? 0) > item.from) return null;
  // A plan scheduled for the period's end waits for it, paid or not.
  const isLater = seat.next !== null && seat.next.at > now();
  const change = isLater ? {} : { plan, priceSats, next: null };
  return { ...change, paidThrough: Math.max(item.to, seat.paidThrough ?? 0) };
}
