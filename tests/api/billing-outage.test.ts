import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { addMonths, prorate } from "../../machines/billing/calendar.ts";
import type { Fixture } from "./berth-fixture.ts";
import {
  advanceTo,
  anchorOf,
  connectWallet,
  endBilling,
  expectReconciled,
  historyOf,
  invoicesOf,
  leave,
  noticesOf,
  openInvoiceOf,
  paidRelay,
  startBilling,
  tenantOf,
} from "./bills.ts";
import { invoiceIs, relayIs, relayOf } from "./orders.ts";

setDefaultTimeout(30_000);

const HOUR = 3_600;
const DAY = 86_400;

let fixture: Fixture;
beforeAll(async () => {
  ({ fixture } = await startBilling());
});
afterEach(async () => {
  fixture.world.receivingWallet.notificationCopies = 1;
  await fixture.world.setFaults({ wallet: "ok", tenant_wallet: "ok" });
});
afterAll(() => endBilling(fixture));

const secondsNow = () => fixture.clock.now() / 1000;

for (const fault of ["down", "silent"] as const)
  test(`with our wallet ${fault} no renewal can be paid: grace has no deadline until one can`, async () => {
    const tenant = fixture.tenant();
    const { id, paid_through } = await paidRelay(fixture, tenant);
    const end = paid_through ?? 0;
    await advanceTo(fixture, end - 2 * HOUR);
    await fixture.world.setFaults({ wallet: fault });
    await advanceTo(fixture, end + 12 * DAY);
    expect(await relayOf(tenant, id)).toMatchObject({ status: "grace", grace_ends: null });
    expect((await invoicesOf(tenant, "renewal"))[0]).toMatchObject({ invoice: null });
    expect(await noticesOf(tenant)).toEqual([]);

    await fixture.world.setFaults({ wallet: "ok" });
    await fixture.advance(60_000);
    const { invoice, expires_at } = await openInvoiceOf(tenant);
    expect(Math.abs((expires_at ?? 0) - (secondsNow() + 8 * DAY))).toBeLessThan(120);
    const billed = await relayOf(tenant, id);
    expect(Math.abs((billed.grace_ends ?? 0) - (secondsNow() + 7 * DAY))).toBeLessThan(120);
    expect(await noticesOf(tenant)).toEqual(["due:no_inbox"]);
    await fixture.advance(6.9 * DAY * 1000);
    expect(await relayOf(tenant, id)).toMatchObject({ status: "grace" });
    fixture.world.pay(invoice);
    // Paid in grace the old dates are kept, however long that took.
    expect(await relayIs(tenant, id, "active")).toMatchObject({
      paid_through: await anchorOf(tenant, 2),
    });
    await expectReconciled(fixture, tenant);
    await leave(fixture, tenant);
  });

for (const fault of ["down", "silent"] as const)
  test(`with our wallet ${fault} at the end of grace nobody is suspended before it has spoken`, async () => {
    const [paying, owing] = [fixture.tenant(), fixture.tenant()];
    const paid = await paidRelay(fixture, paying);
    const unpaid = await paidRelay(fixture, owing);
    const graceEnds = (unpaid.paid_through ?? 0) + 7 * DAY;
    await advanceTo(fixture, graceEnds - HOUR);
    const { invoice } = await openInvoiceOf(paying);
    fixture.world.receivingWallet.notificationCopies = 0;
    await fixture.world.setFaults({ wallet: fault });
    fixture.world.pay(invoice);
    await advanceTo(fixture, graceEnds + 2 * HOUR);
    for (const [tenant, { id }] of [
      [paying, paid],
      [owing, unpaid],
    ] as const)
      expect(await relayOf(tenant, id)).toMatchObject({ status: "grace" });
    await fixture.world.setFaults({ wallet: "ok" });
    await fixture.advance(60_000);
    expect(await relayIs(paying, paid.id, "active")).toMatchObject({ cause: null });
    expect(historyOf(fixture, paid.id)).not.toContain("suspended");
    expect(await relayIs(owing, unpaid.id, "suspended")).toMatchObject({ cause: "nonpayment" });
    for (const tenant of [paying, owing]) {
      await expectReconciled(fixture, tenant);
      await leave(fixture, tenant);
    }
  });

/** Berth is not there while the world goes on. */
const awayFor = (days: number) =>
  fixture.restart(() => {
    fixture.world.moveClock({ pin_ms: fixture.world.clock.now() + days * DAY * 1000 });
  });

test("after 75 days down there is one renewal, up to the first anchor ahead, and what was skipped is forgiven", async () => {
  const tenant = fixture.tenant();
  const { id } = await paidRelay(fixture, tenant);
  const { id: late } = await paidRelay(fixture, tenant, "growth");
  const anchor = ((await tenantOf(tenant)).anchor ?? 0) * 1000;
  await awayFor(75);
  await fixture.advance(1_000);
  const renewal = await openInvoiceOf(tenant);
  const now = fixture.clock.now();
  let months = 0;
  while (addMonths(anchor, months + 1) <= now) months++;
  const [passed, ahead] = [addMonths(anchor, months), addMonths(anchor, months + 1)];
  expect(months).toBe(2);
  for (const item of renewal.items)
    expect(item).toMatchObject({ period_start: passed / 1000, period_end: ahead / 1000 });
  const amounts = new Map(renewal.items.map((item) => [item.relay, item.amount]));
  expect(amounts.get(id)).toBe(prorate(10_000, anchor, passed, ahead));
  expect(amounts.get(late)).toBe(50_000);
  expect(await invoicesOf(tenant, "renewal")).toHaveLength(1);
  // Seven days from when it could first be paid, not from when it was due.
  const { status, grace_ends } = await relayOf(tenant, id);
  expect(status).toBe("grace");
  expect(Math.abs((grace_ends ?? 0) - (now / 1000 + 7 * DAY))).toBeLessThan(60);

  fixture.world.pay(renewal.invoice);
  for (const relay of [id, late])
    expect(await relayIs(tenant, relay, "active")).toMatchObject({ paid_through: ahead / 1000 });
  expect(historyOf(fixture, id)).toEqual([
    ...["pending", "provisioning", "active", "grace", "active"],
  ]);
  expect(await noticesOf(tenant)).toEqual(["due:no_inbox"]);
  await expectReconciled(fixture, tenant);
  await leave(fixture, tenant);
});

test("after 75 days down a connected wallet pays once", async () => {
  const tenant = fixture.tenant();
  const { id } = await paidRelay(fixture, tenant);
  await connectWallet(fixture, tenant);
  await awayFor(75);
  await fixture.advance(60_000);
  await relayIs(tenant, id, "active");
  const renewals = await invoicesOf(tenant, "renewal");
  expect(renewals.map(({ status, amount }) => [status, amount])).toEqual([["paid", 10_000]]);
  expect(await noticesOf(tenant)).toEqual(["receipt:no_inbox"]);
  await expectReconciled(fixture, tenant);
  await leave(fixture, tenant);
});

test("a payment made while Berth was down counts, though grace ended meanwhile", async () => {
  const tenant = fixture.tenant();
  const { id, paid_through } = await paidRelay(fixture, tenant);
  await advanceTo(fixture, (paid_through ?? 0) + 5 * DAY);
  const renewal = await openInvoiceOf(tenant);
  await fixture.restart(() => {
    fixture.world.pay(renewal.invoice);
    fixture.world.moveClock({ pin_ms: fixture.world.clock.now() + 5 * DAY * 1000 });
  });
  await invoiceIs(tenant, renewal.id, "paid");
  expect(await relayIs(tenant, id, "active")).toMatchObject({
    paid_through: await anchorOf(tenant, 2),
  });
  expect(historyOf(fixture, id)).not.toContain("suspended");
  await expectReconciled(fixture, tenant);
  await leave(fixture, tenant);
});
