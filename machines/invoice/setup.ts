import { assertEvent, assign, setup } from "xstate";
import type { Attention } from "../attention.ts";
import { nextLookAt } from "../billing/schedule.ts";
import { now, outputs, remote, until } from "../durable.ts";
import * as data from "./changes.ts";
import {
  type Bolt11,
  type Charged,
  dueSats,
  type InvoiceContext,
  type InvoiceEvent,
  type InvoiceInput,
  isBroken,
  isStanding,
  type Mint,
  outdatedAt,
} from "./context.ts";

/** What the machine is made of, by name: what it waits for, asks, and changes. */
export const invoiceSetup = setup({
  types: {
    context: {} as InvoiceContext,
    input: {} as InvoiceInput,
    events: {} as InvoiceEvent,
    tags: {} as "payable" | "charging" | "ended",
    meta: {} as { attention: Attention },
  },
  actors: {
    mintBolt11: remote<Bolt11, Mint>(),
    askWallet: remote<{ settled: boolean }, { invoice: string }>(),
    payByWallet: remote<Charged, { tenant: string; invoice: string; bolt11: string }>(),
  },
  delays: {
    closesAt: until((c: InvoiceContext) => c.closesAt),
    bolt11Ends: until((c: InvoiceContext) => c.bolt11?.expiresAt ?? null),
    chargeAt: until((c: InvoiceContext) => c.chargeAt),
    remindAt: until((c: InvoiceContext) => c.reminders[0]?.at ?? null),
    outdatedAt: until(outdatedAt),
  },
  guards: {
    nothingDue: ({ context }) => dueSats(context) <= 0,
    isEnough: ({ context, event }) => {
      assertEvent(event, ["SETTLED", "CREDITED"]);
      return event.sats >= dueSats(context);
    },
    isClosing: ({ context }) => context.closing !== null,
    isUnsettled: (_, params: { settled: boolean }) => !params.settled,
    isPastDue: ({ context }) => context.purpose === "past_due",
    isChargeable: ({ context }) => isStanding(context),
    isFirst: ({ context }) => context.purpose === "renewal" && context.billedAt === null,
    isAuto: ({ context }) => context.chargeAt !== null,
    isBroken: (_, charged: Charged) => isBroken(charged),
    isRefused: (_, charged: Charged) =>
      charged.outcome === "rejected" || charged.outcome === "none",
    /** Nothing ends, and no second bolt11 is made, before our wallet spoke about the first. */
    mustAsk: ({ context: c }) => c.closing !== null || c.bolt11 !== null,
  },
  actions: {
    ...outputs,
    keepBolt11: assign(({ context }, bolt11: Bolt11) => data.keepBolt11(context, bolt11, now())),
    dropReminders: assign(({ context }) => ({ reminders: data.remindersAfter(context, now()) })),
    chargeNow: assign({ chargeAt: () => now() }),
    beginCharge: assign(({ context }) => data.beginCharge(context)),
    recordCharge: assign(({ context }, charged: Charged) =>
      data.recordCharge(context, charged, now()),
    ),
    /** Nothing was attempted: our own wallet could not be asked, or has spoken already. */
    chargeLater: assign(({ context: c }) => ({ chargeAt: nextLookAt(c.tries, now()) })),
    closeAs: assign((_, { why }: { why: InvoiceContext["closing"] }) => ({
      closing: why,
      closesAt: null,
    })),
    addCredit: assign(({ context, event }) => data.addCredit(context, event)),
    keepReceipt: assign(({ context, event }) => data.keepReceipt(context, event)),
    markPaid: assign({ paidAt: () => now(), closesAt: null }),
    setSpan: assign(({ context, event }) => data.setSpan(context, event)),
    keepNumber: assign(({ event }) => {
      assertEvent(event, "NUMBERED");
      return { receiptNumber: event.receipt };
    }),
    keepUnused: assign(({ event }) => {
      assertEvent(event, "UNUSED");
      return { unused: event.relays };
    }),
  },
});
