import { afterAll, beforeAll, expect, test } from "bun:test";
import type { OpenApi, Operation } from "../../server/routes/openapi.ts";
import type { Schema } from "../../server/routes/openapi-schema.ts";
import { startPages } from "./fixture.ts";

let pages: Awaited<ReturnType<typeof startPages>>;
let document: OpenApi;
let operations: { path: string; method: string; operation: Operation }[];
beforeAll(async () => {
  pages = await startPages();
  document = (await (await fetch(`${pages.url}/openapi.json`)).json()) as OpenApi;
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
});
afterAll(() => pages.stop());

/** Every schema of the document, however deep. */
function schemasIn(value: unknown): Schema[] {
  if (typeof value !== "object" || value === null) return [];
  const inner = Object.values(value).flatMap(schemasIn);
  return "type" in value || "$ref" in value || "anyOf" in value
    ? [value as Schema, ...inner]
    : inner;
}

test("the document holds every route, with a summary and a tag", () => {
  expect(operations.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(
    [
      "delete /tenant/relays/{id}",
      "get /admin/queue",
      "get /admin/relays/{id}/why",
      "get /admin/tenants/{pubkey}/forecast",
      "get /admin/tenants/{pubkey}/statement",
      "get /healthz",
      "get /images",
      "get /plans",
      "get /subdomains/{name}",
      "get /tenant",
      "get /tenant/billing",
      "get /tenant/events",
      "get /tenant/forecast",
      "get /tenant/invoices",
      "get /tenant/invoices/{id}",
      "get /tenant/profile",
      "get /tenant/relays",
      "get /tenant/notices",
      "get /tenant/relays/{id}",
      "get /tenant/relays/{id}/history",
      "get /tenant/relays/{id}/why",
      "get /tenant/statement",
      "post /admin/invoices/{id}/{act}",
      "post /admin/queue/retry",
      "post /admin/relays/{id}/extend",
      "post /admin/relays/{id}/{act}",
      "post /admin/tenants/{pubkey}/credit",
      "post /admin/tenants/{pubkey}/refund",
      "post /admin/tenants/{pubkey}/refund/cancel",
      "post /admin/tenants/{pubkey}/refund/confirm",
      "post /tenant/billing/check",
      "post /tenant/invoices/{id}/check",
      "post /tenant/invoices/{id}/reissue",
      "post /tenant/invoices/{id}/pay",
      "post /tenant/relays/{id}/archive",
      "post /tenant/publish",
      "post /tenant/relays",
      "post /tenant/relays/{id}/quote",
      "post /tenant/relays/{id}/reactivate",
      "delete /tenant/relays/{id}/archive",
      "delete /tenant/relays/{id}/bans/{pubkey}",
      "delete /tenant/relays/{id}/invites/{invite}",
      "delete /tenant/relays/{id}/members/{pubkey}",
      "get /join/{token}",
      "get /tenant/relays/{id}/bans",
      "get /tenant/relays/{id}/invites",
      "get /tenant/relays/{id}/journal",
      "get /tenant/relays/{id}/members",
      "get /tenant/relays/{id}/requests",
      "post /join/{token}",
      "post /tenant/relays/{id}/bans",
      "post /tenant/relays/{id}/invites",
      "post /tenant/relays/{id}/members",
      "put /admin/tenants/{pubkey}",
      "put /tenant/billing",
      "put /tenant/relays/{id}",
    ].sort(),
  );
  const tags = document.tags.map(({ name }) => name);
  for (const { operation } of operations) {
    expect(operation.summary).toMatch(/\S/);
    expect(tags).toContain(operation.tags?.[0] ?? "none");
  }
  for (const tag of document.tags) expect(tag.description).toMatch(/\S/);
});

test("every reference leads somewhere, and every shape is used", () => {
  const references = schemasIn(document).flatMap(({ $ref }) => $ref ?? []);
  const names = new Set(references.map((reference) => reference.split("/").at(-1)));
  expect([...names].sort()).toEqual(Object.keys(document.components.schemas).sort());
  for (const reference of references) expect(reference).toStartWith("#/components/schemas/");
});

test("routes of tenants and the operator are signed by NIP-98, public ones by nobody", () => {
  expect(document.components.securitySchemes.nip98).toMatchObject({ type: "http" });
  for (const { path, operation } of operations)
    expect(operation.security).toEqual(/^\/(tenant|admin)/.test(path) ? [{ nip98: [] }] : []);
});

test("requests that take a header say so", () => {
  const taking = (name: string) =>
    operations
      .filter(({ operation }) =>
        operation.parameters.some(
          (parameter) => parameter.in === "header" && parameter.name === name,
        ),
      )
      .map(({ method, path }) => `${method} ${path}`);
  expect(taking("Idempotency-Key")).toEqual([
    "post /tenant/relays",
    "post /tenant/relays/{id}/reactivate",
  ]);
  expect(taking("Last-Event-ID")).toEqual(["get /tenant/events"]);
});

test("bodies are described as JSON, with what they need", () => {
  const bodyOf = (path: string, method: string) =>
    document.paths[path]?.[method]?.requestBody?.content["application/json"]?.schema;
  expect(bodyOf("/tenant/relays", "post")).toMatchObject({
    type: "object",
    required: ["name", "subdomain", "plan"],
    properties: { plan: { type: "string", enum: ["free", "basic", "growth"] } },
  });
  expect(Object.keys(bodyOf("/tenant/relays/{id}", "put")?.properties ?? {}).sort()).toEqual([
    "description",
    "name",
    "plan",
    "subdomain",
  ]);
});

test("a refusal is a problem document that names its codes", () => {
  for (const { operation } of operations)
    for (const [status, { content }] of Object.entries(operation.responses))
      if (Number(status) >= 400)
        expect(content).toEqual({
          "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
        });
  for (const { path, method, operation } of operations) {
    if (!path.startsWith("/admin")) continue;
    // A list of everything lacks nothing.
    if (path === "/admin/queue") continue;
    const { "403": forbidden, "404": missing, "409": refused } = operation.responses;
    expect(forbidden?.description).toContain("`not_admin`");
    expect(missing?.description).toMatch(/`((tenant|invoice|relay)_not_found|not_held)`/);
    if (method !== "get") expect(refused?.description).toMatch(/`[a-z_]+`/);
  }
  const ordering = document.paths["/tenant/relays"]?.post?.responses;
  expect(ordering?.["409"]?.description).toContain("`subdomain_taken`");
  expect(ordering?.["503"]?.description).toContain("`billing_not_configured`");
});

test("integers are integers, and what may be null says so", () => {
  const { Relay, Plan } = document.components.schemas;
  expect(Plan?.properties?.price).toMatchObject({ type: "integer" });
  expect(Relay?.properties?.paid_through?.type).toEqual(["integer", "null"]);
  expect(Relay?.properties?.cause?.enum).toEqual(["nonpayment", "admin", "owner", "lapsed", null]);
});

test("the stream of events is described as one", () => {
  expect(document.paths["/tenant/events"]?.get?.responses["200"]?.content).toEqual({
    "text/event-stream": { schema: { type: "string" } },
  });
});

test("an image is described as bytes of its kind", () => {
  const { content } = document.paths["/images"]?.get?.responses["200"] ?? {};
  expect(Object.keys(content ?? {})).toEqual(["image/*"]);
});

test("/openapi is a page for people and the same document for programs", async () => {
  const ask = (accept: string) => fetch(`${pages.url}/openapi`, { headers: { accept } });
  expect(await (await ask("application/json")).json()).toEqual(document);
  for (const accept of ["text/html", "*/*"]) {
    const response = await ask(accept);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(response.headers.get("vary")).toMatch(/\baccept\b(?!-)/);
  }
});

test("the page holds every route and shape, each under an id of its own that links reach", async () => {
  const html = await (await fetch(`${pages.url}/openapi`)).text();
  const ids = [...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id ?? "");
  expect(new Set(ids).size).toBe(ids.length);
  for (const { operation } of operations) expect(ids).toContain(operation.operationId);
  for (const name of Object.keys(document.components.schemas))
    expect(ids).toContain(`shape-${name}`);
  for (const [, target] of html.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target ?? "");
});
