import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Invoice } from "../../server/routes/shapes.ts";
import { type Fixture, startFixture } from "./berth-fixture.ts";
import { expectConsistency } from "./books.ts";
import { openStream } from "./event-stream.ts";
import {
  creationsOf,
  DAY_MS,
  HOUR_MS,
  invoiceIs,
  invoiceOf,
  orderPaid,
  type Problem,
  relayIs,
  relayOf,
} from "./orders.ts";

setDefaultTimeout(30_000);

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterEach(async () => {
  fixture.world.receivingWallet.notificationCopies = 1;
  await expectConsistency(fixture);
});
afterAll(() => fixture.stop());

const tick = () => fixture.berth.watch?.tick();
const bolt11sOf = (invoice: string) =>
  fixture.rows("SELECT * FROM bolt11s WHERE invoice = ?", invoice);

test("a notification pays the invoice, and its month begins when the relay is active", async () => {
  const tenant = fixture.tenant();
  const { relay, invoice, bolt11 } = await orderPaid(tenant);
  const { preimage, payment_hash } = fixture.world.pay(bolt11);
  const paid = await invoiceIs(tenant, invoice.id, "paid");
  expect(paid).toMatchObject({ preimage, payment_hash, credit: 0, closes_at: null });
  expect(Math.abs((paid.paid_at ?? 0) - fixture.clock.now() / 1000)).toBeLessThan(5);
  const active = await relayIs(tenant, relay.id, "active");
  const [item] = (await invoiceOf(tenant, invoice.id)).items;
  expect(item).toMatchObject({ relay: relay.id, period_end: active.paid_through });
  expect(item?.period_start).toBeGreaterThanOrEqual(paid.paid_at ?? 0);
  const month = ((item?.period_end ?? 0) - (item?.period_start ?? 0)) / 86_400;
  expect([28, 29, 30, 31]).toContain(month);
  expect((await tenant.get("/tenant")).body).toMatchObject({
    anchor: item?.period_start,
    credit: 0,
  });
});

test("receipts of one tenant are numbered without gaps, in the order of payment", async () => {
  const tenant = fixture.tenant();
  const [first, second, third] = [
    await orderPaid(tenant),
    await orderPaid(tenant),
    await orderPaid(tenant),
  ];
  const numberOf = async (id: string) => (await invoiceOf(tenant, id)).receipt_number;
  fixture.world.pay(third.bolt11);
  await invoiceIs(tenant, third.invoice.id, "paid");
  await tenant.delete(`/tenant/relays/${second.relay.id}`);
  fixture.world.pay(first.bolt11);
  await invoiceIs(tenant, first.invoice.id, "paid");
  expect([
    await numberOf(third.invoice.id),
    await numberOf(first.invoice.id),
    await numberOf(second.invoice.id),
  ]).toEqual([1, 2, null]);
});

test("a notification told three times pays once", async () => {
  fixture.world.receivingWallet.notificationCopies = 3;
  const tenant = fixture.tenant();
  const { relay, invoice, bolt11 } = await orderPaid(tenant);
  fixture.world.pay(bolt11);
  const { paid_through } = await relayIs(tenant, relay.id, "active");
  await tenant.post(`/tenant/invoices/${invoice.id}/check`);
  await tick();
  expect((await relayOf(tenant, relay.id)).paid_through).toBe(paid_through);
  expect((await tenant.get("/tenant")).body).toMatchObject({ credit: 0 });
  expect(creationsOf(fixture, relay.id)).toBe(1);
});

test("a payment of which nobody told is found within a minute of the bolt11's first hour", async () => {
  fixture.world.receivingWallet.notificationCopies = 0;
  const tenant = fixture.tenant();
  const { relay, invoice, bolt11 } = await orderPaid(tenant);
  await tick();
  fixture.world.pay(bolt11);
  await tick();
  expect((await invoiceOf(tenant, invoice.id)).status).toBe("pending");
  await fixture.advance(60_000);
  await tick();
  await invoiceIs(tenant, invoice.id, "paid");
  await relayIs(tenant, relay.id, "active");
});

test("later, such a payment is found within ten minutes", async () => {
  fixture.world.receivingWallet.notificationCopies = 0;
  const tenant = fixture.tenant();
  const { relay, invoice, bolt11 } = await orderPaid(tenant);
  await fixture.advance(3 * HOUR_MS);
  await tick();
  fixture.world.pay(bolt11);
  await tick();
  expect((await invoiceOf(tenant, invoice.id)).status).toBe("pending");
  await fixture.advance(10 * 60_000);
  await tick();
  await invoiceIs(tenant, invoice.id, "paid");
  await relayIs(tenant, relay.id, "active");
});

test("while its tenant watches, such a payment is found at the next look", async () => {
  fixture.world.receivingWallet.notificationCopies = 0;
  const [watched, unwatched] = [fixture.tenant(), fixture.tenant()];
  const [seen, unseen] = [await orderPaid(watched), await orderPaid(unwatched)];
  const stream = await openStream(watched);
  await tick();
  fixture.world.pay(seen.bolt11);
  fixture.world.pay(unseen.bolt11);
  await tick();
  expect((await invoiceOf(watched, seen.invoice.id)).status).toBe("paid");
  expect((await invoiceOf(unwatched, unseen.invoice.id)).status).toBe("pending");
  await stream.close();
  await unwatched.post(`/tenant/invoices/${unseen.invoice.id}/check`);
});

test("who says that they have paid is believed once the wallet says so", async () => {
  fixture.world.receivingWallet.notificationCopies = 0;
  const tenant = fixture.tenant();
  const { relay, invoice, bolt11 } = await orderPaid(tenant);
  const check = () => tenant.post<Invoice>(`/tenant/invoices/${invoice.id}/check`);
  expect(await check()).toMatchObject({ status: 200, body: { status: "pending" } });
  fixture.world.pay(bolt11);
  expect(await check()).toMatchObject({ status: 200, body: { status: "paid" } });
  expect(await check()).toMatchObject({ status: 200, body: { status: "paid" } });
  await relayIs(tenant, relay.id, "active");
});

test("ten checks and a notification at once settle one payment once", async () => {
  const tenant = fixture.tenant();
  const { relay, invoice, bolt11 } = await orderPaid(tenant);
  fixture.world.pay(bolt11);
  const checks = Array.from({ length: 10 }, () =>
    tenant.post(`/tenant/invoices/${invoice.id}/check`),
  );
  for (const { status } of await Promise.all(checks)) expect(status).toBe(200);
  await relayIs(tenant, relay.id, "active");
  expect((await tenant.get("/tenant")).body).toMatchObject({ credit: 0 });
});

test("what was paid while Berth was not running is found when it is back", async () => {
  const tenant = fixture.tenant();
  const { relay, bolt11 } = await orderPaid(tenant);
  await fixture.restart(() => fixture.world.pay(bolt11));
  await relayIs(tenant, relay.id, "active");
});

test("an unpaid invoice expires after a day, with the only bolt11 it ever had", async () => {
  const tenant = fixture.tenant();
  const { relay, invoice } = await orderPaid(tenant);
  await fixture.advance(DAY_MS - HOUR_MS);
  expect((await invoiceOf(tenant, invoice.id)).status).toBe("pending");
  await fixture.advance(HOUR_MS + 10_000);
  expect(await invoiceOf(tenant, invoice.id)).toMatchObject({ status: "expired", paid_at: null });
  expect(await relayOf(tenant, relay.id)).toMatchObject({ status: "deactivated", cause: "lapsed" });
  expect(bolt11sOf(invoice.id)).toHaveLength(1);
});

test("a payment in the last second, of which nobody told, still counts", async () => {
  fixture.world.receivingWallet.notificationCopies = 0;
  const tenant = fixture.tenant();
  const { relay, invoice, bolt11 } = await orderPaid(tenant);
  await fixture.advance(DAY_MS - 60_000);
  fixture.world.pay(bolt11);
  await fixture.advance(2 * 60_000);
  await invoiceIs(tenant, invoice.id, "paid");
  await relayIs(tenant, relay.id, "active");
});

test("an invoice of somebody else's cannot be checked, nor one that is not there", async () => {
  const { invoice } = await orderPaid(fixture.tenant());
  for (const id of [invoice.id, "i000000000000000000000000", "%00"]) {
    const answer = await fixture.tenant().post<Problem>(`/tenant/invoices/${id}/check`);
    expect([answer.status, answer.body.code]).toEqual([404, "invoice_not_found"]);
  }
});
