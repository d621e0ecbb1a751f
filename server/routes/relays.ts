import { Elysia } from "elysia";
import { invoiceActor } from "../../machines/messages.ts";
import { deactivateRelay, editRelay } from "../commands/edit.ts";
import type { Ordered } from "../commands/index.ts";
import { orderRelay, ownRelay, reactivateRelay } from "../commands/order.ts";
import { askerOf } from "./asker.ts";
import { changeOf } from "./change.ts";
import type { RouteParts } from "./parts.ts";
import {
  createRelay,
  idParam,
  listOf,
  ordered,
  problem,
  relay,
  relayQuery,
  updateRelay,
} from "./shapes.ts";
import { admitTenant } from "./tenant.ts";
import { viewInvoice, viewRelay } from "./views.ts";

/** A bolt11 usually takes 30 ms: worth waiting for, so that the checkout opens with its QR code. */
const BOLT11_WAIT_MS = 1_500;

/** My relays. */
export const relayRoutes = (parts: RouteParts) => {
  const { host, queries, edge } = parts;

  const one = (request: Request, id: string) =>
    viewRelay(parts, ownRelay(parts, edge.pubkeyOf(request), id));

  async function result(made: Ordered) {
    const id = made.invoice;
    const issued = () => id === null || queries.invoices.get(id)?.invoice !== null;
    if (id !== null) await changeOf(host, invoiceActor(id), issued, BOLT11_WAIT_MS);
    const row = queries.relays.get(made.relay);
    const invoice = id === null ? null : queries.invoices.get(id);
    if (!row) throw new Error(`relay ${made.relay} has no row`);
    return { relay: viewRelay(parts, row), invoice: invoice && viewInvoice(invoice) };
  }

  return new Elysia({ name: "relays", detail: { tags: ["relays"] } })
    .get(
      "/tenant/relays",
      ({ request, query }) => {
        const { q = null, status = null, plan = null, limit = 50, offset = 0 } = query;
        const filter = { q, status, plan, limit, offset };
        const { items, total } = queries.relays.list(edge.pubkeyOf(request), filter);
        return { items: items.map((row) => viewRelay(parts, row)), total };
      },
      {
        query: relayQuery,
        response: { 200: listOf(relay), 401: problem, 422: problem },
        detail: { summary: "My relays, newest first" },
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
        response: {
          201: ordered,
          401: problem,
          403: problem,
          409: problem,
          422: problem,
          429: problem,
          503: problem,
        },
        detail: {
          summary: "Create a relay, and its invoice when the plan is paid",
          description: "Takes an Idempotency-Key header. `invoice` is null for a free relay.",
        },
      },
    )
    .get("/tenant/relays/:id", ({ request, params }) => one(request, params.id), {
      params: idParam,
      response: { 200: relay, 401: problem, 404: problem },
      detail: { summary: "One of my relays" },
    })
    .put(
      "/tenant/relays/:id",
      async ({ request, params, body }) => {
        await editRelay(parts, edge.pubkeyOf(request), params.id, body);
        return one(request, params.id);
      },
      {
        params: idParam,
        body: updateRelay,
        response: {
          200: relay,
          401: problem,
          403: problem,
          404: problem,
          409: problem,
          422: problem,
          429: problem,
        },
        detail: { summary: "Edit a relay; fields left out stay" },
      },
    )
    .delete(
      "/tenant/relays/:id",
      async ({ request, params }) => {
        await deactivateRelay(parts, edge.pubkeyOf(request), params.id);
        return one(request, params.id);
      },
      {
        params: idParam,
        response: { 200: relay, 401: problem, 403: problem, 404: problem, 409: problem },
        detail: { summary: "Deactivate a relay; its data is kept" },
      },
    )
    .post(
      "/tenant/relays/:id/reactivate",
      async ({ request, params }) =>
        result(await reactivateRelay(parts, askerOf(parts, request), params.id)),
      {
        params: idParam,
        response: {
          200: ordered,
          401: problem,
          403: problem,
          404: problem,
          409: problem,
          422: problem,
          429: problem,
          503: problem,
        },
        detail: { summary: "Bring a deactivated relay back; paid time is kept" },
      },
    );
};
