import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Static } from "elysia";
import type { quote, Relay } from "../../server/routes/shapes.ts";
import { until } from "../sandbox/relay-socket.ts";
import type { Fixture, TenantApi } from "./berth-fixture.ts";
import {
  advanceTo,
  anchorOf,
  askToPay,
  connectWallet,
  endBilling,
  expectMonthFromNow,
  expectReconciled,
  historyOf,
  invoicesOf,
  leave,
  type Notice,
  openInvoiceOf,
  paidRelay,
  pastDueOf,
  reactivate,
  startBilling,
} from "./bills.ts";
import {
  activeRelay,
  DAY_MS,
  invoiceIs,
  type Listed,
  nip11Of,
  orderPaid,
  type Problem,
  relayIs,
  relayOf,
} from "./orders.ts";

setDefaultTimeout(30_000);

const HOUR = 3_600;
const DAY = 86_400;
type Quote = Static<typeof quote>;

let fixture: Fixture;
beforeAll(async () => {
  ({ fixture } = await startBilling());
});
afterAll(() => endBilling(fixture));

const quoteOf = async (tenant: TenantApi, id: string, plan: string): Promise<Quote> =>
  (await tenant.post<Quote>(`/tenant/relays/${id}/quote`, { plan })).body;
const change = (tenant: TenantApi, id: string, plan: string) =>
  tenant.put<Relay & Problem>(`/tenant/relays/${id}`, { plan });
/** Waits until the relay itself says that it serves files (Blossom), or that it does not. */
const filesAre = (subdomain: string, served: boolean) =>
  until(async () => {
    const shown = await nip11Of(fixture, subdomain);
    return shown !== null && JSON.stringify(shown).includes("BUD-01") === served;
  });

test("an upgrade is quoted pro rata, charged exactly so, and applied when it is paid", async () => {
  const tenant = fixture.tenant();
  const { id, paid_through } = await paidRelay(fixture, tenant);
  await fixture.advance(10 * DAY_MS);
  const quoted = await quoteOf(tenant, id, "growth");
  const end = paid_through ?? 0;
  const start = await anchorOf(tenant, 0);
  expect(quoted).toMatchObject({ change: "upgrade", applies: "when_paid", period_end: end });
  const left = (end - (quoted.period_start ?? 0)) / (end - start);
  expect(Math.abs(quoted.amount - 40_000 * left)).toBeLessThanOrEqual(1);
  expect(quoted.switches_off).toEqual([]);

  const changed = await change(tenant, id, "growth");
  expect(changed.body).toMatchObject({ plan: "basic", status: "active" });
  const invoice = await openInvoiceOf(tenant);
  expect(changed.body.open_invoice).toBe(invoice.id);
  expect(invoice).toMatchObject({ purpose: "upgrade", amount: invoice.items[0]?.amount ?? 0 });
  expect(invoice.items).toMatchObject([{ relay: id, kind: "upgrade", period_end: end }]);
  // Quoted a moment earlier: a second of it costs less than a sat.
  expect(Math.abs(invoice.amount - quoted.amount)).toBeLessThanOrEqual(1);
  expect((await change(tenant, id, "growth")).body.code).toBe("change_still_open");
  fixture.world.pay(invoice.invoice);
  await invoiceIs(tenant, invoice.id, "paid");
  expect(await relayOf(tenant, id)).toMatchObject({
    ...{ plan: "growth", price: 50_000, paid_through: end, status: "active", open_invoice: null },
  });
  await expectReconciled(fixture, tenant);
  await advanceTo(fixture, end - 60);
  expect(await openInvoiceOf(tenant)).toMatchObject({ purpose: "renewal", amount: 50_000 });
  await leave(fixture, tenant);
});

test("an upgrade that is not paid expires before the next anchor is billed, and nothing has changed", async () => {
  const tenant = fixture.tenant();
  const { id, paid_through } = await paidRelay(fixture, tenant);
  const end = paid_through ?? 0;
  await advanceTo(fixture, end - 12 * HOUR);
  await change(tenant, id, "growth");
  const upgrade = await openInvoiceOf(tenant);
  expect(upgrade.closes_at).toBe(end - HOUR);
  await advanceTo(fixture, end - HOUR + 60);
  expect((await invoicesOf(tenant, "upgrade"))[0]).toMatchObject({ status: "expired" });
  expect(await openInvoiceOf(tenant)).toMatchObject({ purpose: "renewal", amount: 10_000 });
  expect(await relayOf(tenant, id)).toMatchObject({ plan: "basic", price: 10_000 });

  // In the renewal's own hour it is the renewal that is written anew, and the quote says so.
  const quoted = await quoteOf(tenant, id, "growth");
  expect(quoted).toMatchObject({ change: "renewal", amount: 50_000, period_start: end });
  await change(tenant, id, "growth");
  const renewed = await until(async () => {
    const open = await openInvoiceOf(tenant);
    return open.amount === 50_000 ? open : null;
  });
  fixture.world.pay(renewed.invoice);
  await advanceTo(fixture, end + 60);
  expect(await relayOf(tenant, id)).toMatchObject({ plan: "growth", price: 50_000 });
  expect((await relayOf(tenant, id)).paid_through).toBe(renewed.items[0]?.period_end ?? 0);
  await expectReconciled(fixture, tenant);
  await leave(fixture, tenant);
});

test("a downgrade waits for the end of what is paid, says what goes off, and can be cancelled", async () => {
  const tenant = fixture.tenant();
  const { id, paid_through } = await paidRelay(fixture, tenant, "growth");
  const end = paid_through ?? 0;
  const before = await relayOf(tenant, id);
  const quoted = await quoteOf(tenant, id, "basic");
  expect(quoted).toMatchObject({ change: "downgrade", applies: "at_period_end", amount: 0 });
  expect([quoted.at, quoted.switches_off]).toEqual([end, ["more than 100 members"]]);
  expect((await quoteOf(tenant, id, "free")).switches_off).toEqual([
    // No calls: this operator has none.
    "file hosting (Blossom)",
    "more than 10 members",
  ]);

  const scheduled = (await change(tenant, id, "basic")).body;
  expect(scheduled).toMatchObject({ plan: "growth", next_plan: { plan: "basic" } });
  expect(await quoteOf(tenant, id, "growth")).toMatchObject({ change: "cancel", amount: 0 });
  await change(tenant, id, "growth");
  expect(await relayOf(tenant, id)).toEqual(before);

  await change(tenant, id, "basic");
  await advanceTo(fixture, end - 60);
  const renewal = await openInvoiceOf(tenant);
  expect(renewal).toMatchObject({ purpose: "renewal", amount: 10_000 });
  fixture.world.pay(renewal.invoice);
  await invoiceIs(tenant, renewal.id, "paid");
  expect(await relayOf(tenant, id)).toMatchObject({ plan: "growth" });
  // Paid for, it stands: a month of the dear plan is not had at the price of the cheap one.
  expect((await change(tenant, id, "growth")).body).toMatchObject({ code: "next_plan_paid" });
  expect(await quoteOf(tenant, id, "growth")).toMatchObject({ code: "next_plan_paid" });
  expect(await quoteOf(tenant, id, "basic")).toMatchObject({ change: "none" });
  await advanceTo(fixture, end + 60);
  expect(await relayOf(tenant, id)).toMatchObject({
    ...{ plan: "basic", price: 10_000, next_plan: null, status: "active" },
  });
  await expectReconciled(fixture, tenant);
  await leave(fixture, tenant);
});

test("a relay that turns free at the period's end is billed no more, and zooid serves no files for it", async () => {
  const tenant = fixture.tenant();
  const { id, subdomain, paid_through } = await paidRelay(fixture, tenant);
  const end = paid_through ?? 0;
  await filesAre(subdomain, true);
  await change(tenant, id, "free");
  await advanceTo(fixture, end - 60);
  expect(await invoicesOf(tenant, "renewal")).toEqual([]);
  await advanceTo(fixture, end + 60);
  expect(await relayOf(tenant, id)).toMatchObject({
    ...{ plan: "free", price: 0, paid_through: null, status: "active" },
  });
  expect(historyOf(fixture, id)).not.toContain("grace");
  await filesAre(subdomain, false);

  // And back: from free to paid is a purchase, of a month from when it is paid.
  const quoted = await quoteOf(tenant, id, "basic");
  expect(quoted).toMatchObject({ change: "purchase", amount: 10_000 });
  await change(tenant, id, "basic");
  const purchase = await openInvoiceOf(tenant);
  expect(purchase).toMatchObject({ purpose: "purchase", amount: 10_000 });
  await fixture.advance(6 * HOUR * 1000);
  fixture.world.pay(purchase.invoice);
  await until(async () => (await relayOf(tenant, id)).plan === "basic");
  const { paid_through: paid } = await relayOf(tenant, id);
  await expectMonthFromNow(fixture, tenant, paid);
  const paidFor = (await invoicesOf(tenant, "purchase")).at(-1);
  expect(paidFor?.items).toMatchObject([{ period_start: paidFor?.paid_at, period_end: paid }]);
  await filesAre(subdomain, true);
  await expectReconciled(fixture, tenant);
  await leave(fixture, tenant);
});

test("a purchase for a free relay that is not paid lapses, and it stays free and running", async () => {
  const tenant = fixture.tenant();
  const { id } = await activeRelay(tenant);
  await change(tenant, id, "growth");
  const { id: invoice } = await openInvoiceOf(tenant);
  await fixture.advance(DAY_MS + 60_000);
  expect((await invoicesOf(tenant))[0]).toMatchObject({ id: invoice, status: "expired" });
  expect(await relayOf(tenant, id)).toMatchObject({
    ...{ plan: "free", status: "active", open_invoice: null },
  });
  await leave(fixture, tenant);
});

test("in grace another plan supersedes the renewal at its price, and free drops the item at once", async () => {
  const tenant = fixture.tenant();
  const relay = await paidRelay(fixture, tenant);
  const other = await paidRelay(fixture, tenant, "growth");
  const end = other.paid_through ?? 0;
  await advanceTo(fixture, end + 2 * DAY);
  const first = await openInvoiceOf(tenant);
  expect(first.items).toHaveLength(2);
  const quoted = await quoteOf(tenant, relay.id, "growth");
  expect(quoted).toMatchObject({ change: "renewal", applies: "when_paid", amount: 50_000 });
  await change(tenant, relay.id, "growth");
  const second = await until(async () => {
    const open = await openInvoiceOf(tenant);
    return open.id === first.id ? null : open;
  });
  expect(await invoiceIs(tenant, first.id, "expired")).toMatchObject({ paid_at: null });
  expect(await relayOf(tenant, relay.id)).toMatchObject({ plan: "basic", price: 10_000 });
  const billed = second.items.find((item) => item.relay === relay.id);
  expect(billed?.amount).toBe(quoted.amount);
  expect(await quoteOf(tenant, other.id, "free")).toMatchObject({ change: "free", applies: "now" });
  await change(tenant, other.id, "free");
  const third = await until(async () => {
    const open = await openInvoiceOf(tenant);
    return open.id === second.id ? null : open;
  });
  expect(third.items.map((item) => item.relay)).toEqual([relay.id]);
  expect(await relayOf(tenant, other.id)).toMatchObject({ plan: "free", status: "active" });
  await filesAre(other.subdomain, false);
  fixture.world.pay(third.invoice);
  expect(await relayIs(tenant, relay.id, "active")).toMatchObject({ plan: "growth" });
  await expectReconciled(fixture, tenant);
  await leave(fixture, tenant);
});

test("changing the plan again and again in grace makes it no longer", async () => {
  const tenant = fixture.tenant();
  const { id, paid_through } = await paidRelay(fixture, tenant);
  const graceEnds = (paid_through ?? 0) + 7 * DAY;
  for (const [days, plan] of [
    [2, "growth"],
    [4, "basic"],
    [5.5, "growth"],
  ] as const) {
    await advanceTo(fixture, (paid_through ?? 0) + days * DAY);
    const before = await openInvoiceOf(tenant);
    expect((await change(tenant, id, plan)).status).toBe(200);
    const after = await until(async () => {
      const open = await openInvoiceOf(tenant);
      return open.id === before.id ? null : open;
    });
    expect(after.amount).toBe(plan === "growth" ? 50_000 : 10_000);
    expect(await relayOf(tenant, id)).toMatchObject({ status: "grace", grace_ends: graceEnds });
    const text = await until(async () => {
      const { body } = await tenant.get<Listed<Notice>>("/tenant/notices");
      return body.items.find((notice) => notice.id === `${after.id}/due`)?.text;
    });
    // What is due says the same date, not seven days more.
    const date = new Date(graceEnds * 1000).toISOString().slice(11, 16);
    expect(text).toContain(`until ${new Date(graceEnds * 1000).getUTCDate()} `);
    expect(text).toContain(`${date} UTC`);
  }
  await advanceTo(fixture, graceEnds - 60);
  expect(await relayOf(tenant, id)).toMatchObject({ status: "grace" });
  await advanceTo(fixture, graceEnds + 60);
  expect(await relayOf(tenant, id)).toMatchObject({ status: "suspended", cause: "nonpayment" });
  const led = await pastDueOf(tenant);
  expect(led).toMatchObject({ amount: 50_000, items: [{ used: 7 * DAY, outcome: "open" }] });
  for (const plan of [undefined, "growth"])
    expect((await reactivate(tenant, id, plan)).body.invoice).toMatchObject({ id: led.id });
  fixture.world.pay((await askToPay(tenant)).invoice);
  expect(await relayIs(tenant, id, "active")).toMatchObject({ plan: "growth" });
  await expectReconciled(fixture, tenant);
  await leave(fixture, tenant);
});

test("of a relay that does not run its own plan is quoted as what bringing it back costs", async () => {
  const tenant = fixture.tenant();
  const { id, paid_through } = await paidRelay(fixture, tenant);
  await advanceTo(fixture, (paid_through ?? 0) + 8 * DAY);
  expect(await relayOf(tenant, id)).toMatchObject({ status: "suspended" });
  const led = await pastDueOf(tenant);
  const back = { change: "reactivation", applies: "when_paid" };
  const used = 7 * DAY;
  expect(await quoteOf(tenant, id, "basic")).toMatchObject({ ...back, amount: led.amount, used });
  // Said again in an edit it is no change, and edits are stored.
  expect((await change(tenant, id, "basic")).status).toBe(200);

  await tenant.delete(`/tenant/relays/${id}`);
  // Switched off, it owes nothing; the days that it ran unpaid follow it all the same.
  expect(await quoteOf(tenant, id, "basic")).toMatchObject({ ...back, amount: 10_000, used });
  const { invoice } = (await reactivate(tenant, id)).body;
  expect(invoice).toMatchObject({ amount: 10_000, purpose: "purchase", items: [{ used }] });
  fixture.world.pay(invoice?.invoice ?? "");
  await relayIs(tenant, id, "active");
  await tenant.delete(`/tenant/relays/${id}`);
  expect(await quoteOf(tenant, id, "basic")).toMatchObject({
    ...{ change: "reactivation", applies: "now", amount: 0 },
  });
  await leave(fixture, tenant);
});

test("a pending relay's other plan replaces its purchase invoice", async () => {
  const tenant = fixture.tenant();
  const { relay, invoice } = await orderPaid(tenant);
  const quoted = await quoteOf(tenant, relay.id, "growth");
  expect(quoted).toMatchObject({ change: "purchase", amount: 50_000 });
  await change(tenant, relay.id, "growth");
  await invoiceIs(tenant, invoice.id, "expired");
  const second = await openInvoiceOf(tenant);
  expect(second).toMatchObject({ purpose: "purchase", amount: 50_000 });
  expect(await relayOf(tenant, relay.id)).toMatchObject({ plan: "growth", status: "pending" });
  // To free it needs no invoice at all.
  await change(tenant, relay.id, "free");
  await invoiceIs(tenant, second.id, "expired");
  expect(await relayIs(tenant, relay.id, "active")).toMatchObject({ plan: "free", price: 0 });
  await leave(fixture, tenant);
});

test("the plan of a relay that is being set up is changed once it is active", async () => {
  const tenant = fixture.tenant();
  await fixture.world.setFaults({ zooid: "down" });
  try {
    const { relay, bolt11 } = await orderPaid(tenant);
    fixture.world.pay(bolt11);
    await relayIs(tenant, relay.id, "provisioning");
    const refused = await change(tenant, relay.id, "growth");
    expect([refused.status, refused.body.code]).toEqual([409, "relay_not_ready"]);
    await fixture.world.setFaults({ zooid: "ok" });
    await relayIs(tenant, relay.id, "active");
    expect((await change(tenant, relay.id, "growth")).status).toBe(200);
  } finally {
    await fixture.world.setFaults({ zooid: "ok" });
  }
  await leave(fixture, tenant);
});

test("a suspended relay comes back with the plan wanted: bought, or free at once", async () => {
  const tenant = fixture.tenant();
  const relay = await paidRelay(fixture, tenant);
  const other = await paidRelay(fixture, tenant);
  // Bought a second apart: what is left of the second's grace is made a day, as its bill is written anew.
  await advanceTo(fixture, (other.paid_through ?? 0) + 8 * DAY + 60);
  for (const { id } of [relay, other])
    expect(await relayOf(tenant, id)).toMatchObject({ status: "suspended" });
  expect((await change(tenant, relay.id, "growth")).body).toMatchObject({
    code: "relay_not_running",
  });
  const first = await pastDueOf(tenant);
  expect(first.items.map((item) => item.relay).sort()).toEqual([relay.id, other.id].sort());
  const free = await reactivate(tenant, other.id, "free");
  expect([free.status, free.body.invoice]).toEqual([200, null]);
  expect(await relayIs(tenant, other.id, "active")).toMatchObject({ plan: "free", price: 0 });

  // What is past due says what it bills now: with the same plan that is the one.
  const { id } = await until(async () => {
    const pastDue = await pastDueOf(tenant);
    return pastDue.id === first.id ? null : pastDue;
  });
  expect((await reactivate(tenant, relay.id)).body.invoice).toMatchObject({ id, amount: 10_000 });
  const bought = await reactivate(tenant, relay.id, "growth");
  expect(bought.body.invoice).toMatchObject({ purpose: "reactivation", amount: 50_000 });
  fixture.world.pay(bought.body.invoice?.invoice ?? "");
  const back = await relayIs(tenant, relay.id, "active");
  expect(back).toMatchObject({ plan: "growth", price: 50_000, cause: null });
  // Of the month it has used seven days already.
  await expectMonthFromNow(fixture, tenant, back.paid_through, 7 * DAY);
  await expectReconciled(fixture, tenant);
  await leave(fixture, tenant);
});

test("a wallet pays an upgrade's later renewals at the new price", async () => {
  const tenant = fixture.tenant();
  const { id, paid_through } = await paidRelay(fixture, tenant);
  await connectWallet(fixture, tenant);
  await fixture.advance(DAY_MS);
  await change(tenant, id, "growth");
  fixture.world.pay((await openInvoiceOf(tenant)).invoice);
  await until(async () => (await relayOf(tenant, id)).plan === "growth");
  await advanceTo(fixture, (paid_through ?? 0) + 60);
  expect(
    (await invoicesOf(tenant, "renewal")).map(({ amount, status }) => [amount, status]),
  ).toEqual([[50_000, "paid"]]);
  await expectReconciled(fixture, tenant);
  await leave(fixture, tenant);
});
