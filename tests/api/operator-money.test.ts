import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { addMonths } from "../../machines/billing/calendar.ts";
import { until } from "../sandbox/relay-socket.ts";
import type { Fixture, TenantApi } from "./berth-fixture.ts";
import {
  advanceTo,
  attemptsOf,
  connectWallet,
  endBilling,
  expectReconciled,
  invoicesOf,
  leave,
  openInvoiceOf,
  paidRelay,
  reactivate,
  startBilling,
  tenantOf,
} from "./bills.ts";
import { openStream } from "./event-stream.ts";
import { actsOf, codeOf, reason } from "./operator-acts.ts";
import { activeRelay, invoiceIs, orderPaid, type Problem, relayIs, relayOf } from "./orders.ts";

setDefaultTimeout(30_000);

const HOUR = 3_600;
const DAY = 86_400;

let fixture: Fixture;
let admin: TenantApi;
let onInvoice: ReturnType<typeof actsOf>["onInvoice"];
let onRelay: ReturnType<typeof actsOf>["onRelay"];
let onTenant: ReturnType<typeof actsOf>["onTenant"];
beforeAll(async () => {
  ({ fixture, admin } = await startBilling());
  ({ onInvoice, onRelay, onTenant } = actsOf(admin));
});
afterAll(() => endBilling(fixture));

const journalOf = (actor: string) =>
  fixture.rows<{ event: string; by: string; reason: string }>(
    "SELECT event, by, reason FROM journal WHERE actor = ? AND event LIKE '%\"admin.%' ORDER BY rev",
    actor,
  );
test("every act is the operator's alone, and needs a reason", async () => {
  const tenant = fixture.tenant();
  const { relay, invoice } = await orderPaid(tenant);
  const bolt11 = fixture.world.network.makeInvoice(fixture.world.tenantWallet.node, {
    amountMsats: 1_000,
  }).bolt11;
  const acts: [method: "post" | "put" | "get", path: string, body: object][] = [
    ["put", `/tenants/${tenant.pubkey}`, { status: "suspended" }],
    ["post", `/tenants/${tenant.pubkey}/credit`, { sats: 1 }],
    ["post", `/tenants/${tenant.pubkey}/refund`, { sats: 1, bolt11 }],
    ["post", `/tenants/${tenant.pubkey}/refund/confirm`, { preimage: "00".repeat(32) }],
    ["post", `/tenants/${tenant.pubkey}/refund/cancel`, {}],
    ...["mark-paid", "void", "retry"].map(
      (act) => ["post", `/invoices/${invoice.id}/${act}`, {}] as ["post", string, object],
    ),
    ...["comp", "suspend", "unsuspend", "deactivate", "retry"].map(
      (act) => ["post", `/relays/${relay.id}/${act}`, {}] as ["post", string, object],
    ),
    ["post", `/relays/${relay.id}/extend`, { paid_through: 4_000_000_000 }],
    ["get", `/tenants/${tenant.pubkey}/statement`, {}],
    ["get", `/tenants/${tenant.pubkey}/forecast`, {}],
    ["get", `/relays/${relay.id}/why`, {}],
  ];
  const rows = () => fixture.rows("SELECT count(*) AS count FROM journal");
  const before = rows();
  for (const [method, path, body] of acts) {
    const [target, whole] = [`/admin${path}`, { ...body, reason }];
    const call = (api: typeof fixture.anonymous, sent: object) =>
      method === "get" ? api.get<Problem>(target) : api[method]<Problem>(target, sent);
    expect([path, (await call(fixture.anonymous, whole)).status]).toEqual([path, 401]);
    expect([path, codeOf(await call(tenant, whole))]).toEqual([path, [403, "not_admin"]]);
    // A stranger learns nothing by a mistake, either.
    expect([path, codeOf(await call(tenant, {}))]).toEqual([path, [403, "not_admin"]]);
    if (method === "get") continue;
    for (const wrong of [body, { ...body, reason: "no" }, { ...body, reason: "x".repeat(501) }]) {
      const refused = await call(admin, wrong);
      expect([path, ...codeOf(refused)]).toEqual([path, 422, "invalid"]);
      expect(refused.body.errors).toMatchObject([{ field: "reason" }]);
    }
  }
  expect(rows()).toEqual(before);
  for (const path of [`/tenants/${"0".repeat(64)}/credit`, "/invoices/i0/void", "/relays/r0/comp"])
    expect((await admin.post(`/admin${path}`, { sats: 1, reason })).status).toBeOneOf([404, 422]);
  await leave(fixture, tenant);
});

test("an act is journalled with the operator's key and reason; the tenant's feed says only: the operator", async () => {
  const tenant = fixture.tenant();
  const { id } = await paidRelay(fixture, tenant);
  const stream = await openStream(tenant);
  await stream.ready();
  expect(await onTenant(tenant, "credit", { sats: 700 })).toMatchObject({ body: { credit: 700 } });
  await onRelay(id, "comp");
  const till = journalOf(`tenant/${tenant.pubkey}`);
  expect(till.map(({ by, reason }) => [by, reason])).toEqual(Array(2).fill([admin.pubkey, reason]));
  expect(till.map(({ event }) => JSON.parse(event).type)).toEqual(["admin.credit", "admin.extend"]);
  await until(() => JSON.stringify(stream.messages).includes("operator"));
  const seen = JSON.stringify(stream.messages);
  await stream.close();
  const told = JSON.stringify([
    seen,
    ...(await Promise.all(
      ["", "/relays", "/notices", "/statement", `/relays/${id}/why`].map(
        async (path) => (await tenant.get(`/tenant${path}`)).body,
      ),
    )),
  ]);
  expect(told.includes(admin.pubkey)).toBe(false);
  expect(told.includes(reason)).toBe(false);
  await expectReconciled(fixture, tenant);
  await leave(fixture, tenant);
});

test("an invoice counted as paid gives what it is for, from the operator's account", async () => {
  const tenant = fixture.tenant();
  const { relay, invoice, bolt11 } = await orderPaid(tenant);
  expect(await onInvoice(invoice.id, "mark-paid")).toMatchObject({ body: { status: "paid" } });
  await relayIs(tenant, relay.id, "active");
  expect(await expectReconciled(fixture, tenant)).toMatchObject({
    ...{ received: 0, granted: 10_000, applied: 10_000 },
  });
  expect(codeOf(await onInvoice(invoice.id, "mark-paid"))).toEqual([409, "not_allowed_now"]);
  // Its bolt11 can still be paid by mistake; nothing is lost.
  fixture.world.pay(bolt11);
  await until(async () => (await tenantOf(tenant)).credit === 10_000);
  await expectReconciled(fixture, tenant);
  await leave(fixture, tenant);
});

test("void withdraws the bill and not the debt: a running relay gets a fresh one, unless it is comped", async () => {
  const tenant = fixture.tenant();
  const { id, paid_through } = await paidRelay(fixture, tenant);
  await advanceTo(fixture, (paid_through ?? 0) + DAY);
  const first = await openInvoiceOf(tenant);
  expect(await onInvoice(first.id, "void")).toMatchObject({ body: { status: "void" } });
  const second = await until(async () => {
    const open = await openInvoiceOf(tenant);
    return open.id === first.id ? null : open;
  });
  expect(second).toMatchObject({ purpose: "renewal", amount: 10_000 });
  fixture.world.pay(first.invoice);
  // Money for a void invoice is credit, which pays the fresh one.
  await invoiceIs(tenant, second.id, "paid");
  await relayIs(tenant, id, "active");
  expect(await expectReconciled(fixture, tenant)).toMatchObject({ credit: 0 });

  await advanceTo(fixture, ((await relayOf(tenant, id)).paid_through ?? 0) + DAY);
  const third = await openInvoiceOf(tenant);
  const comped = await onRelay(id, "comp");
  expect(comped).toMatchObject({ status: 200, body: { status: "active" } });
  expect(await invoiceIs(tenant, third.id, "expired")).toMatchObject({ paid_at: null });
  const anchor = ((await tenantOf(tenant)).anchor ?? 0) * 1000;
  let months = 0;
  while (addMonths(anchor, months) <= fixture.clock.now()) months++;
  expect((await relayOf(tenant, id)).paid_through).toBe(addMonths(anchor, months) / 1000);
  expect((await invoicesOf(tenant)).filter(({ status }) => status === "pending")).toEqual([]);
  await expectReconciled(fixture, tenant);
  await leave(fixture, tenant);
});

test("a voided purchase is billed again, and the reservation stays; deactivated, it is not", async () => {
  const tenant = fixture.tenant();
  const { relay, invoice } = await orderPaid(tenant);
  await onInvoice(invoice.id, "void");
  const fresh = await openInvoiceOf(tenant);
  expect(fresh).toMatchObject({ purpose: "purchase", amount: 10_000 });
  expect(await relayOf(tenant, relay.id)).toMatchObject({
    ...{ status: "pending", open_invoice: fresh.id },
  });
  expect(codeOf(await onInvoice(invoice.id, "void"))).toEqual([409, "not_allowed_now"]);
  fixture.world.pay(fresh.invoice);
  await relayIs(tenant, relay.id, "active");

  const gone = await orderPaid(tenant);
  await onRelay(gone.relay.id, "deactivate");
  await invoiceIs(tenant, gone.invoice.id, "expired");
  expect(await invoicesOf(tenant)).toHaveLength(3);
  await expectReconciled(fixture, tenant);
  await leave(fixture, tenant);
});

test("an extension moves the date on, only ever on, and is not billed", async () => {
  const tenant = fixture.tenant();
  const { id, paid_through } = await paidRelay(fixture, tenant);
  const end = paid_through ?? 0;
  const to = end + 10 * DAY;
  expect(await onRelay(id, "extend", { paid_through: to })).toMatchObject({
    body: { paid_through: to },
  });
  for (const before of [to, end])
    expect(codeOf(await onRelay(id, "extend", { paid_through: before }))).toEqual([
      ...[409, "not_allowed_now"],
    ]);
  // The past, and milliseconds instead of seconds.
  for (const slip of [0, to * 1000])
    expect(codeOf(await onRelay(id, "extend", { paid_through: slip }))).toEqual([422, "invalid"]);
  await advanceTo(fixture, end + DAY);
  expect(await relayOf(tenant, id)).toMatchObject({ status: "active" });
  const [renewal] = await invoicesOf(tenant, "renewal");
  if (renewal) expect(renewal.items[0]?.period_start).toBe(to);
  const { id: free } = await activeRelay(tenant);
  expect(codeOf(await onRelay(free, "extend", { paid_through: to + DAY }))).toEqual([
    ...[409, "not_allowed_now"],
  ]);
  expect(codeOf(await onRelay(free, "comp"))).toEqual([409, "not_allowed_now"]);
  // One that is dark is back at once.
  await advanceTo(fixture, to + 8 * DAY);
  expect(await relayOf(tenant, id)).toMatchObject({ status: "suspended" });
  await onRelay(id, "extend", { paid_through: to + 20 * DAY });
  expect(await relayIs(tenant, id, "active")).toMatchObject({ paid_through: to + 20 * DAY });
  await expectReconciled(fixture, tenant);
  await leave(fixture, tenant);
});

test("retry asks the tenant's wallet again now", async () => {
  const tenant = fixture.tenant();
  const { id, paid_through } = await paidRelay(fixture, tenant);
  await connectWallet(fixture, tenant);
  await fixture.world.setFaults({ tenant_wallet: "empty" });
  await advanceTo(fixture, (paid_through ?? 0) - HOUR + 60);
  const renewal = await openInvoiceOf(tenant);
  expect(attemptsOf(fixture, renewal.id)).toEqual(["rejected INSUFFICIENT_BALANCE"]);
  await fixture.world.setFaults({ tenant_wallet: "ok" });
  expect((await onInvoice(renewal.id, "retry")).status).toBe(200);
  await invoiceIs(tenant, renewal.id, "paid");
  expect(attemptsOf(fixture, renewal.id)).toEqual(["rejected INSUFFICIENT_BALANCE", "settled"]);
  expect(await relayOf(tenant, id)).toMatchObject({ status: "active" });
  expect(codeOf(await onInvoice(renewal.id, "retry"))).toEqual([409, "not_allowed_now"]);
  await leave(fixture, tenant);
});

test("an act that is repeated under its Idempotency-Key happens once", async () => {
  const tenant = fixture.tenant();
  await tenant.get("/tenant");
  const path = `/admin/tenants/${tenant.pubkey}/credit`;
  const grant = () =>
    admin.post<{ credit: number }>(
      path,
      { sats: 500, reason: "sorry" },
      { "idempotency-key": "a-1" },
    );
  expect((await grant()).body.credit).toBe(500);
  expect((await grant()).body.credit).toBe(500);
  // Under the same key nothing else is done, and not silently left undone.
  const other = fixture.tenant();
  await other.get("/tenant");
  for (const [to, sats] of [
    [tenant, 700],
    [other, 500],
  ] as const) {
    const answer = await admin.post<Problem>(
      `/admin/tenants/${to.pubkey}/credit`,
      { sats, reason: "sorry" },
      { "idempotency-key": "a-1" },
    );
    expect(codeOf(answer)).toEqual([422, "idempotency_key_reused"]);
  }
  expect((await tenantOf(tenant)).credit).toBe(500);
  expect((await tenantOf(other)).credit).toBe(0);
  const hostile = await admin.post(path, { sats: 5, reason: "    " });
  expect(hostile.status).toBe(422);
});

test("a relay that the operator switched off and gives back runs again, with its dates", async () => {
  const tenant = fixture.tenant();
  const { id, paid_through } = await paidRelay(fixture, tenant);
  const { id: free } = await activeRelay(tenant);
  for (const relay of [id, free]) {
    await onRelay(relay, "deactivate");
    expect(await relayOf(tenant, relay)).toMatchObject({ status: "deactivated", cause: "admin" });
    expect(codeOf(await tenant.post(`/tenant/relays/${relay}/reactivate`))).toEqual([
      ...[409, "closed_by_operator"],
    ]);
    expect((await onRelay(relay, "unsuspend")).status).toBe(200);
  }
  expect(await relayIs(tenant, id, "active")).toMatchObject({ paid_through, cause: null });
  await relayIs(tenant, free, "active");
  expect(codeOf(await onRelay(id, "unsuspend"))).toEqual([409, "not_allowed_now"]);
  await leave(fixture, tenant);
});

test("one that is given back too late is its owner's to buy again, as one that lapsed", async () => {
  const tenant = fixture.tenant();
  const { id, paid_through } = await paidRelay(fixture, tenant);
  await onRelay(id, "deactivate");
  await advanceTo(fixture, (paid_through ?? 0) + DAY);
  expect(await onRelay(id, "unsuspend")).toMatchObject({
    body: { status: "deactivated", cause: "lapsed" },
  });
  expect(await reactivate(tenant, id)).toMatchObject({
    body: { relay: { status: "pending" }, invoice: { amount: 10_000 } },
  });
  await leave(fixture, tenant);
});

test("one that is given back to a suspended tenant, or whose name is gone, stays off until its owner acts", async () => {
  const tenant = fixture.tenant();
  const { id } = await paidRelay(fixture, tenant);
  await onRelay(id, "deactivate");
  await admin.put(`/admin/tenants/${tenant.pubkey}`, { status: "suspended", reason });
  const off = { status: "deactivated", cause: "owner" };
  expect(await onRelay(id, "unsuspend")).toMatchObject({ body: off });
  await admin.put(`/admin/tenants/${tenant.pubkey}`, { status: "active", reason });
  expect(await relayOf(tenant, id)).toMatchObject(off);
  expect((await reactivate(tenant, id)).status).toBe(200);
  await relayIs(tenant, id, "active");

  const free = await activeRelay(tenant);
  await onRelay(free.id, "deactivate");
  await fixture.advance(31 * DAY * 1000);
  const other = fixture.tenant();
  const { subdomain } = free;
  const taken = await other.post("/tenant/relays", { name: "Mine", subdomain, plan: "free" });
  expect(taken.status).toBe(201);
  expect(await onRelay(free.id, "unsuspend")).toMatchObject({ body: off });
  for (const each of [tenant, other]) await leave(fixture, each);
});
