import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { bolt11s } from "../../db/schema.ts";
import { RelaySocket, until } from "../sandbox/relay-socket.ts";
import type { Fixture } from "./berth-fixture.ts";
import {
  advanceTo,
  anchorOf,
  endBilling,
  expectReconciled,
  invoicesOf,
  leave,
  openInvoiceOf,
  paidRelay,
  startBilling,
  tenantOf,
} from "./bills.ts";
import { openStream } from "./event-stream.ts";
import { DAY_MS, HOUR_MS, invoiceOf, orderPaid } from "./orders.ts";

setDefaultTimeout(30_000);

const MINUTE_MS = 60_000;

let fixture: Fixture;
beforeAll(async () => {
  ({ fixture } = await startBilling());
  // Nobody tells us of any payment: whatever is found was looked for.
  fixture.world.receivingWallet.notificationCopies = 0;
});
afterEach(() => {
  fixture.world.moveClock({ release: true });
  fixture.clock.release();
});
afterAll(() => endBilling(fixture));

const tick = async () => await fixture.berth.watch?.tick();

/** Lets time pass, here and in the world, and has the watch look at it. */
async function pass(ms: number): Promise<void> {
  // A moment ahead at least: clocks that flow go on between being read and being pinned.
  const at = Math.max(fixture.clock.now(), fixture.world.clock.now()) + Math.max(ms, 100);
  fixture.world.moveClock({ pin_ms: at });
  fixture.clock.pin(at);
  // A tick under way began at another time.
  await tick();
  await tick();
}

const statusOf = async (tenant: ReturnType<Fixture["tenant"]>, id: string) =>
  (await invoiceOf(tenant, id)).status;

test("a bolt11 in its first hour is looked up once a minute", async () => {
  const tenant = fixture.tenant();
  const { invoice, bolt11 } = await orderPaid(tenant);
  await pass(0);
  fixture.world.pay(bolt11);
  await pass(50_000);
  expect(await statusOf(tenant, invoice.id)).toBe("pending");
  await pass(10_000);
  expect(await statusOf(tenant, invoice.id)).toBe("paid");
});

test("what somebody looks at is looked up every tick, however old it is", async () => {
  const tenant = fixture.tenant();
  await paidRelayFound(tenant);
  const renewal = await renewalOf(tenant, 3 * DAY_MS);
  await pass(0);
  const stream = await openStream(tenant);
  await stream.ready();
  fixture.world.pay(renewal.invoice);
  await pass(3_000);
  expect(await statusOf(tenant, renewal.id)).toBe("paid");
  await stream.close();
});

test("an open one that nobody looks at is found within ten minutes, a renewal of days ago too", async () => {
  const tenant = fixture.tenant();
  await paidRelayFound(tenant);
  const renewal = await renewalOf(tenant, 5 * DAY_MS);
  await pass(0);
  fixture.world.pay(renewal.invoice);
  let minutes = 0;
  while ((await statusOf(tenant, renewal.id)) === "pending" && minutes < 20) {
    await pass(MINUTE_MS);
    minutes++;
  }
  expect(minutes).toBeGreaterThan(1);
  expect(minutes).toBeLessThanOrEqual(10);
});

test("one that was paid at its very end is found within the hour, and is credit; money is never foreign", async () => {
  const tenant = fixture.tenant();
  const { invoice, bolt11 } = await orderPaid(tenant);
  // The bolt11 outlives its invoice by seconds.
  await fixture.advance((invoice.closes_at ?? 0) * 1000 + 1_500 - fixture.clock.now());
  expect(await statusOf(tenant, invoice.id)).toBe("expired");
  await pass(0);
  fixture.world.pay(bolt11);
  await pass(11 * MINUTE_MS);
  expect((await tenantOf(tenant)).credit).toBe(0);
  await pass(50 * MINUTE_MS);
  expect((await tenantOf(tenant)).credit).toBe(10_000);
  await expectReconciled(fixture, tenant);
});

test("one that expired weeks ago is looked for once a day", async () => {
  const tenant = fixture.tenant();
  const { invoice, bolt11 } = await orderPaid(tenant);
  await fixture.advance((invoice.closes_at ?? 0) * 1000 + 1_500 - fixture.clock.now());
  expect(await statusOf(tenant, invoice.id)).toBe("expired");
  // Our wallet is away for weeks.
  await fixture.world.setFaults({ wallet: "down" });
  fixture.world.pay(bolt11);
  await fixture.advance(20 * DAY_MS);
  await fixture.world.setFaults({ wallet: "ok" });
  await pass(DAY_MS);
  await until(async () => (await tenantOf(tenant)).credit === 10_000);
  await expectReconciled(fixture, tenant);
});

test("asked about, it is looked up at once", async () => {
  const tenant = fixture.tenant();
  const { invoice, bolt11 } = await orderPaid(tenant);
  await pass(0);
  fixture.world.pay(bolt11);
  const checked = await tenant.post(`/tenant/invoices/${invoice.id}/check`);
  expect(checked.body).toMatchObject({ status: "paid" });
});

test("how many wait makes no difference to how often our wallet is asked", async () => {
  const heard = await RelaySocket.open(fixture.world.relay.url("/wallet/receiving"));
  heard.send("REQ", "requests", { kinds: [23_194] });
  await heard.next("EOSE");
  const requests = () => heard.received.filter(([type]) => type === "EVENT").length;
  const tenants: ReturnType<Fixture["tenant"]>[] = [];
  const waiting = async (tenantCount: number): Promise<void> => {
    for (let made = 0; made < tenantCount; made++) {
      const tenant = fixture.tenant();
      tenants.push(tenant);
      for (let each = 0; each < 3; each++) await orderPaid(tenant);
    }
  };
  /** Requests during three hours, in ticks of three minutes. */
  const asked = async (): Promise<number> => {
    const before = requests();
    for (let ticks = 0; ticks < 60; ticks++) await pass(3 * MINUTE_MS);
    return requests() - before;
  };
  await waiting(1);
  await pass(2 * HOUR_MS);
  const few = await asked();
  await waiting(15);
  await pass(2 * HOUR_MS);
  const many = await asked();
  console.log(`requests in three hours: ${few} with 3 bolt11s waiting, ${many} with 48`);
  expect(few).toBeGreaterThanOrEqual(15);
  expect(many).toBeLessThanOrEqual(few + 3);
  heard.close();
  fixture.world.moveClock({ release: true });
  fixture.clock.release();
  for (const tenant of tenants) await leave(fixture, tenant);
});

test("a crowd of fresh bolt11s is found by pages within a minute, in a few requests", async () => {
  const tenant = fixture.tenant();
  await paidRelayFound(tenant);
  const { invoice, bolt11 } = await orderPaid(tenant);
  const [issued] = await fixture.berth.queries.invoices.bolt11sOf(invoice.id);
  const owner = (await invoicesOf(tenant)).find(({ status }) => status === "paid");
  if (!issued || !owner) throw new Error("nothing was issued");
  // As many as a great renewal run leaves.
  await fixture.berth.host.transact(tenant.pubkey, (tx) => {
    for (let count = 0; count < 250; count++)
      tx.append(bolt11s, {
        ...issued,
        paymentHash: randomBytes(32).toString("hex"),
        invoice: owner.id,
      });
  });
  const heard = await RelaySocket.open(fixture.world.relay.url("/wallet/receiving"));
  heard.send("REQ", "requests", { kinds: [23_194] });
  await heard.next("EOSE");
  await pass(0);
  fixture.world.pay(bolt11);
  await pass(MINUTE_MS);
  expect(await statusOf(tenant, invoice.id)).toBe("paid");
  expect(heard.received.filter(([type]) => type === "EVENT").length).toBeLessThan(10);
  heard.close();
});

/** A paid relay, whose payment only a look-up finds. */
async function paidRelayFound(tenant: ReturnType<Fixture["tenant"]>): Promise<void> {
  fixture.world.receivingWallet.notificationCopies = 1;
  await paidRelay(fixture, tenant);
  fixture.world.receivingWallet.notificationCopies = 0;
}

/** The open renewal, `afterMs` after the date of its relay. */
async function renewalOf(tenant: ReturnType<Fixture["tenant"]>, afterMs: number) {
  await advanceTo(fixture, (await anchorOf(tenant, 1)) + afterMs / 1000);
  return openInvoiceOf(tenant);
}
