import { Elysia } from "elysia";
import type { SubdomainProblem } from "../../machines/names.ts";
import { archiveRelay, unarchiveRelay } from "../commands/archive.ts";
import { deactivateRelay, editRelay } from "../commands/edit.ts";
import type { Ordered } from "../commands/index.ts";
import { orderRelay, ownRelay, reactivateRelay } from "../commands/order.ts";
import { askerOf } from "./asker.ts";
import { untilIssued, untilReplaced } from "./change.ts";
import type { RouteParts } from "./parts.ts";
import {
  createRelay,
  historyEntry,
  historyQuery,
  idempotencyKey,
  idParam,
  listOf,
  ordered,
  problem,
  reactivateRequest,
  refusal,
  relay,
  relayQuery,
  updateRelay,
} from "./shapes.ts";
import { admitTenant } from "./tenant.ts";
import { tillOf, viewInvoice, viewRelay } from "./views.ts";

const subdomainProblems = [
  "subdomain_too_short",
  "subdomain_too_long",
  "subdomain_malformed",
  "subdomain_reserved",
] satisfies SubdomainProblem[];

/** My relays. */
export const relayRoutes = (parts: RouteParts) => {
  const { queries, edge, limits } = parts;

  const one = async (request: Request, id: string) =>
    viewRelay(parts, await ownRelay(parts, edge.pubkeyOf(request), id));

  async function result(made: Ordered) {
    const id = made.invoice;
    if (id !== null) await untilIssued(parts, id);
    const row = await queries.relays.get(made.relay);
    const invoice = id === null ? null : await queries.invoices.get(id);
    if (!row) throw new Error(`relay ${made.relay} has no row`);
    return { relay: await viewRelay(parts, row), invoice: invoice && viewInvoice(invoice) };
  }

  return new Elysia({ name: "relays", detail: { tags: ["relays"] } })
    .get(
      "/tenant/relays",
      async ({ request, query }) => {
        const { q = null, status = null, plan = null, limit = 50, offset = 0 } = query;
        const filter = { q, status, plan, limit, offset, isArchived: query.archived === "true" };
        const pubkey = edge.pubkeyOf(request);
        const { items, total } = await queries.relays.list(pubkey, filter);
        const till = await tillOf(parts, pubkey);
        const views = items.map((row) => viewRelay(parts, row, till));
        return { items: await Promise.all(views), total };
      },
      {
        query: relayQuery,
        response: { 200: listOf(relay), 401: problem, 422: problem },
        detail: {
          summary: "My relays, newest first",
          description: "Without those in the archive; `archived=true` lists those alone.",
        },
      },
    )
    .post(
      "/tenant/relays",
      async ({ request, server, body, set }) => {
        await admitTenant(parts, request, server);
        const made = await orderRelay(parts, askerOf(parts, request), { description: "", ...body });
        set.status = 201;
        return result(made);
      },
      {
        body: createRelay,
        headers: idempotencyKey,
        response: {
          201: ordered,
          401: problem,
          403: refusal("tenant_suspended"),
          409: refusal("subdomain_taken", "subdomain_quarantined"),
          422: refusal("invalid", "unsafe_text", ...subdomainProblems, "idempotency_key_reused"),
          429: refusal(
            "free_relay_limit",
            "reservation_limit",
            "relay_limit",
            "creation_limit",
            "rate_limited",
          ),
          503: refusal("billing_not_configured", "billing_unavailable"),
        },
        detail: {
          summary: "Create a relay, and its invoice when the plan is paid",
          description:
            "A free relay is provisioned at once and `invoice` is null. A paid one stays `pending` until its invoice is paid; unpaid for 24 hours it is deactivated, and the name is free again.",
        },
      },
    )
    .get("/tenant/relays/:id", ({ request, params }) => one(request, params.id), {
      params: idParam,
      response: { 200: relay, 401: problem, 404: refusal("relay_not_found") },
      detail: {
        summary: "One of my relays",
        description: "Somebody else's relay is not found, as one that never was.",
      },
    })
    .get(
      "/tenant/relays/:id/history",
      async ({ request, params, query: { limit = 50, offset = 0 } }) => {
        const { id } = await ownRelay(parts, edge.pubkeyOf(request), params.id);
        return parts.history(parts.host, id, { limit, offset });
      },
      {
        params: idParam,
        query: historyQuery,
        response: {
          200: listOf(historyEntry),
          401: problem,
          404: refusal("relay_not_found"),
          422: problem,
        },
        detail: {
          summary: "What happened to a relay, in words, newest first",
          description:
            "`status`, `cause`, `plan` and `paid_through` are those of the relay after it. The last 2,000 changes are looked through.",
        },
      },
    )
    .put(
      "/tenant/relays/:id",
      async ({ request, params, body }) => {
        await limits.change(edge.pubkeyOf(request));
        await editRelay(parts, edge.pubkeyOf(request), params.id, body);
        if (body.plan !== undefined) await untilReplaced(parts, edge.pubkeyOf(request), params.id);
        const { open_invoice } = await one(request, params.id);
        if (body.plan !== undefined && open_invoice) await untilIssued(parts, open_invoice);
        return one(request, params.id);
      },
      {
        params: idParam,
        body: updateRelay,
        response: {
          200: relay,
          401: problem,
          403: refusal("tenant_suspended"),
          404: refusal("relay_not_found"),
          409: refusal(
            "subdomain_taken",
            "subdomain_quarantined",
            "relay_not_running",
            "relay_not_ready",
            "change_still_open",
            "next_plan_paid",
          ),
          422: refusal("invalid", "unsafe_text", ...subdomainProblems),
          429: refusal("rename_limit", "invoice_limit", "free_relay_limit", "rate_limited"),
        },
        detail: {
          summary: "Edit a relay; fields left out stay",
          description:
            "Stored at once, then applied to the relay server until it shows it: `problem` says what keeps it. A relay is renamed once a day at most; its old name is kept for you for 30 days, unless it was served for less than a day on the free plan.",
        },
      },
    )
    .delete(
      "/tenant/relays/:id",
      async ({ request, params }) => {
        await limits.change(edge.pubkeyOf(request));
        await deactivateRelay(parts, edge.pubkeyOf(request), params.id);
        return one(request, params.id);
      },
      {
        params: idParam,
        response: {
          200: relay,
          401: problem,
          403: refusal("tenant_suspended"),
          404: refusal("relay_not_found"),
          409: refusal("suspended_by_operator"),
          429: refusal("rate_limited"),
        },
        detail: {
          summary: "Deactivate a relay; its data is kept",
          description:
            "It stops and is not billed again. Unused time is not refunded; reactivated before it is over, the relay keeps it.",
        },
      },
    )
    .post(
      "/tenant/relays/:id/archive",
      async ({ request, params }) => {
        await limits.change(edge.pubkeyOf(request));
        await archiveRelay(parts, edge.pubkeyOf(request), params.id);
        return one(request, params.id);
      },
      {
        params: idParam,
        response: {
          200: relay,
          401: problem,
          403: refusal("tenant_suspended"),
          404: refusal("relay_not_found"),
          409: refusal("relay_not_deactivated"),
          429: refusal("rate_limited"),
        },
        detail: {
          summary: "Move a deactivated relay to the archive",
          description:
            "It leaves the list and nothing else: it stays in invoices and history, its data is kept, no name is freed. An order that was cancelled or lapsed is there by itself.",
        },
      },
    )
    .delete(
      "/tenant/relays/:id/archive",
      async ({ request, params }) => {
        await limits.change(edge.pubkeyOf(request));
        await unarchiveRelay(parts, edge.pubkeyOf(request), params.id);
        return one(request, params.id);
      },
      {
        params: idParam,
        response: {
          200: relay,
          401: problem,
          403: refusal("tenant_suspended"),
          404: refusal("relay_not_found"),
          429: refusal("rate_limited"),
        },
        detail: { summary: "Take a relay out of the archive" },
      },
    )
    .post(
      "/tenant/relays/:id/reactivate",
      async ({ request, params, body }) => {
        await limits.change(edge.pubkeyOf(request));
        return result(await reactivateRelay(parts, askerOf(parts, request), params.id, body?.plan));
      },
      {
        params: idParam,
        body: reactivateRequest,
        headers: idempotencyKey,
        response: {
          200: ordered,
          401: problem,
          403: refusal("tenant_suspended"),
          404: refusal("relay_not_found"),
          409: refusal(
            "relay_not_deactivated",
            "closed_by_operator",
            "invoice_still_open",
            "paid_time_left",
            "subdomain_taken",
            "subdomain_quarantined",
          ),
          422: refusal("invalid", "idempotency_key_reused"),
          429: refusal("free_relay_limit", "reservation_limit", "invoice_limit", "rate_limited"),
          503: refusal("billing_not_configured", "billing_unavailable"),
        },
        detail: {
          summary: "Bring a deactivated or unpaid relay back, with its data",
          description:
            "Within the time that is paid, or on the free plan, it is back at once and `invoice` is null. After that it is a new purchase of the plan wanted, and the month begins when the relay is active. A suspended relay whose renewal can still be paid is given that one.",
        },
      },
    );
};
