import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { productionLimits } from "../../server/http/limits.ts";
import { type Fixture, startFixture } from "./berth-fixture.ts";
import { activeRelay, freshName, type Problem } from "./orders.ts";
import { documentedRoutes } from "./routes-under-test.ts";

setDefaultTimeout(30_000);

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.stop());

test("health says one word and nothing about what there is", async () => {
  expect((await fixture.anonymous.get("/healthz")).body).toEqual({ status: "ok" });
});

test("the catalogue is the plans as they are sold", async () => {
  const { body } = await fixture.anonymous.get("/plans");
  const [free, basic, growth] = [
    { id: "free", price: 0, member_limit: 10, blossom: false, livekit: false, available: true },
    {
      id: "basic",
      price: 10_000,
      member_limit: 100,
      blossom: true,
      livekit: false,
      available: true,
    },
    {
      id: "growth",
      price: 50_000,
      member_limit: null,
      blossom: true,
      livekit: false,
      available: true,
    },
  ];
  expect(body).toEqual({
    items: [free, basic, growth].map((sold) => expect.objectContaining(sold)),
    total: 3,
    operator: { name: null, contact: null, links: {} },
  });
});

test("the catalogue has calls where there is a server for them, and sells only what can be paid", async () => {
  const calls = {
    LIVEKIT_URL: "wss://calls.example/",
    LIVEKIT_API_KEY: "key",
    LIVEKIT_API_SECRET: "secret",
  };
  const offered = async (env: Record<string, string>) => {
    const other = await startFixture({ env: () => env });
    try {
      const { items } = (
        await other.anonymous.get<{ items: { livekit: boolean; available: boolean }[] }>("/plans")
      ).body;
      return items.map(({ livekit, available }) => [livekit, available]);
    } finally {
      await other.stop();
    }
  };
  const [yes, no] = [true, false];
  expect(await offered({ ...calls, LIVEKIT_SHARED: "true" })).toEqual([
    [no, yes],
    [yes, yes],
    [yes, yes],
  ]);
  expect(await offered({ ...calls, NWC_URL: "" })).toEqual([
    [no, yes],
    [no, no],
    [no, no],
  ]);
});

test("a name is free until someone has it", async () => {
  const subdomain = freshName();
  const ask = async () => (await fixture.anonymous.get(`/subdomains/${subdomain}`)).body;
  expect(await ask()).toEqual({ name: subdomain, available: true });
  await activeRelay(fixture.tenant(), { subdomain });
  expect(await ask()).toEqual({
    name: subdomain,
    available: false,
    reason: "subdomain_taken",
    detail: expect.any(String),
  });
});

type Document = {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, Operation>>;
};
type Operation = {
  operationId: string;
  parameters?: { name: string; in: string; schema: object }[];
  requestBody?: { content: Record<string, { schema: object }> };
  responses: Record<string, { description: string }>;
};

test("the OpenAPI document is one, and lists every route with its parameters and body", async () => {
  const { body } = await fixture.anonymous.get<Document>("/openapi.json");
  expect(body.openapi).toMatch(/^3\.1\.\d$/);
  expect(body.info).toMatchObject({ title: expect.any(String), version: expect.any(String) });
  const documented = (await documentedRoutes(fixture.anonymous)).map(
    ({ method, path }) => `${method} ${path}`,
  );
  const served = fixture.berth.app.routes
    .filter(({ path }) => !/^\/openapi/.test(path))
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`);
  expect(served.length).toBeGreaterThanOrEqual(13);
  expect(documented.sort()).toEqual(served.sort());

  const ids = new Set<string>();
  for (const [path, methods] of Object.entries(body.paths))
    for (const [method, operation] of Object.entries(methods)) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "");
      const parameters = operation.parameters ?? [];
      expect(parameters.filter((p) => p.in === "path").map((p) => p.name)).toEqual(named);
      expect(Object.keys(operation.responses).length).toBeGreaterThan(0);
      for (const { description } of Object.values(operation.responses))
        expect(description.length).toBeGreaterThan(0);
      const takesBody = method === "put" || `${method} ${path}` === "post /tenant/relays";
      if (takesBody) expect(operation.requestBody?.content["application/json"]).toBeDefined();
      ids.add(operation.operationId);
    }
  expect(ids.size).toBe(documented.length);
  for (const [, name] of JSON.stringify(body).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    const found = (name ?? "")
      .split("/")
      .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], body);
    expect([name, found === undefined]).toEqual([name, false]);
  }
});

test("in production a tenant may have a wallet asked only so often, and disconnect it whenever", async () => {
  const limited = await startFixture({ limits: productionLimits });
  try {
    const [busy, calm] = [limited.tenant(), limited.tenant()];
    for (const tenant of [busy, calm]) expect((await tenant.get("/tenant")).status).toBe(200);
    const connect = async (tenant: typeof busy, nwc_url: string | null) => {
      const { status, body } = await tenant.put<Partial<Problem>>("/tenant/billing", { nwc_url });
      return [status, body.code];
    };
    for (let used = 0; used < productionLimits.walletProbesPerMinute; used++)
      expect(await connect(busy, "no wallet")).toEqual([422, "wallet_malformed"]);
    expect(await connect(busy, "no wallet")).toEqual([429, "rate_limited"]);
    expect((await busy.post("/tenant/billing/check")).status).toBe(429);
    expect(await connect(busy, null)).toEqual([200, undefined]);
    expect(await connect(calm, "no wallet")).toEqual([422, "wallet_malformed"]);
  } finally {
    await limited.stop();
  }
});

test("in production an address may ask public routes, fail and be new only so often", async () => {
  const limited = await startFixture({ limits: productionLimits });
  try {
    const known = limited.tenant();
    expect((await known.get("/tenant")).status).toBe(200);
    const refusal = async (answer: Promise<{ status: number; body: object; headers: Headers }>) => {
      const { status, body, headers } = await answer;
      expect([status, (body as Problem).code]).toEqual([429, "rate_limited"]);
      expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    };

    for (let used = 1; used < productionLimits.newTenantsPerHour; used++)
      expect((await limited.tenant().get("/tenant")).status).toBe(200);
    const wish = { name: "x", subdomain: freshName(), plan: "free" };
    await refusal(limited.tenant().get("/tenant"));
    await refusal(limited.tenant().post("/tenant/relays", wish));
    await refusal(limited.tenant().put("/tenant/billing", { nwc_url: null }));
    expect(limited.rows("SELECT * FROM tenants")).toHaveLength(productionLimits.newTenantsPerHour);

    for (let used = 0; used < productionLimits.failedAuthPerMinute; used++)
      expect((await limited.anonymous.get("/tenant")).status).toBe(401);
    await refusal(limited.anonymous.get("/tenant"));
    await refusal(limited.anonymous.get("/admin/tenants"));

    for (let used = 0; used < productionLimits.publicPerMinute; used++)
      expect((await limited.anonymous.get("/plans")).status).toBe(200);
    await refusal(limited.anonymous.get("/plans"));
    await refusal(limited.anonymous.get("/subdomains/whatever"));

    // Who signs rightly and is known is not touched by any of it.
    expect((await known.get("/tenant/relays")).status).toBe(200);
    expect((await known.post("/tenant/relays", wish)).status).toBe(201);
  } finally {
    await limited.stop();
  }
});
