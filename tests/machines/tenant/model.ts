/** The till as a model: one relay's seat, and everything that a relay or an invoice may say of it. */
import { LEAD_MS } from "../../../machines/billing/calendar.ts";
import {
  type Item,
  isCovered,
  monthOf,
  type Seat,
  totalSats,
} from "../../../machines/billing/seats.ts";
import type { PlanId } from "../../../machines/plans.ts";
import type { TenantContext } from "../../../machines/tenant/context.ts";
import { tenantMachine } from "../../../machines/tenant/machine.ts";
import { doneEvent, errorEvent } from "../../../server/host/xstate.ts";
import { DAY_MS, order, TENANT } from "../build.ts";
import type { Model, ModelEvent } from "../model.ts";

const reason = "spam";

/** What a relay may say of itself next, by what it said last. */
const SAYS_NEXT: Record<Seat["is"], Seat["is"][]> = {
  new: ["on", "held", "off", "shut"],
  on: ["dark", "held", "off", "shut"],
  dark: ["on", "held", "off", "shut"],
  held: ["on", "dark", "held", "off", "shut"],
  off: ["on", "held", "off", "shut"],
  shut: ["off"],
};

/** Invoices that may still say something, and one that nobody knows. */
function invoicesOf(c: TenantContext): { invoice: string; items: Item[]; sats: number }[] {
  const seat = c.seats.r1;
  const month = [monthOf("r1", "purchase", seat?.plan ?? "basic", c.createdAt)];
  const ids = new Set([...Object.keys(c.open), seat?.invoice, c.renewal?.invoice, "i0"]);
  return [...ids].flatMap((invoice) => {
    if (!invoice) return [];
    const drafted = c.draft?.id === invoice ? c.draft.items : month;
    const items = c.renewal?.invoice === invoice ? c.renewal.items : drafted;
    return { invoice, items, sats: totalSats(items) };
  });
}

/** One life that a tenant may lead; all of them at once are more states than can be walked. */
type Life = {
  name: string;
  /** What is ordered, and then what else may be wanted. */
  wants: [PlanId, ...PlanId[]];
  /** Events that do not happen in it. */
  without: readonly string[];
  /** What becomes of the relay in it. */
  seats?: readonly Seat["is"][];
};

const SEATS = Object.keys(SAYS_NEXT) as Seat["is"][];

const tenantModel = ({ name, wants, without, seats = SEATS }: Life): Model<TenantContext> => ({
  name,
  machine: tenantMachine,
  input: { pubkey: TENANT },
  examples: (c, atMs) => {
    const seat = c.seats.r1;
    const invoices = invoicesOf(c);
    const onRelay = (type: string, more: object): ModelEvent => ({ type, relay: "r1", ...more });
    const all: Record<string, ModelEvent[]> = {
      ORDER: [order(wants[0])],
      REACTIVATE: [atMs, atMs + 40 * DAY_MS].flatMap((at) =>
        wants.map((plan) => onRelay("REACTIVATE", { plan, invoice: "i3", at })),
      ),
      CHANGE: wants.map((plan) => onRelay("CHANGE", { plan, invoice: "i4" })),
      SEAT: (seat ? SAYS_NEXT[seat.is] : [])
        .filter((is) => seats.includes(is))
        .map((is) => onRelay("SEAT", { is, ...(is === "dark" ? { invoice: "i5" } : {}) })),
      BILLED: invoices.map(({ invoice, items }) => ({ type: "BILLED", invoice, items })),
      CREDIT: [1, 12_000].map((sats) => ({ type: "CREDIT", sats, why: "paid after the end i0" })),
      PAID: invoices.map((said) => ({ type: "PAID", ...said })),
      // Void asks whether the invoice is the seat's own.
      CLOSED: invoices.flatMap((said) =>
        (said.invoice === seat?.invoice ? [false, true] : [false]).map((isVoid) => ({
          type: "CLOSED",
          ...said,
          sats: 3_000,
          isVoid,
        })),
      ),
      WALLET_BROKEN: [{ type: "WALLET_BROKEN", invoice: "i5", code: "UNAUTHORIZED" }],
      "xstate.done.actor.catchUp": [doneEvent("catchUp", null)],
      "xstate.error.actor.catchUp": [errorEvent("catchUp", "defect")],
      "admin.suspend": [{ type: "admin.suspend", reason }],
      "admin.unsuspend": [{ type: "admin.unsuspend", reason }],
      "admin.credit": [{ type: "admin.credit", sats: 500, reason }],
      "admin.extend": [-1, 3, 45].map((days) =>
        onRelay("admin.extend", { to: (seat?.paidThrough ?? atMs) + days * DAY_MS, reason }),
      ),
      "admin.refund": [1, 20_000].map((sats) => ({
        type: "admin.refund",
        sats,
        bolt11: "lnbcrt1",
        reason,
      })),
      "admin.refunded": [{ type: "admin.refunded", preimage: "5e".repeat(32), reason }],
      "admin.refundCancelled": [{ type: "admin.refundCancelled", reason }],
    };
    return { ...all, ...Object.fromEntries(without.map((type) => [type, []])) };
  },
  facts: (c, atMs) => {
    const { renewal, seats, open, refund } = c;
    return [
      Object.values(seats).map((s) => [
        s.is,
        s.plan,
        s.prepaid !== null,
        s.invoice === null ? null : s.invoice in open,
        s.paidThrough === null,
        isCovered(s, atMs),
        s.next?.plan,
        s.instead?.plan,
      ]),
      renewal && [renewal.invoice in open, renewal.items.map(({ plan, to }) => [plan, to > atMs])],
      c.nextAnchor === null ? null : c.nextAnchor - LEAD_MS > atMs,
      c.creditSats >= 10_000,
      refund === null,
    ];
  },
  coarse: ({ value, context }) => [
    value.billing === "waiting",
    value.status === "active" &&
      Object.values((context as TenantContext).seats).map(({ is }) => is),
  ],
  aside: [
    "REACTIVATE",
    "WALLET_SET",
    "WALLET_CLEARED",
    "WALLET_BROKEN",
    "BILLED",
    "CREDIT",
    "CHANGE",
    "admin.credit",
    "admin.extend",
    "admin.refund",
    "admin.refunded",
    "admin.refundCancelled",
  ],
});

const WALLET = ["WALLET_SET", "WALLET_CLEARED", "WALLET_BROKEN"];
const OPERATOR = ["admin.suspend", "admin.credit", "admin.extend", "admin.refund"];

export const tenantModels = [
  tenantModel({
    name: "a tenant of a paid relay",
    wants: ["basic"],
    without: ["CHANGE", ...WALLET, ...OPERATOR],
  }),
  tenantModel({
    name: "a tenant of a free relay",
    wants: ["free"],
    without: ["CHANGE", ...WALLET, "admin.refund"],
  }),
  tenantModel({
    name: "a tenant who changes between paid plans",
    wants: ["basic", "growth"],
    without: ["REACTIVATE", "CREDIT", ...WALLET, ...OPERATOR],
    seats: ["on", "dark"],
  }),
  tenantModel({
    name: "a tenant who changes to free and back",
    wants: ["basic", "free"],
    without: ["REACTIVATE", "CREDIT", ...WALLET, ...OPERATOR],
    seats: ["on", "dark", "shut"],
  }),
  tenantModel({
    name: "a tenant with a wallet",
    wants: ["basic"],
    without: ["CHANGE", "REACTIVATE", "CREDIT", ...OPERATOR],
  }),
  tenantModel({
    name: "a tenant with whom the operator deals",
    wants: ["basic"],
    without: ["CHANGE", "REACTIVATE", "admin.refund", ...WALLET],
    seats: ["on", "held", "off"],
  }),
  tenantModel({
    name: "a tenant who gets money back",
    wants: ["basic"],
    without: ["CHANGE", "REACTIVATE", "SEAT", ...WALLET],
  }),
];
