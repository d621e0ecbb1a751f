import { Database } from "bun:sqlite";
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { doneEvent, errorEvent, type HostEvent } from "../../server/host/xstate.ts";
import type { Invoice } from "../../server/routes/shapes.ts";
import { type Nip47Method, nwcUrl } from "../../server/sandbox/nip47.ts";
import { Nip47Wallet } from "../../server/sandbox/wallet.ts";
import { PUBLIC_PATH } from "../../server/sandbox/world-parts.ts";
import { until } from "../sandbox/relay-socket.ts";
import { newKey } from "../sandbox/zooid-client.ts";
import { type Fixture, startFixture, type TenantApi } from "./berth-fixture.ts";
import {
  advanceTo,
  endBilling,
  expectReconciled,
  invoicesOf,
  leave,
  paidRelay,
  tenantOf,
} from "./bills.ts";
import { actsOf, codeOf, reason } from "./operator-acts.ts";
import {
  activeRelay,
  DAY_MS,
  HOUR_MS,
  invoiceIs,
  invoiceOf,
  type Listed,
  order,
  orderPaid,
  type Problem,
  relayIs,
  relayOf,
} from "./orders.ts";

setDefaultTimeout(30_000);

const DAY = 86_400;
type Item = {
  id: string;
  kind: string;
  tenant: string;
  actor: string;
  problem: string | null;
  amount: number | null;
  bolt11: string | null;
  to_do: string;
  acts: string[];
};

let fixture: Fixture;
let admin: TenantApi;
let receivingUrl: string | null = null;
let acts: ReturnType<typeof actsOf>;
beforeAll(async () => {
  const key = newKey();
  fixture = await startFixture({
    env: () => ({
      HOSTING_ADMIN_PUBKEYS: key.pubkey,
      ...(receivingUrl ? { NWC_URL: receivingUrl } : {}),
    }),
  });
  admin = fixture.tenant(key);
  acts = actsOf(admin);
});
afterAll(() => endBilling(fixture));

const queue = async (query = ""): Promise<Listed<Item>> =>
  (await admin.get<Listed<Item>>(`/admin/queue${query}`)).body;
const kinds = async () => (await queue()).items.map(({ kind, actor }) => `${kind} ${actor}`);
const retry = (id: string) => admin.post<Problem>("/admin/queue/retry", { id, reason });
/** The work that an actor waits for ends like this. */
const ends = async (actor: string, event: HostEvent) =>
  fixture.berth.host.deliver((await fixture.berth.host.store.scopeOf(actor)) ?? "", (run) => {
    const origin = { cause: "test", by: null, reason: null };
    run.deliver(actor, event, fixture.clock.now(), "result", origin);
  });

/** Another wallet of ours, on a node of its own. */
async function anotherWallet(): Promise<string> {
  const { network, relay, clock } = fixture.world;
  const [service, client] = [newKey(), newKey()];
  const methods: Nip47Method[] = ["make_invoice", "lookup_invoice", "list_transactions"];
  const wallet = new Nip47Wallet({
    alias: "The next",
    secretKey: service.secret,
    node: network.openNode("next", 0),
    ...{ network, relay, clock, db: new Database(":memory:"), path: PUBLIC_PATH },
    connections: [{ pubkey: client.pubkey, methods, budget: null, notifications: true }],
  });
  await wallet.connect();
  return nwcUrl(service.pubkey, relay.url(PUBLIC_PATH), client.secretHex);
}

test("it is the operator's alone, and empty where nothing waits", async () => {
  const stranger = fixture.tenant();
  expect((await fixture.anonymous.get("/admin/queue")).status).toBe(401);
  expect(codeOf(await stranger.get<Problem>("/admin/queue?limit=0"))).toEqual([403, "not_admin"]);
  const body = { id: "x", reason };
  expect(codeOf(await stranger.post<Problem>("/admin/queue/retry", body))).toEqual([
    ...[403, "not_admin"],
  ]);
  expect(await queue()).toEqual({ items: [], total: 0 });
  expect(codeOf(await retry("x"))).toEqual([404, "not_held"]);
  expect(codeOf(await admin.post<Problem>("/admin/queue/retry", { id: "x" }))[0]).toBe(422);
  expect((await admin.get("/admin/queue?kind=nothing")).status).toBe(422);
});

test("what our wallet or zooid refused stands in it until it is retried", async () => {
  const tenant = fixture.tenant();
  const free = await activeRelay(tenant);
  await fixture.world.setFaults({ wallet: "down", zooid: "down" });
  const { relay, invoice } = await order(tenant, { plan: "basic" });
  await ends(`invoice/${invoice?.id}`, errorEvent("mint", "bolt11_mismatch"));
  await tenant.put(`/tenant/relays/${free.id}`, { name: "Other" });
  await ends(`relay/${free.id}`, doneEvent("apply", { refused: "schema_taken" }));
  expect((await kinds()).filter((kind) => !kind.startsWith("outside")).sort()).toEqual([
    `blocked_invoice invoice/${invoice?.id}`,
    `refused_relay relay/${free.id}`,
  ]);
  const [refused] = (await queue("?kind=refused_relay")).items;
  expect(refused).toMatchObject({ tenant: tenant.pubkey, problem: "schema_taken" });
  expect(refused?.acts).toEqual([`POST /admin/relays/${free.id}/retry`]);

  await fixture.world.setFaults({ wallet: "ok", zooid: "ok" });
  for (const act of (await queue()).items.flatMap((item) => item.acts[0] ?? []))
    expect((await admin.post(act.replace("POST ", ""), { reason })).status).toBe(200);
  fixture.world.pay(await until(async () => (await invoiceOf(tenant, invoice?.id ?? "")).invoice));
  await relayIs(tenant, relay.id, "active");
  await until(async () => (await relayOf(tenant, free.id)).problem === null);
  expect(await queue()).toEqual({ items: [], total: 0 });
  await leave(fixture, tenant);
});

test("people who wait because something failed stand in it, and are let in once it is retried", async () => {
  const tenant = fixture.tenant();
  const { id } = await activeRelay(tenant);
  await fixture.world.setFaults({ zooid: "down" });
  const pubkey = newKey().pubkey;
  await tenant.post(`/tenant/relays/${id}/members`, { pubkey });
  await ends(`community/${id}`, errorEvent("run", "defect"));
  const stuck = async () => (await queue("?kind=stuck_community")).items;
  expect(await stuck()).toMatchObject([{ tenant: tenant.pubkey, actor: `community/${id}` }]);
  await fixture.world.setFaults({ zooid: "ok" });
  expect((await acts.onRelay(id, "retry")).status).toBe(200);
  expect(await stuck()).toEqual([]);
  const path = `/tenant/relays/${id}/members`;
  await until(async () => {
    const { body } = await tenant.get<Listed<{ state: string }>>(path);
    return body.items.every(({ state }) => state === "member");
  });
  await leave(fixture, tenant);
});

test("a relay that is not set up within a minute stands in it until it is", async () => {
  const tenant = fixture.tenant();
  await fixture.world.setFaults({ zooid: "down" });
  const { relay } = await order(tenant);
  const late = async () => (await queue("?kind=late_relay")).items.map(({ actor }) => actor);
  expect(await late()).toEqual([]);
  await fixture.advance(61_000);
  expect(await late()).toEqual([`relay/${relay.id}`]);
  await fixture.world.setFaults({ zooid: "ok" });
  await relayIs(tenant, relay.id, "active");
  expect(await late()).toEqual([]);
  await leave(fixture, tenant);
});

test("a deadline that failed is held in it, and happens when it is retried", async () => {
  const tenant = fixture.tenant();
  const { invoice, relay } = await orderPaid(tenant);
  const actor = `invoice/${invoice.id}`;
  const { host } = fixture.berth;
  const armed = await host.store.alarmsOf(actor);
  const alarm = armed.find(({ name }) => name.includes("closesAt"));
  await host.deliver(tenant.pubkey, (run) => run.hold(alarm!, new Error("no disk")));
  await fixture.advance(DAY_MS + HOUR_MS);
  expect(await relayOf(tenant, relay.id)).toMatchObject({ status: "pending" });
  const { items, total } = await queue(`?q=${tenant.pubkey.slice(0, 20)}`);
  expect(total).toBe(1);
  expect(items).toMatchObject([{ kind: "held_alarm", actor, problem: "no disk" }]);
  expect((await retry(items[0]?.id ?? "")).status).toBe(200);
  await invoiceIs(tenant, invoice.id, "expired");
  expect(codeOf(await retry(items[0]?.id ?? ""))).toEqual([404, "not_held"]);
});

test("a refund under way stands in it until it is confirmed or taken back", async () => {
  const tenant = fixture.tenant();
  const { relay, invoice, bolt11 } = await orderPaid(tenant);
  await tenant.delete(`/tenant/relays/${relay.id}`);
  await invoiceIs(tenant, invoice.id, "expired");
  fixture.world.pay(bolt11);
  await until(async () => (await tenantOf(tenant)).credit === 10_000);
  const { network, tenantWallet } = fixture.world;
  const wanted = network.makeInvoice(tenantWallet.node, { amountMsats: 10_000_000 }).bolt11;
  await acts.onTenant(tenant, "refund", { sats: 10_000, bolt11: wanted });
  expect((await queue("?kind=refund")).items).toMatchObject([
    { tenant: tenant.pubkey, amount: 10_000, bolt11: wanted },
  ]);
  await acts.onTenant(tenant, "refund/cancel");
  expect((await queue()).total).toBe(0);
});

test("unpaid bolt11s of a former wallet wait in it, and nothing lapses or suspends until it is said", async () => {
  const [renewing, buying, gone] = [fixture.tenant(), fixture.tenant(), fixture.tenant()];
  const running = await paidRelay(fixture, renewing);
  await advanceTo(fixture, (running.paid_through ?? 0) + 60);
  const [renewal] = await invoicesOf(renewing, "renewal");
  const bought = await orderPaid(buying);
  const lapsed = await orderPaid(gone);
  await gone.delete(`/tenant/relays/${lapsed.relay.id}`);
  await invoiceIs(gone, lapsed.invoice.id, "expired");
  receivingUrl = await anotherWallet();
  await fixture.restart();

  const waiting = await queue("?kind=former_wallet");
  expect(waiting.total).toBe(2);
  const all = [renewal?.id, bought.invoice.id].map((id) => `invoice/${id}`);
  expect(waiting.items.map(({ actor }) => actor)).toEqual(all);
  expect(waiting.items[1]).toMatchObject({
    ...{ tenant: buying.pubkey, amount: 10_000, bolt11: bought.bolt11 },
    acts: ["mark-paid", "void"].map((act) => `POST /admin/invoices/${bought.invoice.id}/${act}`),
  });
  expect((await queue("?limit=1&offset=1")).items.map(({ actor }) => actor)).toEqual([
    ...all.slice(1),
  ]);
  await fixture.berth.host.drained();
  await fixture.advance(10 * DAY * 1000);
  expect(await relayOf(buying, bought.relay.id)).toMatchObject({ status: "pending" });
  expect(await relayOf(renewing, running.id)).toMatchObject({ status: "grace" });

  // In the former wallet one turns out to be paid, and the other not.
  await acts.onInvoice(renewal?.id ?? "", "mark-paid");
  expect(await relayIs(renewing, running.id, "active")).toMatchObject({ grace_ends: null });
  await acts.onInvoice(bought.invoice.id, "void");
  const fresh = await until(async () => {
    const open = (await invoicesOf(buying)).find(({ status }) => status === "pending");
    return open?.invoice ? (open as Invoice & { invoice: string }) : null;
  });
  expect((await queue()).items).toEqual([]);
  fixture.world.pay(fresh.invoice);
  await relayIs(buying, bought.relay.id, "active");
  for (const tenant of [renewing, buying]) await expectReconciled(fixture, tenant);
});

test("a relay of which zooid died three times is named in it, and is not written again", async () => {
  const { zooid } = fixture.world;
  const [tenant, other] = [fixture.tenant(), fixture.tenant()];
  zooid.setDeadlyName("Deadly");
  const { relay } = await order(tenant, { name: "Deadly" });
  const waiting = await order(other);
  for (let deaths = 0; deaths < 3; deaths++) {
    await until(() => zooid.crashed !== null);
    await until(() => fixture.berth.outbox.closedLanes().includes("zooid"));
    zooid.takeOut(relay.id);
  }
  await relayIs(other, waiting.relay.id, "active");
  const { items } = await until(async () => {
    const all = await queue("?kind=deadly_work");
    return all.total > 0 ? all : null;
  });
  expect(items).toMatchObject([
    { actor: `relay/${relay.id}`, tenant: tenant.pubkey, problem: "zooid_died" },
  ]);
  expect(items[0]?.to_do).toContain("CONFIG");
  const isWritten = () => zooid.requests.filter(({ id }) => id === relay.id).length;
  const before = isWritten();
  await tenant.put(`/tenant/relays/${relay.id}`, { description: "again" });
  await fixture.advance(HOUR_MS);
  expect(isWritten()).toBe(before);
  expect(zooid.crashed).toBeNull();

  zooid.setDeadlyName(null);
  expect((await retry(items[0]?.id ?? "")).status).toBe(200);
  await relayIs(tenant, relay.id, "active");
  expect((await queue()).total).toBe(0);
});
