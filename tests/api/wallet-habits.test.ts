/** Receiving wallets as they exist: what comes is booked, what has not come is not. */
import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Invoice, Relay } from "../../server/routes/shapes.ts";
import { until } from "../sandbox/relay-socket.ts";
import type { Fixture, TenantApi } from "./berth-fixture.ts";
import { endBilling, expectReconciled, leave, startBilling } from "./bills.ts";
import { type Listed, order, orderPaid, type Problem, relayIs } from "./orders.ts";

setDefaultTimeout(30_000);

let fixture: Fixture;
let admin: TenantApi;
beforeAll(async () => {
  ({ fixture, admin } = await startBilling({ walletTrialMs: 100 }));
});
afterEach(() => fixture.world.setFaults({ wallet_habits: [] }));
afterAll(() => endBilling(fixture));

const check = async (tenant: TenantApi, invoice: string) =>
  await tenant.post<Invoice>(`/tenant/invoices/${invoice}/check`);

test("an unpaid invoice stays unpaid with a wallet that shows its preimage", async () => {
  await fixture.world.setFaults({ wallet_habits: ["shows_preimage"] });
  const tenant = fixture.tenant();
  const { relay, invoice, bolt11 } = await orderPaid(tenant);
  expect((await check(tenant, invoice.id)).body).toMatchObject({ status: "pending" });
  expect(await expectReconciled(fixture, tenant)).toMatchObject({ received: 0 });

  fixture.world.pay(bolt11);
  expect((await check(tenant, invoice.id)).body).toMatchObject({ status: "paid" });
  await relayIs(tenant, relay.id, "active");
  expect(await expectReconciled(fixture, tenant)).toMatchObject({ received: 10_000 });
  await leave(fixture, tenant);
});

test.each(["amount_as_text", "no_amount"] as const)(
  "what was paid is booked in full with a wallet of the habit %s",
  async (habit) => {
    await fixture.world.setFaults({ wallet_habits: [habit] });
    for (const copies of [0, 1]) {
      // Found by a look-up, and told by a notification.
      fixture.world.receivingWallet.notificationCopies = copies;
      const tenant = fixture.tenant();
      const { relay, invoice, bolt11 } = await orderPaid(tenant);
      fixture.world.pay(bolt11);
      if (copies === 0)
        expect((await check(tenant, invoice.id)).body).toMatchObject({ status: "paid" });
      await relayIs(tenant, relay.id, "active");
      expect(await expectReconciled(fixture, tenant)).toMatchObject({ received: 10_000 });
      await leave(fixture, tenant);
    }
  },
);

test("an answer that cannot be understood after the deadline waits for the operator, in its words", async () => {
  const tenant = fixture.tenant();
  const { relay, invoice, bolt11 } = await orderPaid(tenant);
  await fixture.world.setFaults({ wallet_habits: ["amount_with_unit"] });
  fixture.world.pay(bolt11);
  const { preimage } = fixture.world.network.quote(bolt11).invoice;
  const queue = async () => (await admin.get<Listed<object>>("/admin/queue")).body.items;
  await fixture.advance((invoice.closes_at ?? 0) * 1_000 + 60_000 - fixture.clock.now());
  const waiting = await until(async () => {
    const items = await queue();
    return items.length > 0 && items;
  });
  expect(waiting).toMatchObject([
    {
      ...{ kind: "unclear_answer", actor: `invoice/${invoice.id}`, amount: 10_000, bolt11 },
      problem: expect.stringContaining('amount "10000000 msat"'),
      acts: ["mark-paid", "void"].map((act) => `POST /admin/invoices/${invoice.id}/${act}`),
    },
  ]);
  expect(JSON.stringify(waiting)).not.toContain(preimage);
  // Nothing is taken away meanwhile, and once the wallet speaks plainly nobody has to do anything.
  await relayIs(tenant, relay.id, "pending");
  await fixture.world.setFaults({ wallet_habits: [] });
  await relayIs(tenant, relay.id, "active");
  expect(await queue()).toEqual([]);
  expect(await expectReconciled(fixture, tenant)).toMatchObject({ received: 10_000 });
  await leave(fixture, tenant);
});

test("an unclear answer about a closed invoice waits for the operator too", async () => {
  const tenant = fixture.tenant();
  const { invoice, bolt11 } = await orderPaid(tenant);
  const reason = { reason: "a mistake" };
  expect((await admin.post(`/admin/invoices/${invoice.id}/void`, reason)).status).toBe(200);
  await fixture.world.setFaults({ wallet_habits: ["amount_with_unit"] });
  fixture.world.receivingWallet.notificationCopies = 0;
  fixture.world.pay(bolt11);
  await fixture.advance(11 * 60_000);
  const path = "/admin/queue?kind=unclear_payment";
  const queue = async () => (await admin.get<Listed<object>>(path)).body.items;
  expect(await until(async () => (await queue())[0] ?? null)).toMatchObject({
    ...{ actor: `invoice/${invoice.id}`, tenant: tenant.pubkey, amount: 10_000, bolt11 },
    problem: expect.stringContaining('amount "10000000 msat"'),
    acts: [`POST /admin/tenants/${tenant.pubkey}/credit`],
  });
  // Once the wallet speaks plainly the money is the tenant's, and nobody has to do anything.
  await fixture.world.setFaults({ wallet_habits: [] });
  await fixture.advance(11 * 60_000);
  await until(async () => (await queue()).length === 0);
  expect(await expectReconciled(fixture, tenant)).toMatchObject({ received: 10_000 });
  fixture.world.receivingWallet.notificationCopies = 1;
  await leave(fixture, tenant);
});

test("a bolt11 that is not what was asked for is told with the reason, and nothing paid is sold until it is", async () => {
  await fixture.world.setFaults({ wallet_habits: ["short_expiry"] });
  const buyer = fixture.tenant();
  const { invoice } = await order(buyer, { plan: "basic" });
  const blockedOnes = async () => {
    const path = "/admin/queue?kind=blocked_invoice";
    return (await admin.get<Listed<{ problem: string }>>(path)).body.items;
  };
  const blocked = await until(async () => (await blockedOnes())[0] ?? null);
  const said = /^bolt11_mismatch: expiry: wanted \d+ s, got 3600 s$/;
  expect(blocked).toMatchObject({ kind: "blocked_invoice", actor: `invoice/${invoice?.id}` });
  expect(blocked?.problem).toMatch(said);

  const sold = async () => {
    const wish = { name: "Harbour", subdomain: `x${Date.now()}`, plan: "basic" };
    const { status, body } = await fixture.tenant().post<Problem>("/tenant/relays", wish);
    return [status, body.code];
  };
  expect(await sold()).toEqual([503, "billing_unavailable"]);
  type Health = { status: string; troubles: { code: string; words: string }[] };
  const { body: health } = await admin.get<Health>("/healthz");
  expect(health).toMatchObject({ status: "degraded", troubles: [{ code: "bolt11_mismatch" }] });
  expect(health.troubles[0]?.words).toContain("got 3600 s");
  // A start with it says the same.
  await fixture.restart();
  expect(await sold()).toEqual([503, "billing_unavailable"]);

  await fixture.world.setFaults({ wallet_habits: [] });
  await until(async () => (await admin.get<Health>("/healthz")).body.status === "ok");
  await admin.post(`/admin/invoices/${invoice?.id}/retry`, { reason: "the wallet was mended" });
  await until(async () => (await blockedOnes()).length === 0);
  const tenant = fixture.tenant();
  await orderPaid(tenant);
  for (const each of [buyer, tenant]) await leave(fixture, each);
});

test("with a wallet that lists nothing and tells nothing, a late payment is found within ten minutes", async () => {
  await fixture.world.setFaults({ wallet_habits: ["no_lists", "no_notifications"] });
  const tenant = fixture.tenant();
  const { relay, bolt11 } = await orderPaid(tenant);
  await fixture.advance(2 * 3_600_000);
  fixture.world.pay(bolt11);
  let minutes = 0;
  const pass = async () => {
    const at = Math.max(fixture.clock.now(), fixture.world.clock.now()) + 60_000;
    fixture.world.moveClock({ pin_ms: at });
    fixture.clock.pin(at);
    await fixture.berth.watch?.tick();
    await fixture.berth.watch?.tick();
    minutes++;
  };
  const status = async () => (await tenant.get<Relay>(`/tenant/relays/${relay.id}`)).body.status;
  while ((await status()) === "pending" && minutes < 20) await pass();
  expect(minutes).toBeLessThanOrEqual(10);
  fixture.world.moveClock({ release: true });
  fixture.clock.release();
  await relayIs(tenant, relay.id, "active");
  await leave(fixture, tenant);
});
