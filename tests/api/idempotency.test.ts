import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { signHttpAuth } from "../../server/nostr/keys.ts";
import { type Fixture, startFixture, type TenantApi } from "./berth-fixture.ts";
import { activeRelay, freshName, type Listed, type Ordered, type Problem } from "./orders.ts";
import { sendRaw } from "./raw-http.ts";

setDefaultTimeout(30_000);

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.stop());

const wishFor = (plan: string) => ({ name: "x", subdomain: freshName(), plan });
const post = (tenant: TenantApi, wish: object, key: string) =>
  tenant.post<Ordered>("/tenant/relays", wish, { "idempotency-key": key });
const totalOf = async (tenant: TenantApi, path: string) =>
  (await tenant.get<Listed<object>>(path)).body.total;

test("the same request under one key makes one relay, also after a restart", async () => {
  const tenant = fixture.tenant();
  const wish = wishFor("basic");
  const first = await post(tenant, wish, "key-1");
  const second = await post(tenant, wish, "key-1");
  expect([first.status, second.status]).toEqual([201, 201]);
  expect(second.body).toEqual(first.body);
  await fixture.restart();
  const third = await post(tenant, wish, "key-1");
  expect(third.body.relay.id).toBe(first.body.relay.id);
  expect(await totalOf(tenant, "/tenant/relays")).toBe(1);
  expect(await totalOf(tenant, "/tenant/invoices")).toBe(1);
});

test("30 repetitions at once make one relay and one invoice", async () => {
  const tenant = fixture.tenant();
  const wish = wishFor("basic");
  const answers = await Promise.all(Array.from({ length: 30 }, () => post(tenant, wish, "key-2")));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
  expect(new Set(answers.map(({ body }) => body.relay.id)).size).toBe(1);
  expect(new Set(answers.map(({ body }) => body.invoice?.id)).size).toBe(1);
  expect(await totalOf(tenant, "/tenant/relays")).toBe(1);
  expect(await totalOf(tenant, "/tenant/invoices")).toBe(1);
});

test("a key under which something else was asked is refused", async () => {
  const tenant = fixture.tenant();
  const wish = wishFor("free");
  const { body } = await post(tenant, wish, "key-3");
  const other = await tenant.post<Problem>(
    "/tenant/relays",
    { ...wish, name: "y" },
    { "idempotency-key": "key-3" },
  );
  expect([other.status, other.body.code]).toEqual([422, "idempotency_key_reused"]);
  const path = await tenant.post<Problem>(`/tenant/relays/${body.relay.id}/reactivate`, undefined, {
    "idempotency-key": "key-3",
  });
  expect([path.status, path.body.code]).toEqual([422, "idempotency_key_reused"]);
  expect(await totalOf(tenant, "/tenant/relays")).toBe(1);
});

test("the same key of another tenant is another key", async () => {
  const [one, two] = [fixture.tenant(), fixture.tenant()];
  const first = await post(one, wishFor("free"), "key-4");
  const second = await post(two, wishFor("free"), "key-4");
  expect([first.status, second.status]).toEqual([201, 201]);
  expect(second.body.relay).toMatchObject({ tenant: two.pubkey });
});

test("a request that was refused has not used up its key", async () => {
  const [holder, tenant] = [fixture.tenant(), fixture.tenant()];
  const wish = wishFor("free");
  const { body } = await post(holder, wish, "key-5");
  expect((await post(tenant, wish, "key-5")).status).toBe(409);
  await holder.put(`/tenant/relays/${body.relay.id}`, { subdomain: freshName() });
  expect((await post(tenant, { ...wish, subdomain: freshName() }, "key-5")).status).toBe(201);
});

test("a reactivation takes a key too", async () => {
  const tenant = fixture.tenant();
  const { id } = await activeRelay(tenant);
  await tenant.delete(`/tenant/relays/${id}`);
  const reactivate = () =>
    tenant.post<Ordered>(`/tenant/relays/${id}/reactivate`, undefined, {
      "idempotency-key": "key-6",
    });
  const answers = await Promise.all([reactivate(), reactivate(), reactivate()]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect((await tenant.post<Problem>(`/tenant/relays/${id}/reactivate`)).status).toBe(409);
});

test("a key that is none is refused by name", async () => {
  const tenant = fixture.tenant();
  for (const key of ["a b", "x".repeat(201), "ü", "\t"]) {
    const headers = { "idempotency-key": key };
    const answer = await tenant.post<Problem>("/tenant/relays", wishFor("free"), headers);
    // fetch drops a header of blanks alone to an empty one.
    expect([key, answer.status]).toEqual([key, 422]);
    expect(answer.body.errors).toMatchObject([{ field: "Idempotency-Key" }]);
  }
});

test("a key works whatever the Host header says", async () => {
  const { key } = fixture.tenant();
  const body = Buffer.from(JSON.stringify(wishFor("free")));
  const url = `${fixture.url}/tenant/relays`;
  const authorization = signHttpAuth(key.secret, { url, method: "POST", body });
  const headers = {
    host: "[",
    authorization,
    "content-type": "application/json",
    "idempotency-key": "key-7",
  };
  const target = "/tenant/relays";
  expect((await sendRaw(fixture.url, { method: "POST", target, headers, body })).status).toBe(201);
});
