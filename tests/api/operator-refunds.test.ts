import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { prepareRefund } from "../../server/commands/operator.ts";
import type { AppError } from "../../server/errors.ts";
import { until } from "../sandbox/relay-socket.ts";
import type { Fixture, TenantApi } from "./berth-fixture.ts";
import { endBilling, expectReconciled, leave, startBilling, tenantOf } from "./bills.ts";
import { actsOf, codeOf, reason } from "./operator-acts.ts";
import { invoiceIs, order, orderPaid, relayIs } from "./orders.ts";

setDefaultTimeout(30_000);

let fixture: Fixture;
let admin: TenantApi;
let onTenant: ReturnType<typeof actsOf>["onTenant"];
beforeAll(async () => {
  ({ fixture, admin } = await startBilling());
  ({ onTenant } = actsOf(admin));
});
afterAll(() => endBilling(fixture));

test("a refund takes two steps: set aside for the tenant's bolt11, then proven by its preimage", async () => {
  const tenant = fixture.tenant();
  // Money that no invoice wants: the bolt11 of a reservation given up.
  const { relay, invoice, bolt11 } = await orderPaid(tenant);
  await tenant.delete(`/tenant/relays/${relay.id}`);
  await invoiceIs(tenant, invoice.id, "expired");
  fixture.world.pay(bolt11);
  await until(async () => (await tenantOf(tenant)).credit === 10_000);
  await onTenant(tenant, "credit", { sats: 5_000 });

  const { network, tenantWallet } = fixture.world;
  const asked = (sats: number, expirySeconds = 3_600) =>
    network.makeInvoice(tenantWallet.node, { amountMsats: sats * 1_000, expirySeconds });
  const prepare = (sats: number, to: string) => onTenant(tenant, "refund", { sats, bolt11: to });
  const refused = [
    [await prepare(4_000, "lnbcrt1nothing"), 422, "bolt11_invalid"],
    [await prepare(4_000, asked(4_001).bolt11), 422, "bolt11_amount"],
    // What was granted is no money.
    [await prepare(10_001, asked(10_001).bolt11), 409, "not_refundable"],
    [await onTenant(tenant, "refund/confirm", { preimage: "0".repeat(64) }), 409, "no_refund"],
    [await onTenant(tenant, "refund/cancel"), 409, "not_allowed_now"],
  ] as const;
  for (const [answer, status, code] of refused) expect(codeOf(answer)).toEqual([status, code]);
  const short = asked(4_000, 60).bolt11;
  await fixture.advance(120_000);
  expect(codeOf(await prepare(4_000, short))).toEqual([422, "bolt11_expired"]);
  expect(await expectReconciled(fixture, tenant)).toMatchObject({ credit: 15_000, refunded: 0 });

  const wanted = asked(4_000);
  const prepared = await prepare(4_000, wanted.bolt11.toUpperCase());
  // Under way it is seen by both.
  const underWay = { credit: 11_000, refund: { amount: 4_000, bolt11: wanted.bolt11 } };
  expect(prepared.body).toMatchObject(underWay);
  expect(await tenantOf(tenant)).toMatchObject(underWay);
  expect(await expectReconciled(fixture, tenant)).toMatchObject({ refunded: 4_000 });
  expect(codeOf(await prepare(1_000, asked(1_000).bolt11))).toEqual([409, "not_allowed_now"]);
  const confirm = (preimage: string) => onTenant(tenant, "refund/confirm", { preimage });
  expect(codeOf(await confirm("ab".repeat(32)))).toEqual([422, "wrong_preimage"]);
  const operatorsNode = network.openNode("operator", 1_000_000_000);
  const { preimage } = network.pay(operatorsNode, wanted.bolt11);
  expect(await confirm(preimage)).toMatchObject({ status: 200, body: { refund: null } });
  expect(codeOf(await confirm(preimage))).toEqual([409, "no_refund"]);

  // Its preimage is known now, and would prove nothing a second time.
  expect(codeOf(await prepare(4_000, wanted.bolt11))).toEqual([422, "bolt11_used"]);

  // One that was not paid is taken back; of the money 6,000 are left.
  await prepare(6_000, asked(6_000).bolt11);
  expect((await onTenant(tenant, "refund/cancel")).body.credit).toBe(11_000);
  expect(codeOf(await prepare(6_001, asked(6_001).bolt11))).toEqual([409, "not_refundable"]);
  expect(await expectReconciled(fixture, tenant)).toMatchObject({
    ...{ received: 10_000, granted: 5_000, credit: 11_000, refunded: 4_000, applied: 0 },
  });
  await leave(fixture, tenant);
});

test("what was granted while an invoice was open, and paid none of it, is no money either", async () => {
  const tenant = fixture.tenant();
  const { relay, bolt11 } = await orderPaid(tenant);
  await onTenant(tenant, "credit", { sats: 5_000 });
  fixture.world.pay(bolt11);
  await relayIs(tenant, relay.id, "active");
  expect(await expectReconciled(fixture, tenant)).toMatchObject({
    ...{ received: 10_000, granted: 5_000, applied: 10_000, credit: 5_000 },
  });
  const { network, tenantWallet } = fixture.world;
  const to = network.makeInvoice(tenantWallet.node, { amountMsats: 1_000, expirySeconds: 3_600 });
  const asked = { sats: 1, bolt11: to.bolt11 };
  expect(codeOf(await onTenant(tenant, "refund", asked))).toEqual([409, "not_refundable"]);
  await leave(fixture, tenant);
});

test("what an order takes in the same moment is not refunded too", async () => {
  const tenant = fixture.tenant();
  const gone = await orderPaid(tenant);
  await tenant.delete(`/tenant/relays/${gone.relay.id}`);
  await invoiceIs(tenant, gone.invoice.id, "expired");
  fixture.world.pay(gone.bolt11);
  await until(async () => (await tenantOf(tenant)).credit === 10_000);
  const { network, tenantWallet } = fixture.world;
  const { bolt11 } = network.makeInvoice(tenantWallet.node, { amountMsats: 10_000_000 });
  const { host, queries, clock } = { ...fixture.berth, clock: fixture.clock };
  const parts = { host, queries, clock, network: "bcrt" as const };
  const [relay, invoice] = ["r1", "i1"];
  const words = { name: "n", subdomain: "n", schema: "n_refund", description: "" };
  const wish = { type: "ORDER", relay, invoice, plan: "basic", ...words };
  const act = { by: admin.pubkey, reason, once: null };
  // Both before either is committed.
  const order = host.send(`tenant/${tenant.pubkey}`, wish, { cause: "http", by: tenant.pubkey });
  const refund = prepareRefund(parts, tenant.pubkey, { sats: 10_000, bolt11 }, act);
  await order;
  expect(await refund.catch((error: AppError) => error.code)).toBe("not_refundable");
  expect(await tenantOf(tenant)).toMatchObject({ credit: 0, refund: null });
  await expectReconciled(fixture, tenant);
});

test("what was granted is used first, so that money that came later can be given back", async () => {
  const tenant = fixture.tenant();
  await tenant.get("/tenant");
  await onTenant(tenant, "credit", { sats: 10_000 });
  const { relay } = await order(tenant, { plan: "basic" });
  await relayIs(tenant, relay.id, "active");
  const { network, tenantWallet } = fixture.world;
  const bolt11 = network.makeInvoice(tenantWallet.node, { amountMsats: 10_000_000 }).bolt11;
  expect(codeOf(await onTenant(tenant, "refund", { sats: 10_000, bolt11 }))[1]).toBe(
    "not_refundable",
  );
  const gone = await orderPaid(tenant);
  await tenant.delete(`/tenant/relays/${gone.relay.id}`);
  await invoiceIs(tenant, gone.invoice.id, "expired");
  fixture.world.pay(gone.bolt11);
  await until(async () => (await tenantOf(tenant)).credit === 10_000);
  expect((await onTenant(tenant, "refund", { sats: 10_000, bolt11 })).status).toBe(200);
  expect((await onTenant(tenant, "refund/cancel")).status).toBe(200);
  await expectReconciled(fixture, tenant);
  await leave(fixture, tenant);
});

test("what is granted after money was used up is not given back as that money", async () => {
  const tenant = fixture.tenant();
  const gone = await orderPaid(tenant);
  await tenant.delete(`/tenant/relays/${gone.relay.id}`);
  await invoiceIs(tenant, gone.invoice.id, "expired");
  fixture.world.pay(gone.bolt11);
  await until(async () => (await tenantOf(tenant)).credit === 10_000);
  const { relay } = await order(tenant, { plan: "basic" });
  await relayIs(tenant, relay.id, "active");
  await onTenant(tenant, "credit", { sats: 10_000 });
  const { network, tenantWallet } = fixture.world;
  const bolt11 = network.makeInvoice(tenantWallet.node, { amountMsats: 10_000_000 }).bolt11;
  const refused = await onTenant(tenant, "refund", { sats: 10_000, bolt11 });
  expect(codeOf(refused)).toEqual([409, "not_refundable"]);
  expect(await expectReconciled(fixture, tenant)).toMatchObject({ refunded: 0, credit: 10_000 });
  await leave(fixture, tenant);
});

test("what was granted and comes back from an invoice is no money then either", async () => {
  const tenant = fixture.tenant();
  await tenant.get("/tenant");
  await onTenant(tenant, "credit", { sats: 4_000 });
  const gone = await orderPaid(tenant);
  expect(gone.invoice).toMatchObject({ amount: 10_000, credit: 4_000 });
  await tenant.delete(`/tenant/relays/${gone.relay.id}`);
  await invoiceIs(tenant, gone.invoice.id, "expired");
  fixture.world.pay(gone.bolt11);
  await until(async () => (await tenantOf(tenant)).credit === 10_000);
  const { network, tenantWallet } = fixture.world;
  const prepare = (sats: number) => {
    const { bolt11 } = network.makeInvoice(tenantWallet.node, { amountMsats: sats * 1_000 });
    return onTenant(tenant, "refund", { sats, bolt11 });
  };
  expect(codeOf(await prepare(6_001))).toEqual([409, "not_refundable"]);
  expect((await prepare(6_000)).status).toBe(200);
  expect((await onTenant(tenant, "refund/cancel")).status).toBe(200);
  expect(codeOf(await prepare(6_001))).toEqual([409, "not_refundable"]);
  await expectReconciled(fixture, tenant);
  await leave(fixture, tenant);
});
