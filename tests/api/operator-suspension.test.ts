import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Invoice } from "../../server/routes/shapes.ts";
import type { Fixture, TenantApi } from "./berth-fixture.ts";
import {
  advanceTo,
  attemptsOf,
  connectWallet,
  endBilling,
  expectReconciled,
  invoicesOf,
  leave,
  noticesOf,
  openInvoiceOf,
  paidRelay,
  startBilling,
} from "./bills.ts";
import { actsOf, codeOf } from "./operator-acts.ts";
import { activeRelay, invoiceOf, type Problem, relayIs, relayOf } from "./orders.ts";

setDefaultTimeout(30_000);

const HOUR = 3_600;
const DAY = 86_400;

let fixture: Fixture;
let admin: TenantApi;
let setStatus: ReturnType<typeof actsOf>["setStatus"];
beforeAll(async () => {
  ({ fixture, admin } = await startBilling());
  ({ setStatus } = actsOf(admin));
});
afterAll(() => endBilling(fixture));

test("of a suspended tenant nothing is billed or collected, reads stay, changes are 403, and lifting restores", async () => {
  const tenant = fixture.tenant();
  const stays = await paidRelay(fixture, tenant, "growth");
  await fixture.advance(20 * DAY * 1000);
  const long = await paidRelay(fixture, tenant);
  const free = await activeRelay(tenant);
  await connectWallet(fixture, tenant);
  expect(await setStatus(tenant, "suspended")).toMatchObject({
    status: 200,
    body: { status: "suspended" },
  });
  for (const { id } of [stays, long, free])
    expect(await relayIs(tenant, id, "suspended")).toMatchObject({ cause: "admin" });

  for (const path of ["", "/relays", "/invoices", "/notices", "/statement", "/forecast"])
    expect([path, (await tenant.get(`/tenant${path}`)).status]).toEqual([path, 200]);
  const changes = [
    tenant.post<Problem>("/tenant/relays", { name: "x", subdomain: "suspended-one", plan: "free" }),
    tenant.put<Problem>(`/tenant/relays/${free.id}`, { name: "y" }),
    tenant.put<Problem>(`/tenant/relays/${stays.id}`, { plan: "basic" }),
    tenant.delete<Problem>(`/tenant/relays/${free.id}`),
    tenant.post<Problem>(`/tenant/relays/${stays.id}/reactivate`),
    tenant.put<Problem>("/tenant/billing", { nwc_url: null }),
  ];
  for (const answer of await Promise.all(changes))
    expect(codeOf(answer)).toEqual([403, "tenant_suspended"]);

  // Over an anchor: one runs out meanwhile, the other does not.
  await advanceTo(fixture, (stays.paid_through ?? 0) + 3 * DAY);
  expect(await invoicesOf(tenant, "renewal")).toEqual([]);
  expect(await noticesOf(tenant)).toEqual([]);
  expect(await setStatus(tenant, "active")).toMatchObject({ body: { status: "active" } });
  expect(await relayIs(tenant, long.id, "active")).toMatchObject({
    paid_through: long.paid_through,
  });
  await relayIs(tenant, free.id, "active");
  expect(await relayOf(tenant, stays.id)).toMatchObject({
    ...{ status: "suspended", cause: "nonpayment" },
  });
  const { body } = await tenant.post<{ invoice: Invoice }>(`/tenant/relays/${stays.id}/reactivate`);
  expect(body.invoice).toMatchObject({ purpose: "reactivation", amount: 50_000 });
  fixture.world.pay(body.invoice.invoice ?? "");
  await relayIs(tenant, stays.id, "active");
  await expectReconciled(fixture, tenant);
  await leave(fixture, tenant);
});

test("a tenant suspended with a renewal open is not charged for it", async () => {
  const tenant = fixture.tenant();
  const { id, paid_through } = await paidRelay(fixture, tenant);
  await connectWallet(fixture, tenant);
  await fixture.world.setFaults({ tenant_wallet: "empty" });
  await advanceTo(fixture, (paid_through ?? 0) - HOUR + 60);
  const renewal = await openInvoiceOf(tenant);
  const before = attemptsOf(fixture, renewal.id);
  await setStatus(tenant, "suspended");
  await fixture.world.setFaults({ tenant_wallet: "ok" });
  await fixture.advance(10 * DAY * 1000);
  expect(attemptsOf(fixture, renewal.id)).toEqual(before);
  expect(await invoiceOf(tenant, renewal.id)).toMatchObject({ status: "expired" });
  expect(await noticesOf(tenant)).toEqual(["due:no_inbox"]);
  await setStatus(tenant, "active");
  expect(await relayOf(tenant, id)).toMatchObject({ status: "suspended", cause: "nonpayment" });
  await expectReconciled(fixture, tenant);
  await leave(fixture, tenant);
});
