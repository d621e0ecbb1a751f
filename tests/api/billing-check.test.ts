import { Database } from "bun:sqlite";
import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Static } from "elysia";
import type { billing } from "../../server/routes/shapes.ts";
import { type Nip47Method, nwcUrl } from "../../server/sandbox/nip47.ts";
import { Nip47Wallet } from "../../server/sandbox/wallet.ts";
import type { Budget } from "../../server/sandbox/wallet-budget.ts";
import { PUBLIC_PATH } from "../../server/sandbox/world-parts.ts";
import { newKey } from "../sandbox/zooid-client.ts";
import type { Fixture, TenantApi } from "./berth-fixture.ts";
import {
  advanceTo,
  connectWallet,
  endBilling,
  leave,
  openInvoiceOf,
  paidRelay,
  startBilling,
  tenantOf,
} from "./bills.ts";
import { actsOf } from "./operator-acts.ts";
import { activeRelay, orderPaid, type Problem, relayIs } from "./orders.ts";

setDefaultTimeout(30_000);

const HOUR = 3_600;

let fixture: Fixture;
let admin: TenantApi;
beforeAll(async () => {
  ({ fixture, admin } = await startBilling());
});
afterEach(() => fixture.world.setFaults({ tenant_wallet: "ok" }));
afterAll(() => endBilling(fixture));

type Billing = Static<typeof billing>;

async function billingOf(tenant: TenantApi): Promise<Billing> {
  const { status, body } = await tenant.get<Billing>("/tenant/billing");
  expect(status).toBe(200);
  return body;
}
const costsOf = async (tenant: TenantApi) => {
  const { monthly, needed_budget } = await billingOf(tenant);
  return [monthly, needed_budget];
};
const check = (tenant: TenantApi) =>
  tenant.post<Billing & Partial<Problem>>("/tenant/billing/check");

const NOTHING: Billing = { wallet: "none", warnings: [], monthly: 0, needed_budget: null };

test("what a month costs, and the budget that it takes with fees, follow the relays", async () => {
  const tenant = fixture.tenant();
  expect(await billingOf(tenant)).toEqual(NOTHING);
  expect(fixture.rows("SELECT 1 FROM tenants WHERE pubkey = ?", tenant.pubkey)).toEqual([]);
  await activeRelay(tenant);
  await orderPaid(tenant);
  expect(await costsOf(tenant)).toEqual([0, null]);

  const { id } = await paidRelay(fixture, tenant, "basic");
  expect(await costsOf(tenant)).toEqual([10_000, 10_100]);
  const second = await paidRelay(fixture, tenant, "growth");
  expect(await costsOf(tenant)).toEqual([60_000, 60_600]);
  // What is cheaper from its next month on is renewed at that price, and what turns free not at all.
  await tenant.put(`/tenant/relays/${second.id}`, { plan: "basic" });
  expect(await costsOf(tenant)).toEqual([60_000, 20_200]);
  await tenant.put(`/tenant/relays/${second.id}`, { plan: "free" });
  expect(await costsOf(tenant)).toEqual([60_000, 10_100]);
  await tenant.delete(`/tenant/relays/${id}`);
  expect(await costsOf(tenant)).toEqual([50_000, null]);
  expect(await billingOf(fixture.tenant())).toEqual(NOTHING);
  await leave(fixture, tenant);
});

test("how I pay is told without asking the wallet", async () => {
  const tenant = fixture.tenant();
  await connectWallet(fixture, tenant);
  await fixture.world.setFaults({ tenant_wallet: "down" });
  const startedAt = performance.now();
  expect(await billingOf(tenant)).toEqual({ ...NOTHING, wallet: "connected" });
  expect(performance.now() - startedAt).toBeLessThan(500);
  await leave(fixture, tenant);
});

test("connecting and clearing answer the same as asking does", async () => {
  const tenant = fixture.tenant();
  await paidRelay(fixture, tenant);
  const put = async (nwc_url: string | null) =>
    (await tenant.put<Billing>("/tenant/billing", { nwc_url })).body;
  expect((await put(fixture.world.tenantNwcUrl)).needed_budget).toBe(10_100);
  expect(await put(null)).toEqual(await billingOf(tenant));
  await leave(fixture, tenant);
});

/** A wallet of its own on the tenant's node, with a budget. */
async function walletWith(budget: Budget) {
  const { network, relay, clock } = fixture.world;
  const [service, client] = [newKey(), newKey()];
  const methods: Nip47Method[] = ["pay_invoice", "get_budget", "make_invoice"];
  const wallet = new Nip47Wallet({
    alias: "A tenant's",
    secretKey: service.secret,
    node: network.openNode("checked", 1_000_000_000),
    ...{ network, relay, clock, db: new Database(":memory:"), path: PUBLIC_PATH },
    connections: [{ pubkey: client.pubkey, methods, budget, notifications: false }],
  });
  await wallet.connect();
  const url = nwcUrl(service.pubkey, relay.url(PUBLIC_PATH), client.secretHex);
  return { wallet, url, secret: client.secretHex };
}

test("a check finds what has become too little since the wallet was connected, and tells no secret", async () => {
  const tenant = fixture.tenant();
  await paidRelay(fixture, tenant, "basic");
  const { wallet, url, secret } = await walletWith({ totalSats: 20_000, renewal: "monthly" });
  await tenant.put("/tenant/billing", { nwc_url: url });
  const codes = async () => {
    const { status, body } = await check(tenant);
    expect(status).toBe(200);
    const text = JSON.stringify(body);
    expect([text.includes(secret), text.includes("walletconnect")]).toEqual([false, false]);
    return body.warnings.map(({ code, needed_budget }) => [code, needed_budget]);
  };
  expect(await codes()).toEqual([["more_than_needed", null]]);
  await paidRelay(fixture, tenant, "growth");
  expect(await codes()).toEqual([
    ["budget_too_low", 60_600],
    ["more_than_needed", null],
  ]);
  // Asked again it says the same, and has changed nothing.
  const before = await tenantOf(tenant);
  expect((await codes()).length).toBe(2);
  expect(await tenantOf(tenant)).toEqual(before);
  expect((await check(tenant)).body).toMatchObject({ monthly: 60_000, needed_budget: 60_600 });
  wallet.close();
  await leave(fixture, tenant);
});

test("a wallet that does not answer or know us is told by its code, and kept", async () => {
  const tenant = fixture.tenant();
  await connectWallet(fixture, tenant);
  for (const [fault, code] of [
    ["down", "wallet_unreachable"],
    ["silent", "wallet_unreachable"],
    ["unauthorized", "wallet_cannot_pay"],
  ] as const) {
    await fixture.world.setFaults({ tenant_wallet: fault });
    const { status, body, headers } = await check(tenant);
    expect([fault, status, body.code]).toEqual([fault, 422, code]);
    expect(headers.get("content-type")).toBe("application/problem+json");
    // Nothing was sent in: there is no field to put right.
    expect(body.errors).toBeUndefined();
  }
  await fixture.world.setFaults({ tenant_wallet: "ok" });
  expect((await check(tenant)).status).toBe(200);
  expect(await tenantOf(tenant)).toMatchObject({ wallet: "connected" });
  await leave(fixture, tenant);
});

test("without a wallet there is nothing to check, and nobody checks another's", async () => {
  const [tenant, other] = [fixture.tenant(), fixture.tenant()];
  await connectWallet(fixture, tenant);
  for (const nobody of [other, fixture.tenant()]) {
    const { status, body } = await check(nobody);
    expect([status, body.code]).toEqual([409, "no_wallet"]);
    expect(await billingOf(nobody)).toEqual(NOTHING);
  }
  expect((await fixture.anonymous.post("/tenant/billing/check")).status).toBe(401);
  expect((await fixture.anonymous.get("/tenant/billing")).status).toBe(401);
  await tenant.put("/tenant/billing", { nwc_url: null });
  expect((await check(tenant)).status).toBe(409);
  await leave(fixture, tenant);
});

test("a wallet that refused us is said to be broken, also when it would answer now", async () => {
  const tenant = fixture.tenant();
  const relay = await paidRelay(fixture, tenant);
  await connectWallet(fixture, tenant);
  await fixture.world.setFaults({ tenant_wallet: "unauthorized" });
  await advanceTo(fixture, (relay.paid_through ?? 0) - HOUR + 30);
  await fixture.world.setFaults({ tenant_wallet: "ok" });
  const known = await billingOf(tenant);
  expect(known).toMatchObject({ wallet: "broken", warnings: [{ code: "wallet_broken" }] });
  const { status, body } = await check(tenant);
  expect([status, body.wallet, body.warnings[0]]).toEqual([200, "broken", known.warnings[0]]);
  fixture.world.pay((await openInvoiceOf(tenant)).invoice);
  await relayIs(tenant, relay.id, "active");
  await connectWallet(fixture, tenant);
  expect(await billingOf(tenant)).toMatchObject({ wallet: "connected", warnings: [] });
  await leave(fixture, tenant);
});

test("a suspended tenant may look, and check", async () => {
  const tenant = fixture.tenant();
  await connectWallet(fixture, tenant);
  await actsOf(admin).setStatus(tenant, "suspended");
  expect(await billingOf(tenant)).toMatchObject({ wallet: "connected" });
  expect((await check(tenant)).status).toBe(200);
  expect((await tenant.put("/tenant/billing", { nwc_url: null })).status).toBe(403);
});
