/** Receiving wallets as they exist: what comes is booked, what has not come is not. */
import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Invoice } from "../../server/routes/shapes.ts";
import { until } from "../sandbox/relay-socket.ts";
import type { Fixture, TenantApi } from "./berth-fixture.ts";
import { endBilling, expectReconciled, leave, startBilling } from "./bills.ts";
import { type Listed, orderPaid, relayIs } from "./orders.ts";

setDefaultTimeout(30_000);

let fixture: Fixture;
let admin: TenantApi;
beforeAll(async () => {
  ({ fixture, admin } = await startBilling());
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
