import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { relayActor } from "../../machines/addresses.ts";
import type { Relay } from "../../server/routes/shapes.ts";
import { until } from "../sandbox/relay-socket.ts";
import { callRelay } from "../sandbox/zooid-client.ts";
import { type Fixture, startFixture } from "./berth-fixture.ts";
import { expectConsistency } from "./books.ts";
import {
  activePaidRelay,
  activeRelay,
  creationsOf,
  DAY_MS,
  freshName,
  heldByZooid,
  invoiceIs,
  invoiceOf,
  nip11Of,
  type Ordered,
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
afterAll(async () => {
  await expectConsistency(fixture);
  await fixture.stop();
});

const isGone = (subdomain: string) =>
  until(async () => (await nip11Of(fixture, subdomain)) === null);
const codeOf = ({ status, body }: { status: number; body: Problem }) => [status, body.code];

test("what a PUT leaves out stays, and what it names is what the relay shows", async () => {
  const tenant = fixture.tenant();
  const relay = await activeRelay(tenant);
  const path = `/tenant/relays/${relay.id}`;
  const put = async (edit: object) => (await tenant.put<Relay>(path, edit)).body;
  expect(await put({ description: "Tea" })).toMatchObject({ name: "Harbour", description: "Tea" });
  expect(await put({ name: "Port" })).toMatchObject({ name: "Port", description: "Tea" });
  expect(await put({ plan: "free" })).toMatchObject({ name: "Port", plan: "free" });
  await until(async () => {
    const shown = await nip11Of(fixture, relay.subdomain);
    return shown?.name === "Port" && shown.description === "Tea";
  });
  expect(await put({ description: "" })).toMatchObject({ name: "Port", description: "" });
  expect(creationsOf(fixture, relay.id)).toBe(1);
});

test("an edit that changes nothing leaves no trace", async () => {
  const tenant = fixture.tenant();
  const relay = await activeRelay(tenant);
  const journal = () => fixture.rows("SELECT seq FROM journal WHERE scope = ?", tenant.pubkey);
  const before = journal();
  for (const edit of [{}, { name: relay.name }, { subdomain: relay.subdomain, plan: "free" }])
    expect((await tenant.put(`/tenant/relays/${relay.id}`, edit)).status).toBe(200);
  expect(journal()).toEqual(before);
});

test("a renamed relay answers at its new name and no longer at the old", async () => {
  const tenant = fixture.tenant();
  const relay = await activeRelay(tenant);
  const subdomain = freshName();
  const { body } = await tenant.put<Relay>(`/tenant/relays/${relay.id}`, { subdomain });
  expect(body).toMatchObject({ subdomain, url: `ws://${subdomain}.${fixture.world.relayDomain}` });
  await until(() => nip11Of(fixture, subdomain));
  await isGone(relay.subdomain);
  expect(heldByZooid(fixture, relay.id)).toMatchObject({ schema: relay.schema });
});

test("a name that the owner gave over NIP-86 survives an edit of something else", async () => {
  const tenant = fixture.tenant();
  const { id, subdomain } = await activeRelay(tenant);
  const host = `${subdomain}.${fixture.world.relayDomain}`;
  const { zooid } = fixture.world;
  const u = `http://${host}`;
  const called = await callRelay(zooid, host, tenant.key, "changerelayname", ["By NIP-86"], { u });
  expect(await called.json()).toEqual({ result: true });
  await until(async () => (await nip11Of(fixture, subdomain))?.name === "By NIP-86");
  await tenant.put(`/tenant/relays/${id}`, { description: "edited here" });
  await until(async () => (await nip11Of(fixture, subdomain))?.description === "edited here");
  expect(await nip11Of(fixture, subdomain)).toMatchObject({ name: "By NIP-86" });
  await until(async () => (await relayOf(tenant, id)).name === "By NIP-86");
  // An edit of the name itself wins.
  await tenant.put(`/tenant/relays/${id}`, { name: "Named here" });
  await until(async () => (await nip11Of(fixture, subdomain))?.name === "Named here");
});

test("a deactivated relay is gone from zooid; again is no error; back it has id, schema and key", async () => {
  const tenant = fixture.tenant();
  const relay = await activeRelay(tenant);
  const self = (await nip11Of(fixture, relay.subdomain))?.self;
  const path = `/tenant/relays/${relay.id}`;
  const gone = await tenant.delete<Relay>(path);
  expect([gone.status, gone.body.status, gone.body.cause]).toEqual([200, "deactivated", "owner"]);
  const again = await tenant.delete<Relay>(path);
  expect([again.status, again.body.status]).toEqual([200, "deactivated"]);
  await isGone(relay.subdomain);
  expect(heldByZooid(fixture, relay.id)).toBeUndefined();

  const back = await tenant.post<Ordered>(`${path}/reactivate`);
  expect([back.status, back.body.invoice]).toEqual([200, null]);
  expect(await relayIs(tenant, relay.id, "active")).toEqual(relay);
  expect((await nip11Of(fixture, relay.subdomain))?.self).toBe(self);
  expect(heldByZooid(fixture, relay.id)).toMatchObject({ schema: relay.schema });
  expect(creationsOf(fixture, relay.id)).toBe(2);
});

test("within what is paid a relay comes back at once and keeps its dates", async () => {
  const tenant = fixture.tenant();
  const { relay } = await activePaidRelay(fixture, tenant);
  await tenant.delete(`/tenant/relays/${relay.id}`);
  await fixture.advance(10 * DAY_MS);
  const { body } = await tenant.post<Ordered>(`/tenant/relays/${relay.id}/reactivate`);
  expect(body.invoice).toBeNull();
  const back = await relayIs(tenant, relay.id, "active");
  expect(back.paid_through).toBe(relay.paid_through);
});

test("after what is paid a relay comes back by a new purchase", async () => {
  const tenant = fixture.tenant();
  const { relay } = await activePaidRelay(fixture, tenant);
  await tenant.delete(`/tenant/relays/${relay.id}`);
  await fixture.advance(29 * DAY_MS);
  await fixture.advance(3 * DAY_MS);
  const { body } = await tenant.post<Ordered>(`/tenant/relays/${relay.id}/reactivate`);
  expect(body.relay).toMatchObject({ status: "pending", paid_through: null });
  expect(body.invoice).toMatchObject({ status: "pending", amount: 10_000, credit: 0 });
  fixture.world.pay(body.invoice?.invoice ?? "");
  const back = await relayIs(tenant, relay.id, "active");
  expect(back.paid_through).toBeGreaterThan((relay.paid_through ?? 0) + 27 * 86_400);
});

test("only what is deactivated can be reactivated", async () => {
  const tenant = fixture.tenant();
  const reactivate = async (id: string) =>
    codeOf(await tenant.post<Problem>(`/tenant/relays/${id}/reactivate`));
  const active = await activeRelay(tenant);
  const { relay: pending, invoice } = await orderPaid(tenant);
  expect(await reactivate(active.id)).toEqual([409, "relay_not_deactivated"]);
  expect(await reactivate(pending.id)).toEqual([409, "relay_not_deactivated"]);
  expect(await reactivate("rffffffffffffffffffffffff")).toEqual([404, "relay_not_found"]);

  // A reservation given up can be taken again once the wallet has spoken on its invoice.
  await tenant.delete(`/tenant/relays/${pending.id}`);
  await invoiceIs(tenant, invoice.id, "expired");
  const again = await tenant.post<Ordered>(`/tenant/relays/${pending.id}/reactivate`);
  expect(again.body).toMatchObject({ relay: { status: "pending" }, invoice: { credit: 0 } });
  fixture.world.pay(again.body.invoice?.invoice ?? "");
  await relayIs(tenant, pending.id, "active");
});

test("a lapsed reservation can be ordered again under the same id", async () => {
  const tenant = fixture.tenant();
  const { relay, invoice } = await orderPaid(tenant);
  await fixture.advance(DAY_MS + 10_000);
  await relayIs(tenant, relay.id, "deactivated");
  expect(await invoiceOf(tenant, invoice.id)).toMatchObject({ status: "expired" });
  const { body } = await tenant.post<Ordered>(`/tenant/relays/${relay.id}/reactivate`);
  expect(body.invoice?.id).not.toBe(invoice.id);
  fixture.world.pay(body.invoice?.invoice ?? "");
  await relayIs(tenant, relay.id, "active");
  expect(creationsOf(fixture, relay.id)).toBe(1);
});

test("a deactivated relay goes to the archive and back, and nothing else of it changes", async () => {
  const tenant = fixture.tenant();
  const relay = await activeRelay(tenant);
  const path = `/tenant/relays/${relay.id}`;
  const idsIn = async (query: string) =>
    (await tenant.get<{ items: Relay[] }>(`/tenant/relays${query}`)).body.items.map(({ id }) => id);
  const running = await tenant.post<Problem>(`${path}/archive`);
  expect(codeOf(running)).toEqual([409, "relay_not_deactivated"]);
  const { body: off } = await tenant.delete<Relay>(path);
  expect(off.archived_at).toBeNull();
  for (const _ of [1, 2]) {
    const { status, body } = await tenant.post<Relay>(`${path}/archive`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: "deactivated", archived_at: expect.any(Number) });
  }
  expect([await idsIn(""), await idsIn("?archived=true")]).toEqual([[], [relay.id]]);
  for (const _ of [1, 2])
    expect((await tenant.delete<Relay>(`${path}/archive`)).body.archived_at).toBeNull();
  expect(await idsIn("")).toEqual([relay.id]);
  await tenant.post(`${path}/archive`);
  expect((await tenant.post(`${path}/reactivate`)).status).toBe(200);
  expect((await relayIs(tenant, relay.id, "active")).archived_at).toBeNull();
});

test("an order that is cancelled is in the archive by itself", async () => {
  const tenant = fixture.tenant();
  const { relay } = await orderPaid(tenant);
  const { body } = await tenant.delete<Relay>(`/tenant/relays/${relay.id}`);
  expect(body).toMatchObject({ status: "deactivated", archived_at: expect.any(Number) });
});

test("what the operator suspended or deactivated, its owner cannot bring back", async () => {
  const tenant = fixture.tenant();
  const { id, subdomain } = await activeRelay(tenant);
  const force = (type: "admin.suspend" | "admin.unsuspend" | "admin.deactivate") =>
    fixture.berth.host.send(
      relayActor(id),
      { type, reason: "spam" },
      { cause: "test", reason: "spam" },
    );
  await force("admin.suspend");
  expect(await relayOf(tenant, id)).toMatchObject({ status: "suspended", cause: "admin" });
  await isGone(subdomain);
  expect(heldByZooid(fixture, id)).toMatchObject({ inactive: true });
  const path = `/tenant/relays/${id}`;
  expect(codeOf(await tenant.delete<Problem>(path))).toEqual([409, "suspended_by_operator"]);
  expect(codeOf(await tenant.post<Problem>(`${path}/reactivate`))).toEqual([
    ...[409, "closed_by_operator"],
  ]);
  // An edit is stored, and applied when the relay may run again.
  expect((await tenant.put<Relay>(path, { name: "Edited in the dark" })).status).toBe(200);
  await force("admin.unsuspend");
  await until(async () => (await nip11Of(fixture, subdomain))?.name === "Edited in the dark");

  await force("admin.deactivate");
  await isGone(subdomain);
  expect(await relayOf(tenant, id)).toMatchObject({ status: "deactivated", cause: "admin" });
  expect(codeOf(await tenant.post<Problem>(`${path}/reactivate`))).toEqual([
    ...[409, "closed_by_operator"],
  ]);
  expect((await tenant.delete(path)).status).toBe(200);
  expect(await relayOf(tenant, id)).toMatchObject({ cause: "admin" });
});

test("a relay that is not there is 404 to every method", async () => {
  const tenant = fixture.tenant();
  for (const id of ["r000000000000000000000000", "x", "%00", "%F0%9F%92%A9", "__proto__"]) {
    const path = `/tenant/relays/${id}`;
    expect(codeOf(await tenant.get<Problem>(path))).toEqual([404, "relay_not_found"]);
    expect(codeOf(await tenant.put<Problem>(path, { name: "x" }))).toEqual([
      404,
      "relay_not_found",
    ]);
    expect(codeOf(await tenant.delete<Problem>(path))).toEqual([404, "relay_not_found"]);
  }
  const longId = await tenant.get<Problem>(`/tenant/relays/${"r".repeat(65)}`);
  expect([longId.status, longId.body.errors?.[0]?.field]).toEqual([422, "params.id"]);
});
