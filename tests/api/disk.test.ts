import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../sandbox/relay-socket.ts";
import type { Fixture } from "./berth-fixture.ts";
import { endBilling, expectReconciled, leave, noticesOf, startBilling } from "./bills.ts";
import { withoutDisk } from "./disk.ts";
import { activeRelay, orderPaid, relayIs, relayOf } from "./orders.ts";

setDefaultTimeout(30_000);

let fixture: Fixture;
beforeAll(async () => {
  ({ fixture } = await startBilling());
});
afterAll(() => endBilling(fixture));

const health = async () =>
  (await fixture.anonymous.get<{ status: string }>("/healthz")).body.status;

test("while nothing can be saved requests are told so in our words, and health is degraded", async () => {
  const tenant = fixture.tenant();
  const free = await activeRelay(tenant);
  const cannot = {
    status: 503,
    body: {
      code: "cannot_save",
      detail:
        "we cannot save anything right now, so nothing was changed. We are on it: try again in a minute",
    },
  };
  await withoutDisk(async () => {
    expect(await tenant.put(`/tenant/relays/${free.id}`, { name: "Other" })).toMatchObject(cannot);
    expect(await tenant.get("/tenant")).toMatchObject(cannot);
    expect(await health()).toBe("degraded");
  });
  await until(async () => (await health()) === "ok");
  expect((await relayOf(tenant, free.id)).name).toBe(free.name);
  const renamed = await tenant.put(`/tenant/relays/${free.id}`, { name: "Other" });
  expect(renamed).toMatchObject({ status: 200, body: { name: "Other" } });
  await leave(fixture, tenant);
});

test("what is paid while nothing can be saved counts when it can, and nobody has to do anything", async () => {
  const tenant = fixture.tenant();
  const { relay, bolt11 } = await orderPaid(tenant);
  await withoutDisk(async () => {
    fixture.world.pay(bolt11);
    await until(async () => (await health()) === "degraded");
  });
  await until(async () => (await health()) === "ok");
  await fixture.advance(61_000);
  await relayIs(tenant, relay.id, "active");
  expect(await noticesOf(tenant)).toEqual([]);
  await expectReconciled(fixture, tenant);
  await leave(fixture, tenant);
});
