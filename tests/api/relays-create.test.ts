import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { tenantActor } from "../../machines/addresses.ts";
import { type Fixture, startFixture } from "./berth-fixture.ts";
import { expectConsistency } from "./books.ts";
import {
  activeRelay,
  creationsOf,
  freshName,
  heldByZooid,
  type Listed,
  nip11Of,
  type Ordered,
  order,
  orderPaid,
  type Problem,
  relayIs,
} from "./orders.ts";

setDefaultTimeout(30_000);

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(async () => {
  await expectConsistency(fixture);
  await fixture.stop();
});

const now = () => Math.floor(Date.now() / 1000);
const HEX64 = /^[0-9a-f]{64}$/;

test("a free relay is answered without an invoice, and runs", async () => {
  const tenant = fixture.tenant();
  const subdomain = freshName();
  const wish = { name: "Quiet Harbour", subdomain, description: "two\nlines", plan: "free" };
  const { status, body } = await tenant.post<Ordered>("/tenant/relays", wish);
  expect(status).toBe(201);
  expect(body.invoice).toBeNull();
  expect(body.relay).toEqual({
    ...wish,
    plan: "free",
    id: expect.stringMatching(/^r[0-9a-f]{24}$/),
    tenant: tenant.pubkey,
    schema: subdomain.replaceAll("-", "_"),
    icon: "",
    price: 0,
    status: "provisioning",
    cause: null,
    url: `ws://${subdomain}.${fixture.world.relayDomain}`,
    paid_through: null,
    grace_ends: null,
    next_plan: null,
    open_invoice: null,
    created_at: expect.any(Number),
    archived_at: null,
    problem: null,
  });
  expect(Math.abs(body.relay.created_at - now())).toBeLessThan(5);
  const active = await relayIs(tenant, body.relay.id, "active");
  expect(active).toEqual({ ...body.relay, status: "active" });
  expect(await nip11Of(fixture, subdomain)).toMatchObject({
    name: "Quiet Harbour",
    description: "two\nlines",
    pubkey: tenant.pubkey,
  });
  expect(creationsOf(fixture, active.id)).toBe(1);
});

test("a paid relay waits for its invoice, which comes with its bolt11 and one item", async () => {
  const tenant = fixture.tenant();
  const { relay, invoice } = await order(tenant, { plan: "growth" });
  expect(relay).toMatchObject({ status: "pending", price: 50_000, paid_through: null });
  expect(invoice).toEqual({
    id: expect.stringMatching(/^i[0-9a-f]{24}$/),
    tenant: tenant.pubkey,
    purpose: "purchase",
    amount: 50_000,
    credit: 0,
    status: "pending",
    created_at: expect.any(Number),
    closes_at: (invoice?.created_at ?? 0) + 86_400,
    paid_at: null,
    invoice: expect.stringMatching(/^lnbcrt500u1/),
    expires_at: expect.any(Number),
    payment_hash: expect.stringMatching(HEX64),
    preimage: null,
    receipt_number: null,
    items: [
      {
        id: `${invoice?.id}.0`,
        invoice: invoice?.id ?? "",
        relay: relay.id,
        amount: 50_000,
        period_start: invoice?.created_at ?? 0,
        period_end: expect.any(Number),
        kind: "purchase",
        used: 0,
        outcome: "open",
      },
    ],
  });
  expect(invoice?.expires_at).toBeGreaterThanOrEqual(invoice?.closes_at ?? 0);
  expect(heldByZooid(fixture, relay.id)).toBeUndefined();
  const { body } = await tenant.get<Listed<object>>("/tenant/invoices");
  expect(body).toEqual({ items: [invoice ?? {}], total: 1 });
  expect((await tenant.get<object>(`/tenant/invoices/${invoice?.id}`)).body).toEqual(invoice ?? {});
});

test("description may be left out; anything else may not, and nothing unknown may be added", async () => {
  const tenant = fixture.tenant();
  const whole = { name: "x", subdomain: freshName(), plan: "free" };
  const post = async (body: object) => {
    const { status, body: problem } = await tenant.post<Problem>("/tenant/relays", body);
    return [status, problem.errors?.map(({ field }) => field)];
  };
  const { name: _n, ...nameless } = whole;
  const { subdomain: _s, ...hostless } = whole;
  const { plan: _p, ...planless } = whole;
  expect(await post(nameless)).toEqual([422, ["name"]]);
  expect(await post(hostless)).toEqual([422, ["subdomain"]]);
  expect(await post(planless)).toEqual([422, ["plan"]]);
  expect(await post({ ...whole, price: 0 })).toEqual([422, ["price"]]);
  expect(await post({ ...whole, id: "r1", tenant: "x" })).toEqual([422, ["id", "tenant"]]);
  expect(await post({ ...whole, plan: "gold" })).toEqual([422, ["plan"]]);
  expect((await tenant.post<Ordered>("/tenant/relays", whole)).body.relay.description).toBe("");
});

test("a fourth free relay is refused until one is deactivated, and paid ones do not count", async () => {
  const tenant = fixture.tenant();
  const first = await activeRelay(tenant);
  await activeRelay(tenant);
  await activeRelay(tenant);
  await orderPaid(tenant);
  const fourth = { name: "x", subdomain: freshName(), plan: "free" };
  const refused = await tenant.post<Problem>("/tenant/relays", fourth);
  expect([refused.status, refused.body.code]).toEqual([429, "free_relay_limit"]);
  expect(refused.body.errors).toMatchObject([{ field: "plan" }]);
  await tenant.delete(`/tenant/relays/${first.id}`);
  expect((await tenant.post("/tenant/relays", fourth)).status).toBe(201);
  const again = await tenant.post<Problem>(`/tenant/relays/${first.id}/reactivate`);
  expect([again.status, again.body.code]).toEqual([429, "free_relay_limit"]);
});

test("20 orders at once never give more than three free relays", async () => {
  const tenant = fixture.tenant();
  const wishes = Array.from({ length: 20 }, () => ({
    name: "x",
    subdomain: freshName(),
    plan: "free",
  }));
  const answers = await Promise.all(wishes.map((wish) => tenant.post("/tenant/relays", wish)));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(17);
});

test("a fourth unpaid reservation is refused until one is paid", async () => {
  const tenant = fixture.tenant();
  const { relay, bolt11 } = await orderPaid(tenant);
  await orderPaid(tenant);
  await orderPaid(tenant);
  const fourth = { name: "x", subdomain: freshName(), plan: "basic" };
  const refused = await tenant.post<Problem>("/tenant/relays", fourth);
  expect([refused.status, refused.body.code]).toEqual([429, "reservation_limit"]);
  fixture.world.pay(bolt11);
  await relayIs(tenant, relay.id, "active");
  expect((await tenant.post("/tenant/relays", fourth)).status).toBe(201);
});

test("a suspended tenant may read everything and change nothing", async () => {
  const tenant = fixture.tenant();
  const { id, subdomain } = await activeRelay(tenant);
  const suspend = { type: "admin.suspend" as const, reason: "an internal reason" };
  await fixture.berth.host.send(tenantActor(tenant.pubkey), suspend, { cause: "test" });
  expect(await relayIs(tenant, id, "suspended")).toMatchObject({ cause: "admin" });
  expect((await tenant.get("/tenant")).body).toMatchObject({ status: "suspended" });
  const answers = await Promise.all([
    tenant.post<Problem>("/tenant/relays", { name: "x", subdomain: freshName(), plan: "free" }),
    tenant.put<Problem>(`/tenant/relays/${id}`, { name: "y" }),
    tenant.delete<Problem>(`/tenant/relays/${id}`),
    tenant.post<Problem>(`/tenant/relays/${id}/reactivate`),
  ]);
  for (const { status, body } of answers)
    expect([status, body.code]).toEqual([403, "tenant_suspended"]);
  await fixture.advance(1_000);
  expect(await nip11Of(fixture, subdomain)).toBeNull();
  expect(heldByZooid(fixture, id)).toMatchObject({ inactive: true });
});

test("without a wallet of ours a paid plan is 503, and a free one is not", async () => {
  const poor = await startFixture({ env: () => ({ NWC_URL: "" }) });
  try {
    const tenant = poor.tenant();
    const wish = { name: "x", subdomain: freshName(), plan: "basic" };
    const { status, body } = await tenant.post<Problem>("/tenant/relays", wish);
    expect([status, body.code]).toEqual([503, "billing_not_configured"]);
    await activeRelay(tenant, { subdomain: wish.subdomain });
  } finally {
    await poor.stop();
  }
});
