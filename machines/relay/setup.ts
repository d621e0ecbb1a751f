import { assertEvent, assign, setup } from "xstate";
import type { Attention } from "../attention.ts";
import { QUARANTINE_MS } from "../billing/calendar.ts";
import { isCovered } from "../billing/seats.ts";
import { now, outputs, remote, until } from "../durable.ts";
import {
  type Applied,
  type Cause,
  type Confirmed,
  isNameKept,
  type RelayContext,
  type RelayEvent,
  type RelayInput,
} from "./context.ts";

const PROVISIONING_LATE_MS = 60_000;

const isSameWords = (a: Confirmed, b: Confirmed): boolean =>
  a.name === b.name && a.description === b.description && a.icon === b.icon;

/** What the machine is made of, by name: what it waits for, asks, and changes. */
export const relaySetup = setup({
  types: {
    context: {} as RelayContext,
    input: {} as RelayInput,
    events: {} as RelayEvent,
    meta: {} as { cause?: Cause; attention?: Attention },
  },
  actors: {
    applyRelay: remote<Applied, { relay: string }>(),
    askWallet: remote<{ settled: boolean }, { invoice: string | null }>(),
  },
  delays: {
    lateAt: until((c: RelayContext) => c.lateAt),
    // What is prepaid begins when the relay is active: the old date no longer ends anything.
    paidThrough: until((c: RelayContext) =>
      c.priceSats === 0 || c.prepaid ? null : c.paidThrough,
    ),
    graceEnds: until((c: RelayContext) => c.graceEnds),
  },
  guards: {
    isFree: ({ context }) => context.priceSats === 0,
    isBehind: ({ context: c }) => c.wanted > c.applied && c.refused === null,
    isApplied: ({ context: c }) => c.applied >= c.wanted,
    isCovered: ({ context }) => isCovered(context, now()),
    /** Waits for its purchase: there is an invoice to pay, or to lapse with. */
    isReserved: ({ context: c }) => c.priceSats > 0 && c.paidThrough === null && !c.prepaid,
    isBilled: ({ context }) => context.graceEnds !== null,
    wasInGrace: ({ context }) => context.heldInGrace,
    isBilledBy: ({ context, event }) => {
      assertEvent(event, "UNBILLED");
      return event.invoice === context.invoice;
    },
    /** What was seen at the relay changed what it held when all was last as wanted. */
    isNews: ({ context: c, event }) => {
      assertEvent(event, "ADOPTED");
      return (
        c.applied === c.wanted &&
        c.confirmed !== null &&
        isSameWords(c.confirmed, event.over) &&
        !isSameWords(c.confirmed, event.info)
      );
    },
    isUnsettled: (_, params: { settled: boolean }) => !params.settled,
    isCoveredByTenant: ({ event }) => {
      assertEvent(event, "REOPEN");
      return event.covered;
    },
  },
  actions: {
    ...outputs,
    edit: assign(({ context: c, event }) => {
      assertEvent(event, "EDIT");
      const { name = c.name, subdomain = c.subdomain, description = c.description } = event;
      if (subdomain === c.subdomain) return { name, description };
      // One that was given up by deactivation is kept from then on, not from now.
      const givenUpAt = c.closedAt ?? now();
      const until = isNameKept(c, givenUpAt) ? givenUpAt + QUARANTINE_MS : 0;
      const freed = [...c.freed, { subdomain: c.subdomain, until }].filter(
        (f) => f.until > now() && f.subdomain !== subdomain,
      );
      const servedSince = c.servedSince === null || c.closedAt !== null ? null : now();
      return { name, subdomain, description, freed, renamedAt: now(), servedSince };
    }),
    want: assign({ wanted: ({ context }) => context.wanted + 1, refused: null }),
    /** Nothing is to be withdrawn from zooid where nothing was ever asked of it. */
    withdraw: assign({
      wanted: ({ context: c }) => (c.wanted === 0 ? 0 : c.wanted + 1),
      refused: null,
    }),
    extend: assign(({ context: c, event }) => {
      assertEvent(event, "EXTENDED");
      const { plan, priceSats, paidThrough, prepaid } = event;
      // A plan's features are part of what zooid holds; a date is not.
      const wanted = plan === c.plan || c.wanted === 0 ? c.wanted : c.wanted + 1;
      // What was billed is paid when the date moves, be it to one that is over too. The same date said
      // again is no payment: what is billed for the time after it stays billed.
      const isPaid = prepaid || priceSats === 0 || paidThrough !== c.paidThrough;
      const grace = isPaid ? { invoice: null, graceEnds: null } : {};
      return { plan, priceSats, paidThrough, prepaid, wanted, ...grace };
    }),
    bill: assign(({ event }) => {
      assertEvent(event, "BILLED");
      return { invoice: event.invoice, graceEnds: event.graceEnds };
    }),
    unbill: assign({ invoice: null, graceEnds: null }),
    unpay: assign({ paidThrough: null, prepaid: false, archivedAt: null }),
    /** What billed it is closed meanwhile; it is billed again once it is back. */
    holdInGrace: assign({ heldInGrace: true, invoice: null, graceEnds: null }),
    resume: assign({ heldInGrace: false }),
    serve: assign({ servedSince: ({ context: c }) => c.servedSince ?? now() }),
    startProvisioning: assign({
      lateAt: () => now() + PROVISIONING_LATE_MS,
      closedAt: null,
      archivedAt: null,
    }),
    /** What billed it then is not what will be owed once it is back. */
    close: assign({
      closedAt: () => now(),
      // An order of which nothing came is not looked for any more.
      archivedAt: ({ context: c }) => (c.wanted === 0 ? now() : null),
      lateAt: null,
      invoice: null,
      graceEnds: null,
    }),
    archive: assign({ archivedAt: ({ context: c }) => c.archivedAt ?? now() }),
    unarchive: assign({ archivedAt: null }),
    recordApplied: assign(({ context: c }, outcome: Applied) => {
      if ("refused" in outcome) return { refused: outcome.refused };
      const { applied, info, read } = outcome;
      if (info === null) return { applied, confirmed: null };
      // What the owner renamed over NIP-86 is adopted, unless it was edited here in the meantime.
      return {
        applied,
        confirmed: info,
        icon: info.icon,
        name: c.name === read.name ? info.name : c.name,
        description: c.description === read.description ? info.description : c.description,
      };
    }),
    adopt: assign(({ context: c, event }) => {
      assertEvent(event, "ADOPTED");
      const { info, over } = event;
      const word = (field: keyof Confirmed) => (c[field] === over[field] ? info[field] : c[field]);
      return {
        confirmed: info,
        name: word("name"),
        description: word("description"),
        icon: word("icon"),
      };
    }),
    refuse: assign((_, params: { code: string }) => ({ refused: params.code })),
    retry: assign({ refused: null }),
  },
});
