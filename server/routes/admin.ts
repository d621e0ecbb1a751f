import { Elysia, t } from "elysia";
import {
  actOnInvoice,
  actOnRelay,
  cancelRefund,
  compRelay,
  confirmRefund,
  extendRelay,
  grantCredit,
  prepareRefund,
  setTenantStatus,
} from "../commands/operator.ts";
import { AppError } from "../errors.ts";
import type { RouteParts } from "./parts.ts";
import {
  forecastEvent,
  idParam,
  integer,
  invoice,
  listOf,
  problem,
  reason,
  refusal,
  relay,
  statement,
  tenant,
  why,
} from "./shapes.ts";
import { notFound, viewInvoice, viewRelay, viewTenant } from "./views.ts";

const withReason = t.Object({ reason }, { additionalProperties: false });
const errors = {
  401: problem,
  403: refusal("not_admin"),
  404: problem,
  409: refusal("not_allowed_now"),
  422: problem,
};
const pubkeyParam = t.Object({
  pubkey: t.String({ pattern: "^[0-9a-f]{64}$", description: "64 lower-case hex" }),
});
const sats = integer({ minimum: 1, maximum: 100_000_000, description: "sats, at least 1" });

/** What the operator may do about money. Each act needs a reason, and is journalled with the key. */
export const adminRoutes = (parts: RouteParts) => {
  const { queries, edge, host, clock } = parts;

  /** @throws AppError 403 `not_admin` */
  const admin = (request: Request): string => {
    const pubkey = edge.pubkeyOf(request);
    if (!parts.admins.has(pubkey))
      throw new AppError("not_admin", 403, "this is for the operator alone");
    return pubkey;
  };
  const tenantOf = (pubkey: string) => {
    const row = queries.tenants.get(pubkey);
    if (!row) throw notFound("tenant");
    return viewTenant(row);
  };
  const invoiceOf = (id: string) => {
    const row = queries.invoices.get(id);
    if (!row) throw notFound("invoice");
    return viewInvoice(row);
  };
  const relayOf = (id: string) => {
    const row = queries.relays.get(id);
    if (!row) throw notFound("relay");
    return viewRelay(parts, row);
  };

  return new Elysia({ name: "admin", prefix: "/admin", detail: { tags: ["operator"] } })
    .put(
      "/tenants/:pubkey",
      async ({ request, params, body }) => {
        const by = { by: admin(request), reason: body.reason };
        if (tenantOf(params.pubkey).status !== body.status)
          await setTenantStatus(parts, params.pubkey, body.status, by);
        return tenantOf(params.pubkey);
      },
      {
        params: pubkeyParam,
        body: t.Object(
          { status: t.Union([t.Literal("active"), t.Literal("suspended")]), reason },
          { additionalProperties: false },
        ),
        response: { 200: tenant, ...errors },
        detail: { summary: "Suspend a tenant with all relays, or lift that" },
      },
    )
    .get(
      "/tenants/:pubkey/statement",
      ({ request, params }) => {
        admin(request);
        tenantOf(params.pubkey);
        return queries.ledger.statement(params.pubkey);
      },
      {
        params: pubkeyParam,
        response: { 200: statement, ...errors },
        detail: { summary: "A tenant's accounts, to the sat" },
      },
    )
    .get(
      "/tenants/:pubkey/forecast",
      async ({ request, params }) => {
        admin(request);
        tenantOf(params.pubkey);
        const items = await parts.forecast(host, params.pubkey, clock.now());
        return { items, total: items.length };
      },
      {
        params: pubkeyParam,
        response: { 200: listOf(forecastEvent), ...errors },
        detail: { summary: "What the next 90 days bring to a tenant" },
      },
    )
    .post(
      "/tenants/:pubkey/credit",
      async ({ request, params, body }) => {
        const by = { by: admin(request), reason: body.reason };
        await grantCredit(parts, params.pubkey, body.sats, by);
        return tenantOf(params.pubkey);
      },
      {
        params: pubkeyParam,
        body: t.Object({ sats, reason }, { additionalProperties: false }),
        response: { 200: tenant, ...errors },
        detail: { summary: "Grant credit" },
      },
    )
    .post(
      "/tenants/:pubkey/refund",
      async ({ request, params, body }) => {
        const by = { by: admin(request), reason: body.reason };
        await prepareRefund(parts, params.pubkey, body, by);
        return tenantOf(params.pubkey);
      },
      {
        params: pubkeyParam,
        body: t.Object(
          { sats, bolt11: t.String({ maxLength: 4096 }), reason },
          { additionalProperties: false },
        ),
        response: { 200: tenant, ...errors },
        detail: {
          summary: "Set sats aside for a refund, to a bolt11 that the tenant gave",
          description: "Pay the bolt11 from a wallet of your own, then confirm with its preimage.",
        },
      },
    )
    .post(
      "/tenants/:pubkey/refund/confirm",
      async ({ request, params, body }) => {
        const by = { by: admin(request), reason: body.reason };
        await confirmRefund(parts, params.pubkey, body.preimage, by);
        return tenantOf(params.pubkey);
      },
      {
        params: pubkeyParam,
        body: t.Object(
          {
            preimage: t.String({ pattern: "^[0-9a-f]{64}$", description: "64 lower-case hex" }),
            reason,
          },
          { additionalProperties: false },
        ),
        response: { 200: tenant, ...errors },
        detail: { summary: "The refund was paid" },
      },
    )
    .post(
      "/tenants/:pubkey/refund/cancel",
      async ({ request, params, body }) => {
        await cancelRefund(parts, params.pubkey, { by: admin(request), reason: body.reason });
        return tenantOf(params.pubkey);
      },
      {
        params: pubkeyParam,
        body: withReason,
        response: { 200: tenant, ...errors },
        detail: { summary: "The refund was not paid: the sats are credit again" },
      },
    )
    .post(
      "/invoices/:id/:act",
      async ({ request, params, body }) => {
        const by = { by: admin(request), reason: body.reason };
        invoiceOf(params.id);
        const acts = { "mark-paid": "markPaid", void: "void", retry: "retry" } as const;
        await actOnInvoice(parts, params.id, acts[params.act], by);
        return invoiceOf(params.id);
      },
      {
        params: t.Object({
          id: t.String({ maxLength: 64 }),
          act: t.Union([t.Literal("mark-paid"), t.Literal("void"), t.Literal("retry")]),
        }),
        body: withReason,
        response: { 200: invoice, ...errors },
        detail: { summary: "Count an invoice as paid, withdraw it, or try again now" },
      },
    )
    .get(
      "/relays/:id/why",
      ({ request, params }) => {
        admin(request);
        relayOf(params.id);
        return parts.why(params.id);
      },
      {
        params: idParam,
        response: { 200: why, ...errors },
        detail: { summary: "Why a relay is in its state, and what happens next" },
      },
    )
    .post(
      "/relays/:id/extend",
      async ({ request, params, body }) => {
        const by = { by: admin(request), reason: body.reason };
        await extendRelay(parts, params.id, body.paid_through * 1000, by);
        return relayOf(params.id);
      },
      {
        params: idParam,
        body: t.Object(
          { paid_through: integer({ minimum: 0, description: "unix seconds, ahead" }), reason },
          { additionalProperties: false },
        ),
        response: { 200: relay, ...errors },
        detail: { summary: "Give a relay paid time until a date" },
      },
    )
    .post(
      "/relays/:id/:act",
      async ({ request, params, body }) => {
        const by = { by: admin(request), reason: body.reason };
        relayOf(params.id);
        if (params.act === "comp") await compRelay(parts, params.id, by);
        else await actOnRelay(parts, params.id, params.act, by);
        return relayOf(params.id);
      },
      {
        params: t.Object({
          id: t.String({ maxLength: 64 }),
          act: t.Union([
            t.Literal("comp"),
            t.Literal("suspend"),
            t.Literal("unsuspend"),
            t.Literal("deactivate"),
            t.Literal("retry"),
          ]),
        }),
        body: withReason,
        response: { 200: relay, ...errors },
        detail: {
          summary: "Give a relay its time to the next anchor for nothing, or force its state",
        },
      },
    );
};
