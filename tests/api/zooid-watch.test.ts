/** What Berth sees of zooid by looking, what it says of it, and what it does about it. */
import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../sandbox/relay-socket.ts";
import { callRelay, newKey } from "../sandbox/zooid-client.ts";
import { type Fixture, startFixture, type TenantApi } from "./berth-fixture.ts";
import { expectConsistency } from "./books.ts";
import { openStream } from "./event-stream.ts";
import {
  activeRelay,
  freshName,
  heldByZooid,
  type Listed,
  nip11Of,
  order,
  relayIs,
  relayOf,
} from "./orders.ts";

setDefaultTimeout(30_000);

const never = new AbortController().signal;
let fixture: Fixture;
let admin: TenantApi;
beforeAll(async () => {
  const key = newKey();
  fixture = await startFixture({
    env: () => ({ HOSTING_ADMIN_PUBKEYS: key.pubkey }),
    tuning: { zooidConfirmMs: 250 },
  });
  admin = fixture.tenant(key);
});
afterEach(async () => {
  await fixture.world.setFaults({ zooid: "ok" });
  await until(() => isWell());
  await expectConsistency(fixture);
});
afterAll(() => fixture.stop());

type Health = {
  status: string;
  platform_pubkey?: string;
  troubles?: { system: string; code: string; words: string }[];
};
const healthOf = async (who: Pick<TenantApi, "get">) => (await who.get<Health>("/healthz")).body;
const isWell = async () => {
  await fixture.berth.patrol.tick(never);
  return (await healthOf(fixture.anonymous)).status === "ok";
};
const outside = async () =>
  (await admin.get<Listed<{ kind: string; problem: string; to_do: string }>>("/admin/queue")).body
    .items;
const historyOf = async (tenant: TenantApi, id: string) =>
  (
    await tenant.get<Listed<{ what: string; by: string | null }>>(`/tenant/relays/${id}/history`)
  ).body.items.map(({ what }) => what);

/** The relay's owner, with whatever client that speaks NIP-86. */
async function changeByOwner(tenant: TenantApi, subdomain: string, name: string): Promise<void> {
  const host = `${subdomain}.${fixture.world.relayDomain}`;
  const u = `http://${host}`;
  const { zooid } = fixture.world;
  const called = await callRelay(zooid, host, tenant.key, "changerelayname", [name], { u });
  expect(await called.json()).toEqual({ result: true });
  await until(async () => (await nip11Of(fixture, subdomain))?.name === name);
}

test("what an owner changes at the relay is adopted, told, and kept whatever happens to it", async () => {
  const tenant = fixture.tenant();
  const { id, subdomain } = await activeRelay(tenant);
  const path = `/tenant/relays/${id}`;
  await changeByOwner(tenant, subdomain, "Lake");
  await fixture.berth.patrol.round(never);
  await until(async () => (await relayOf(tenant, id)).name === "Lake");
  expect((await historyOf(tenant, id))[0]).toContain("by another client, its name changed from");
  // Nothing was written for it: its members stay connected.
  expect(fixture.world.zooid.requests.at(-1)).not.toMatchObject({ id, method: "PATCH" });

  await changeByOwner(tenant, subdomain, "Sea");
  const renamed = freshName();
  await tenant.put(path, { subdomain: renamed });
  await until(async () => (await nip11Of(fixture, renamed))?.name === "Sea");
  await until(async () => (await relayOf(tenant, id)).name === "Sea");

  await tenant.delete(path);
  await until(() => heldByZooid(fixture, id) === undefined);
  await tenant.post(`${path}/reactivate`);
  await relayIs(tenant, id, "active");
  expect(await nip11Of(fixture, renamed)).toMatchObject({ name: "Sea" });
});

test("a silent zooid is told to whoever looks at a relay that ran, and that it is back", async () => {
  const tenant = fixture.tenant();
  const { id } = await activeRelay(tenant);
  const stream = await openStream(tenant);
  const told = (): string | null =>
    stream.messages.filter(({ event }) => event === "outside").at(-1)?.data ?? null;
  await until(() => told() === '{"zooid":null,"relays":{}}');
  await fixture.world.setFaults({ zooid: "down" });
  await fixture.berth.patrol.tick(never);
  expect(await relayOf(tenant, id)).toMatchObject({
    status: "active",
    problem: { code: "zooid_down" },
  });
  expect(await healthOf(fixture.anonymous)).toEqual({ status: "degraded" });
  expect((await outside())[0]).toMatchObject({ kind: "outside", problem: "zooid_down" });
  await until(() => told()?.startsWith('{"zooid":{"code":"zooid_down","since":'));

  await fixture.world.setFaults({ zooid: "ok" });
  await until(() => isWell());
  expect(await relayOf(tenant, id)).toMatchObject({ problem: null });
  await until(() => told() === '{"zooid":null,"relays":{}}');
  await stream.close();
});

test("a zooid that takes relays and serves none is the operator's to restart", async () => {
  const tenant = fixture.tenant();
  const running = await activeRelay(tenant);
  const { zooid } = fixture.world;
  zooid.removeDirectory();
  zooid.recreateDirectory();
  const waiting = [await order(tenant), await order(tenant)];
  await fixture.berth.patrol.round(never);
  const seen = await until(async () =>
    (await outside()).find(({ problem }) => problem === "zooid_not_serving"),
  );
  expect(seen.to_do).toContain("Restart zooid");
  expect((await healthOf(fixture.anonymous)).status).toBe("degraded");
  for (const id of [running.id, ...waiting.map(({ relay }) => relay.id)])
    expect((await relayOf(tenant, id)).problem).toMatchObject({
      code: expect.stringMatching(/^zooid_not_(serving|live)$/),
    });
  expect((await relayOf(tenant, running.id)).problem?.code).toBe("zooid_not_serving");

  zooid.setMode("down");
  zooid.setMode("ok");
  for (const { relay } of waiting) await relayIs(tenant, relay.id, "active");
  await until(() => nip11Of(fixture, running.subdomain));
  await until(() => isWell());
  await fixture.berth.patrol.round(never);
  await until(async () => (await relayOf(tenant, running.id)).problem === null);
  expect((await relayOf(tenant, running.id)).status).toBe("active");
});

test("what an old backup of zooid brings back is switched off again", async () => {
  const tenant = fixture.tenant();
  const [off, on] = [await activeRelay(tenant), await activeRelay(tenant)];
  const { zooid } = fixture.world;
  const files = zooid.backup();
  await tenant.delete(`/tenant/relays/${off.id}`);
  await until(() => heldByZooid(fixture, off.id) === undefined);
  zooid.restore(files);
  await until(() => nip11Of(fixture, off.subdomain));
  await fixture.berth.patrol.round(never);
  await until(async () => (await nip11Of(fixture, off.subdomain)) === null);
  await until(() => heldByZooid(fixture, off.id) === undefined);
  expect(await nip11Of(fixture, on.subdomain)).toMatchObject({ name: on.name });
});

test("a zooid that does not know our key is told to the operator, with the key", async () => {
  const stranger = newKey();
  const platform_pubkey = stranger.pubkey;
  const apart = await startFixture({
    env: () => ({
      PLATFORM_SECRET: stranger.secretHex,
      HOSTING_ADMIN_PUBKEYS: admin.key.pubkey,
    }),
  });
  try {
    const operator = apart.tenant(admin.key);
    const health = await until(async () => {
      const said = await healthOf(operator);
      return said.troubles?.length ? said : null;
    });
    expect(health).toMatchObject({ status: "degraded", platform_pubkey });
    expect(health.troubles).toMatchObject([{ system: "zooid", code: "zooid_forbidden" }]);
    expect(health.troubles?.[0]?.words).toContain(`Add ${platform_pubkey} to its API_WHITELIST`);
    // Nobody else learns more than that.
    for (const who of [apart.anonymous, apart.tenant()])
      expect(await healthOf(who)).toEqual({ status: "degraded" });
  } finally {
    await apart.stop();
  }
});
