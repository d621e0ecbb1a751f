import { Elysia } from "elysia";
import { NoAnswerYet } from "../effects/wallet.ts";
import { AppError, Unavailable } from "../errors.ts";
import type { RouteParts } from "./parts.ts";
import { idParam, invoice, invoiceQuery, listOf, problem, refusal } from "./shapes.ts";
import { viewInvoice } from "./views.ts";

/** My invoices. */
export const invoiceRoutes = (parts: RouteParts) => {
  const { queries, edge, limits } = parts;

  async function own(request: Request, id: string) {
    const row = await queries.invoices.get(id);
    if (row?.tenant !== edge.pubkeyOf(request))
      throw new AppError("invoice_not_found", 404, "you have no such invoice");
    return viewInvoice(row);
  }

  return new Elysia({ name: "invoices", detail: { tags: ["invoices"] } })
    .get(
      "/tenant/invoices",
      async ({ request, query }) => {
        const { q = null, status = null, limit = 50, offset = 0 } = query;
        const filter = { q, status, limit, offset };
        const { items, total } = await queries.invoices.list(edge.pubkeyOf(request), filter);
        return { items: items.map(viewInvoice), total };
      },
      {
        query: invoiceQuery,
        response: { 200: listOf(invoice), 401: problem, 422: problem },
        detail: { summary: "My invoices with their items, newest first" },
      },
    )
    .get("/tenant/invoices/:id", ({ request, params }) => own(request, params.id), {
      params: idParam,
      response: { 200: invoice, 401: problem, 404: refusal("invoice_not_found") },
      detail: {
        summary: "One of my invoices",
        description:
          "`invoice` is the bolt11 to pay now. `credit` is what your credit pays of the amount; the bolt11 is for the rest.",
      },
    })
    .post(
      "/tenant/invoices/:id/check",
      async ({ request, params }) => {
        const { id } = await own(request, params.id);
        await limits.check(edge.pubkeyOf(request));
        try {
          await parts.check(id);
        } catch (error) {
          if (
            !(error instanceof Unavailable) &&
            !(error instanceof NoAnswerYet) &&
            !isTimeout(error)
          )
            throw error;
          throw new AppError(
            "wallet_unavailable",
            503,
            "our wallet does not answer now; we keep asking, and a payment that was made is not lost",
            { retryAfterSeconds: 10 },
          );
        }
        return own(request, id);
      },
      {
        params: idParam,
        response: {
          200: invoice,
          401: problem,
          404: refusal("invoice_not_found"),
          429: refusal("rate_limited"),
          503: refusal("wallet_unavailable"),
        },
        detail: {
          summary: "Ask our wallet now whether it was paid",
          description:
            "Answers the invoice as it is after asking, six times a minute at most. Nothing depends on this call: payments are noticed without it.",
        },
      },
    );
};

const isTimeout = (error: unknown): boolean =>
  error instanceof DOMException && error.name === "TimeoutError";
