import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../sandbox/relay-socket.ts";
import { type Fixture, startFixture } from "./berth-fixture.ts";
import { expectConsistency } from "./books.ts";
import {
  activePaidRelay,
  activeRelay,
  creationsOf,
  freshName,
  heldByZooid,
  nip11Of,
  order,
  orderPaid,
  relayIs,
  relayOf,
} from "./orders.ts";

setDefaultTimeout(30_000);

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterEach(async () => {
  await fixture.world.setFaults({ zooid: "ok", relay: "ok", wallet: "ok" });
  expect(fixture.world.zooid.crashed).toBeNull();
  await expectConsistency(fixture);
});
afterAll(() => fixture.stop());

test("zooid down while provisioning shows as a problem of every waiting relay, and heals", async () => {
  const tenant = fixture.tenant();
  await fixture.world.setFaults({ zooid: "down" });
  const waiting = [await order(tenant), await order(tenant), await order(tenant)];
  for (const { relay } of waiting)
    await until(async () => (await relayOf(tenant, relay.id)).problem?.code === "zooid_down");
  expect((await fixture.anonymous.get("/healthz")).body).toEqual({ status: "degraded" });
  await fixture.world.setFaults({ zooid: "ok" });
  for (const { relay } of waiting) {
    expect(await relayIs(tenant, relay.id, "active")).toMatchObject({ problem: null });
    expect(creationsOf(fixture, relay.id)).toBe(1);
  }
  await until(
    async () => (await fixture.anonymous.get<{ status: string }>("/healthz")).body.status === "ok",
  );
});

test("a paid month does not run while zooid is down", async () => {
  const tenant = fixture.tenant();
  const { relay, bolt11 } = await orderPaid(tenant);
  await fixture.world.setFaults({ zooid: "down" });
  fixture.world.pay(bolt11);
  await relayIs(tenant, relay.id, "provisioning");
  await fixture.advance(5 * 86_400_000);
  const downUntil = fixture.clock.now() / 1000;
  await fixture.world.setFaults({ zooid: "ok" });
  const active = await relayIs(tenant, relay.id, "active");
  expect(active.paid_through).toBeGreaterThan(downUntil + 27 * 86_400);
  expect(creationsOf(fixture, relay.id)).toBe(1);
});

test("edits made while zooid is down arrive as one when it is back", async () => {
  const tenant = fixture.tenant();
  const relay = await activeRelay(tenant);
  const path = `/tenant/relays/${relay.id}`;
  await fixture.world.setFaults({ zooid: "down" });
  const subdomain = freshName();
  await tenant.put(path, { name: "First" });
  await tenant.put(path, { subdomain });
  await tenant.put(path, { name: "Last", description: "at last" });
  await until(async () => (await relayOf(tenant, relay.id)).problem !== null);
  await fixture.world.setFaults({ zooid: "ok" });
  const shown = await until(() => nip11Of(fixture, subdomain));
  expect(shown).toMatchObject({ name: "Last", description: "at last" });
  await until(async () => (await relayOf(tenant, relay.id)).problem === null);
  expect(await relayOf(tenant, relay.id)).toMatchObject({ name: "Last", status: "active" });
});

test("deactivated and brought back while zooid is down, a relay ends up as it is wanted", async () => {
  const tenant = fixture.tenant();
  const [kept, gone] = [await activeRelay(tenant), await activeRelay(tenant)];
  await fixture.world.setFaults({ zooid: "down" });
  await tenant.delete(`/tenant/relays/${kept.id}`);
  await tenant.delete(`/tenant/relays/${gone.id}`);
  await tenant.post(`/tenant/relays/${kept.id}/reactivate`);
  await fixture.world.setFaults({ zooid: "ok" });
  await relayIs(tenant, kept.id, "active");
  await until(() => nip11Of(fixture, kept.subdomain));
  await until(() => heldByZooid(fixture, gone.id) === undefined);
  expect(await relayOf(tenant, gone.id)).toMatchObject({ status: "deactivated" });
});

test("a zooid that lost all its configs is given them again", async () => {
  const tenant = fixture.tenant();
  const free = await activeRelay(tenant);
  const { relay: paid } = await activePaidRelay(fixture, tenant);
  const off = await activeRelay(tenant);
  await tenant.delete(`/tenant/relays/${off.id}`);
  await until(() => heldByZooid(fixture, off.id) === undefined);
  const { invoice: before } = fixture.rows<{ invoice: number }>(
    "SELECT count(*) AS invoice FROM bolt11s",
  )[0] ?? { invoice: -1 };
  await fixture.world.setFaults({ zooid: "wiped" });
  expect(fixture.world.zooid.relays()).toEqual([]);
  await fixture.berth.patrol.tick(new AbortController().signal);
  for (const relay of [free, paid]) {
    expect(await until(() => nip11Of(fixture, relay.subdomain))).toMatchObject({
      pubkey: tenant.pubkey,
    });
    await until(async () => (await relayOf(tenant, relay.id)).problem === null);
    expect(await relayOf(tenant, relay.id)).toMatchObject({ status: "active" });
    expect((await relayOf(tenant, relay.id)).paid_through).toBe(relay.paid_through);
  }
  expect(heldByZooid(fixture, off.id)).toBeUndefined();
  expect(fixture.rows("SELECT count(*) AS invoice FROM bolt11s")).toEqual([{ invoice: before }]);
});

test("with the public relay down, orders, payments and relays go on", async () => {
  const tenant = fixture.tenant();
  await fixture.world.setFaults({ relay: "down" });
  await activePaidRelay(fixture, tenant);
  await fixture.restart();
  await activePaidRelay(fixture, tenant);
});

test("wallet and zooid failing by turns, nothing is paid or provisioned twice", async () => {
  const tenants = Array.from({ length: 6 }, () => fixture.tenant());
  const issuedBefore = fixture.world.network.counts().paid;
  const orders = [];
  for (const [index, tenant] of tenants.entries()) {
    await fixture.world.setFaults({
      wallet: index % 3 === 1 ? "silent" : "ok",
      zooid: index % 2 === 1 ? "down" : "ok",
    });
    orders.push({ tenant, ...(await order(tenant, { plan: "basic" })) });
  }
  await fixture.world.setFaults({ wallet: "ok", zooid: "ok" });
  for (const { tenant, invoice, relay } of orders) {
    const path = `/tenant/invoices/${invoice?.id}`;
    const bolt11 = await until(
      async () => (await tenant.get<{ invoice: string | null }>(path)).body.invoice,
    );
    fixture.world.pay(bolt11);
    await fixture.world.setFaults({ zooid: "down" });
    await relayIs(tenant, relay.id, "provisioning");
    await fixture.world.setFaults({ zooid: "ok" });
  }
  await fixture.restart();
  for (const { tenant, relay, invoice } of orders) {
    await relayIs(tenant, relay.id, "active");
    expect(creationsOf(fixture, relay.id)).toBe(1);
    const issued = fixture.rows("SELECT * FROM bolt11s WHERE invoice = ?", invoice?.id ?? "");
    expect(issued).toHaveLength(1);
    expect((await tenant.get("/tenant")).body).toMatchObject({ credit: 0 });
  }
  expect(fixture.world.network.counts().paid - issuedBefore).toBe(orders.length);
});
