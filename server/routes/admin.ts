import { Elysia, t } from "elysia";
import {
  type Act,
  actOnInvoice,
  actOnRelay,
  cancelRefund,
  compRelay,
  confirmRefund,
  extendRelay,
  grantCredit,
  prepareRefund,
  retryRelay,
  setTenantStatus,
  unsuspendRelay,
} from "../commands/operator.ts";
import { AppError } from "../errors.ts";
import { askerOf } from "./asker.ts";
import type { RouteParts } from "./parts.ts";
import {
  ACT_REFUSALS,
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
const guarded = { 401: problem, 403: refusal("not_admin") };
const ofTenant = { ...guarded, 404: refusal("tenant_not_found") };
const ofInvoice = { ...guarded, 404: refusal("invoice_not_found") };
const ofRelay = { ...guarded, 404: refusal("relay_not_found") };
/** What any act may answer, beside what it is about. */
const act = { 409: refusal("not_allowed_now"), 422: refusal(...ACT_REFUSALS) };
const pubkeyParam = t.Object({
  pubkey: t.String({ pattern: "^[0-9a-f]{64}$", description: "64 lower-case hex" }),
});
const sats = integer({ minimum: 1, maximum: 100_000_000, description: "sats, at least 1" });

/**
 * Before the input is looked at: who is not the operator learns nothing of it.
 * @throws AppError 403 `not_admin`
 */
export function assertAdmin({ admins, edge }: RouteParts, request: Request): void {
  if (!admins.has(edge.pubkeyOf(request)))
    throw new AppError("not_admin", 403, "this is for the operator alone");
}

/** What the operator may do about money. Each act needs a reason, and is journalled with the key. */
export const adminRoutes = (parts: RouteParts) => {
  const { queries, edge, host, clock } = parts;

  const actOf = (request: Request, { reason }: { reason: string }): Act => ({
    by: edge.pubkeyOf(request),
    reason,
    once: askerOf(parts, request).once,
  });
  const tenantOf = async (pubkey: string) => {
    const row = await queries.tenants.get(pubkey);
    if (!row) throw notFound("tenant");
    return viewTenant(row);
  };
  const invoiceOf = async (id: string) => {
    const row = await queries.invoices.get(id);
    if (!row) throw notFound("invoice");
    return viewInvoice(row);
  };
  const relayOf = async (id: string) => {
    const row = await queries.relays.get(id);
    if (!row) throw notFound("relay");
    return viewRelay(parts, row);
  };

  return new Elysia({ name: "admin", prefix: "/admin", detail: { tags: ["operator"] } })
    .onTransform(({ request }) => assertAdmin(parts, request))
    .put(
      "/tenants/:pubkey",
      async ({ request, params, body }) => {
        const by = actOf(request, body);
        if ((await tenantOf(params.pubkey)).status !== body.status)
          await setTenantStatus(parts, params.pubkey, body.status, by);
        return tenantOf(params.pubkey);
      },
      {
        params: pubkeyParam,
        body: t.Object(
          { status: t.Union([t.Literal("active"), t.Literal("suspended")]), reason },
          { additionalProperties: false },
        ),
        response: { 200: tenant, ...ofTenant, ...act },
        detail: { summary: "Suspend a tenant with all relays, or lift that" },
      },
    )
    .get(
      "/tenants/:pubkey/statement",
      async ({ params }) => {
        await tenantOf(params.pubkey);
        return queries.ledger.statement(params.pubkey);
      },
      {
        params: pubkeyParam,
        response: { 200: statement, ...ofTenant },
        detail: { summary: "A tenant's accounts, to the sat" },
      },
    )
    .get(
      "/tenants/:pubkey/forecast",
      async ({ params }) => {
        await tenantOf(params.pubkey);
        const items = await parts.forecast(host, params.pubkey, clock.now());
        return { items, total: items.length };
      },
      {
        params: pubkeyParam,
        response: { 200: listOf(forecastEvent), ...ofTenant },
        detail: { summary: "What the next 90 days bring to a tenant" },
      },
    )
    .post(
      "/tenants/:pubkey/credit",
      async ({ request, params, body }) => {
        const by = actOf(request, body);
        await tenantOf(params.pubkey);
        await grantCredit(parts, params.pubkey, body.sats, by);
        return tenantOf(params.pubkey);
      },
      {
        params: pubkeyParam,
        body: t.Object({ sats, reason }, { additionalProperties: false }),
        response: { 200: tenant, ...ofTenant, ...act },
        detail: { summary: "Grant credit" },
      },
    )
    .post(
      "/tenants/:pubkey/refund",
      async ({ request, params, body }) => {
        const by = actOf(request, body);
        await tenantOf(params.pubkey);
        await prepareRefund(parts, params.pubkey, body, by);
        return tenantOf(params.pubkey);
      },
      {
        params: pubkeyParam,
        body: t.Object(
          { sats, bolt11: t.String({ maxLength: 4096 }), reason },
          { additionalProperties: false },
        ),
        response: {
          200: tenant,
          ...ofTenant,
          409: refusal("not_allowed_now", "not_refundable"),
          422: refusal(
            "bolt11_invalid",
            "bolt11_network",
            "bolt11_amount",
            "bolt11_expired",
            "bolt11_used",
            ...ACT_REFUSALS,
          ),
        },
        detail: {
          summary: "Set sats aside for a refund, to a bolt11 that the tenant gave",
          description: "Pay the bolt11 from a wallet of your own, then confirm with its preimage.",
        },
      },
    )
    .post(
      "/tenants/:pubkey/refund/confirm",
      async ({ request, params, body }) => {
        const by = actOf(request, body);
        await tenantOf(params.pubkey);
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
        response: {
          200: tenant,
          ...ofTenant,
          409: refusal("no_refund"),
          422: refusal("wrong_preimage", ...ACT_REFUSALS),
        },
        detail: { summary: "The refund was paid" },
      },
    )
    .post(
      "/tenants/:pubkey/refund/cancel",
      async ({ request, params, body }) => {
        await tenantOf(params.pubkey);
        await cancelRefund(parts, params.pubkey, actOf(request, body));
        return tenantOf(params.pubkey);
      },
      {
        params: pubkeyParam,
        body: withReason,
        response: { 200: tenant, ...ofTenant, ...act },
        detail: { summary: "The refund was not paid: the sats are credit again" },
      },
    )
    .post(
      "/invoices/:id/:act",
      async ({ request, params, body }) => {
        const by = actOf(request, body);
        await invoiceOf(params.id);
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
        response: { 200: invoice, ...ofInvoice, ...act },
        detail: { summary: "Count an invoice as paid, withdraw it, or try again now" },
      },
    )
    .get(
      "/relays/:id/why",
      async ({ params }) => {
        await relayOf(params.id);
        return parts.why(params.id);
      },
      {
        params: idParam,
        response: { 200: why, ...ofRelay },
        detail: { summary: "Why a relay is in its state, and what happens next" },
      },
    )
    .post(
      "/relays/:id/extend",
      async ({ request, params, body }) => {
        const by = actOf(request, body);
        await relayOf(params.id);
        await extendRelay(parts, params.id, body.paid_through * 1000, by);
        return relayOf(params.id);
      },
      {
        params: idParam,
        body: t.Object(
          { paid_through: integer({ minimum: 0, description: "unix seconds, ahead" }), reason },
          { additionalProperties: false },
        ),
        response: { 200: relay, ...ofRelay, ...act },
        detail: { summary: "Give a relay paid time until a date" },
      },
    )
    .post(
      "/relays/:id/:act",
      async ({ request, params, body }) => {
        const by = actOf(request, body);
        await relayOf(params.id);
        if (params.act === "comp") await compRelay(parts, params.id, by);
        else if (params.act === "unsuspend") await unsuspendRelay(parts, params.id, by);
        else if (params.act === "retry") await retryRelay(parts, params.id, by);
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
        response: { 200: relay, ...ofRelay, ...act },
        detail: {
          summary: "Give a relay its time to the next anchor for nothing, or force its state",
        },
      },
    );
};
