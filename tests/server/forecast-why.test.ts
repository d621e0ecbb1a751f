import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Static } from "elysia";
import type { why } from "../../server/routes/shapes.ts";
import type { Fixture, TenantApi } from "../api/berth-fixture.ts";
import {
  advanceTo,
  connectWallet,
  endBilling,
  leave,
  paidRelay,
  startBilling,
} from "../api/bills.ts";
import { actsOf } from "../api/operator-acts.ts";
import { activeRelay, orderPaid, relayIs, relayOf } from "../api/orders.ts";
import { until } from "../sandbox/relay-socket.ts";

setDefaultTimeout(30_000);

const HOUR = 3_600;
const DAY = 86_400;

let fixture: Fixture;
let admin: TenantApi;
beforeAll(async () => {
  ({ fixture, admin } = await startBilling());
});
afterAll(() => endBilling(fixture));

type Why = Static<typeof why>;

async function whyOf(tenant: TenantApi, id: string): Promise<Why> {
  const { status, body } = await tenant.get<Why>(`/tenant/relays/${id}/why`);
  expect(status).toBe(200);
  expect((await admin.get<Why>(`/admin/relays/${id}/why`)).body).toEqual(body);
  return body;
}

test("a pending relay says until when it can be paid", async () => {
  const tenant = fixture.tenant();
  const { relay, invoice } = await orderPaid(tenant);
  const { status, meaning, since, because, next } = await whyOf(tenant, relay.id);
  expect(status).toBe("pending");
  expect(meaning).toContain("waiting for your payment");
  expect(since).toBe(relay.created_at);
  expect(because).toEqual([{ at: relay.created_at, what: "it was ordered", by: "owner" }]);
  expect(next).toEqual([
    { at: invoice.closes_at ?? 0, what: "unless it is paid by then, it is deactivated" },
  ]);
  await leave(fixture, tenant);
});

test("a paid relay says through its month what comes, and why it came to this", async () => {
  const tenant = fixture.tenant();
  const { id, paid_through } = await paidRelay(fixture, tenant);
  const end = paid_through ?? 0;
  const active = await whyOf(tenant, id);
  expect(active.status).toBe("active");
  expect(active.because.map(({ what }) => what)).toContain("the relay server confirmed it");
  expect(active.next).toEqual([
    { at: end - HOUR, what: "its renewal is written, and can be paid" },
    { at: end, what: "what is paid ends; unless it is renewed by then, it runs on in grace" },
  ]);
  await tenant.put(`/tenant/relays/${id}`, { plan: "free" });
  // What turns free is not renewed, and never sees grace.
  expect((await whyOf(tenant, id)).next).toEqual([{ at: end - 1, what: "its plan becomes Free" }]);
  await tenant.put(`/tenant/relays/${id}`, { plan: "basic" });

  await advanceTo(fixture, end + 60);
  const grace = await whyOf(tenant, id);
  expect([grace.status, grace.since]).toEqual(["grace", end]);
  expect(grace.because.slice(-2)).toEqual([
    { at: end - HOUR, what: "a renewal that can be paid was issued", by: null },
    { at: end, what: "what was paid ended", by: null },
  ]);
  // While it runs its renewal has no end of its own.
  expect(grace.next).toEqual([
    {
      at: end + 7 * DAY,
      what: "its days of grace end; our wallet is asked once more, then it is suspended",
    },
  ]);

  // A bill that is written anew does not begin it again.
  await advanceTo(fixture, end + 2 * DAY);
  const { open_invoice } = await relayOf(tenant, id);
  for (const plan of ["growth", "basic"]) await tenant.put(`/tenant/relays/${id}`, { plan });
  await until(async () => {
    const { open_invoice: now, grace_ends } = await relayOf(tenant, id);
    return grace_ends !== null && now !== open_invoice;
  });
  expect((await whyOf(tenant, id)).since).toBe(end);

  await advanceTo(fixture, end + 8 * DAY);
  const dark = await whyOf(tenant, id);
  expect([dark.status, dark.since]).toEqual(["suspended", end + 7 * DAY]);
  expect(dark.meaning).toContain("was not paid");
  expect(dark.because.slice(-2).map(({ what }) => what)).toEqual([
    "its days of grace ended",
    "our wallet said that nothing was paid",
  ]);
  expect(dark.next).toEqual([
    { at: end + 67 * DAY, what: "until then the open invoice can be paid" },
  ]);
  await tenant.delete(`/tenant/relays/${id}`);
  expect((await whyOf(tenant, id)).because.at(-1)).toMatchObject({
    ...{ what: "its owner deactivated it", by: "owner" },
  });
  await leave(fixture, tenant);
});

test("a wallet that refused is asked again, and why says when", async () => {
  const tenant = fixture.tenant();
  const { id, paid_through } = await paidRelay(fixture, tenant);
  await connectWallet(fixture, tenant);
  await fixture.world.setFaults({ tenant_wallet: "empty" });
  await advanceTo(fixture, (paid_through ?? 0) - HOUR + 60);
  const asked = (await whyOf(tenant, id)).next.find(({ what }) => what.includes("wallet is asked"));
  expect(asked?.what).toBe(
    "your connected wallet is asked again; it did not pay: there was not enough in it (INSUFFICIENT_BALANCE)",
  );
  expect(Math.abs((asked?.at ?? 0) - (paid_through ?? 0))).toBeLessThan(60);
  await fixture.world.setFaults({ tenant_wallet: "ok" });
  await leave(fixture, tenant);
});

test("what the operator did is said to be the operator's, without who or why", async () => {
  const tenant = fixture.tenant();
  const { id } = await activeRelay(tenant);
  expect((await whyOf(tenant, id)).next).toEqual([]);
  const { onRelay } = actsOf(admin);
  await onRelay(id, "suspend");
  expect((await whyOf(tenant, id)).because.at(-1)).toMatchObject({
    ...{ what: "the operator suspended it", by: "operator" },
  });
  await onRelay(id, "unsuspend");
  await relayIs(tenant, id, "active");
  expect(JSON.stringify(await whyOf(tenant, id))).not.toContain(admin.pubkey);
  expect((await fixture.tenant().get(`/tenant/relays/${id}/why`)).status).toBe(404);
  await leave(fixture, tenant);
});
