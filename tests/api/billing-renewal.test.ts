import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../sandbox/relay-socket.ts";
import type { Fixture } from "./berth-fixture.ts";
import {
  advanceTo,
  anchorOf,
  askToPay,
  attemptsOf,
  connectWallet,
  endBilling,
  expectMonthFromNow,
  expectReconciled,
  historyOf,
  invoicesOf,
  leave,
  type Notice,
  noticesOf,
  openInbox,
  openInvoiceOf,
  paidRelay,
  pastDueOf,
  reactivate,
  startBilling,
} from "./bills.ts";
import {
  activeRelay,
  DAY_MS,
  heldByZooid,
  type Listed,
  nip11Of,
  relayIs,
  relayOf,
} from "./orders.ts";

const HOUR = 3_600;
const DAY = 86_400;

setDefaultTimeout(30_000);

let fixture: Fixture;
beforeAll(async () => {
  ({ fixture } = await startBilling());
});
afterAll(() => endBilling(fixture));

test("a month on, one invoice bills both paid relays up to the next anchor, each from its own date", async () => {
  const tenant = fixture.tenant();
  const alpha = await paidRelay(fixture, tenant, "basic");
  await fixture.advance(5 * DAY_MS);
  const bravo = await paidRelay(fixture, tenant, "growth");
  const free = await activeRelay(tenant);
  const [first, second] = [await anchorOf(tenant, 1), await anchorOf(tenant, 2)];
  expect(alpha.paid_through).toBe(first);

  await advanceTo(fixture, first - HOUR - 1);
  expect(await invoicesOf(tenant, "renewal")).toEqual([]);
  await advanceTo(fixture, first - HOUR + 1);
  const renewal = await openInvoiceOf(tenant);
  const whole = second - first;
  const bravoFrom = bravo.paid_through ?? 0;
  const share = 50_000 - Math.round((50_000 * (bravoFrom - first)) / whole);
  expect(renewal.items).toMatchObject([
    { relay: alpha.id, amount: 10_000, period_start: first, period_end: second },
    { relay: bravo.id, amount: share, period_start: bravoFrom, period_end: second },
  ]);
  expect(renewal).toMatchObject({ purpose: "renewal", amount: 10_000 + share, credit: 0 });
  expect(renewal.created_at).toBe(first - HOUR);
  // It can be paid to the end of the last item's grace and a day.
  expect(Math.abs((renewal.expires_at ?? 0) - (bravoFrom + 8 * DAY))).toBeLessThan(2 * HOUR);

  await advanceTo(fixture, first + 1);
  expect(await relayOf(tenant, alpha.id)).toMatchObject({
    status: "grace",
    grace_ends: first + 7 * DAY,
    open_invoice: renewal.id,
  });
  expect(await relayOf(tenant, bravo.id)).toMatchObject({ status: "active" });
  expect(await relayOf(tenant, free.id)).toMatchObject({ status: "active", paid_through: null });

  // Paid in grace, the old dates are kept; what is free is never touched.
  fixture.world.pay(renewal.invoice);
  for (const { id } of [alpha, bravo])
    expect(await relayIs(tenant, id, "active")).toMatchObject({ paid_through: second });
  expect(historyOf(fixture, free.id)).toEqual(["provisioning", "active"]);
  expect(await noticesOf(tenant)).toEqual(["due:no_inbox"]);
  expect(await expectReconciled(fixture, tenant)).toMatchObject({
    received: 60_000 + 10_000 + share,
    applied: 60_000 + 10_000 + share,
  });
  await leave(fixture, tenant);
});

test("a connected wallet pays each renewal before grace ever shows, and only receipts arrive", async () => {
  const tenant = fixture.tenant();
  const inbox = await openInbox(fixture, tenant);
  const alpha = await paidRelay(fixture, tenant, "basic");
  await fixture.advance(3 * DAY_MS);
  const bravo = await paidRelay(fixture, tenant, "growth");
  await connectWallet(fixture, tenant);
  await advanceTo(fixture, (await anchorOf(tenant, 3)) + DAY);

  const renewals = await invoicesOf(tenant, "renewal");
  expect(renewals.map(({ status, items }) => [status, items.length])).toEqual([
    ["paid", 2],
    ["paid", 2],
    ["paid", 2],
  ]);
  for (const [index, { id, created_at, paid_at }] of renewals.entries()) {
    expect(attemptsOf(fixture, id)).toEqual(["settled"]);
    expect(created_at).toBe((await anchorOf(tenant, index + 1)) - HOUR);
    expect((paid_at ?? 0) - created_at).toBeLessThan(60);
  }
  // From the second on they are aligned: two whole months in one invoice.
  expect(renewals.slice(1).map(({ amount }) => amount)).toEqual([60_000, 60_000]);
  for (const { id } of [alpha, bravo]) {
    expect(historyOf(fixture, id).slice(-2)).toEqual(["provisioning", "active"]);
    expect(await relayOf(tenant, id)).toMatchObject({ paid_through: await anchorOf(tenant, 4) });
  }
  expect(await noticesOf(tenant)).toEqual(Array(3).fill("receipt:delivered"));
  const messages = await inbox.messages();
  expect(messages).toHaveLength(3);
  for (const { subject } of messages) expect(subject).toStartWith("Paid: ");
  await expectReconciled(fixture, tenant);
  await leave(fixture, tenant);
  inbox.close();
});

test("without a wallet messages come: due, three days, one day, suspended; paying brings it back", async () => {
  const tenant = fixture.tenant();
  const inbox = await openInbox(fixture, tenant);
  const { id, subdomain, paid_through } = await paidRelay(fixture, tenant);
  const end = paid_through ?? 0;
  const length = (await anchorOf(tenant, 2)) - end - 7 * DAY;
  const subjects = async () => (await inbox.messages()).map(({ subject }) => subject).sort();

  await advanceTo(fixture, end - HOUR + 1);
  const { invoice, id: renewal } = await openInvoiceOf(tenant);
  const [due] = await inbox.messages();
  expect(due).toMatchObject({ kind: 14, pubkey: fixture.platform.pubkey, to: tenant.pubkey });
  expect(due?.content).toContain(invoice);
  expect(due?.content).toContain(`${fixture.url}/account?invoice=${renewal}`);
  expect(due?.content).toContain("10,000 sats");

  const graceEnds = end + 7 * DAY;
  await advanceTo(fixture, graceEnds - 3 * DAY - 1);
  expect(await subjects()).toHaveLength(1);
  await advanceTo(fixture, graceEnds - 3 * DAY + 1);
  expect(await subjects()).toHaveLength(2);
  await advanceTo(fixture, graceEnds - DAY + 1);
  expect(await subjects()).toHaveLength(3);
  expect(await nip11Of(fixture, subdomain)).not.toBeNull();
  expect(await relayOf(tenant, id)).toMatchObject({ status: "grace" });

  await advanceTo(fixture, graceEnds + 60);
  expect(await relayOf(tenant, id)).toMatchObject({ status: "suspended", cause: "nonpayment" });
  expect(heldByZooid(fixture, id)).toMatchObject({ inactive: true });
  expect(await nip11Of(fixture, subdomain)).toBeNull();
  expect(await noticesOf(tenant)).toEqual([
    ...["due:delivered", "three_days_left:delivered", "one_day_left:delivered"],
    "suspended:delivered",
  ]);
  expect(await subjects()).toHaveLength(4);

  // What led here can still be paid, on an invoice of its own, and dark days are not billed.
  await fixture.advance(DAY_MS / 2);
  const pastDue = await askToPay(tenant);
  expect(pastDue).toMatchObject({ purpose: "past_due", amount: 10_000 });
  expect((pastDue.closes_at ?? 0) - graceEnds - 60 * DAY).toBeLessThan(60);
  expect((await invoicesOf(tenant, "renewal"))[0]).toMatchObject({
    ...{ id: renewal, status: "expired", items: [{ outcome: "withdrawn" }] },
  });
  const paidAt = fixture.clock.now() / 1000;
  fixture.world.pay(pastDue.invoice);
  const back = await relayIs(tenant, id, "active");
  const [item] = (await invoicesOf(tenant, "past_due"))[0]?.items ?? [];
  expect(item).toMatchObject({ used: 7 * DAY, outcome: "applied" });
  expect(Math.abs((item?.period_start ?? 0) - paidAt)).toBeLessThan(15);
  expect(back.paid_through).toBe((item?.period_start ?? 0) + length);
  expect(back.paid_through).toBe(item?.period_end ?? 0);
  expect(await nip11Of(fixture, subdomain)).not.toBeNull();
  // Berth notes a delivery after the relay has it.
  await until(async () => (await noticesOf(tenant)).at(4) === "reactivated:delivered");
  expect(await subjects()).toHaveLength(5);
  expect(await noticesOf(tenant)).toHaveLength(5);
  // Each stage once, by its own id.
  expect(new Set((await inbox.messages()).map((message) => message.id)).size).toBe(5);
  await expectReconciled(fixture, tenant);
  await leave(fixture, tenant);
  inbox.close();
});

test("of one invoice's relays each is suspended by its own date, billed apart and told by itself", async () => {
  const tenant = fixture.tenant();
  const alpha = await paidRelay(fixture, tenant);
  await fixture.advance(4 * DAY_MS);
  const bravo = await paidRelay(fixture, tenant, "growth");
  await advanceTo(fixture, (alpha.paid_through ?? 0) + 7 * DAY + HOUR);
  expect(await relayOf(tenant, alpha.id)).toMatchObject({ status: "suspended" });
  expect(await relayOf(tenant, bravo.id)).toMatchObject({ status: "grace" });
  const texts = async () => {
    const { body } = await tenant.get<Listed<Notice>>("/tenant/notices?limit=100");
    return body.items.filter(({ stage }) => stage === "suspended").map(({ text }) => text ?? "");
  };
  const [told = "", ...more] = await texts();
  expect(more).toEqual([]);
  expect(told).toContain(`was suspended on`);
  expect(told).toContain(alpha.url);
  expect(told).toContain("10,000 sats");
  expect(told).toContain("less 7 days already used");
  expect(told).not.toContain(bravo.url);
  // Each is billed by itself: what runs is not asked for what is dark, nor the other way round.
  const first = await pastDueOf(tenant);
  expect(first).toMatchObject({ amount: 10_000, items: [{ relay: alpha.id }] });
  const renewal = (await invoicesOf(tenant, "renewal")).find(({ status }) => status === "pending");
  expect(renewal?.items.map(({ relay }) => relay)).toEqual([bravo.id]);
  fixture.world.pay(renewal?.invoice ?? "");
  await relayIs(tenant, bravo.id, "active");
  expect(await relayOf(tenant, alpha.id)).toMatchObject({ status: "suspended" });
  fixture.world.pay((await askToPay(tenant)).invoice);
  await relayIs(tenant, alpha.id, "active");
  await expectReconciled(fixture, tenant);
  await leave(fixture, tenant);
});

test("one of several that are past due is brought back alone, for what it costs alone", async () => {
  const tenant = fixture.tenant();
  const alpha = await paidRelay(fixture, tenant);
  const bravo = await paidRelay(fixture, tenant, "growth");
  await advanceTo(fixture, (bravo.paid_through ?? 0) + 8 * DAY);
  expect(await pastDueOf(tenant)).toMatchObject({ amount: 60_000 });
  expect((await noticesOf(tenant)).filter((said) => said.startsWith("suspended"))).toHaveLength(2);
  const { body } = await reactivate(tenant, alpha.id);
  expect(body.invoice).toMatchObject({ purpose: "reactivation", amount: 10_000 });
  // Asked again it is the same.
  expect((await reactivate(tenant, alpha.id)).body.invoice?.id).toBe(body.invoice?.id ?? "");
  const rest = await until(async () => {
    const pastDue = await pastDueOf(tenant);
    return pastDue.amount === 50_000 ? pastDue : null;
  });
  expect(rest.items.map(({ relay }) => relay)).toEqual([bravo.id]);
  fixture.world.pay(body.invoice?.invoice ?? "");
  const back = await relayIs(tenant, alpha.id, "active");
  expect(back.paid_through).toBeLessThan(fixture.clock.now() / 1000 + 25 * DAY);
  expect(await relayOf(tenant, bravo.id)).toMatchObject({ status: "suspended" });
  await expectReconciled(fixture, tenant);
  await leave(fixture, tenant);
});

test("what led to a suspension can be paid on demand, for 60 days, and then a reactivation", async () => {
  const tenant = fixture.tenant();
  const { id, paid_through } = await paidRelay(fixture, tenant);
  await advanceTo(fixture, (paid_through ?? 0) + 9 * DAY);
  const pastDue = await pastDueOf(tenant);
  expect(pastDue.invoice).toBeNull();
  const path = `/tenant/invoices/${pastDue.id}/reissue`;
  const reissued = await tenant.post<{ invoice: string; expires_at: number }>(path);
  expect(reissued.status).toBe(200);
  expect(reissued.body.expires_at).toBeGreaterThan(fixture.clock.now() / 1000);
  // Again is no second one: at most one is payable.
  expect((await tenant.post(path)).body).toEqual(reissued.body);
  await advanceTo(fixture, (paid_through ?? 0) + 66 * DAY);
  expect(await pastDueOf(tenant)).toMatchObject({ id: pastDue.id });
  await advanceTo(fixture, (paid_through ?? 0) + 68 * DAY);
  expect((await invoicesOf(tenant, "past_due"))[0]).toMatchObject({ status: "expired" });
  expect(await tenant.post(path)).toMatchObject({
    status: 409,
    body: { code: "invoice_not_open" },
  });
  expect(await invoicesOf(tenant)).toHaveLength(3);

  const { body } = await tenant.post<{ invoice: { invoice: string; amount: number } }>(
    `/tenant/relays/${id}/reactivate`,
  );
  expect(body.invoice).toMatchObject({ purpose: "reactivation", amount: 10_000 });
  fixture.world.pay(body.invoice.invoice);
  const back = await relayIs(tenant, id, "active");
  await expectMonthFromNow(fixture, tenant, back.paid_through, 7 * DAY);
  await expectReconciled(fixture, tenant);
  await leave(fixture, tenant);
});

test("a notice waits while no indexer answers, and is sent once; one to a forbidden relay is refused", async () => {
  const [waiting, forbidden] = [fixture.tenant(), fixture.tenant()];
  const inbox = await openInbox(fixture, waiting);
  const other = await openInbox(fixture, forbidden, ["wss://10.0.0.1"]);
  const { paid_through } = await paidRelay(fixture, waiting);
  await paidRelay(fixture, forbidden);
  inbox.close();
  other.close();
  await advanceTo(fixture, (paid_through ?? 0) - 2 * HOUR);
  await fixture.world.setFaults({ relay: "down" });
  await fixture.advance(1.5 * HOUR * 1000);
  expect(await noticesOf(waiting)).toEqual(["due:queued"]);
  await fixture.restart();
  await fixture.world.setFaults({ relay: "ok" });
  const opened = await openInbox(fixture, waiting);
  await fixture.advance(HOUR * 1000);
  expect(await noticesOf(waiting)).toEqual(["due:delivered"]);
  expect(await noticesOf(forbidden)).toEqual(["due:refused"]);
  expect(await opened.messages()).toHaveLength(1);
  await fixture.restart();
  await fixture.advance(HOUR * 1000);
  expect(await opened.messages()).toHaveLength(1);
  opened.close();
});
