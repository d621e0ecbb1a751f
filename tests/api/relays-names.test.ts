import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { type Fixture, startFixture } from "./berth-fixture.ts";
import { expectConsistency } from "./books.ts";
import {
  activePaidRelay,
  activeRelay,
  DAY_MS,
  freshName,
  HOUR_MS,
  type Ordered,
  order,
  orderPaid,
  type Problem,
  relayIs,
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

/** What a stranger is told of a name: `free`, or why not. */
async function said(subdomain: string): Promise<string> {
  const { body } = await fixture.anonymous.get<{ available: boolean; reason?: string }>(
    `/subdomains/${encodeURIComponent(subdomain)}`,
  );
  return body.available ? "free" : (body.reason ?? "");
}
/** What came of ordering it: `free` for a relay, else the code of the problem. */
async function asked(subdomain: string, tenant = fixture.tenant()): Promise<string> {
  const wish = { name: "x", subdomain, plan: "free" };
  const { status, body } = await tenant.post<Problem>("/tenant/relays", wish);
  if (status === 201) return "free";
  expect(body.errors).toMatchObject([{ field: "subdomain" }]);
  expect(status).toBe(/taken|quarantined/.test(body.code) ? 409 : 422);
  return body.code;
}

test("of 200 tenants who claim a name at once one gets it, and the others leave nothing behind", async () => {
  const counts = () =>
    fixture.rows(`SELECT (SELECT count(*) FROM schemas) AS schemas,
      (SELECT count(*) FROM secrets) AS secrets, (SELECT count(*) FROM relays) AS relays,
      (SELECT count(*) FROM actors WHERE machine <> 'tenant') AS actors,
      (SELECT count(*) FROM outbox) AS outbox, (SELECT count(*) FROM invoices) AS invoices`)[0];
  const before = counts();
  const tenants = Array.from({ length: 200 }, () => fixture.tenant());
  const wish = { name: "x", subdomain: "wanted-by-all", plan: "free" };
  const answers = await Promise.all(
    tenants.map((tenant) => tenant.post<Ordered & Problem>("/tenant/relays", wish)),
  );
  const won = answers.filter(({ status }) => status === 201);
  const lost = answers.filter(({ status }) => status === 409);
  expect([won.length, lost.length]).toEqual([1, 199]);
  expect(new Set(lost.map(({ body }) => body.code))).toEqual(new Set(["subdomain_taken"]));
  const after = counts() ?? {};
  const gained = Object.entries(after).map(([table, n]) => [
    table,
    Number(n) - Number(before?.[table]),
  ]);
  expect(Object.fromEntries(gained)).toEqual({
    ...{ schemas: 1, secrets: 1, relays: 1, actors: 2, outbox: 1, invoices: 0 },
  });
  const winner = tenants.find((_, index) => answers[index]?.status === 201);
  await relayIs(winner ?? fixture.tenant(), won[0]?.body.relay.id ?? "", "active");
});

test("what is no name is refused, to a question and to an order alike", async () => {
  const wrong: Record<string, string[]> = {
    subdomain_too_short: ["ab", "a", "-"],
    subdomain_too_long: ["a".repeat(47), "a".repeat(200)],
    subdomain_malformed: [
      ...["-abc", "abc-", "Abc", "a_bc", "a.bc", "a bc", "äbc", "abc\n", "ab--cd", "xn--abc"],
      ...["abc\u0000", "abc%", "..%2f", "abc/def", "a:80", "abc\u202e", "аbc"],
    ],
    subdomain_reserved: ["admin", "www", "relay", "postmaster", "wpad", "zooid", "localhost"],
  };
  for (const [code, names] of Object.entries(wrong))
    for (const name of names) {
      expect([name, await said(name)]).toEqual([name, code]);
      expect([name, await asked(name)]).toEqual([name, code]);
    }
  expect(await asked("")).toBe("subdomain_too_short");
});

test("names at the very edge of the rules are names", async () => {
  for (const name of ["abc", "a".repeat(46), "0-0", "1a2", "a--b", "abc--d", "123"]) {
    expect([name, await said(name)]).toEqual([name, "free"]);
    expect([name, await asked(name)]).toEqual([name, "free"]);
    expect([name, await said(name)]).toEqual([name, "subdomain_taken"]);
  }
});

test("the hosts of our own are not to be had", async () => {
  const own = await startFixture({
    env: ({ relayDomain }) => ({ PUBLIC_URL: `https://portal.${relayDomain}` }),
  });
  try {
    const { body } = await own.anonymous.get("/subdomains/portal");
    expect(body).toMatchObject({ available: false, reason: "subdomain_reserved" });
    expect((await own.anonymous.get("/subdomains/portal2")).body).toMatchObject({
      available: true,
    });
  } finally {
    await own.stop();
  }
});

test("a schema is the name with underscores, cut to fit, and begins with a letter", async () => {
  const schemaOf = async (subdomain: string) =>
    (await order(fixture.tenant(), { subdomain })).relay.schema;
  expect(await schemaOf("my-own-relay")).toBe("my_own_relay");
  expect(await schemaOf("42-relays")).toBe("r42_relays");
  expect(await schemaOf("sqlite-users")).toBe("rsqlite_users");
  const long = await schemaOf(`9${"b".repeat(45)}`);
  expect(long).toBe(`r9${"b".repeat(45)}`);
  expect(long).toMatch(/^[a-z][a-z0-9_]{0,45}[a-z0-9]$/);
});

test("a name that SQLite keeps for itself runs, and zooid with it", async () => {
  const tenant = fixture.tenant();
  for (const subdomain of ["sqlite", "sqlite-master", "sqlitefans"])
    await relayIs(tenant, (await order(tenant, { subdomain })).relay.id, "active");
  expect(fixture.world.zooid.crashed).toBeNull();
});

test("a schema is never given out twice, and a rename does not change it", async () => {
  const owner = fixture.tenant();
  const subdomain = "one-schema";
  const { relay } = await order(owner, { subdomain });
  expect(relay.schema).toBe("one_schema");
  await relayIs(owner, relay.id, "active");
  const renamed = await owner.put<Ordered["relay"]>(`/tenant/relays/${relay.id}`, {
    subdomain: "another-name",
  });
  expect(renamed.body).toMatchObject({ subdomain: "another-name", schema: "one_schema" });
  const second = await order(owner, { subdomain });
  expect(second.relay.schema).toMatch(/^one_schema_[0-9a-f]{8}$/);
  // Another name that would become the very same schema.
  const { relay: digit } = await order(fixture.tenant(), { subdomain: "7up" });
  const { relay: letter } = await order(fixture.tenant(), { subdomain: "r7up" });
  expect([digit.schema, letter.schema.slice(0, 5)]).toEqual(["r7up", "r7up_"]);
  const long = "z".repeat(46);
  const holder = fixture.tenant();
  const { relay: first } = await orderPaid(holder, { subdomain: long });
  await holder.delete(`/tenant/relays/${first.id}`);
  const again = await order(fixture.tenant(), { subdomain: long });
  expect(first.schema).toBe(long);
  expect(again.relay.schema).toMatch(/^z{38}_[0-9a-f]{8}$/);
});

test("a deactivated relay's name is kept 30 days for its owner, then it is anyone's", async () => {
  const owner = fixture.tenant();
  const { id, subdomain } = await activeRelay(owner);
  await fixture.advance(DAY_MS);
  await owner.delete(`/tenant/relays/${id}`);
  expect(await said(subdomain)).toBe("subdomain_quarantined");
  expect(await asked(subdomain)).toBe("subdomain_quarantined");
  expect(await asked(subdomain, owner)).toBe("free");
  expect(await said(subdomain)).toBe("subdomain_taken");

  const other = await activeRelay(owner);
  await fixture.advance(DAY_MS);
  await owner.delete(`/tenant/relays/${other.id}`);
  await fixture.advance(30 * DAY_MS - HOUR_MS);
  expect(await said(other.subdomain)).toBe("subdomain_quarantined");
  await fixture.advance(HOUR_MS + 1_000);
  expect(await said(other.subdomain)).toBe("free");
  expect(await asked(other.subdomain)).toBe("free");
  const taken = await owner.post<Problem>(`/tenant/relays/${other.id}/reactivate`);
  expect([taken.status, taken.body.code]).toEqual([409, "subdomain_taken"]);
});

test("a name given up by renaming is kept too, and its owner can go back to it", async () => {
  const owner = fixture.tenant();
  const { id, subdomain } = await activeRelay(owner);
  await fixture.advance(DAY_MS);
  const path = `/tenant/relays/${id}`;
  expect((await owner.put(path, { subdomain: freshName() })).status).toBe(200);
  expect(await said(subdomain)).toBe("subdomain_quarantined");
  expect(await asked(subdomain)).toBe("subdomain_quarantined");
  const second = await owner.put<Problem>(path, { subdomain });
  expect([second.status, second.body.code]).toEqual([429, "rename_limit"]);
  expect(Number(second.headers.get("retry-after"))).toBeGreaterThan(86_000);
  await fixture.advance(DAY_MS);
  expect((await owner.put(path, { subdomain })).status).toBe(200);
  expect(await said(subdomain)).toBe("subdomain_taken");
});

test("a name that was free of charge for less than a day is free at once, a paid one is kept", async () => {
  const [hoarder, buyer] = [fixture.tenant(), fixture.tenant()];
  const { id, subdomain } = await activeRelay(hoarder);
  const path = `/tenant/relays/${id}`;
  await fixture.advance(DAY_MS - HOUR_MS);
  const renamed = freshName();
  await hoarder.put(path, { subdomain: renamed });
  expect(await said(subdomain)).toBe("free");
  // The day counts anew for each name.
  await fixture.advance(DAY_MS - HOUR_MS);
  await hoarder.delete(path);
  expect(await said(renamed)).toBe("free");
  expect(await asked(renamed)).toBe("free");

  const bought = await activePaidRelay(fixture, buyer);
  await buyer.delete(`/tenant/relays/${bought.relay.id}`);
  expect(await said(bought.relay.subdomain)).toBe("subdomain_quarantined");
});

test("a relay that comes back has been served since it first was", async () => {
  const owner = fixture.tenant();
  const { id, subdomain } = await activeRelay(owner);
  await owner.delete(`/tenant/relays/${id}`);
  await fixture.advance(DAY_MS);
  await owner.post(`/tenant/relays/${id}/reactivate`);
  await relayIs(owner, id, "active");
  await owner.delete(`/tenant/relays/${id}`);
  expect(await said(subdomain)).toBe("subdomain_quarantined");
});

test("a name that was only ever reserved is free at once", async () => {
  const [lapsing, giving] = [fixture.tenant(), fixture.tenant()];
  const given = await orderPaid(giving);
  await giving.delete(`/tenant/relays/${given.relay.id}`);
  expect(await said(given.relay.subdomain)).toBe("free");
  const lapsed = await orderPaid(lapsing);
  await fixture.advance(DAY_MS + 10_000);
  expect(await relayIs(lapsing, lapsed.relay.id, "deactivated")).toMatchObject({ cause: "lapsed" });
  expect(await said(lapsed.relay.subdomain)).toBe("free");
  expect(await asked(lapsed.relay.subdomain)).toBe("free");
});

test("a rename to a name that another holds is refused and changes nothing", async () => {
  const [holder, tenant] = [fixture.tenant(), fixture.tenant()];
  const held = await activeRelay(holder);
  const mine = await activeRelay(tenant);
  const path = `/tenant/relays/${mine.id}`;
  const wish = { name: "Renamed", subdomain: held.subdomain };
  const refused = await tenant.put<Problem>(path, wish);
  expect([refused.status, refused.body.code]).toEqual([409, "subdomain_taken"]);
  expect((await tenant.get<object>(path)).body).toEqual(mine);
});
