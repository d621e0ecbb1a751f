import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { signHttpAuth } from "../../server/nostr/keys.ts";
import { type Fixture, startFixture } from "./berth-fixture.ts";
import { activePaidRelay, freshName, type Problem, relayOf } from "./orders.ts";
import { sendRaw } from "./raw-http.ts";
import { documentedRoutes } from "./routes-under-test.ts";

setDefaultTimeout(30_000);

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.stop());

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];

test("everything under /tenant and /admin answers 401 without a token, whether it exists or not", async () => {
  const documented = (await documentedRoutes(fixture.anonymous)).map(({ path }) => path);
  const guarded = documented.filter((path) => path.startsWith("/tenant"));
  expect(guarded.length).toBeGreaterThan(5);
  const invented = [
    ...["/tenant/", "/tenant?x", "/tenant/nothing", "/tenant/relays/", "/tenant/relays/a/b/c"],
    ...["/./tenant", "/tenant/%00", "/tenant/..%2fplans", "/tenant/events?token=x"],
    ...["/admin", "/admin/", "/admin/tenants", "/admin/relays/r1", "/admin/nothing"],
  ];
  for (const path of [...guarded, ...invented])
    for (const method of METHODS) {
      const body = method === "POST" ? Buffer.from("{}") : null;
      const answer = await sendRaw(fixture.url, { method, target: path, body });
      expect([method, path, answer.status]).toEqual([method, path, 401]);
      expect(answer.type).toBe("application/problem+json");
      expect(answer.headers.toLowerCase()).toContain("www-authenticate: nostr");
      if (method !== "HEAD") expect(JSON.parse(answer.body).code).toBe("auth_missing");
    }
});

test("a path that only looks like /tenant leads nowhere", async () => {
  const target = ["//tenant", "/Tenant/relays", "/%74enant/relays", "/tenants"];
  for (const path of target) {
    const { status, body } = await sendRaw(fixture.url, { method: "GET", target: path });
    expect([path, status]).toEqual([path, 404]);
    expect(body).not.toContain("items");
  }
});

test("a Host header that holds another path opens nothing", async () => {
  for (const host of ["x/plans?", "x/plans#", "x\\plans", "[", "", "a b", "u@x", "é"]) {
    const request = { method: "GET", target: "/tenant/relays", headers: { host } };
    expect([host, (await sendRaw(fixture.url, request)).status]).toEqual([host, 401]);
  }
});

test("a body that is far too large is not even read from someone without a token", async () => {
  const body = Buffer.alloc(2_000_000, "x");
  const { status } = await sendRaw(fixture.url, { method: "POST", target: "/tenant/relays", body });
  expect(status).toBe(401);
});

test("a token is good once, also after a restart on the same database", async () => {
  const { key } = fixture.tenant();
  const url = `${fixture.url}/tenant`;
  const headers = { authorization: signHttpAuth(key.secret, { url, method: "GET" }) };
  expect((await fetch(url, { headers })).status).toBe(200);
  const replayed = async () => {
    const response = await fetch(url, { headers });
    return [response.status, ((await response.json()) as Problem).code];
  };
  expect(await replayed()).toEqual([401, "auth_replayed"]);
  await fixture.restart();
  expect(await replayed()).toEqual([401, "auth_replayed"]);
});

test("of 20 requests with one token sent at once, one is answered", async () => {
  const { key } = fixture.tenant();
  const url = `${fixture.url}/tenant/relays`;
  const headers = { authorization: signHttpAuth(key.secret, { url, method: "GET" }) };
  const answers = await Promise.all(Array.from({ length: 20 }, () => fetch(url, { headers })));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 401)).toHaveLength(19);
});

test("a body needs its payload in the token, whatever way it is sent", async () => {
  const { key } = fixture.tenant();
  const url = `${fixture.url}/tenant/relays`;
  const subdomain = freshName();
  const body = JSON.stringify({ name: "x", subdomain, plan: "free" });
  const post = async (signed: string | undefined, sent: string | ReadableStream<Uint8Array>) => {
    const of = signed === undefined ? {} : { body: signed };
    const authorization = signHttpAuth(key.secret, { url, method: "POST", ...of });
    const headers = { authorization, "content-type": "application/json" };
    const response = await fetch(url, { method: "POST", headers, body: sent });
    return [response.status, ((await response.json()) as Problem).code ?? "accepted"];
  };
  const chunked = () => new Blob([body]).stream();
  expect(await post(undefined, body)).toEqual([401, "auth_payload"]);
  expect(await post(undefined, chunked())).toEqual([401, "auth_payload"]);
  expect(await post(`${body} `, body)).toEqual([401, "auth_payload"]);
  expect((await fixture.anonymous.get(`/subdomains/${subdomain}`)).body).toMatchObject({
    available: true,
  });
  expect(await post(body, chunked())).toEqual([201, "accepted"]);
});

test("a GET with a body, for which no token can vouch, is refused", async () => {
  const { key } = fixture.tenant();
  const url = `${fixture.url}/tenant/relays`;
  const authorization = signHttpAuth(key.secret, { url, method: "GET" });
  const request = { method: "GET", target: "/tenant/relays", headers: { authorization } };
  const answer = await sendRaw(fixture.url, { ...request, body: Buffer.from("{}") });
  expect(answer.status).toBe(400);
  expect(answer.body).not.toContain("items");
});

test("no route of a tenant shows or changes what is another's", async () => {
  const owner = fixture.tenant();
  const stranger = fixture.tenant();
  const { relay, invoice } = await activePaidRelay(fixture, owner);
  const before = await relayOf(owner, relay.id);
  const ids: Record<string, string> = {
    relays: relay.id,
    invoices: invoice.id,
    tenants: owner.pubkey,
  };
  const person = { pubkey: fixture.tenant().key.pubkey };
  const bodies: Record<string, object> = {
    ...{ quote: { plan: "growth" }, members: person, bans: person },
    invites: { label: "Friends" },
  };
  const routes = await documentedRoutes(fixture.anonymous);
  const withIds = routes.filter(({ path }) => /^\/(?:tenant|admin)\/.*\{/.test(path));
  expect(withIds.length).toBeGreaterThanOrEqual(6);
  for (const { method, path } of withIds) {
    const noun = path.split("/")[2] ?? "";
    const id = ids[noun];
    if (id === undefined) throw new Error(`teach this test what the id in ${path} is`);
    const target = path
      .replace(/\{\w+\}/, id)
      .replace("{act}", "retry")
      .replace("{pubkey}", person.pubkey)
      .replace("{invite}", `v${"0".repeat(24)}`);
    const wished = bodies[path.split("/").at(-1) ?? ""];
    const body = wished ?? { name: "taken over" };
    const isFree = method === "POST" && wished === undefined;
    const answer = await (method === "GET"
      ? stranger.get(target)
      : method === "DELETE"
        ? stranger.delete(target)
        : method === "PUT"
          ? stranger.put(target, body)
          : stranger.post(target, isFree ? undefined : body));
    const wanted = path.startsWith("/admin") ? 403 : 404;
    expect([method, path, answer.status]).toEqual([method, path, wanted]);
    expect(JSON.stringify(answer.body)).not.toContain(owner.pubkey);
  }
  for (const path of ["/tenant/relays", "/tenant/invoices"])
    expect((await stranger.get(path)).body).toEqual({ items: [], total: 0 });
  expect(await relayOf(owner, relay.id)).toEqual(before);
  expect((await owner.get<{ total: number }>("/tenant/relays")).body.total).toBe(1);
});
