import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Static } from "elysia";
import type { Event } from "nostr-tools/core";
import { productionLimits } from "../../server/http/limits.ts";
import type { profile } from "../../server/routes/shapes.ts";
import { PUBLIC_PATH } from "../../server/sandbox/world-parts.ts";
import { RelaySocket } from "../sandbox/relay-socket.ts";
import { signed } from "../sandbox/zooid-client.ts";
import { type Fixture, startFixture, type TenantApi } from "./berth-fixture.ts";
import type { Problem } from "./orders.ts";

setDefaultTimeout(30_000);

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterEach(() => fixture.world.setFaults({ relay: "ok" }));
afterAll(() => fixture.stop());

type Profile = Static<typeof profile>;

const NOTHING = {
  ...{ name: null, about: null, picture: null, nip05: null, relays: null, inbox_relays: null },
  published_at: { profile: null, relays: null, inbox_relays: null },
};
const profileOf = (tenant: TenantApi) => tenant.get<Profile & Partial<Problem>>("/tenant/profile");

/** Puts an event on the indexer relay, as any Nostr client does. */
async function publish(event: Event, { world }: Fixture = fixture): Promise<void> {
  const socket = await RelaySocket.open(world.relay.url(PUBLIC_PATH));
  expect((await socket.publish(event))[0]).toBe(true);
  socket.close();
}

test("my profile is what I published, and nobody else's", async () => {
  const [tenant, other] = [fixture.tenant(), fixture.tenant()];
  const said = { name: "Ada", about: "Sails.", picture: "https://a.example/a.png", nip05: "a@b.c" };
  const events = [
    signed(tenant.key, 0, { content: JSON.stringify(said) }),
    signed(tenant.key, 10002, { tags: [["r", "wss://write.example", "write"]] }),
    signed(tenant.key, 10050, { tags: [["relay", "wss://inbox.example"]] }),
  ];
  for (const event of events) await publish(event);
  const [profile, relays, inbox] = events.map(({ created_at }) => created_at);
  expect(await profileOf(tenant)).toMatchObject({
    status: 200,
    body: {
      ...{ is_configured: true, ...said },
      ...{ relays: ["wss://write.example/"], inbox_relays: ["wss://inbox.example/"] },
      published_at: { profile, relays, inbox_relays: inbox },
    },
  });
  expect((await profileOf(other)).body).toEqual({ ...NOTHING, is_configured: true });
  expect(fixture.rows("SELECT 1 FROM tenants WHERE pubkey = ?", tenant.pubkey)).toEqual([]);
  expect((await fixture.anonymous.get("/tenant/profile")).status).toBe(401);
});

test("a profile is looked up once in a while, not at every request", async () => {
  const tenant = fixture.tenant();
  await publish(signed(tenant.key, 0, { content: '{"name":"First"}' }));
  const answers = await Promise.all(Array.from({ length: 5 }, () => profileOf(tenant)));
  expect(answers.map(({ body }) => body.name)).toEqual(Array(5).fill("First"));
  await fixture.world.setFaults({ relay: "down" });
  expect((await profileOf(tenant)).body.name).toBe("First");
});

test("when no indexer relay answers it is 503 with a time, and the next try is a new one", async () => {
  const tenant = fixture.tenant();
  await fixture.world.setFaults({ relay: "down" });
  const { status, body, headers } = await profileOf(tenant);
  expect([status, body.code]).toEqual([503, "indexers_unavailable"]);
  expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
  await fixture.world.setFaults({ relay: "ok" });
  expect((await profileOf(tenant)).status).toBe(200);
});

test("one indexer that is dead hides nobody whom another knows", async () => {
  const half = await startFixture({
    env: ({ relayUrl }) => ({ NOSTR_INDEXER_RELAYS: `ws://127.0.0.1:1,${relayUrl}` }),
  });
  const tenant = half.tenant();
  await publish(signed(tenant.key, 0, { content: '{"name":"Known"}' }), half);
  expect((await profileOf(tenant)).body).toMatchObject({ is_configured: true, name: "Known" });
  await half.stop();
});

test("without indexer relays nothing is known, and it says so", async () => {
  const without = await startFixture({ env: () => ({ NOSTR_INDEXER_RELAYS: "" }) });
  expect((await profileOf(without.tenant())).body).toEqual({ ...NOTHING, is_configured: false });
  await without.stop();
});

test("strangers are limited per address, since each of them costs a look-up", async () => {
  const limits = { ...productionLimits, publicPerMinute: 3 };
  const limited = await startFixture({ limits });
  const known = limited.tenant();
  await known.get("/tenant");
  for (let asked = 0; asked < 3; asked++)
    expect((await profileOf(limited.tenant())).status).toBe(200);
  const refused = await profileOf(limited.tenant());
  expect([refused.status, refused.body.code]).toEqual([429, "rate_limited"]);
  expect((await profileOf(known)).status).toBe(200);
  await limited.stop();
});

test("what is hostile in a profile does not come out, and hurts nobody", async () => {
  const tenant = fixture.tenant();
  const content = JSON.stringify({
    name: { toString: 1 },
    about: "<script>alert(1)</script>\u202e",
    picture: "javascript:alert(1)",
    nip05: ["a@b.c"],
  });
  await publish(signed(tenant.key, 0, { content }));
  await publish(
    signed(tenant.key, 10002, {
      tags: [
        ["r", "http://127.0.0.1/"],
        ["r", ""],
      ],
    }),
  );
  expect((await profileOf(tenant)).body).toMatchObject({
    ...{ name: null, about: "<script>alert(1)</script>", picture: null, nip05: null, relays: [] },
  });
  const broken = fixture.tenant();
  await publish(signed(broken.key, 0, { content: "[1,2" }));
  expect(await profileOf(broken)).toMatchObject({ status: 200, body: { name: null } });
});
