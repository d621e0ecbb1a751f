/** What the tenant tells, creates and posts: actions by name, with what they are about. */

import {
  communityActor,
  createNotice,
  createRelayNotice,
  invoiceActor,
  relayActor,
  tellCommunity,
  tellInvoice,
  tellRelay,
} from "../addresses.ts";
import { addMonths, wholeSecond } from "../billing/calendar.ts";
import type { Item, Seat } from "../billing/seats.ts";
import type { CommunityInput } from "../community/context.ts";
import { now } from "../durable.ts";
import type { ToRelay, ToTenant } from "../messages.ts";
import { plans } from "../plans.ts";
import type { RelayInput } from "../relay/context.ts";
import type { Order, TenantContext } from "./context.ts";
import { switching } from "./orders.ts";
import { beginning, needless } from "./payments.ts";

type In<E = unknown> = { context: TenantContext; event: E };
type Heard<T extends ToTenant["type"]> = Extract<ToTenant, { type: T }>;

/** What a relay is told of its plan and dates, and its community of the room that it has by it. */
function extended(relay: string, seat: Seat | undefined) {
  if (!seat) return [];
  const { plan, priceSats, paidThrough } = seat;
  const prepaid = seat.prepaid !== null;
  const event = { type: "EXTENDED" as const, plan, priceSats, paidThrough, prepaid };
  return [tellRelay(relay, event), room(relay, seat)];
}

/** What a community is told of the plan, and of whether its relay runs. */
const room = (relay: string, seat: Seat) => tellCommunity(relay, { type: "ROOM", ...roomOf(seat) });

/** The room that a seat gives to its relay's community. */
export const roomOf = ({ plan, is }: Seat) => ({
  limit: plans[plan].memberLimit,
  isServed: is === "on",
});

/** The same, of one that is on or may come back by itself. */
function extendedUnlessOff(c: TenantContext, relay: string) {
  const seat = c.seats[relay];
  return seat?.is === "off" || seat?.is === "shut" ? [] : extended(relay, seat);
}

const relayIds = (items: readonly Item[]): string[] => items.map((item) => item.relay);

// ---- to relays ----

export const tellExtended = {
  type: "tell" as const,
  params: ({ context, event }: In<{ relay: string }>) => extendedUnlessOff(context, event.relay),
};

/** The plan that a reopened relay comes back with, told to one that is off too. */
export const tellPlan = {
  type: "tell" as const,
  params: ({ context, event }: In<{ relay: string }>) =>
    extended(event.relay, context.seats[event.relay]),
};

/** Tells the relays of an invoice what became of their plans and dates. */
export const tellPlans = {
  type: "tell" as const,
  params: ({ context, event }: In<{ items: Item[] }>) =>
    relayIds(event.items).flatMap((relay) => extendedUnlessOff(context, relay)),
};

/** Tells the relays whose scheduled plan takes effect now. */
export const tellSwitching = {
  type: "tell" as const,
  params: ({ context }: In) =>
    Object.entries(switching(context, now())).flatMap(([relay, seat]) => extended(relay, seat)),
};

/** A relay began or ceased to run. */
export const tellRoom = {
  type: "tell" as const,
  params: ({ context: c, event: { relay } }: In<{ relay: string }>) => {
    const seat = c.seats[relay];
    return seat ? room(relay, seat) : [];
  },
};

export const tellReopen = (covered: boolean) => ({
  type: "tell" as const,
  params: ({ event }: In<{ relay: string }>) => tellRelay(event.relay, { type: "REOPEN", covered }),
});

export const tellAll = (type: "HOLD" | "RELEASE") => ({
  type: "tell" as const,
  params: ({ context }: In) =>
    Object.keys(context.seats).map((relay) => tellRelay(relay, { type })),
});

/** Tells the relays of an invoice what became of it. */
const tellEach = <E extends { items: Item[] }>(message: (event: E) => ToRelay) => ({
  type: "tell" as const,
  params: ({ event }: In<E>) =>
    relayIds(event.items).map((relay) => tellRelay(relay, message(event))),
});
/** Each with the end of its own days of grace. */
export const tellBilled = {
  type: "tell" as const,
  params: ({ context: c, event: { invoice, items } }: In<Heard<"BILLED">>) =>
    relayIds(items).flatMap((relay) => {
      const graceEnds = c.seats[relay]?.grace?.endsAt;
      if (graceEnds === undefined) return [];
      return tellRelay(relay, { type: "BILLED", invoice, graceEnds });
    }),
};
/** Those that are not suspended by it: nothing counts down for them any more. */
export const tellUnbilled = {
  type: "tell" as const,
  params: ({ context: c, event: { invoice, items } }: In<Heard<"CLOSED">>) =>
    relayIds(items).flatMap((relay) =>
      c.seats[relay]?.is === "dark" ? [] : tellRelay(relay, { type: "UNBILLED", invoice }),
    ),
};
export const tellLapsed = tellEach((_: Heard<"CLOSED">) => ({ type: "LAPSED" }));

/** A relay, and the actor that keeps its people. */
export const createRelay = {
  type: "create" as const,
  params: ({ context: c, event: order }: In<Order>) => [
    {
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
    },
    {
      id: communityActor(order.relay),
      machine: "community",
      input: {
        relay: order.relay,
        tenant: c.pubkey,
        limit: plans[order.plan].memberLimit,
        isServed: false,
      } satisfies CommunityInput,
    },
  ],
};

// ---- to invoices ----

/** What was drafted becomes an invoice, which is given its credit. */
export const createInvoice = {
  type: "create" as const,
  params: ({ context: { draft } }: In) => {
    if (draft === null) throw new Error("no invoice was drafted");
    return { id: invoiceActor(draft.id), machine: "invoice", sats: draft.creditSats, input: draft };
  },
};

export const closeInvoice = (why: "cancelled" | "superseded") => ({
  type: "tell" as const,
  params: ({ context: c, event }: In<{ relay: string }>) => {
    const invoice = c.seats[event.relay]?.invoice;
    return invoice ? tellInvoice(invoice, { type: "CLOSE", why }) : [];
  },
});

export const closeRenewal = {
  type: "tell" as const,
  params: ({ context: { renewal } }: In) =>
    renewal ? tellInvoice(renewal.invoice, { type: "CLOSE", why: "superseded" }) : [],
};

export const closePastDue = {
  type: "tell" as const,
  params: ({ context: { pastDue } }: In) =>
    pastDue ? tellInvoice(pastDue.invoice, { type: "CLOSE", why: "superseded" }) : [],
};

/** A relay is brought back by another invoice than its own, which is not needed any more. */
export const closeNeedless = {
  type: "tell" as const,
  params: ({ context: c, event: { items, invoice } }: In<Heard<"PAID">>) =>
    needless(c, items, invoice).map((other) =>
      tellInvoice(other, { type: "CLOSE", why: "superseded" }),
    ),
};

/** A paid invoice learns which of this tenant's receipts it is: 1, 2, 3, without gaps. */
export const tellNumber = {
  type: "tell" as const,
  params: ({ context: c, event: { invoice } }: In<Heard<"PAID">>) =>
    tellInvoice(invoice, { type: "NUMBERED", receipt: c.receipts }),
};

/** What of an invoice no relay had a use for became credit: it learns which. */
export const tellUnused = {
  type: "tell" as const,
  params: ({ context: c, event: { invoice } }: In<Heard<"PAID">>) =>
    c.spent.unused.length > 0
      ? tellInvoice(invoice, { type: "UNUSED", relays: c.spent.unused })
      : [],
};

/** A wallet was connected: it is asked at once to pay what is due. */
export const chargeOpen = {
  type: "tell" as const,
  params: ({ context: { renewal, pastDue } }: In) =>
    [renewal, pastDue].flatMap((open) =>
      open ? tellInvoice(open.invoice, { type: "CHARGE" }) : [],
    ),
};

/** The span that a relay was waiting for begins now: its invoice learns the exact dates. */
export const tellStarted = {
  type: "tell" as const,
  params: ({ context: c, event: { relay } }: In<{ relay: string }>) => {
    const seat = c.seats[relay];
    if (!seat?.prepaid) return [];
    const { invoice, lengthMs } = seat.prepaid;
    return tellInvoice(invoice, { type: "STARTED", relay, ...beginning(seat, lengthMs, now()) });
  },
};

/** The month of a relay that runs already begins when it is paid, not when its invoice was written. */
export const tellBegun = {
  type: "tell" as const,
  params: ({ context: c, event: { invoice, items } }: In<Heard<"PAID">>) =>
    items.flatMap(({ relay, kind }) => {
      const seat = c.seats[relay];
      if (kind !== "purchase" || seat?.is !== "on" || c.spent.unused.includes(relay)) return [];
      const from = wholeSecond(now());
      const to = seat.paidThrough ?? from;
      const usedMs = addMonths(from, 1) - to;
      return tellInvoice(invoice, { type: "STARTED", relay, from, to, usedMs });
    }),
};

export const tellCredited = {
  type: "tell" as const,
  params: ({ context: c }: In) =>
    c.spent.credit.map(({ invoice, sats }) =>
      tellInvoice(invoice, { type: "CREDITED", sats }, sats),
    ),
};

// ---- notices ----

/** A relay that was suspended for non-payment is back. */
export const noticeReactivated = {
  type: "create" as const,
  params: ({ context: c, event: { relay } }: In<{ relay: string }>) => {
    const seat = c.seats[relay];
    if (seat?.is !== "dark" || !seat.prepaid) return [];
    const { invoice } = seat.prepaid;
    // The invoice may have paid for others too, which never stopped.
    const about = Object.keys(c.seats).filter((id) => {
      const other = c.seats[id];
      return other?.is === "dark" && other.prepaid?.invoice === invoice;
    });
    return createNotice(c.pubkey, invoice, "reactivated", null, about);
  },
};

/** Each relay's suspension is told in its own right, by its own count. */
export const noticeSuspended = {
  type: "create" as const,
  params: ({ context: c, event: { relay, invoice } }: In<Heard<"SEAT">>) => {
    const seat = c.seats[relay];
    return seat && invoice
      ? createRelayNotice(c.pubkey, relay, invoice, "suspended", seat.suspensions)
      : [];
  },
};

/** The wallet that refused is not connected any more: what is due is said as to everyone else. */
export const noticeDue = {
  type: "create" as const,
  params: ({ context: c, event: { invoice } }: In<Heard<"WALLET_BROKEN">>) =>
    invoice === c.pastDue?.invoice ? [] : createNotice(c.pubkey, invoice, "due", null),
};

export const noticeBroken = {
  type: "create" as const,
  params: ({ context: c, event: { invoice } }: In<Heard<"WALLET_BROKEN">>) =>
    createNotice(c.pubkey, invoice, "wallet_broken", null),
};
