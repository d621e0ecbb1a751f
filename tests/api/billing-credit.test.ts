import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../sandbox/relay-socket.ts";
import type { Fixture } from "./berth-fixture.ts";
import {
  advanceTo,
  connectWallet,
  endBilling,
  expectMonthFromNow,
  expectReconciled,
  invoicesOf,
  leave,
  noticesOf,
  openInvoiceOf,
  paidRelay,
  reactivate,
  startBilling,
  tenantOf,
} from "./bills.ts";
import {
  DAY_MS,
  invoiceIs,
  invoiceOf,
  order,
  orderPaid,
  type Problem,
  relayIs,
  relayOf,
} from "./orders.ts";

setDefaultTimeout(30_000);

const HOUR = 3_600;
const DAY = 86_400;

let fixture: Fixture;
let admin: Awaited<ReturnType<typeof startBilling>>["admin"];
beforeAll(async () => {
  ({ fixture, admin } = await startBilling());
});
afterEach(async () => {
  fixture.world.receivingWallet.notificationCopies = 1;
  await fixture.world.setFaults({ wallet: "ok" });
});
afterAll(() => endBilling(fixture));

const grant = (pubkey: string, sats: number) =>
  admin.post(`/admin/tenants/${pubkey}/credit`, { sats, reason: "a test needs it" });
const creditIs = (tenant: Parameters<typeof tenantOf>[0], sats: number) =>
  until(async () => (await tenantOf(tenant)).credit === sats);

test("a deactivated relay leaves the open renewal, which is asked about and then written anew without it", async () => {
  const tenant = fixture.tenant();
  const stays = await paidRelay(fixture, tenant);
  const goes = await paidRelay(fixture, tenant, "growth");
  await advanceTo(fixture, (goes.paid_through ?? 0) + DAY);
  const first = await openInvoiceOf(tenant);
  expect(first.items).toHaveLength(2);
  await tenant.delete(`/tenant/relays/${goes.id}`);
  const second = await until(async () => {
    const open = await openInvoiceOf(tenant);
    return open.id === first.id ? null : open;
  });
  expect(await invoiceOf(tenant, first.id)).toMatchObject({ status: "expired" });
  expect(second.items).toMatchObject([{ relay: stays.id, amount: 10_000 }]);
  expect(second.amount).toBe(10_000);
  // Who pays the old bolt11 all the same has credit, which pays the new one.
  fixture.world.pay(first.invoice);
  await invoiceIs(tenant, second.id, "paid");
  expect(await relayIs(tenant, stays.id, "active")).toMatchObject({ open_invoice: null });
  expect(await relayOf(tenant, goes.id)).toMatchObject({ status: "deactivated" });
  await creditIs(tenant, first.amount - second.amount);
  await expectReconciled(fixture, tenant);
  await leave(fixture, tenant);
});

test("a renewal that was paid just before is found when it is asked about, and not written anew", async () => {
  const tenant = fixture.tenant();
  const { id, paid_through } = await paidRelay(fixture, tenant);
  await advanceTo(fixture, (paid_through ?? 0) - 600);
  const renewal = await openInvoiceOf(tenant);
  fixture.world.receivingWallet.notificationCopies = 0;
  fixture.world.pay(renewal.invoice);
  await tenant.delete(`/tenant/relays/${id}`);
  await invoiceIs(tenant, renewal.id, "paid");
  expect(await invoicesOf(tenant, "renewal")).toHaveLength(1);
  // The relay was gone by then: what it cannot use is credit.
  await creditIs(tenant, 10_000);
  await expectReconciled(fixture, tenant);
  await leave(fixture, tenant);
});

test("back before what is paid ends it is free and keeps its dates; after that it is a purchase", async () => {
  const tenant = fixture.tenant();
  const { id, paid_through } = await paidRelay(fixture, tenant);
  const end = paid_through ?? 0;
  await advanceTo(fixture, end - 2 * DAY);
  await tenant.delete(`/tenant/relays/${id}`);
  for (const plan of ["growth", "free"]) {
    const refused = await reactivate(tenant, id, plan);
    expect([refused.status, (refused.body as unknown as Problem).code]).toEqual([
      ...[409, "paid_time_left"],
    ]);
  }
  const back = await reactivate(tenant, id);
  expect([back.status, back.body.invoice]).toEqual([200, null]);
  expect((await relayIs(tenant, id, "active")).paid_through).toBe(end);
  expect(await invoicesOf(tenant)).toHaveLength(1);

  await tenant.delete(`/tenant/relays/${id}`);
  await advanceTo(fixture, end + DAY);
  expect(await invoicesOf(tenant, "renewal")).toEqual([]);
  const { body } = await reactivate(tenant, id);
  expect(body.invoice).toMatchObject({ purpose: "purchase", amount: 10_000 });
  fixture.world.pay(body.invoice?.invoice ?? "");
  const bought = await relayIs(tenant, id, "active");
  await expectMonthFromNow(fixture, tenant, bought.paid_through);
  await expectReconciled(fixture, tenant);
  await leave(fixture, tenant);
});

test("a relay that came back within what it had paid for is renewed before its own date", async () => {
  const tenant = fixture.tenant();
  const first = await paidRelay(fixture, tenant);
  await fixture.advance(10 * DAY_MS);
  await tenant.delete(`/tenant/relays/${first.id}`);
  await fixture.advance(1_000);
  // The anchor went with it; the next paid relay sets another, later in the month.
  await paidRelay(fixture, tenant, "growth");
  await reactivate(tenant, first.id);
  await relayIs(tenant, first.id, "active");
  await connectWallet(fixture, tenant);
  const end = first.paid_through ?? 0;
  await advanceTo(fixture, end + HOUR);
  expect(await relayOf(tenant, first.id)).toMatchObject({ status: "active" });
  const [renewal] = await invoicesOf(tenant, "renewal");
  expect(renewal).toMatchObject({ status: "paid" });
  expect(renewal?.items[0]).toMatchObject({ relay: first.id, period_start: end });
  await expectReconciled(fixture, tenant);
  await leave(fixture, tenant);
});

test("money for an expired invoice is credit, which pays the next purchase first", async () => {
  const tenant = fixture.tenant();
  const { relay, invoice, bolt11 } = await orderPaid(tenant);
  await tenant.delete(`/tenant/relays/${relay.id}`);
  await invoiceIs(tenant, invoice.id, "expired");
  fixture.world.pay(bolt11);
  await creditIs(tenant, 10_000);
  expect(await expectReconciled(fixture, tenant)).toMatchObject({ received: 10_000, applied: 0 });

  const growth = await order(tenant, { plan: "growth" });
  expect(growth.invoice).toMatchObject({ amount: 50_000, credit: 10_000 });
  expect(await tenantOf(tenant)).toMatchObject({ credit: 0 });
  expect(await expectReconciled(fixture, tenant)).toMatchObject({ credit: 10_000, held: 10_000 });
  expect(fixture.world.pay(growth.invoice?.invoice ?? "").amount_sats).toBe(40_000);
  await relayIs(tenant, growth.relay.id, "active");
  expect(await expectReconciled(fixture, tenant)).toMatchObject({
    ...{ received: 50_000, applied: 50_000, credit: 0, held: 0 },
  });
  await leave(fixture, tenant);
});

test("what a renewal was paid twice over, by two of its bolt11s, is credit once", async () => {
  const tenant = fixture.tenant();
  const { id, paid_through } = await paidRelay(fixture, tenant);
  await advanceTo(fixture, (paid_through ?? 0) + DAY);
  const first = await openInvoiceOf(tenant);
  await tenant.put(`/tenant/relays/${id}`, { plan: "growth" });
  const second = await until(async () => {
    const open = await openInvoiceOf(tenant);
    return open.id === first.id ? null : open;
  });
  fixture.world.pay(second.invoice);
  fixture.world.pay(first.invoice);
  fixture.world.receivingWallet.notificationCopies = 2;
  await relayIs(tenant, id, "active");
  await creditIs(tenant, first.amount);
  await tenant.post(`/tenant/invoices/${first.id}/check`);
  await tenant.post(`/tenant/invoices/${first.id}/check`);
  await fixture.restart();
  expect(await expectReconciled(fixture, tenant)).toMatchObject({ credit: first.amount });

  // It pays the next renewal first; the wallet or the tenant pays only the rest.
  await advanceTo(fixture, ((await relayOf(tenant, id)).paid_through ?? 0) - HOUR + 60);
  const next = await openInvoiceOf(tenant);
  expect(next).toMatchObject({ amount: 50_000, credit: first.amount });
  expect(fixture.world.pay(next.invoice).amount_sats).toBe(50_000 - first.amount);
  await invoiceIs(tenant, next.id, "paid");
  await expectReconciled(fixture, tenant);
  await leave(fixture, tenant);
});

test("credit pays the oldest open invoice that it covers whole, and a renewal of 0 sats is paid at once", async () => {
  const tenant = fixture.tenant();
  const relay = await paidRelay(fixture, tenant);
  const big = await order(tenant, { plan: "growth" });
  const small = await order(tenant, { plan: "basic" });
  await grant(tenant.pubkey, 10_000);
  await invoiceIs(tenant, small.invoice?.id ?? "", "paid");
  await relayIs(tenant, small.relay.id, "active");
  expect(await invoiceOf(tenant, big.invoice?.id ?? "")).toMatchObject({ status: "pending" });
  expect(await tenantOf(tenant)).toMatchObject({ credit: 0 });
  // The bolt11 of what credit paid may have been paid too.
  fixture.world.pay(small.invoice?.invoice ?? "");
  await creditIs(tenant, 10_000);
  await grant(tenant.pubkey, 30_000);
  await creditIs(tenant, 40_000);
  await tenant.delete(`/tenant/relays/${big.relay.id}`);
  await tenant.delete(`/tenant/relays/${small.relay.id}`);

  await advanceTo(fixture, (relay.paid_through ?? 0) + 60);
  const [renewal] = await invoicesOf(tenant, "renewal");
  expect(renewal).toMatchObject({ status: "paid", amount: 10_000, credit: 10_000 });
  expect(renewal?.payment_hash).toBeNull();
  expect(await relayOf(tenant, relay.id)).toMatchObject({ status: "active" });
  expect(await noticesOf(tenant)).toEqual([]);
  expect(await expectReconciled(fixture, tenant)).toMatchObject({ credit: 30_000 });
  await leave(fixture, tenant);
});
