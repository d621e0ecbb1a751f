import { type AnyElysia, Elysia } from "elysia";
import { documentationOf } from "./docs-page.ts";
import { type Entity, entityOf, entityResponse } from "./entity.ts";
import { acceptsHtml } from "./negotiation.ts";
import { openApiDocument } from "./openapi.ts";
import { invoice, invoiceItem, ordered, plan, problem, relay, tenant } from "./shapes.ts";
import type { WebFiles } from "./web-files.ts";

const HEADERS = { "cache-control": "no-cache", vary: "accept, accept-encoding" };

/** The API's own description: OpenAPI for programs, a page for people, both made from the routes. */
export const docRoutes = (files: WebFiles, app: () => AnyElysia) => {
  let made: { json: Entity; page: Entity } | undefined;
  /** At the first request: only then do all routes stand. */
  const make = () => {
    const document = openApiDocument(app());
    return {
      json: entityOf(JSON.stringify(document), "application/json"),
      page: files.fill("docs.html", documentationOf(document)),
    };
  };

  return new Elysia({ name: "docs", detail: { hide: true } })
    .model({
      Problem: problem,
      Plan: plan,
      Tenant: tenant,
      Relay: relay,
      InvoiceItem: invoiceItem,
      Invoice: invoice,
      Ordered: ordered,
    })
    .get("/openapi.json", ({ request }) => {
      made ??= make();
      return entityResponse(made.json, request, HEADERS);
    })
    .get("/openapi", ({ request }) => {
      made ??= make();
      const isPage = acceptsHtml(request.headers.get("accept"));
      return entityResponse(isPage ? made.page : made.json, request, HEADERS);
    });
};
