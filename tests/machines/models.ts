/** A relay, an invoice and a notice as models: ordinary payloads, and the facts that guards read. */
import { addMonths } from "../../machines/billing/calendar.ts";
import { isCovered } from "../../machines/billing/seats.ts";
import { type CommunityContext, hasRoom } from "../../machines/community/context.ts";
import { communityMachine } from "../../machines/community/machine.ts";
import { dueSats, type InvoiceContext } from "../../machines/invoice/context.ts";
import { invoiceMachine } from "../../machines/invoice/machine.ts";
import { type NoticeContext, noticeMachine } from "../../machines/notice.ts";
import { type PlanId, plans } from "../../machines/plans.ts";
import type { RelayContext } from "../../machines/relay/context.ts";
import { relayMachine } from "../../machines/relay/machine.ts";
import { doneEvent, errorEvent } from "../../server/host/xstate.ts";
import {
  applied,
  bolt11,
  DAY_MS,
  HOUR_MS,
  invoiceInput,
  noticeInput,
  relayInput,
  renewalInput,
  settled,
  T0,
  TENANT,
} from "./build.ts";
import type { Model } from "./model.ts";

const reason = "spam";
const asked = (id: string) => ({
  [`xstate.done.actor.${id}`]: [true, false].map((settled) => doneEvent(id, { settled })),
  [`xstate.error.actor.${id}`]: [errorEvent(id, "defect")],
});

export const relayModel = (plan: PlanId): Model<RelayContext> => ({
  name: `a ${plan} relay`,
  machine: relayMachine,
  input: relayInput(plan),
  examples: (c, atMs) => {
    const extended = (over: Partial<RelayContext>) => {
      const { plan, priceSats, paidThrough, prepaid } = { ...c, ...over };
      return { type: "EXTENDED", plan, priceSats, paidThrough, prepaid };
    };
    const other: PlanId = c.plan === plan ? (plan === "free" ? "basic" : "free") : plan;
    return {
      ADOPTED: c.confirmed
        ? [{ type: "ADOPTED", info: { ...c.confirmed, name: "Pond" }, over: c.confirmed }]
        : [],
      EDIT: [
        { type: "EDIT", name: "Toads" },
        { type: "EDIT", subdomain: c.subdomain === "frogs" ? "toads" : "frogs" },
      ],
      EXTENDED: [
        extended({ paidThrough: addMonths(atMs, 1), prepaid: false }),
        extended({ paidThrough: null, prepaid: true }),
        extended({ paidThrough: atMs - DAY_MS, prepaid: false }),
        extended({ plan: other, priceSats: plans[other].priceSats }),
      ],
      BILLED: [
        {
          type: "BILLED",
          invoice: "i2",
          graceEnds: Math.max(c.paidThrough ?? 0, atMs) + 7 * DAY_MS,
        },
      ],
      UNBILLED: ["i2", "i9"].map((invoice) => ({ type: "UNBILLED", invoice })),
      REOPEN: [true, false].map((covered) => ({ type: "REOPEN", covered })),
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
      ...asked("ask"),
    };
  },
  facts: (c, atMs) => [
    isCovered(c, atMs),
    c.priceSats === 0,
    c.paidThrough === null,
    c.graceEnds === null ? null : c.graceEnds > atMs,
    c.heldInGrace,
    c.wanted === 0 || (c.applied >= c.wanted ? "applied" : c.refused === null),
  ],
  coarse: ({ value }) => value.status,
  aside: [
    "EDIT",
    "DRIFTED",
    "ADOPTED",
    "admin.retry",
    "xstate.error.actor.apply",
    "UNBILLED",
    "ARCHIVE",
    "UNARCHIVE",
  ],
});

const invoiceModel = (name: string, input: ReturnType<typeof invoiceInput>) =>
  ({
    name,
    machine: invoiceMachine,
    input,
    examples: (c, atMs) => {
      const due = dueSats(c);
      return {
        SETTLED: [due, due + 250, due - 1]
          .filter((sats) => sats > 0)
          .map((sats) => settled(sats, atMs)),
        CREDITED: [
          { type: "CREDITED", sats: Math.max(due, 1) },
          { type: "CREDITED", sats: 1 },
        ],
        CLOSE: ["cancelled", "superseded"].map((why) => ({ type: "CLOSE", why })),
        STARTED: [{ type: "STARTED", relay: "r1", from: atMs, to: addMonths(atMs, 1), usedMs: 0 }],
        UNUSED: [{ type: "UNUSED", relays: ["r1"] }],
        NUMBERED: [{ type: "NUMBERED", receipt: 7 }],
        "admin.void": [{ type: "admin.void", reason }],
        "admin.retry": [{ type: "admin.retry", reason }],
        "admin.markPaid": [{ type: "admin.markPaid", reason }],
        // Not every wallet gives a bolt11 the life that it was asked for.
        "xstate.done.actor.mint": [HOUR_MS / 2, 9 * DAY_MS].map((lifeMs) =>
          doneEvent("mint", bolt11(due, atMs, 1, lifeMs)),
        ),
        "xstate.error.actor.mint": [errorEvent("mint", "restricted")],
        "xstate.done.actor.pay": [
          { outcome: "paid" },
          { outcome: "unknown" },
          { outcome: "rejected", code: "QUOTA_EXCEEDED", renewsAt: atMs + HOUR_MS },
          { outcome: "rejected", code: "UNAUTHORIZED", renewsAt: null },
          { outcome: "none" },
        ].map((charged) => doneEvent("pay", charged)),
        "xstate.error.actor.pay": [errorEvent("pay", "defect")],
        ...asked("ask"),
        ...asked("askFirst"),
        ...asked("askAfter"),
      };
    },
    facts: (c, atMs) => [
      c.closing,
      c.closesAt === null,
      c.bolt11 === null ? null : c.bolt11.expiresAt > atMs,
      Math.sign(dueSats(c)),
      c.billedAt === null,
      c.reminders.length,
      c.chargeAt === null ? null : c.chargeAt > atMs,
      c.tries === 0,
      c.outcome === "paid" || c.outcome === "unknown",
    ],
    coarse: ({ value, context: c }) => [value, c.closing, c.chargeAt === null],
    aside: [
      "admin.retry",
      "STARTED",
      "UNUSED",
      "NUMBERED",
      "CREDITED",
      "CHARGE",
      "PAY_BY_WALLET",
      "admin.markPaid",
    ],
  }) satisfies Model<InvoiceContext>;

export const invoiceModels = [
  invoiceModel("a purchase", invoiceInput()),
  invoiceModel("a purchase of which credit pays some", invoiceInput({ creditSats: 4_000 })),
  invoiceModel("a purchase that credit pays", invoiceInput({ creditSats: 10_000 })),
  invoiceModel("a renewal to pay by hand", renewalInput()),
  invoiceModel("a renewal that a wallet is to pay", renewalInput({ auto: true })),
  invoiceModel(
    "what is past due",
    renewalInput({ purpose: "past_due", closesAt: T0 + 60 * DAY_MS }),
  ),
];

export const noticeModel: Model<NoticeContext> = {
  name: "a notice",
  machine: noticeMachine,
  input: noticeInput(),
  examples: () => ({
    "admin.retry": [{ type: "admin.retry", reason }],
    "xstate.done.actor.deliver": ["delivered", "refused", "no_inbox"].map((state) =>
      doneEvent("deliver", {
        ...{ state, relays: ["wss://in.example"] },
        ...{ subject: "Due", text: "Pay.", writtenAt: T0 },
      }),
    ),
    "xstate.error.actor.deliver": [errorEvent("deliver", "defect")],
  }),
  facts: (c, atMs) => [c.validUntil === null ? null : c.validUntil > atMs, c.sentAt === null],
};

const person = (n: number) => ({
  pubkey: n.toString(16).padStart(64, "0"),
  via: "added",
  by: null,
});

/** Three seats, so that a full one is two steps away. */
export const communityModel: Model<CommunityContext> = {
  name: "a community of three",
  machine: communityMachine,
  input: { relay: "r1", tenant: TENANT, limit: 3, isServed: true },
  examples: (c) => {
    const compared = {
      ...{ turn: c.turn, isTrusted: true, came: [], gone: [], restored: [] },
      ...{ banned: [], unbanned: [], taken: c.taken, isMore: false },
    };
    const results = (codes: (string | null)[]) => ({
      results: codes.map((code, index) => ({
        ...{ n: c.done + index + 1, act: "allow", pubkey: person(index).pubkey, code },
      })),
    });
    const room = c.limit === null ? 1 : c.limit - c.taken;
    return {
      ROOM: [
        ...[3, 2, null].map((limit) => ({ type: "ROOM", limit, isServed: c.isServed })),
        { type: "ROOM", limit: c.limit, isServed: !c.isServed },
      ],
      // No walk counts for ever.
      SEAT: c.asked - c.done < 2 && c.taken < 3 ? [{ type: "SEAT" }] : [],
      QUEUE: c.waiting < 2 ? [{ type: "QUEUE" }] : [],
      LEAVE: c.asked - c.done < 2 ? [{ type: "LEAVE" }] : [],
      ASK: c.asked - c.done < 2 ? [{ type: "ASK" }] : [],
      "xstate.done.actor.run": [
        doneEvent("run", results([null])),
        ...(c.taken > 1 ? [doneEvent("run", results(["unsafe_pubkey"]))] : []),
      ],
      "xstate.error.actor.run": [errorEvent("run", "defect")],
      "xstate.done.actor.compare": [
        doneEvent("compare", compared),
        doneEvent("compare", { ...compared, taken: 3, came: [{ ...person(7), since: T0 }] }),
        doneEvent("compare", { ...compared, isTrusted: false, restored: [person(8).pubkey] }),
        doneEvent("compare", { ...compared, isMore: true }),
        doneEvent("compare", { ...compared, turn: c.turn - 1 }),
      ],
      "xstate.error.actor.compare": [errorEvent("compare", "defect")],
      "xstate.done.actor.next": [
        doneEvent("next", { turn: c.turn, people: [person(1)].slice(0, room) }),
        doneEvent("next", { turn: c.turn - 1, people: [person(1)] }),
      ],
      "xstate.error.actor.next": [errorEvent("next", "defect")],
    };
  },
  facts: (c) => [hasRoom(c), c.waiting > 0, c.taken > 1, c.isServed, c.asked > c.done, c.limit],
  coarse: ({ value }) => value.seats,
  aside: ["ROOM", "ASK", "LEAVE", "LOOK", "SEAT", "UNQUEUE"],
};
