import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Static } from "elysia";
import { relayActor } from "../../machines/addresses.ts";
import type { historyEntry } from "../../server/routes/shapes.ts";
import { until } from "../sandbox/relay-socket.ts";
import type { Fixture, TenantApi } from "./berth-fixture.ts";
import {
  advanceTo,
  askToPay,
  endBilling,
  leave,
  openInvoiceOf,
  paidRelay,
  startBilling,
} from "./bills.ts";
import { actsOf, reason } from "./operator-acts.ts";
import { activeRelay, freshName, type Listed, orderPaid, type Problem, relayIs } from "./orders.ts";

setDefaultTimeout(30_000);

const DAY = 86_400;

let fixture: Fixture;
let admin: TenantApi;
beforeAll(async () => {
  ({ fixture, admin } = await startBilling());
});
afterAll(() => endBilling(fixture));

type Entry = Static<typeof historyEntry>;

async function historyOf(tenant: TenantApi, id: string, query = ""): Promise<Listed<Entry>> {
  const { status, body } = await tenant.get<Listed<Entry>>(`/tenant/relays/${id}/history${query}`);
  expect(status).toBe(200);
  return body;
}
/** What happened, oldest first. */
const wordsOf = async (tenant: TenantApi, id: string): Promise<string[]> =>
  (await historyOf(tenant, id, "?limit=100")).items.toReversed().map(({ what }) => what);
/** All that is wanted of it is confirmed, so that no more is told by itself. */
const settled = (id: string) =>
  until(() => fixture.rows("SELECT 1 FROM relays WHERE id = ? AND applied = wanted", id).length);

const DATE = /20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ/g;

test("a relay's life is told in words, newest first, with who did it and what it was after that", async () => {
  const tenant = fixture.tenant();
  const { relay, invoice, bolt11 } = await orderPaid(tenant);
  fixture.world.pay(bolt11);
  const active = await relayIs(tenant, relay.id, "active");
  expect(await historyOf(tenant, relay.id)).toEqual({
    total: 4,
    items: [
      {
        ...{
          at: expect.any(Number),
          what: expect.stringMatching(/^it is paid through 20\d\d-/),
        },
        ...{ by: null, status: "active", cause: null, plan: "basic" },
        paid_through: active.paid_through,
      },
      expect.objectContaining({ what: "the relay server confirmed it", status: "active" }),
      expect.objectContaining({
        ...{ what: "it was paid for; what is paid begins when it is active" },
        ...{ by: null, status: "provisioning", paid_through: null },
      }),
      {
        ...{ at: invoice.created_at, what: "it was ordered, on the Basic plan", by: "owner" },
        ...{ status: "pending", cause: null, plan: "basic", paid_through: null },
      },
    ],
  });
  await leave(fixture, tenant);
});

test("an edit says what changed from what to what, and what changed nothing is not told", async () => {
  const tenant = fixture.tenant();
  const { id, subdomain } = await activeRelay(tenant);
  const path = `/tenant/relays/${id}`;
  const [other, third] = [freshName(), freshName()];
  await tenant.put(path, { name: "Quay" });
  await tenant.put(path, { name: "Quay" });
  await tenant.put(path, { description: "For all who moor here" });
  await tenant.put(path, { name: "Pier", subdomain: other, description: "" });
  expect((await tenant.put(path, { subdomain: third })).status).toBe(429);
  await settled(id);
  expect((await wordsOf(tenant, id)).slice(2)).toEqual([
    "its name changed from “Harbour” to “Quay”",
    "its description changed",
    `its name changed from “Quay” to “Pier”; its subdomain changed from ${subdomain} to ${other}; its description changed`,
  ]);
  expect((await historyOf(tenant, id)).items.slice(0, 3).every(({ by }) => by === "owner")).toBe(
    true,
  );
});

test("plans and dates are told from one to the other, through grace, suspension and return", async () => {
  const tenant = fixture.tenant();
  const { id, paid_through } = await paidRelay(fixture, tenant);
  const end = paid_through ?? 0;
  const since = (await wordsOf(tenant, id)).length;
  const fresh = async () =>
    (await wordsOf(tenant, id)).slice(since).map((what) => what.replace(DATE, "<date>"));

  await tenant.put(`/tenant/relays/${id}`, { plan: "growth" });
  fixture.world.pay((await openInvoiceOf(tenant)).invoice);
  await until(async () => (await fresh()).length === 1);
  expect(await fresh()).toEqual(["its plan changed from Basic to Growth"]);

  await advanceTo(fixture, end + 8 * DAY);
  const told = [
    "its plan changed from Basic to Growth",
    "a renewal that can be paid was issued",
    "what was paid ended",
    "its days of grace ended",
    "our wallet said that nothing was paid",
  ];
  expect(await fresh()).toEqual(told);
  const [dark] = (await historyOf(tenant, id, "?limit=1")).items;
  expect(dark).toMatchObject({ status: "suspended", cause: "nonpayment", paid_through: end });

  fixture.world.pay((await askToPay(tenant)).invoice);
  await relayIs(tenant, id, "active");
  expect(await fresh()).toEqual([
    ...told,
    "it was paid for; what is paid begins when it is active",
    "the relay server confirmed it",
    "it is paid through <date> instead of <date>",
  ]);
  await tenant.delete(`/tenant/relays/${id}`);
  await tenant.post(`/tenant/relays/${id}/reactivate`);
  await relayIs(tenant, id, "active");
  expect((await fresh()).slice(-3)).toEqual([
    "its owner deactivated it",
    "its owner brought it back",
    "the relay server confirmed it",
  ]);
  await leave(fixture, tenant);
});

test("what the operator did is told as the operator's, with neither key nor reason", async () => {
  const tenant = fixture.tenant();
  const { id } = await paidRelay(fixture, tenant);
  const since = (await wordsOf(tenant, id)).length;
  const acts = actsOf(admin);
  const extension = { paid_through: Math.floor(fixture.clock.now() / 1000) + 100 * DAY };
  await acts.onRelay(id, "extend", extension);
  await acts.onRelay(id, "suspend");
  await acts.setStatus(tenant, "suspended");
  await acts.setStatus(tenant, "active");
  await acts.onRelay(id, "unsuspend");
  await relayIs(tenant, id, "active");
  await settled(id);
  const { items } = await historyOf(tenant, id);
  const told = items.slice(0, items.length - since).toReversed();
  expect(told.map(({ what, by }) => [what.replace(DATE, "<date>"), by])).toEqual([
    ["it is paid through <date> instead of <date>", "operator"],
    ["the operator suspended it", "operator"],
    ["the account was suspended", "operator"],
    ["the account's suspension was lifted", "operator"],
    ["the operator lifted its suspension", "operator"],
    ["the relay server confirmed it", null],
  ]);
  const all = JSON.stringify(items);
  expect(all).not.toContain(reason);
  expect(all).not.toContain(admin.pubkey);
  expect(fixture.rows("SELECT 1 FROM journal WHERE reason = ?", reason).length).toBeGreaterThan(3);
  await leave(fixture, tenant);
});

test("what passed a relay by is not told: an upgrade that ran out, a suspension while it was off", async () => {
  const tenant = fixture.tenant();
  const { id } = await paidRelay(fixture, tenant);
  const before = await wordsOf(tenant, id);
  await tenant.put(`/tenant/relays/${id}`, { plan: "growth" });
  await fixture.advance(2 * DAY * 1000);
  expect(fixture.rows("SELECT 1 FROM invoices WHERE status = 'expired'").length).toBeGreaterThan(0);
  await tenant.delete(`/tenant/relays/${id}`);
  await actsOf(admin).setStatus(tenant, "suspended");
  await actsOf(admin).setStatus(tenant, "active");
  await settled(id);
  expect(await wordsOf(tenant, id)).toEqual([...before, "its owner deactivated it"]);
  await leave(fixture, tenant);
});

test("what the relay server lost and holds again is told once", async () => {
  const tenant = fixture.tenant();
  const { id } = await activeRelay(tenant);
  await settled(id);
  const before = await wordsOf(tenant, id);
  await fixture.world.setFaults({ zooid: "wiped" });
  await fixture.berth.host.deliver(tenant.pubkey, (run) =>
    run.deliver(relayActor(id), { type: "DRIFTED" }, fixture.clock.now(), "result", {
      ...{ cause: "patrol", by: null, reason: null },
    }),
  );
  await until(async () => (await wordsOf(tenant, id)).length > before.length);
  expect(await wordsOf(tenant, id)).toEqual([
    ...before,
    "the relay server did not hold it as it should, and was put right",
  ]);
});

test("pages are cut on the server, and add up to all of it", async () => {
  const tenant = fixture.tenant();
  const { id } = await activeRelay(tenant);
  for (let edit = 0; edit < 7; edit++)
    await tenant.put(`/tenant/relays/${id}`, { name: `Harbour ${edit}` });
  await settled(id);
  const all = await historyOf(tenant, id);
  expect(all.total).toBe(9);
  const pages = await Promise.all(
    [0, 4, 8, 12].map((offset) => historyOf(tenant, id, `?limit=4&offset=${offset}`)),
  );
  expect(pages.map(({ items }) => items.length)).toEqual([4, 4, 1, 0]);
  expect(pages.flatMap(({ items }) => items)).toEqual(all.items);
  expect(pages.every(({ total }) => total === 9)).toBe(true);
  for (const query of ["?limit=0", "?limit=101", "?offset=-1", "?limit=x", "?page=2", "?limit=1e1"])
    expect([
      query,
      (await tenant.get<Problem>(`/tenant/relays/${id}/history${query}`)).status,
    ]).toEqual([query, 422]);
});

test("another tenant's relay has no history, as one that never was", async () => {
  const [tenant, other] = [fixture.tenant(), fixture.tenant()];
  const { id } = await activeRelay(tenant);
  for (const asked of [id, "r000000000000000000000000", "a".repeat(64)]) {
    const { status, body } = await other.get<Problem>(`/tenant/relays/${asked}/history`);
    expect([asked, status]).toEqual([asked, 404]);
    expect(JSON.stringify(body)).not.toContain("ordered");
  }
  expect((await fixture.anonymous.get(`/tenant/relays/${id}/history`)).status).toBe(401);
});
