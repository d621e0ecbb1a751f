import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Static } from "elysia";
import type { Event } from "nostr-tools/core";
import type { EventTemplate } from "nostr-tools/pure";
import { productionLimits } from "../../server/http/limits.ts";
import type { profile, published } from "../../server/routes/shapes.ts";
import { PUBLIC_PATH } from "../../server/sandbox/world-parts.ts";
import { RelaySocket, until } from "../sandbox/relay-socket.ts";
import { type Key, nowSeconds, signed } from "../sandbox/zooid-client.ts";
import { refusing, type Script, startScriptedRelay } from "../server/scripted-relay.ts";
import { type Fixture, startFixture, type TenantApi } from "./berth-fixture.ts";
import {
  advanceTo,
  endBilling,
  leave,
  noticesOf,
  openInvoiceOf,
  paidRelay,
  startBilling,
} from "./bills.ts";
import { actsOf } from "./operator-acts.ts";
import { type Problem, relayIs } from "./orders.ts";

setDefaultTimeout(30_000);

const DAY = 86_400;

let fixture: Fixture;
let admin: TenantApi;
beforeAll(async () => {
  ({ fixture, admin } = await startBilling());
});
afterEach(() => fixture.world.setFaults({ relay: "ok" }));
afterAll(() => endBilling(fixture));

type Answer = Static<typeof published> & Problem;
const publish = (tenant: TenantApi, event: unknown) =>
  tenant.post<Answer>("/tenant/publish", { event });
const named = (key: Key, name: string, part: Partial<EventTemplate> = {}) =>
  signed(key, 0, { content: JSON.stringify({ name }), ...part });

/** What the indexer relay holds. */
async function stored({ world }: Fixture, filter: object): Promise<Event[]> {
  const socket = await RelaySocket.open(world.relay.url(PUBLIC_PATH));
  const events = await socket.query(filter);
  socket.close();
  return events;
}
const storedOf = ({ pubkey }: TenantApi, of: Fixture = fixture) =>
  stored(of, { authors: [pubkey] });
/** A Berth whose indexers are its world's relay and one that does as it is told. */
async function withAnother(script: Script, isAlone = false) {
  const another = startScriptedRelay(script);
  const both = await startFixture({
    env: ({ relayUrl }) => ({
      NOSTR_INDEXER_RELAYS: isAlone ? another.url : `${relayUrl},${another.url}`,
    }),
  });
  return { both, another, stop: () => Promise.all([both.stop(), another.stop()]) };
}
const indexer = ({ world }: Fixture = fixture) => expect.stringContaining(world.relayUrl);
async function refused(answer: Promise<{ status: number; body: Answer }>) {
  const { status, body } = await answer;
  return [status, body.code, body.errors?.[0]?.field ?? null];
}

test("what I signed is on the indexer relays as I signed it, and again is no error", async () => {
  const tenant = fixture.tenant();
  const events = [
    named(tenant.key, "Ada ⚓"),
    signed(tenant.key, 10002, { tags: [["r", "wss://a.example", "write"]] }),
    signed(tenant.key, 10050, { tags: [["relay", "wss://b.example"]] }),
  ];
  for (const event of [...events, ...events]) {
    const { status, body } = await publish(tenant, event);
    expect([status, body.relays]).toEqual([
      200,
      [{ url: indexer(), accepted: true, reason: null }],
    ]);
  }
  const byKind = (a: Event, b: Event) => a.kind - b.kind;
  expect((await storedOf(tenant)).sort(byKind)).toEqual(events.sort(byKind));
  expect(fixture.rows("SELECT 1 FROM tenants WHERE pubkey = ?", tenant.pubkey)).toEqual([]);
});

test("the same event sent three times at once is answered three times the same", async () => {
  const tenant = fixture.tenant();
  const event = named(tenant.key, "Thrice");
  const answers = await Promise.all([1, 2, 3].map(() => publish(tenant, event)));
  const relays = [{ url: indexer(), accepted: true, reason: null }];
  expect(answers.map(({ status, body }) => [status, body.relays])).toEqual(
    Array(3).fill([200, relays]),
  );
  expect(await storedOf(tenant)).toEqual([event]);
});

test("my profile is at once what I published", async () => {
  const tenant = fixture.tenant();
  const nameOf = async () =>
    (await tenant.get<Static<typeof profile>>("/tenant/profile")).body.name;
  expect(await nameOf()).toBeNull();
  await publish(tenant, named(tenant.key, "First"));
  expect(await nameOf()).toBe("First");
  await publish(tenant, named(tenant.key, "Second", { created_at: nowSeconds() + 1 }));
  expect(await nameOf()).toBe("Second");
});

test("somebody else's event is refused, whoever sends it, and so is no signature at all", async () => {
  const [tenant, other] = [fixture.tenant(), fixture.tenant()];
  const event = named(other.key, "Other");
  expect(await refused(publish(tenant, event))).toEqual([403, "not_your_event", "event.pubkey"]);
  expect((await fixture.anonymous.post("/tenant/publish", { event })).status).toBe(401);
  expect(await storedOf(other)).toEqual([]);
});

test("kinds that are no profile are not published", async () => {
  const tenant = fixture.tenant();
  for (const kind of [1, 3, 4, 5, 1059, 10000, 13194, 22242, 27235, 30078, 65_535])
    expect(await refused(publish(tenant, signed(tenant.key, kind)))).toEqual([
      ...[422, "kind_not_published", "event.kind"],
    ]);
  expect(await storedOf(tenant)).toEqual([]);
});

test("an event that was changed since it was signed is refused, by what is wrong with it", async () => {
  const tenant = fixture.tenant();
  const event = named(tenant.key, "Ada");
  const another = named(tenant.key, "Eve");
  const wrong: [Event, string][] = [
    [{ ...event, content: another.content }, "event.id"],
    [{ ...event, tags: [["x"]] }, "event.id"],
    [{ ...event, created_at: event.created_at - 1 }, "event.id"],
    [{ ...event, id: "0".repeat(64) }, "event.id"],
    [{ ...event, sig: another.sig }, "event.sig"],
    [{ ...event, sig: "0".repeat(128) }, "event.sig"],
    [{ ...another, sig: event.sig }, "event.sig"],
  ];
  for (const [changed, field] of wrong)
    expect(await refused(publish(tenant, changed))).toEqual([422, "event_invalid", field]);
  expect(await storedOf(tenant)).toEqual([]);
});

test("an event is of now by the real time, however far the sandbox's clock is ahead", async () => {
  const tenant = fixture.tenant();
  await fixture.advance(3 * DAY * 1000);
  const at = (seconds: number) =>
    refused(publish(tenant, named(tenant.key, "Ada", { created_at: nowSeconds() + seconds })));
  for (const seconds of [-3_700, 700, 3 * DAY, -3 * DAY])
    expect([seconds, ...(await at(seconds))]).toEqual([
      ...[seconds, 422, "event_invalid", "event.created_at"],
    ]);
  for (const seconds of [-3_500, 500])
    expect([seconds, (await at(seconds))[0]]).toEqual([seconds, 200]);
});

test("what is no event is refused by the name of its field", async () => {
  const tenant = fixture.tenant();
  const event = named(tenant.key, "Ada");
  const wrong: [unknown, string][] = [
    [undefined, "event"],
    [null, "event"],
    ["{}", "event"],
    [[event], "event"],
    [{ ...event, id: event.id.toUpperCase() }, "event.id"],
    [{ ...event, sig: "ff" }, "event.sig"],
    [{ ...event, pubkey: 1 }, "event.pubkey"],
    [{ ...event, created_at: "1" }, "event.created_at"],
    [{ ...event, created_at: 1.5 }, "event.created_at"],
    [{ ...event, kind: -1 }, "event.kind"],
    [{ ...event, content: null }, "event.content"],
    [{ ...event, tags: [["a", 1]] }, "event.tags.0.1"],
    [{ ...event, tags: {} }, "event.tags"],
    [{ ...event, seen: true }, "event.seen"],
  ];
  for (const [value, field] of wrong)
    expect([field, ...(await refused(publish(tenant, value)))]).toEqual([
      ...[field, 422, "invalid", field],
    ]);
});

test("each relay says for itself, and one that takes it is enough", async () => {
  const { both, another, stop } = await withAnother(refusing("blocked: \u001b[31mnot here"));
  const tenant = both.tenant();
  const { status, body } = await publish(tenant, named(tenant.key, "Ada"));
  expect(status).toBe(200);
  expect(body.relays).toEqual([
    { url: indexer(both), accepted: true, reason: null },
    { url: another.url, accepted: false, reason: "blocked: [31mnot here" },
  ]);
  expect(await storedOf(tenant, both)).toHaveLength(1);
  await stop();
});

test("a relay that has it already has taken it, however it puts that", async () => {
  const { both, another, stop } = await withAnother(refusing("duplicate: have it"), true);
  const tenant = both.tenant();
  const { body } = await publish(tenant, named(tenant.key, "Ada"));
  expect(body.relays).toEqual([{ url: another.url, accepted: true, reason: null }]);
  await stop();
});

test("where no relay takes it, it is 502 with each relay's reason", async () => {
  const { both, another, stop } = await withAnother(refusing("pow: too little"), true);
  const tenant = both.tenant();
  const { status, body } = await publish(tenant, named(tenant.key, "Ada"));
  expect([status, body.code]).toEqual([502, "publish_failed"]);
  expect(body.detail).toContain(`${another.url} (pow: too little)`);
  await another.stop();
  expect((await publish(tenant, named(tenant.key, "Ada"))).body.detail).toContain("not reached");
  await stop();
});

test("without indexer relays there is nowhere to publish to", async () => {
  const without = await startFixture({ env: () => ({ NOSTR_INDEXER_RELAYS: "" }) });
  const tenant = without.tenant();
  const { status, body } = await publish(tenant, named(tenant.key, "Ada"));
  expect([status, body.code]).toEqual([503, "indexers_not_configured"]);
  await without.stop();
});

test("a suspended tenant publishes nothing through us", async () => {
  const tenant = fixture.tenant();
  await tenant.get("/tenant");
  await actsOf(admin).setStatus(tenant, "suspended");
  const answer = await publish(tenant, named(tenant.key, "Ada"));
  expect([answer.status, answer.body.code]).toEqual([403, "tenant_suspended"]);
  expect(await storedOf(tenant)).toEqual([]);
});

test("an address publishes only so much a minute, with however many keys", async () => {
  const limited = await startFixture({ limits: { ...productionLimits, publicPerMinute: 2 } });
  const answers = [];
  for (let sent = 0; sent < 3; sent++) {
    const tenant = limited.tenant();
    answers.push(await publish(tenant, named(tenant.key, "Ada")));
  }
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
  await limited.stop();
});

test("an inbox brings the last message about what is due, and nothing of what was paid", async () => {
  const tenant = fixture.tenant();
  const relay = await paidRelay(fixture, tenant);
  const end = relay.paid_through ?? 0;
  await advanceTo(fixture, end + 60);
  fixture.world.pay((await openInvoiceOf(tenant)).invoice);
  const paid = await relayIs(tenant, relay.id, "active");
  await advanceTo(fixture, (paid.paid_through ?? 0) + 5 * DAY);
  expect(await noticesOf(tenant)).toEqual([
    ...["due:no_inbox", "due:no_inbox", "three_days_left:no_inbox"],
  ]);
  const { relayUrl } = fixture.world;
  const inbox = signed(tenant.key, 10050, { tags: [["relay", relayUrl]] });
  expect((await publish(tenant, inbox)).status).toBe(200);
  await until(async () => (await noticesOf(tenant)).includes("three_days_left:delivered"));
  expect(await noticesOf(tenant)).toEqual([
    ...["due:no_inbox", "due:no_inbox", "three_days_left:delivered"],
  ]);
  const messages = () => stored(fixture, { kinds: [1059], "#p": [tenant.pubkey] });
  expect(await messages()).toHaveLength(1);
  // Published again, it is not sent again.
  const again = signed(tenant.key, 10050, { ...inbox, created_at: inbox.created_at + 1 });
  await publish(tenant, again);
  await fixture.advance(60_000);
  expect(await messages()).toHaveLength(1);
  await leave(fixture, tenant);
});
