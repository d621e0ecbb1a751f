import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../sandbox/relay-socket.ts";
import { type Fixture, startFixture, type TenantApi } from "./berth-fixture.ts";
import { expectConsistency } from "./books.ts";
import {
  activePaidRelay,
  DAY_MS,
  invoiceIs,
  invoiceOf,
  order,
  orderPaid,
  relayIs,
  relayOf,
} from "./orders.ts";

setDefaultTimeout(30_000);

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterEach(() => expectConsistency(fixture));
afterAll(() => fixture.stop());

const creditOf = async (tenant: TenantApi) =>
  (await tenant.get<{ credit: number }>("/tenant")).body.credit;
const creditIs = (tenant: TenantApi, sats: number) =>
  until(async () => (await creditOf(tenant)) === sats);

/** Pays for an invoice that is over: its sats become credit. */
async function earnCredit(tenant: TenantApi, plan: "basic" | "growth" = "basic"): Promise<void> {
  const { relay, invoice, bolt11 } = await orderPaid(tenant, { plan });
  await tenant.delete(`/tenant/relays/${relay.id}`);
  await invoiceIs(tenant, invoice.id, "expired");
  fixture.world.pay(bolt11);
  await until(async () => (await creditOf(tenant)) > 0);
}

test("what is paid for an invoice that was given up becomes credit, and no relay", async () => {
  const tenant = fixture.tenant();
  const { relay, invoice, bolt11 } = await orderPaid(tenant);
  await tenant.delete(`/tenant/relays/${relay.id}`);
  await invoiceIs(tenant, invoice.id, "expired");
  fixture.world.pay(bolt11);
  await creditIs(tenant, 10_000);
  expect(await invoiceOf(tenant, invoice.id)).toMatchObject({ status: "expired", paid_at: null });
  expect((await relayOf(tenant, relay.id)).status).toBe("deactivated");
});

test("credit that covers an order whole pays it at once, without a bolt11", async () => {
  const tenant = fixture.tenant();
  await earnCredit(tenant);
  const askedAt = performance.now();
  const { relay, invoice } = await order(tenant, { plan: "basic" });
  // Nobody waits for a bolt11 that will never come.
  expect(performance.now() - askedAt).toBeLessThan(1_400);
  expect(invoice).toMatchObject({ status: "paid", amount: 10_000, credit: 10_000, invoice: null });
  await relayIs(tenant, relay.id, "active");
  expect(await creditOf(tenant)).toBe(0);
});

test("credit that covers a part is held, and comes back when the order lapses", async () => {
  const tenant = fixture.tenant();
  await earnCredit(tenant);
  const { relay, invoice, bolt11 } = await orderPaid(tenant, { plan: "growth" });
  expect(invoice).toMatchObject({ amount: 50_000, credit: 10_000 });
  expect(bolt11).toMatch(/^lnbcrt400u1/);
  expect(await creditOf(tenant)).toBe(0);
  await expectConsistency(fixture);
  await fixture.advance(DAY_MS + 10_000);
  expect((await relayOf(tenant, relay.id)).status).toBe("deactivated");
  expect(await creditOf(tenant)).toBe(10_000);
});

test("credit that covers a part and a payment of the rest make one whole", async () => {
  const tenant = fixture.tenant();
  await earnCredit(tenant);
  const { relay, invoice, bolt11 } = await orderPaid(tenant, { plan: "growth" });
  expect(fixture.world.pay(bolt11).amount_sats).toBe(40_000);
  await relayIs(tenant, relay.id, "active");
  expect(await invoiceOf(tenant, invoice.id)).toMatchObject({ amount: 50_000, credit: 10_000 });
  expect(await creditOf(tenant)).toBe(0);
});

test("new credit at once pays the oldest open invoice that it covers whole", async () => {
  const tenant = fixture.tenant();
  const given = await orderPaid(tenant, { plan: "basic" });
  const large = await orderPaid(tenant, { plan: "growth" });
  const small = await orderPaid(tenant, { plan: "basic" });
  await tenant.delete(`/tenant/relays/${given.relay.id}`);
  await invoiceIs(tenant, given.invoice.id, "expired");
  fixture.world.pay(given.bolt11);
  await relayIs(tenant, small.relay.id, "active");
  expect(await invoiceOf(tenant, small.invoice.id)).toMatchObject({
    status: "paid",
    credit: 10_000,
  });
  expect(await invoiceOf(tenant, large.invoice.id)).toMatchObject({ status: "pending", credit: 0 });
  expect(await creditOf(tenant)).toBe(0);

  // The bolt11 of the one that credit paid is still out there: who pays it as well loses nothing.
  fixture.world.pay(small.bolt11);
  await creditIs(tenant, 10_000);
  const { paid_through } = await relayOf(tenant, small.relay.id);
  expect(paid_through).toBeLessThan(fixture.clock.now() / 1000 + 32 * 86_400);
});

test("a month that was paid and never began is kept for when the relay comes back", async () => {
  const tenant = fixture.tenant();
  await fixture.world.setFaults({ zooid: "down" });
  try {
    const { relay, invoice, bolt11 } = await orderPaid(tenant);
    fixture.world.pay(bolt11);
    await invoiceIs(tenant, invoice.id, "paid");
    await relayIs(tenant, relay.id, "provisioning");
    await tenant.delete(`/tenant/relays/${relay.id}`);
    await fixture.world.setFaults({ zooid: "ok" });
    const back = await tenant.post(`/tenant/relays/${relay.id}/reactivate`);
    expect(back).toMatchObject({ status: 200, body: { invoice: null } });
    await relayIs(tenant, relay.id, "active");
  } finally {
    await fixture.world.setFaults({ zooid: "ok" });
  }
});

test("one tenant's credit pays nothing of another's", async () => {
  const [rich, poor] = [fixture.tenant(), fixture.tenant()];
  const open = await orderPaid(poor);
  await earnCredit(rich);
  expect((await invoiceOf(poor, open.invoice.id)).status).toBe("pending");
  expect(await creditOf(poor)).toBe(0);
  await activePaidRelay(fixture, poor);
  expect(await creditOf(rich)).toBe(10_000);
});
