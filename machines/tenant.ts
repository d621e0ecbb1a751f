import { and, assign, setup } from "xstate";
import {
  addMonths,
  creditPays,
  type Item,
  isCovered,
  monthOf,
  type OpenInvoice,
  orderRefusal,
  type Seat,
  totalSats,
} from "./billing.ts";
import { now, outputs } from "./durable.ts";
import {
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
  creditSats: number;
  seats: Record<string, Seat>;
  open: Record<string, OpenInvoice>;
  /** The invoice being written in this transition. */
  draft: { invoice: string; items: Item[]; creditSats: number } | null;
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
type Reactivate = { type: "REACTIVATE"; relay: string; invoice: string };
type Command =
  | Order
  | Reactivate
  | { type: "WALLET_SET" }
  | { type: "WALLET_CLEARED" }
  | { type: "admin.suspend"; reason: string }
  | { type: "admin.unsuspend"; reason: string };

const relayIds = (items: readonly Item[]): string[] => items.map((item) => item.relay);

/** Tells relays what the till now knows of their plan and dates. */
const extended = (c: TenantContext, relays: readonly string[]) =>
  relays.flatMap((relay) => {
    const seat = c.seats[relay];
    if (!seat || seat.is === "off" || seat.is === "shut") return [];
    const { plan, priceSats, paidThrough } = seat;
    const prepaid = seat.prepaid !== null;
    return [tellRelay(relay, { type: "EXTENDED", plan, priceSats, paidThrough, prepaid })];
  });

const created = (c: TenantContext, order: Order) => ({
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
});

const drafted = ({ pubkey, draft }: TenantContext) => {
  if (draft === null) throw new Error("no invoice was drafted");
  const { invoice, items, creditSats } = draft;
  return {
    id: invoiceActor(invoice),
    machine: "invoice",
    sats: creditSats,
    input: { id: invoice, tenant: pubkey, purpose: "purchase", items, creditSats },
  };
};

/** The month that `relay` was waiting for begins now: its invoice learns the exact dates. */
const started = (c: TenantContext, relay: string) => {
  const invoice = c.seats[relay]?.prepaid;
  if (!invoice) return [];
  return [tellInvoice(invoice, { type: "STARTED", relay, from: now(), to: addMonths(now(), 1) })];
};

const credited = (c: TenantContext) =>
  c.spent.credit.map(({ invoice, sats }) => tellInvoice(invoice, { type: "CREDITED", sats }, sats));

const createRelay = {
  type: "create" as const,
  params: ({ context, event }: { context: TenantContext; event: Order }) => created(context, event),
};
const createInvoice = {
  type: "create" as const,
  params: ({ context }: { context: TenantContext }) => drafted(context),
};
const tellReopen = (covered: boolean) => ({
  type: "tell" as const,
  params: ({ event }: { event: Reactivate }) => tellRelay(event.relay, { type: "REOPEN", covered }),
});

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
  guards: {
    mayOrder: ({ context: c, event: e }) =>
      e.type === "ORDER" && !c.seats[e.relay] && orderRefusal(c.seats, e.plan) === null,
    orderIsFree: ({ event: e }) => e.type === "ORDER" && plans[e.plan].priceSats === 0,
    mayReopen: ({ context: c, event: e }) => {
      const seat = e.type === "REACTIVATE" ? c.seats[e.relay] : undefined;
      if (seat?.is !== "off" || seat.invoice !== null) return false;
      return (
        (seat.priceSats > 0 && isCovered(seat, now())) || orderRefusal(c.seats, seat.plan) === null
      );
    },
    isCovered: ({ context: c, event: e }) => {
      const seat = e.type === "REACTIVATE" ? c.seats[e.relay] : undefined;
      return seat !== undefined && isCovered(seat, now());
    },
    begins: ({ context: c, event: e }) =>
      e.type === "SEAT" && e.is === "on" && typeof c.seats[e.relay]?.prepaid === "string",
    leaves: ({ event: e }) => e.type === "SEAT" && (e.is === "off" || e.is === "shut"),
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
      };
      return { seats: { ...c.seats, [e.relay]: seat } };
    }),
    /** A relay that comes back is new again; what was paid of a period that is over is forgotten. */
    seatReopened: assign(({ context: c, event: e }) => {
      const seat = e.type === "REACTIVATE" ? c.seats[e.relay] : undefined;
      if (e.type !== "REACTIVATE" || !seat) return {};
      const again: Seat = isCovered(seat, now())
        ? { ...seat, is: "new" }
        : {
            ...seat,
            priceSats: plans[seat.plan].priceSats,
            is: "new",
            paidThrough: null,
            invoice: e.invoice,
          };
      return { seats: { ...c.seats, [e.relay]: again } };
    }),
    /** Credit first: the invoice is given what there is, to hold until it ends. */
    draftMonth: assign(({ context: c, event: e }) => {
      if (e.type !== "ORDER" && e.type !== "REACTIVATE") return {};
      const seat = c.seats[e.relay];
      if (!seat) throw new Error(`no seat for ${e.relay}`);
      const items = [monthOf(e.relay, seat.plan, now())];
      const creditSats = Math.min(c.creditSats, totalSats(items));
      return {
        draft: { invoice: e.invoice, items, creditSats },
        creditSats: c.creditSats - creditSats,
        open: { ...c.open, [e.invoice]: { dueSats: totalSats(items) - creditSats } },
      };
    }),
    seat: assign(({ context: c, event: e }) => {
      const seat = e.type === "SEAT" ? c.seats[e.relay] : undefined;
      if (e.type !== "SEAT" || !seat) return {};
      const seats = { ...c.seats, [e.relay]: { ...seat, is: e.is } };
      const isAnchored = Object.values(seats).some((s) => s.is === "on" && s.priceSats > 0);
      return { seats, anchor: isAnchored ? (c.anchor ?? now()) : null };
    }),
    /** What a relay that goes off waited for is not to be paid by credit any more. */
    withdraw: assign(({ context: c, event: e }) => {
      const invoice = e.type === "SEAT" ? c.seats[e.relay]?.invoice : null;
      if (!invoice) return {};
      const { [invoice]: _withdrawn, ...open } = c.open;
      return { open };
    }),
    /** The month that was paid begins when the relay becomes active: our delay is not billed. */
    begin: assign(({ context: c, event: e }) => {
      const seat = e.type === "SEAT" ? c.seats[e.relay] : undefined;
      if (e.type !== "SEAT" || !seat) return {};
      const begun: Seat = { ...seat, prepaid: null, paidThrough: addMonths(now(), 1) };
      return { seats: { ...c.seats, [e.relay]: begun } };
    }),
    /** The one place where money becomes time. What no relay can use becomes credit. */
    apply: assign(({ context: c, event: e }) => {
      if (e.type !== "PAID") return {};
      const seats = { ...c.seats };
      let revenueSats = 0;
      for (const item of e.items) {
        const seat = seats[item.relay];
        if (seat?.invoice !== e.invoice) continue;
        const isWaiting = seat.is === "new" || seat.is === "dark";
        if (isWaiting) revenueSats += item.sats;
        seats[item.relay] = {
          ...seat,
          prepaid: isWaiting ? e.invoice : seat.prepaid,
          invoice: null,
        };
      }
      const { [e.invoice]: _paid, ...open } = c.open;
      const creditSats = c.creditSats + e.sats - revenueSats;
      return { seats, open, creditSats, spent: { revenueSats, credit: [] } };
    }),
    credit: assign(({ context: c, event: e }) =>
      e.type === "CREDIT" ? { creditSats: c.creditSats + e.sats } : {},
    ),
    close: assign(({ context: c, event: e }) => {
      if (e.type !== "CLOSED") return {};
      const { [e.invoice]: _closed, ...open } = c.open;
      const seats = { ...c.seats };
      for (const relay of relayIds(e.items)) {
        const seat = seats[relay];
        if (seat?.invoice === e.invoice) seats[relay] = { ...seat, invoice: null };
      }
      return { open, seats };
    }),
    /** Credit at once pays the oldest open invoice that it covers whole. */
    spendCredit: assign(({ context: c }) => {
      const credit = creditPays(c.open, c.creditSats);
      const open = { ...c.open };
      for (const { invoice } of credit) open[invoice] = { dueSats: 0 };
      const usedSats = credit.reduce((sum, { sats }) => sum + sats, 0);
      return { open, creditSats: c.creditSats - usedSats, spent: { ...c.spent, credit } };
    }),
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
    creditSats: 0,
    seats: {},
    open: {},
    draft: null,
    spent: { revenueSats: 0, credit: [] },
  }),
  on: {
    SEAT: [
      {
        guard: "begins",
        actions: [
          "seat",
          { type: "tell", params: ({ context: c, event: e }) => started(c, e.relay) },
          "begin",
          { type: "tell", params: ({ context: c, event: e }) => extended(c, [e.relay]) },
        ],
      },
      {
        guard: "leaves",
        actions: [
          "seat",
          "withdraw",
          {
            type: "tell",
            params: ({ context: c, event: e }) => {
              const invoice = c.seats[e.relay]?.invoice;
              return invoice ? tellInvoice(invoice, { type: "CLOSE", why: "cancelled" }) : [];
            },
          },
        ],
      },
      { actions: "seat" },
    ],
    PAID: {
      actions: [
        "apply",
        {
          type: "post",
          params: ({ context: c, event: e }) => ({
            fact: "ledger",
            from: tenantActor(c.pubkey),
            to: "revenue",
            sats: c.spent.revenueSats,
            why: `paid ${e.invoice}`,
          }),
        },
        { type: "tell", params: ({ context: c, event: e }) => extended(c, relayIds(e.items)) },
        "spendCredit",
        { type: "tell", params: ({ context: c }) => credited(c) },
      ],
    },
    CREDIT: {
      actions: ["credit", "spendCredit", { type: "tell", params: ({ context: c }) => credited(c) }],
    },
    CLOSED: {
      actions: [
        "close",
        {
          type: "tell",
          params: ({ event: e }) =>
            relayIds(e.items).map((relay) => tellRelay(relay, { type: "LAPSED" })),
        },
      ],
    },
  },
  states: {
    wallet: {
      description: "Whether a wallet of yours is connected for recurring billing.",
      initial: "none",
      on: { WALLET_SET: ".connected", WALLET_CLEARED: ".none" },
      states: {
        none: { description: "You pay each invoice yourself." },
        connected: { description: "A wallet of yours is connected." },
      },
    },
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
                guard: and(["mayReopen", "isCovered"]),
                actions: ["seatReopened", tellReopen(true)],
              },
              {
                guard: "mayReopen",
                actions: ["seatReopened", tellReopen(false), "draftMonth", createInvoice],
              },
            ],
            "admin.suspend": {
              target: "suspended",
              actions: {
                type: "tell",
                params: ({ context: c }) =>
                  Object.keys(c.seats).map((relay) => tellRelay(relay, { type: "HOLD" })),
              },
            },
          },
        },
        suspended: {
          description:
            "The operator suspended your account. Your relays do not answer; nothing is billed and nothing is deleted.",
          on: {
            "admin.unsuspend": {
              target: "active",
              actions: {
                type: "tell",
                params: ({ context: c }) =>
                  Object.keys(c.seats).map((relay) => tellRelay(relay, { type: "RELEASE" })),
              },
            },
          },
        },
      },
    },
  },
});
