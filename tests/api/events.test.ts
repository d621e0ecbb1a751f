import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { signHttpAuth } from "../../server/nostr/keys.ts";
import { until } from "../sandbox/relay-socket.ts";
import { type Fixture, startFixture, type TenantApi } from "./berth-fixture.ts";
import { type Entry, openStream, requestStream, type Stream } from "./event-stream.ts";
import {
  activePaidRelay,
  activeRelay,
  DAY_MS,
  orderPaid,
  type Problem,
  relayIs,
} from "./orders.ts";
import { sendRaw } from "./raw-http.ts";

setDefaultTimeout(30_000);

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.stop());

/** Every revision of each actor, in the order in which it was told. */
function revsOf(entries: Entry[]): Record<string, number[]> {
  const revs: Record<string, number[]> = {};
  for (const { actor, rev } of entries) revs[actor] = [...(revs[actor] ?? []), rev];
  return revs;
}
const statusOf = ({ snapshot }: Entry): unknown => {
  const { status } = snapshot.value as { status?: unknown };
  return typeof status === "object" ? Object.keys(status ?? {})[0] : status;
};

test("a stream begins with everything of mine as it is now, and nothing of others", async () => {
  const [tenant, other] = [fixture.tenant(), fixture.tenant()];
  const { relay, invoice } = await activePaidRelay(fixture, tenant);
  await activeRelay(other);
  const stream = await openStream(tenant);
  await stream.ready();
  expect(stream.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  expect(stream.headers.get("cache-control")).toBe("no-store");
  expect(stream.entries().map(({ actor }) => actor)).toEqual([
    `community/${relay.id}`,
    `invoice/${invoice.id}`,
    `relay/${relay.id}`,
    `tenant/${tenant.pubkey}`,
  ]);
  const [, , shown] = stream.entries();
  expect(shown).toMatchObject({ machine: "relay", snapshot: { context: { id: relay.id } } });
  expect(Object.keys(shown?.snapshot ?? {}).sort()).toEqual(["context", "value"]);
  const count = stream.messages.length;
  await activeRelay(other);
  expect(stream.messages).toHaveLength(count);
  await stream.close();
});

test("a stranger's stream begins empty and makes no tenant", async () => {
  const stranger = fixture.tenant();
  const stream = await openStream(stranger);
  await stream.ready();
  expect(stream.entries()).toEqual([]);
  expect(fixture.rows("SELECT * FROM tenants WHERE pubkey = ?", stranger.pubkey)).toEqual([]);
  await activeRelay(stranger);
  await until(() => stream.entries().some((entry) => statusOf(entry) === "active"));
  await stream.close();
});

test("a payment is told within a second, to the relay that becomes active", async () => {
  const tenant = fixture.tenant();
  const { invoice, relay, bolt11 } = await orderPaid(tenant);
  const stream = await openStream(tenant);
  await stream.ready();
  const paidAt = performance.now();
  fixture.world.pay(bolt11);
  const told = (actor: string, state: string) =>
    stream
      .entries()
      .some((e) => e.actor === actor && (e.snapshot.value === state || statusOf(e) === state));
  await until(() => told(`invoice/${invoice.id}`, "paid"));
  expect(performance.now() - paidAt).toBeLessThan(1_000);
  await until(() => told(`relay/${relay.id}`, "active"));
  // One commit changes several actors: each of them is told once.
  const seqs = stream
    .entries()
    .slice(3)
    .map(({ seq }) => seq);
  expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
  expect(stream.entries().every(({ by }) => by === null)).toBe(true);
  await stream.close();
});

test("a stream that was cut goes on where it was, and tells nothing twice and nothing older", async () => {
  const tenant = fixture.tenant();
  const relay = await activeRelay(tenant);
  const entries: Entry[] = [];
  let lastId: string | undefined;
  for (let round = 0; round < 6; round++) {
    const stream: Stream = await openStream(tenant, lastId);
    await stream.ready();
    await tenant.put(`/tenant/relays/${relay.id}`, { name: `Round ${round}` });
    await until(() =>
      stream.entries().some(({ snapshot }) => snapshot.context.name === `Round ${round}`),
    );
    await stream.close();
    entries.push(...stream.entries());
    lastId = stream.lastId();
    // Happens while nobody listens.
    await tenant.put(`/tenant/relays/${relay.id}`, { description: `Between ${round}` });
  }
  const last = await openStream(tenant, lastId);
  await last.ready();
  const shown = () => [...entries, ...last.entries()];
  await until(() => shown().some((e) => e.snapshot.context.description === "Between 5"));
  await until(async () => (await relayIs(tenant, relay.id, "active")).problem === null);
  const [stored] = fixture.rows<{ rev: number }>(
    "SELECT rev FROM actors WHERE id = ?",
    `relay/${relay.id}`,
  );
  await until(() => shown().some((e) => e.actor.startsWith("relay/") && e.rev === stored?.rev));
  for (const revs of Object.values(revsOf(shown())))
    expect(revs).toEqual([...new Set(revs)].sort((a, b) => a - b));
  const seqs = shown()
    .slice(2)
    .map(({ seq }) => seq);
  expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
  await last.close();
});

test("the stream tells Berth's own clock when it is ready and from then on, and resumes after it", async () => {
  const quick = await startFixture({ tuning: { heartbeatMs: 5 } });
  const tenant = quick.tenant();
  await activeRelay(tenant);
  const stream = await openStream(tenant);
  await stream.ready();
  const told = (event: string): number[] =>
    stream.messages
      .filter((message) => message.event === event)
      .map(({ data }) => (JSON.parse(data) as { now: number }).now);
  expect(Math.abs((told("ready")[0] ?? 0) - quick.clock.now())).toBeLessThan(5_000);
  await until(() => told("now").length > 0);
  const before = quick.clock.now();
  await quick.advance(3 * DAY_MS);
  await until(() => told("now").some((now) => now >= before + 3 * DAY_MS));
  expect(told("now")).toEqual(told("now").toSorted((a, b) => a - b));
  // A beat is no change: it has no id, and whoever resumes goes on from the last one that was.
  const beats = stream.messages.filter(({ event }) => event === "now");
  expect(beats.every(({ id }) => id === "")).toBe(true);
  const again = await openStream(tenant, stream.lastId());
  await again.ready();
  expect(again.entries()).toEqual([]);
  await stream.close();
  await again.close();
  await quick.stop();
});

test("an id that lies ahead of all there is, as after a restored backup, begins anew", async () => {
  const tenant = fixture.tenant();
  const { id } = await activeRelay(tenant);
  const stream = await openStream(tenant, "999999999999");
  await stream.ready();
  expect(stream.entries().map(({ actor }) => actor)).toContain(`relay/${id}`);
  await stream.close();
});

test("an id of an earlier process begins anew, however near it is", async () => {
  const tenant = fixture.tenant();
  const { id } = await activeRelay(tenant);
  const first = await openStream(tenant);
  await first.ready();
  const seq = first.lastId().split(".")[1];
  await first.close();
  const stream = await openStream(tenant, `00000000.${seq}`);
  await stream.ready();
  expect(stream.entries().map(({ actor }) => actor)).toContain(`relay/${id}`);
  await stream.close();
});

test("an id that this stream never gave is refused by name", async () => {
  const tenant = fixture.tenant();
  for (const id of ["x", "-1", "1.5", "1e3", "9".repeat(16), "1 OR 1=1"]) {
    const response = await requestStream(tenant, id);
    expect([id, response.status]).toEqual([id, 422]);
    expect((await response.json()) as Problem).toMatchObject({
      errors: [{ field: "Last-Event-ID" }],
    });
  }
});

const openMany = (tenant: TenantApi, count: number): Promise<Stream[]> =>
  Promise.all(Array.from({ length: count }, () => openStream(tenant)));

test("a ninth stream is refused, until one of the eight is closed", async () => {
  const [tenant, other] = [fixture.tenant(), fixture.tenant()];
  const streams = await openMany(tenant, 8);
  const ninth = await requestStream(tenant);
  expect([ninth.status, ((await ninth.json()) as Problem).code]).toEqual([429, "too_many_streams"]);
  await (await openStream(other)).close();
  await streams.pop()?.close();
  const freed = await until(async () => {
    const response = await requestStream(tenant);
    return response.status === 200 ? response : null;
  });
  await freed.body?.cancel();
  await Promise.all(streams.map((stream) => stream.close()));
});

test("streams that were only asked for by HEAD hold no place", async () => {
  const tenant = fixture.tenant();
  for (let asked = 0; asked < 10; asked++) {
    const url = `${fixture.url}/tenant/events`;
    const authorization = signHttpAuth(tenant.key.secret, { url, method: "HEAD" });
    const request = { method: "HEAD", target: "/tenant/events", headers: { authorization } };
    await sendRaw(fixture.url, request);
  }
  const stream = await until(() => openStream(tenant).catch(() => null));
  await stream.close();
});

test("Berth ends with streams open, and they end with it", async () => {
  const tenant = fixture.tenant();
  const streams = await openMany(tenant, 3);
  await fixture.restart();
  await until(() => streams.every((stream) => stream.hasEnded));
  const again = await openMany(tenant, 8);
  await Promise.all(again.map((stream) => stream.close()));
});
