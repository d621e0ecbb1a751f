import { Elysia, t } from "elysia";
import { type QueueKind, type QueueRow, queueKinds } from "../../db/queue.ts";
import { invoiceActor } from "../../machines/addresses.ts";
import type { Attention } from "../../machines/attention.ts";
import { retryHeld } from "../commands/queue.ts";
import type { Trouble } from "../health.ts";
import { toSeconds } from "../projections/seconds.ts";
import type { UnclearPayment } from "../watch.ts";
import { assertAdmin } from "./admin.ts";
import { askerOf } from "./asker.ts";
import type { RouteParts } from "./parts.ts";
import {
  ACT_REFUSALS,
  integer,
  listOf,
  literals,
  nullable,
  page,
  problem,
  reason,
  refusal,
} from "./shapes.ts";

const queueItem = t.Object({
  id: t.String(),
  kind: literals("outside", "unclear_payment", ...queueKinds),
  tenant: nullable(t.String()),
  actor: t.String({ description: "what it is about: `<machine>/<id>`, or a system outside" }),
  since: integer(),
  problem: nullable(t.String({ description: "a code, or what was said when it failed" })),
  amount: nullable(integer({ description: "sats" })),
  bolt11: nullable(t.String()),
  expires_at: nullable(integer({ description: "when the bolt11 can no longer be paid" })),
  to_do: t.String({ description: "what the operator can do about it" }),
  acts: t.Array(t.String(), { description: "the requests that do it" }),
});

type Want = { toDo: string; acts: (id: string) => string[] };

/** What each kind wants of the operator, and by which requests; `id` is the noun's. */
const wants: Record<QueueKind, Want> & Record<Exclude<Attention, QueueKind>, never> = {
  held_alarm: {
    toDo: "A deadline failed when it was due. Mend the cause and let it happen again.",
    acts: () => ["POST /admin/queue/retry"],
  },
  held_work: {
    toDo: "The process died three times during this work. Find out why, then let it run again.",
    acts: () => ["POST /admin/queue/retry"],
  },
  deadly_work: {
    toDo: "zooid died three times after this relay was written to it, so it is not written any more. Take the relay's file (its id and .toml) out of zooid's CONFIG directory, start zooid, mend what is wrong with the relay, then let it be written again.",
    acts: () => ["POST /admin/queue/retry"],
  },
  undelivered_answer: {
    toDo: "An answer could not be taken in. Mend the cause and deliver it again; the work is not repeated.",
    acts: () => ["POST /admin/queue/retry"],
  },
  former_wallet: {
    toDo: "Look it up in the wallet that issued it, which is not the one connected now. Paid there, count the invoice as paid. Unpaid, and expired or cancelled there, void it: what is still owed is billed again.",
    acts: (id) => [`POST /admin/invoices/${id}/mark-paid`, `POST /admin/invoices/${id}/void`],
  },
  unclear_answer: {
    toDo: "Its time is up, and what our wallet says of it cannot be understood. Look it up in the wallet itself. Paid there, count the invoice as paid. Unpaid, void it: what is still owed is billed again. We keep asking.",
    acts: (id) => [`POST /admin/invoices/${id}/mark-paid`, `POST /admin/invoices/${id}/void`],
  },
  blocked_invoice: {
    toDo: "Our wallet refused to make or to look up its bolt11. See what is wrong with the wallet, then try again.",
    acts: (id) => [`POST /admin/invoices/${id}/retry`, `POST /admin/invoices/${id}/void`],
  },
  refused_relay: {
    toDo: "zooid refused what this relay should be. Mend the cause, then try again.",
    acts: (id) => [`POST /admin/relays/${id}/retry`],
  },
  late_relay: {
    toDo: "It was to be active within a minute. We keep trying: what zooid said stands beside it.",
    acts: (id) => [`POST /admin/relays/${id}/retry`],
  },
  stuck_community: {
    toDo: "Something failed that should not, and its people wait. Mend the cause, then try again.",
    acts: (id) => [`POST /admin/relays/${id}/retry`],
  },
  stuck_relay: {
    toDo: "Its days of grace are over and our wallet could not be asked whether it was paid. Mend the wallet, then try again.",
    acts: (id) => [`POST /admin/relays/${id}/retry`],
  },
  refund: {
    toDo: "Pay this bolt11 from a wallet of your own and confirm with its preimage, or take the sats back.",
    acts: (id) => [
      `POST /admin/tenants/${id}/refund/confirm`,
      `POST /admin/tenants/${id}/refund/cancel`,
    ],
  },
};

function viewQueueItem(row: QueueRow) {
  const { toDo, acts } = wants[row.kind];
  return {
    id: row.id,
    kind: row.kind,
    tenant: row.tenant,
    actor: row.actor,
    since: row.since,
    problem: row.problem,
    amount: row.amount,
    bolt11: row.bolt11,
    expires_at: row.expiresAt,
    to_do: toDo,
    acts: acts(row.actor.slice(row.actor.indexOf("/") + 1)),
  };
}

/** What is wrong outside stands before all else: it may be why the rest waits. */
const viewTrouble = ({ system, code, since, words }: Trouble) => ({
  id: system,
  kind: "outside" as const,
  tenant: null,
  actor: system,
  since: toSeconds(since),
  problem: code,
  ...{ amount: null, bolt11: null, expires_at: null },
  to_do: words,
  acts: [],
});

/** Of a closed invoice, which nothing asks about any more. Its list is our wallet's, for 30 days. */
const viewUnclear = ({ issued, tenant, said, since }: UnclearPayment) => ({
  id: issued.paymentHash,
  kind: "unclear_payment" as const,
  tenant,
  actor: invoiceActor(issued.invoice),
  since: toSeconds(since),
  problem: said,
  ...{ amount: issued.amount, bolt11: issued.bolt11, expires_at: issued.expiresAt },
  to_do:
    "This invoice is closed, and our wallet may have been paid for it all the same: what it says cannot be understood. Look it up in the wallet itself. Paid there, give the tenant what came as credit. It leaves this list 30 days after the bolt11 expired.",
  acts: [`POST /admin/tenants/${tenant}/credit`],
});

/** What waits for the operator, and nothing else will end. */
export const queueRoutes = (parts: RouteParts) => {
  const { queries, edge, walletPubkey } = parts;
  return new Elysia({ name: "queue", prefix: "/admin/queue", detail: { tags: ["operator"] } })
    .onTransform(({ request }) => assertAdmin(parts, request))
    .get(
      "",
      async ({ query }) => {
        const { q = null, kind = null, limit = 50, offset = 0 } = query;
        const isOf = (wanted: string) => kind === null || kind === wanted;
        const outside = [
          ...(q === null && isOf("outside") ? parts.troubles().map(viewTrouble) : []),
          ...(q === null && isOf("unclear_payment")
            ? parts.unclearPayments().map(viewUnclear)
            : []),
        ];
        const shown = outside.slice(offset, offset + limit);
        const { items, total } = await queries.queue.list({
          ...{ q, kind, limit: limit - shown.length },
          offset: Math.max(0, offset - outside.length),
          wallet: walletPubkey,
        });
        return {
          items: [...shown, ...items.map(viewQueueItem)],
          total: outside.length + total,
        };
      },
      {
        query: t.Object(
          { ...page, kind: t.Optional(literals("outside", "unclear_payment", ...queueKinds)) },
          { additionalProperties: false },
        ),
        response: {
          200: listOf(queueItem),
          401: problem,
          403: refusal("not_admin"),
          422: problem,
        },
        detail: {
          summary: "What waits for the operator, oldest first",
          description:
            "First what is wrong outside. Then Held deliveries, answers of our wallet that cannot be understood, what our wallet or the relay server refused, unpaid bolt11s of a wallet that was connected before, and refunds under way; each with what to do about it.",
        },
      },
    )
    .post(
      "/retry",
      async ({ request, body }) => {
        const { once } = askerOf(parts, request);
        await retryHeld(parts, body.id, {
          by: edge.pubkeyOf(request),
          reason: body.reason,
          once,
        });
        return { id: body.id };
      },
      {
        body: t.Object(
          { id: t.String({ maxLength: 300 }), reason },
          { additionalProperties: false },
        ),
        response: {
          200: t.Object({ id: t.String() }),
          401: problem,
          403: refusal("not_admin"),
          404: refusal("not_held"),
          409: refusal("still_held"),
          422: refusal(...ACT_REFUSALS),
        },
        detail: { summary: "Deliver again what is held" },
      },
    );
};
