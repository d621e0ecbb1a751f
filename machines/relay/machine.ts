import { assign, not, setup } from "xstate";
import { DAY_MS, QUARANTINE_MS } from "../billing/calendar.ts";
import { isCovered, type Seat } from "../billing/seats.ts";
import { now, outputs, remote, until } from "../durable.ts";
import { type ToRelay, tellTenant } from "../messages.ts";
import type { PlanId } from "../plans.ts";

/** What the owner may edit. */
export type Settings = { name: string; subdomain: string; description: string };
/** What the relay itself last said of its owner-editable part (NIP-11). */
type Confirmed = { name: string; description: string; icon: string };
/** What came of applying: the revision that zooid now holds, or why it refused for good. */
export type Applied =
  | { applied: number; info: Confirmed | null; read: { name: string; description: string } }
  | { refused: string };

export type RelayInput = Settings & {
  id: string;
  tenant: string;
  schema: string;
  plan: PlanId;
  priceSats: number;
};

/** Deadlines and dates are epoch ms; `wanted` and `applied` are revisions of what zooid should hold. */
export type RelayContext = RelayInput & {
  icon: string;
  createdAt: number;
  paidThrough: number | null;
  prepaid: boolean;
  /** The renewal that is to be paid, and when its days of grace end; null while none is payable. */
  invoice: string | null;
  graceEnds: number | null;
  /** It was in grace when it was held: lifting that gives it back what is left of those days. */
  heldInGrace: boolean;
  wanted: number;
  applied: number;
  confirmed: Confirmed | null;
  /** zooid's refusal, as our code; an admin retries. */
  refused: string | null;
  lateAt: number | null;
  renamedAt: number | null;
  closedAt: number | null;
  /** Since when it is out of its owner's list; null while it is in it. */
  archivedAt: number | null;
  /** When its present name was first served; null before. */
  servedSince: number | null;
  /** Names given up by renaming, kept for this owner until then. */
  freed: { subdomain: string; until: number }[];
};

/** What was seen at the relay server. */
export type RelayFinding =
  | { type: "DRIFTED" }
  | { type: "ADOPTED"; info: Confirmed; over: Confirmed };

type Command =
  | ({ type: "EDIT" } & Partial<Settings>)
  | { type: "DEACTIVATE" }
  | { type: "ARCHIVE" }
  | { type: "UNARCHIVE" }
  | { type: "admin.suspend"; reason: string }
  | { type: "admin.unsuspend"; reason: string }
  | { type: "admin.deactivate"; reason: string }
  | { type: "admin.retry"; reason: string };

/**
 * Whether a name that is given up then is kept from others: its members would look for it. One that zooid
 * never held was never known to anyone, nor one that was served for less than a day free of charge, which
 * costs nothing to do with every name there is.
 */
export function isNameKept(c: RelayContext, givenUpAt: number): boolean {
  if (c.wanted === 0) return false;
  return c.priceSats > 0 || (c.servedSince !== null && givenUpAt - c.servedSince >= DAY_MS);
}

const PROVISIONING_LATE_MS = 60_000;

const seat = (is: Seat["is"]) => ({
  type: "tell" as const,
  params: ({ context: c }: { context: RelayContext }) =>
    tellTenant(c.tenant, {
      type: "SEAT",
      relay: c.id,
      is,
      ...(is === "dark" ? { invoice: c.invoice } : {}),
    }),
});

/** Why a suspended or deactivated relay is so; null in every other state. */
export type Cause = "nonpayment" | "admin" | "owner" | "lapsed";

/**
 * One virtual relay: what its tenant wants, what zooid holds, and whether it may run. Talks only to
 * its tenant. `status` says where it is in life; `zooid` makes what zooid holds match what is wanted.
 */
export const relayMachine = setup({
  types: {
    context: {} as RelayContext,
    input: {} as RelayInput,
    events: {} as Command | RelayFinding | ToRelay,
    tags: {} as "attention",
    meta: {} as { cause: Cause },
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
    isBilledBy: ({ context, event }) =>
      event.type === "UNBILLED" && event.invoice === context.invoice,
    /** What was seen at the relay changed what it held when all was last as wanted. */
    isNews: ({ context: c, event }) =>
      event.type === "ADOPTED" &&
      c.applied === c.wanted &&
      c.confirmed !== null &&
      isSameWords(c.confirmed, event.over) &&
      !isSameWords(c.confirmed, event.info),
    isUnsettled: (_, params: { settled: boolean }) => !params.settled,
    isCoveredByTill: ({ event }) => event.type === "REOPEN" && event.covered,
  },
  actions: {
    ...outputs,
    edit: assign(({ context: c, event }) => {
      if (event.type !== "EDIT") return {};
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
      if (event.type !== "EXTENDED") return {};
      const { plan, priceSats, paidThrough, prepaid } = event;
      // A plan's features are part of what zooid holds; a date is not.
      const wanted = plan === c.plan || c.wanted === 0 ? c.wanted : c.wanted + 1;
      // What was billed is paid when the date moves, be it to one that is over too. The same date said
      // again is no payment: what is billed for the time after it stays billed.
      const isPaid = prepaid || priceSats === 0 || paidThrough !== c.paidThrough;
      const grace = isPaid ? { invoice: null, graceEnds: null } : {};
      return { plan, priceSats, paidThrough, prepaid, wanted, ...grace };
    }),
    bill: assign(({ event }) =>
      event.type === "BILLED" ? { invoice: event.invoice, graceEnds: event.graceEnds } : {},
    ),
    unbill: assign({ invoice: null, graceEnds: null }),
    unpay: assign({ paidThrough: null, prepaid: false, archivedAt: null }),
    /** What billed it is closed meanwhile; it is billed again once it is back. */
    holdInGrace: assign({ heldInGrace: true, invoice: null, graceEnds: null }),
    resume: assign({ heldInGrace: false }),
    serve: assign({ servedSince: ({ context: c }) => c.servedSince ?? now() }),
    start: assign({
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
    applied: assign(({ context: c }, outcome: Applied) => {
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
      if (event.type !== "ADOPTED") return {};
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
}).createMachine({
  id: "relay",
  version: "4",
  description: "A community relay, from reservation to deactivation.",
  type: "parallel",
  context: ({ input }) => ({
    ...input,
    icon: "",
    createdAt: now(),
    paidThrough: null,
    prepaid: false,
    invoice: null,
    graceEnds: null,
    heldInGrace: false,
    wanted: 0,
    applied: 0,
    confirmed: null,
    refused: null,
    lateAt: null,
    renamedAt: null,
    closedAt: null,
    archivedAt: null,
    servedSince: null,
    freed: [],
  }),
  states: {
    status: {
      description: "Whether your relay may run.",
      initial: "deciding",
      on: {
        EXTENDED: { actions: "extend" },
        BILLED: { actions: "bill" },
        UNBILLED: [{ guard: "isBilledBy", actions: "unbill" }, {}],
        LAPSED: {},
        REOPEN: {},
        RELEASE: {},
        HOLD: ".suspended.held",
        EDIT: { actions: "edit" },
        DEACTIVATE: ".deactivated.byOwner",
        "admin.suspend": ".suspended.byAdmin",
        "admin.deactivate": ".deactivated.byAdmin",
      },
      states: {
        deciding: {
          description: "We are looking at what your relay needs to start.",
          always: [{ guard: "isFree", target: "provisioning" }, { target: "pending" }],
        },
        pending: {
          description:
            "Your name is reserved and we are waiting for your payment. Unpaid after 24 hours, the name is free again.",
          always: { guard: "isCovered", target: "provisioning" },
          on: {
            LAPSED: "deactivated.lapsed",
            "admin.suspend": {},
          },
        },
        provisioning: {
          description: "Your relay is being set up. It is active once it answers at its address.",
          entry: ["start", "want"],
          always: { guard: "isApplied", target: "active" },
          on: { EDIT: { actions: ["edit", "want"] } },
          initial: "prompt",
          states: {
            prompt: {
              description: "This usually takes a second or two.",
              after: { lateAt: "late" },
            },
            late: {
              description:
                "This takes longer than usual. We keep trying, and your period starts only when the relay is active.",
              tags: "attention",
            },
          },
        },
        active: {
          description: "Your relay is running.",
          entry: ["resume", "serve", seat("on")],
          always: { guard: not("isCovered"), target: "grace" },
          after: { paidThrough: "grace" },
          on: { EDIT: { actions: ["edit", "want"] } },
        },
        grace: {
          description:
            "Your relay runs on although its renewal is not paid. After seven days it is suspended; nothing is deleted.",
          initial: "deciding",
          always: { guard: "isCovered", target: "active" },
          on: {
            EDIT: { actions: ["edit", "want"] },
            UNBILLED: [{ guard: "isBilledBy", target: ".unbilled", actions: "unbill" }, {}],
            EXTENDED: { target: ".deciding", actions: "extend" },
            HOLD: { target: "suspended.held", actions: "holdInGrace" },
            "admin.suspend": { target: "suspended.byAdmin", actions: "holdInGrace" },
          },
          states: {
            deciding: {
              description: "We are looking at whether a renewal can be paid.",
              always: [{ guard: "isBilled", target: "counting" }, { target: "unbilled" }],
            },
            unbilled: {
              description:
                "We could not give you an invoice that can be paid yet. Your days of grace have not begun.",
              on: { BILLED: { target: "counting", actions: "bill" } },
            },
            counting: {
              description:
                "Pay the renewal before your days of grace end and nothing changes. After that it is suspended; nothing is deleted.",
              after: { graceEnds: "lastCall" },
            },
            lastCall: {
              description:
                "Your days of grace are over. We ask our wallet once more before anything happens.",
              // What is asked about stays the same where its bill is written anew for others.
              on: { UNBILLED: {} },
              invoke: {
                id: "ask",
                src: "askWallet",
                input: ({ context }) => ({ invoice: context.invoice }),
                onDone: [
                  {
                    guard: { type: "isUnsettled", params: ({ event }) => event.output },
                    target: "#relay.status.suspended.unpaid",
                  },
                  { target: "deciding" },
                ],
                onError: "stuck",
              },
            },
            stuck: {
              description: "We could not ask our wallet. Nothing happens until we could.",
              tags: "attention",
              on: { "admin.retry": "lastCall", UNBILLED: {} },
            },
          },
        },
        suspended: {
          description: "Your relay does not answer. Its name and data are kept.",
          entry: "withdraw",
          initial: "byAdmin",
          // An owner who could deactivate here could bring it back, and walk around the suspension.
          on: {
            HOLD: {},
            DEACTIVATE: {},
            "admin.suspend": {},
            LAPSED: [{ guard: "isReserved", target: "deactivated.lapsed" }, {}],
          },
          states: {
            unpaid: {
              description:
                "The renewal was not paid. Pay what is past due, or reactivate for a fresh month, and your relay is back within seconds.",
              meta: { cause: "nonpayment" },
              entry: seat("dark"),
              always: { guard: "isCovered", target: "#relay.status.provisioning" },
              on: {
                REOPEN: [{ guard: "isCoveredByTill", target: "#relay.status.provisioning" }, {}],
                HOLD: "held",
                DEACTIVATE: "#relay.status.deactivated.byOwner",
                "admin.suspend": "byAdmin",
                LAPSED: {},
              },
            },
            held: {
              description: "Your account is suspended, and your relays with it.",
              meta: { cause: "admin" },
              entry: seat("held"),
              on: {
                RELEASE: "#relay.status.returning",
                // A reservation is not suspended, here as in `pending`: it lapses by itself.
                "admin.suspend": { guard: not("isReserved"), target: "heldByAdmin" },
              },
            },
            byAdmin: {
              description: "The operator suspended this relay.",
              meta: { cause: "admin" },
              entry: seat("held"),
              on: { "admin.unsuspend": "#relay.status.returning", HOLD: "heldByAdmin" },
            },
            heldByAdmin: {
              description: "Your account is suspended, and the operator suspended this relay too.",
              meta: { cause: "admin" },
              entry: seat("held"),
              on: { "admin.unsuspend": "held", RELEASE: "byAdmin" },
            },
          },
        },
        returning: {
          description: "We are looking at whether your relay is paid for.",
          always: [
            { guard: "isCovered", target: "provisioning" },
            { guard: "isReserved", target: "pending", actions: seat("new") },
            { guard: "wasInGrace", target: "provisioning" },
            { target: "suspended.unpaid" },
          ],
        },
        deactivated: {
          description: "Your relay is switched off. Its data is kept for when you bring it back.",
          entry: ["close", "withdraw"],
          initial: "byOwner",
          on: {
            HOLD: {},
            DEACTIVATE: {},
            "admin.suspend": {},
            ARCHIVE: { actions: "archive" },
            UNARCHIVE: { actions: "unarchive" },
          },
          states: {
            byOwner: {
              description:
                "It is switched off, and yours to bring back. A name under which it ran stays yours for 30 days.",
              meta: { cause: "owner" },
              entry: seat("off"),
              on: { REOPEN: reopen() },
            },
            lapsed: {
              description:
                "It was not paid for in time. A name that was only reserved is free again; one that ran stays yours for 30 days.",
              meta: { cause: "lapsed" },
              entry: seat("off"),
              on: { REOPEN: reopen() },
            },
            byAdmin: {
              description: "The operator switched it off.",
              meta: { cause: "admin" },
              entry: seat("shut"),
              // It is given back to its owner, who may bring it back: at once, or by a purchase.
              on: {
                "admin.deactivate": {},
                "admin.unsuspend": [
                  { guard: "isCovered", target: "byOwner" },
                  { target: "lapsed" },
                ],
              },
            },
          },
        },
      },
    },
    zooid: {
      description: "Whether the relay server holds what your relay should be.",
      initial: "settled",
      on: { "admin.retry": { target: ".settled", actions: "retry" } },
      states: {
        settled: {
          description: "The relay server was told everything there is to tell.",
          always: { guard: "isBehind", target: "applying" },
          on: { DRIFTED: "applying", ADOPTED: { guard: "isNews", actions: "adopt" } },
        },
        applying: {
          description: "The relay server is being told.",
          invoke: {
            id: "apply",
            src: "applyRelay",
            input: ({ context }) => ({ relay: context.id }),
            onDone: {
              target: "settled",
              actions: { type: "applied", params: ({ event }) => event.output },
            },
            onError: { target: "settled", actions: { type: "refuse", params: { code: "defect" } } },
          },
        },
      },
    },
  },
});

const isSameWords = (a: Confirmed, b: Confirmed): boolean =>
  a.name === b.name && a.description === b.description && a.icon === b.icon;

function reopen() {
  return [
    { guard: "isCoveredByTill" as const, target: "#relay.status.provisioning" },
    { target: "#relay.status.pending", actions: "unpay" as const },
  ];
}
