import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { productionLimits } from "../../server/http/limits.ts";
import { RelaySocket, until } from "../sandbox/relay-socket.ts";
import { type Fixture, startFixture } from "./berth-fixture.ts";
import { expectConsistency } from "./books.ts";
import {
  activeRelay,
  DAY_MS,
  HOUR_MS,
  invoiceIs,
  invoiceOf,
  order,
  orderPaid,
  type Problem,
  relayIs,
  relayOf,
} from "./orders.ts";

setDefaultTimeout(30_000);

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterEach(async () => {
  fixture.world.receivingWallet.notificationCopies = 1;
  await fixture.world.setFaults({ wallet: "ok" });
  await expectConsistency(fixture);
});
afterAll(() => fixture.stop());

const bolt11sOf = (invoice: string) =>
  fixture.rows("SELECT * FROM bolt11s WHERE invoice = ?", invoice);

test("of a bolt11 younger than an hour NOT_FOUND is no answer: nothing ends by it", async () => {
  const tenant = fixture.tenant();
  const { relay, invoice } = await orderPaid(tenant);
  fixture.world.receivingWallet.refuseWith = "NOT_FOUND";
  try {
    await tenant.delete(`/tenant/relays/${relay.id}`);
    await fixture.advance(HOUR_MS - 60_000);
    expect(await invoiceOf(tenant, invoice.id)).toMatchObject({ status: "pending" });
    const check = await tenant.post<Problem>(`/tenant/invoices/${invoice.id}/check`);
    expect([check.status, check.body.code]).toEqual([503, "wallet_unavailable"]);
    await fixture.advance(120_000);
    await invoiceIs(tenant, invoice.id, "expired");
  } finally {
    fixture.world.receivingWallet.refuseWith = null;
  }
});

for (const fault of ["down", "silent"] as const) {
  test(`a wallet that is ${fault} when an order comes issues the bolt11 when it is back`, async () => {
    const tenant = fixture.tenant();
    await fixture.world.setFaults({ wallet: fault });
    const { relay, invoice } = await order(tenant, { plan: "basic" });
    expect(invoice).toMatchObject({ status: "pending", invoice: null, payment_hash: null });
    expect(relay.status).toBe("pending");
    // What needs no wallet goes on.
    await activeRelay(tenant);
    await fixture.world.setFaults({ wallet: "ok" });
    const id = invoice?.id ?? "";
    const bolt11 = await until(async () => (await invoiceOf(tenant, id)).invoice);
    expect(bolt11sOf(id)).toHaveLength(1);
    fixture.world.pay(bolt11);
    await relayIs(tenant, relay.id, "active");
    expect((await tenant.get("/tenant")).body).toMatchObject({ credit: 0 });
  });

  test(`a reservation does not lapse while the wallet is ${fault}, and does after`, async () => {
    const [unpaid, paid] = [fixture.tenant(), fixture.tenant()];
    const lapsing = await orderPaid(unpaid);
    const settled = await orderPaid(paid);
    await fixture.advance(DAY_MS - HOUR_MS);
    fixture.world.receivingWallet.notificationCopies = 0;
    fixture.world.pay(settled.bolt11);
    await fixture.world.setFaults({ wallet: fault });
    await fixture.advance(2 * HOUR_MS);
    for (const [tenant, { relay, invoice }] of [
      [unpaid, lapsing],
      [paid, settled],
    ] as const) {
      expect((await invoiceOf(tenant, invoice.id)).status).toBe("pending");
      expect((await relayOf(tenant, relay.id)).status).toBe("pending");
    }
    await fixture.world.setFaults({ wallet: "ok" });
    await invoiceIs(unpaid, lapsing.invoice.id, "expired");
    await relayIs(unpaid, lapsing.relay.id, "deactivated");
    await invoiceIs(paid, settled.invoice.id, "paid");
    await relayIs(paid, settled.relay.id, "active");
  });

  test(`a check while the wallet is ${fault} says so, and loses nothing`, async () => {
    const tenant = fixture.tenant();
    const { invoice, bolt11 } = await orderPaid(tenant);
    await fixture.world.setFaults({ wallet: fault });
    fixture.world.pay(bolt11);
    const check = await tenant.post<Problem>(`/tenant/invoices/${invoice.id}/check`);
    expect([check.status, check.body.code]).toEqual([503, "wallet_unavailable"]);
    expect(check.headers.get("retry-after")).toBe("10");
    await fixture.world.setFaults({ wallet: "ok" });
    await until(async () => {
      const { status } = await tenant.post(`/tenant/invoices/${invoice.id}/check`);
      return status === 200;
    });
    await invoiceIs(tenant, invoice.id, "paid");
  });
}

test("wallet and Berth both gone, a restart finishes what was begun", async () => {
  const tenant = fixture.tenant();
  await fixture.world.setFaults({ wallet: "down" });
  const { relay, invoice } = await order(tenant, { plan: "basic" });
  await fixture.restart();
  expect((await invoiceOf(tenant, invoice?.id ?? "")).invoice).toBeNull();
  await fixture.world.setFaults({ wallet: "ok" });
  fixture.world.pay(await until(async () => (await invoiceOf(tenant, invoice?.id ?? "")).invoice));
  await relayIs(tenant, relay.id, "active");
});

test("while the wallet is down health is degraded, and ok again after", async () => {
  const health = async () => (await fixture.anonymous.get<{ status: string }>("/healthz")).body;
  expect(await health()).toEqual({ status: "ok" });
  await fixture.world.setFaults({ wallet: "down" });
  await order(fixture.tenant(), { plan: "basic" });
  await until(async () => (await health()).status === "degraded");
  await fixture.world.setFaults({ wallet: "ok" });
  await until(async () => (await health()).status === "ok");
});

test("who asks about one invoice at once shares one question, and others' purchases go on", async () => {
  const { world } = fixture;
  const relay = new URL(world.receivingNwcUrl).searchParams.get("relay") ?? "";
  const wire = await RelaySocket.open(relay);
  wire.send("REQ", "asked", { kinds: [23194], "#p": [world.receivingWallet.pubkey], limit: 0 });
  await wire.next("EOSE");
  const tenant = fixture.tenant();
  const { invoice } = await orderPaid(tenant);
  wire.received.length = 0;
  const checks = Array.from({ length: 60 }, () =>
    tenant.post<Problem>(`/tenant/invoices/${invoice.id}/check`),
  );
  const other = await orderPaid(fixture.tenant());
  expect(other.bolt11).toStartWith("lnbcrt");
  expect((await Promise.all(checks)).map(({ status }) => status)).toEqual(Array(60).fill(200));
  // Sixty would be one each; what else was asked is the purchase, and Berth's own look-ups.
  expect(wire.received.length).toBeLessThan(20);
  wire.close();
});

test("in production a tenant asks our wallet six times a minute", async () => {
  const limited = await startFixture({ limits: productionLimits });
  try {
    const tenant = limited.tenant();
    const { invoice } = await orderPaid(tenant);
    const check = () => tenant.post<Problem>(`/tenant/invoices/${invoice.id}/check`);
    for (let used = 0; used < 6; used++) expect((await check()).status).toBe(200);
    const refused = await check();
    expect([refused.status, refused.body.code]).toEqual([429, "rate_limited"]);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    // A payment is noticed all the same.
    limited.world.pay((await invoiceOf(tenant, invoice.id)).invoice ?? "");
    await invoiceIs(tenant, invoice.id, "paid");
  } finally {
    await limited.stop();
  }
});
