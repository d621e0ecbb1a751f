import { not } from "xstate";
import { tellTenant } from "../addresses.ts";
import type { Seat } from "../billing/seats.ts";
import { now } from "../durable.ts";
import type { RelayContext } from "./context.ts";
import { relaySetup } from "./setup.ts";

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

function reopen() {
  return [
    { guard: "isCoveredByTenant" as const, target: "#relay.status.provisioning" },
    { target: "#relay.status.pending", actions: "unpay" as const },
  ];
}

/**
 * One virtual relay: what its tenant wants, what zooid holds, and whether it may run. Talks only to
 * its tenant. `status` says where it is in life; `zooid` makes what zooid holds match what is wanted.
 */
export const relayMachine = relaySetup.createMachine({
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
          entry: ["startProvisioning", "want"],
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
              meta: { attention: "late_relay" },
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
              meta: { attention: "stuck_relay" },
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
                REOPEN: [{ guard: "isCoveredByTenant", target: "#relay.status.provisioning" }, {}],
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
              actions: { type: "recordApplied", params: ({ event }) => event.output },
            },
            onError: { target: "settled", actions: { type: "refuse", params: { code: "defect" } } },
          },
        },
      },
    },
  },
});
