/** Receiving wallets as they exist: what comes is booked, what has not come is not. */
import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Invoice } from "../../server/routes/shapes.ts";
import type { Fixture, TenantApi } from "./berth-fixture.ts";
import { endBilling, expectReconciled, leave, startBilling } from "./bills.ts";
import { orderPaid, relayIs } from "./orders.ts";

setDefaultTimeout(30_000);

let fixture: Fixture;
beforeAll(async () => {
  ({ fixture } = await startBilling());
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
