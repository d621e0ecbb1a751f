/** The three machines as models: ordinary payloads, and the facts that their guards read. */
import type { AnyMachineSnapshot } from "xstate";
import { addMonths, type Item, isCovered, monthOf, type Seat } from "../../machines/billing.ts";
import { dueSats, type InvoiceContext, invoiceMachine } from "../../machines/invoice.ts";
import type { PlanId } from "../../machines/plans.ts";
import { type RelayContext, relayMachine } from "../../machines/relay.ts";
import { type TenantContext, tenantMachine } from "../../machines/tenant.ts";
import { doneEvent, errorEvent } from "../../server/host/xstate.ts";
import {
  applied,
  bolt11,
  DAY_MS,
  invoiceInput,
  order,
  relayInput,
  settled,
  T0,
  TENANT,
} from "./build.ts";
import type { Model } from "./model.ts";

const statusRegion = (snapshot: AnyMachineSnapshot): unknown => snapshot.value.status;
const reason = "spam";

export const relayModel = (plan: PlanId): Model<RelayContext> => ({
  name: `a ${plan} relay`,
  machine: relayMachine,
  input: relayInput(plan),
  examples: (c) => {
    const extended = (dates: { paidThrough: number | null; prepaid: boolean }) => ({
      type: "EXTENDED",
      plan: c.plan,
      priceSats: c.priceSats,
      ...dates,
    });
    return {
      EDIT: [
        { type: "EDIT", name: "Toads" },
        { type: "EDIT", subdomain: c.subdomain === "frogs" ? "toads" : "frogs" },
      ],
      EXTENDED: [
        extended({ paidThrough: null, prepaid: true }),
        extended({ paidThrough: addMonths(T0, 1), prepaid: false }),
        extended({ paidThrough: T0 - DAY_MS, prepaid: false }),
      ],
      REOPEN: [
        { type: "REOPEN", covered: true },
        { type: "REOPEN", covered: false },
      ],
      "admin.suspend": [{ type: "admin.suspend", reason }],
      "admin.unsuspend": [{ type: "admin.unsuspend", reason }],
      "admin.deactivate": [{ type: "admin.deactivate", reason }],
      "admin.retry": [{ type: "admin.retry", reason }],
      "xstate.done.actor.apply": [
        doneEvent("apply", applied(c.wanted, c)),
        doneEvent("apply", applied(Math.max(c.wanted - 1, 0), c)),
        doneEvent("apply", { refused: "schema_taken" }),
      ],
      "xstate.error.actor.apply": [errorEvent("apply", "timeout")],
    };
  },
  facts: (c) => [
    isCovered(c, T0),
    c.paidThrough === null,
    c.wanted > c.applied,
    c.wanted === 0,
    c.refused === null,
  ],
  coarse: statusRegion,
  aside: ["EDIT", "DRIFTED", "admin.retry", "xstate.error.actor.apply"],
});

export const invoiceModel = (creditSats: number): Model<InvoiceContext> => ({
  name: `an invoice that holds ${creditSats} sats of credit`,
  machine: invoiceMachine,
  input: invoiceInput({ creditSats }),
  examples: (c) => {
    const due = dueSats(c);
    return {
      SETTLED: [due, due + 250, due - 1]
        .filter((sats) => sats > 0)
        .map((sats) => settled(sats, T0)),
      CREDITED: [
        { type: "CREDITED", sats: Math.max(due, 1) },
        { type: "CREDITED", sats: 1 },
      ],
      CLOSE: [{ type: "CLOSE", why: "cancelled" }],
      STARTED: [{ type: "STARTED", relay: "r1", from: T0, to: addMonths(T0, 1) }],
      "admin.void": [{ type: "admin.void", reason }],
      "admin.retry": [{ type: "admin.retry", reason }],
      "xstate.done.actor.mint": [doneEvent("mint", bolt11(due, T0))],
      "xstate.error.actor.mint": [errorEvent("mint", "restricted")],
      "xstate.done.actor.ask": [
        doneEvent("ask", { settled: false }),
        doneEvent("ask", { settled: true }),
      ],
      "xstate.error.actor.ask": [errorEvent("ask", "defect")],
    };
  },
  facts: (c) => [c.closing, c.bolt11 === null, Math.sign(dueSats(c))],
});

/** What a relay may say of itself next, by what it said last. */
const SAYS_NEXT: Record<Seat["is"], Seat["is"][]> = {
  new: ["on", "dark", "off", "shut"],
  on: ["dark", "off", "shut"],
  dark: ["on", "off", "shut"],
  off: ["shut"],
  shut: [],
};

/** A till with one relay's seat, which is told everything that a relay or an invoice may say. */
export const tenantModel = (plan: PlanId): Model<TenantContext> => ({
  name: `a tenant who orders a ${plan} relay`,
  machine: tenantMachine,
  input: { pubkey: TENANT },
  examples: (c) => {
    const open = Object.keys(c.open);
    const items: Item[] = [monthOf("r1", plan, T0)];
    const sats = items.reduce((sum, item) => sum + item.sats, 0);
    const seat = c.seats.r1;
    const said = seat ? SAYS_NEXT[seat.is] : [];
    return {
      ORDER: [order(plan), order(plan, "r1", "i2")],
      REACTIVATE: [T0, T0 + 40 * DAY_MS].map((at) => ({
        type: "REACTIVATE",
        relay: "r1",
        invoice: "i3",
        at,
      })),
      SEAT: said.map((is) => ({ type: "SEAT", relay: "r1", is })),
      CREDIT: [
        { type: "CREDIT", sats: 1, why: "paid after the end i0" },
        { type: "CREDIT", sats: 12_000, why: "paid after the end i0" },
      ],
      PAID: [...open, "i0"].map((invoice) => ({ type: "PAID", invoice, items, sats })),
      CLOSED: [...open, "i0"].map((invoice) => ({ type: "CLOSED", invoice, items })),
      "admin.suspend": [{ type: "admin.suspend", reason }],
      "admin.unsuspend": [{ type: "admin.unsuspend", reason }],
    };
  },
  facts: (c) => [
    Object.values(c.seats).map((s) => [
      s.is,
      s.prepaid,
      s.invoice,
      s.paidThrough === null,
      isCovered(s, T0 + 40 * DAY_MS),
    ]),
    Object.entries(c.open),
    c.anchor === null,
    c.creditSats === 0 ? 0 : c.creditSats < 10_000 ? 1 : 2,
  ],
  coarse: ({ value, context }) => [
    value.status,
    Object.values((context as TenantContext).seats).map((s) => [s.is, s.prepaid !== null]),
  ],
  aside: ["WALLET_SET", "WALLET_CLEARED"],
});
