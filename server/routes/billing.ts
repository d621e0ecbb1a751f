import { Elysia } from "elysia";
import { payByWallet, reissueInvoice } from "../commands/order.ts";
import { quotePlan, viewQuote } from "../commands/plan.ts";
import { askerOf } from "./asker.ts";
import { untilIssued } from "./change.ts";
import type { RouteParts } from "./parts.ts";
import {
  billing,
  forecastEvent,
  idParam,
  invoice,
  listOf,
  notice,
  noticeQuery,
  problem,
  quote,
  quoteRequest,
  refusal,
  statement,
  walletRequest,
  why,
} from "./shapes.ts";
import { admitTenant } from "./tenant.ts";
import { notFound, viewInvoice, viewNotice } from "./views.ts";

/** What my relays cost me, and how I pay. */
export const billingRoutes = (parts: RouteParts) => {
  const { queries, edge, host, clock, limits } = parts;

  /** Who asks, whose wallet may be asked once more. @throws AppError 429 */
  async function probing(request: Request): Promise<string> {
    const pubkey = edge.pubkeyOf(request);
    await limits.walletProbe(pubkey);
    return pubkey;
  }

  const ownRelayId = async (request: Request, id: string): Promise<string> => {
    if ((await queries.relays.get(id))?.tenant !== edge.pubkeyOf(request)) throw notFound("relay");
    return id;
  };

  return new Elysia({ name: "billing", detail: { tags: ["billing"] } })
    .get("/tenant/billing", ({ request }) => parts.tenantWallets.billing(edge.pubkeyOf(request)), {
      response: { 200: billing, 401: problem },
      detail: {
        summary: "How I pay, and what a month costs",
        description: "The wallet is not asked; POST /tenant/billing/check does that.",
      },
    })
    .post(
      "/tenant/billing/check",
      async ({ request }) => parts.tenantWallets.check(await probing(request)),
      {
        response: {
          200: billing,
          401: problem,
          409: refusal("no_wallet"),
          422: refusal("wallet_malformed", "wallet_unreachable", "wallet_cannot_pay"),
          429: refusal("rate_limited"),
        },
        detail: {
          summary: "Ask my wallet now whether it can pay",
          description: "Pays nothing and changes nothing.",
        },
      },
    )
    .put(
      "/tenant/billing",
      async ({ request, server, body: { nwc_url } }) => {
        await admitTenant(parts, request, server);
        await limits.change(edge.pubkeyOf(request));
        const pubkey = nwc_url === null ? edge.pubkeyOf(request) : await probing(request);
        return parts.tenantWallets.connect(pubkey, nwc_url);
      },
      {
        body: walletRequest,
        response: {
          200: billing,
          401: problem,
          403: refusal("tenant_suspended"),
          422: refusal("wallet_malformed", "wallet_unreachable", "wallet_cannot_pay"),
          429: refusal("rate_limited"),
        },
        detail: {
          summary: "Connect a wallet for recurring billing, or clear it with null",
          description:
            "The connection (NIP-47) is tried at once; one that cannot pay is not saved. `warnings` say what should be better: a budget that is too small names the budget needed.",
        },
      },
    )
    .post(
      "/tenant/relays/:id/quote",
      async ({ request, params, body }) => {
        const id = await ownRelayId(request, params.id);
        const { quote, from } = await quotePlan(parts, edge.pubkeyOf(request), id, body.plan);
        return viewQuote(quote, from, parts.offer);
      },
      {
        params: idParam,
        body: quoteRequest,
        response: {
          200: quote,
          401: problem,
          404: refusal("relay_not_found"),
          409: refusal("next_plan_paid"),
          422: problem,
        },
        detail: {
          summary: "What another plan would mean and cost now",
          description: "PUT with the same plan does exactly this, and charges exactly this.",
        },
      },
    )
    .get(
      "/tenant/relays/:id/why",
      async ({ request, params }) => parts.why(await ownRelayId(request, params.id)),
      {
        params: idParam,
        response: { 200: why, 401: problem, 404: refusal("relay_not_found") },
        detail: { summary: "Why a relay is in its state, and what happens next" },
      },
    )
    .post(
      "/tenant/invoices/:id/reissue",
      async ({ request, params }) => {
        await reissueInvoice(parts, askerOf(parts, request), params.id);
        await untilIssued(parts, params.id);
        const row = await queries.invoices.get(params.id);
        if (!row) throw notFound("invoice");
        return viewInvoice(row);
      },
      {
        params: idParam,
        response: {
          200: invoice,
          401: problem,
          403: refusal("tenant_suspended"),
          404: refusal("invoice_not_found"),
          409: refusal("invoice_not_open"),
        },
        detail: { summary: "A new bolt11 for an invoice whose last one ran out" },
      },
    )
    .post(
      "/tenant/invoices/:id/pay",
      async ({ request, params }) => {
        await limits.change(edge.pubkeyOf(request));
        await payByWallet(parts, askerOf(parts, request), params.id);
        const row = await queries.invoices.get(params.id);
        if (!row) throw notFound("invoice");
        return viewInvoice(row);
      },
      {
        params: idParam,
        response: {
          200: invoice,
          401: problem,
          403: refusal("tenant_suspended"),
          404: refusal("invoice_not_found"),
          409: refusal("invoice_not_open", "no_wallet", "not_allowed_now"),
          429: refusal("rate_limited"),
        },
        detail: {
          summary: "Have my connected wallet pay an invoice now",
          description:
            "`not_allowed_now` while it is being asked already. Once: of what is not a renewal or past due, a wallet that refuses is not asked again by itself. Answers before the wallet does; the invoice is paid when our own wallet says so.",
        },
      },
    )
    .get(
      "/tenant/notices",
      async ({ request, query }) => {
        const { status = null, limit = 50, offset = 0 } = query;
        const tenant = edge.pubkeyOf(request);
        const { items, total } = await queries.notices.list(tenant, { status, limit, offset });
        return { items: items.map(viewNotice), total };
      },
      {
        query: noticeQuery,
        response: { 200: listOf(notice), 401: problem, 422: problem },
        detail: { summary: "Every message to me, and whether it was delivered" },
      },
    )
    .get("/tenant/statement", ({ request }) => queries.ledger.statement(edge.pubkeyOf(request)), {
      response: { 200: statement, 401: problem },
      detail: {
        summary: "My accounts, to the sat",
        description: "received + granted = applied + credit + refunded, at any moment.",
      },
    })
    .get(
      "/tenant/forecast",
      async ({ request }) => {
        const items = await parts.forecast(host, edge.pubkeyOf(request), clock.now());
        return { items, total: items.length };
      },
      {
        response: { 200: listOf(forecastEvent), 401: problem },
        detail: {
          summary: "What the next 90 days bring if nobody does anything",
          description: "Computed by running the machines forward in a world where all answers.",
        },
      },
    );
};
