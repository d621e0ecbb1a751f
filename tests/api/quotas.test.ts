import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { noLimits, productionLimits } from "../../server/http/limits.ts";

import { type Fixture, startFixture } from "./berth-fixture.ts";
import { expectConsistency } from "./books.ts";
import { activeRelay, DAY_MS, freshName, HOUR_MS, orderPaid, type Problem } from "./orders.ts";

setDefaultTimeout(30_000);

const { changesPerHour, creationsPerDay, invoicesPerRelayAndHour } = productionLimits;
let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture({
    limits: { ...noLimits, changesPerHour, creationsPerDay, invoicesPerRelayAndHour },
  });
});
afterAll(async () => {
  await expectConsistency(fixture);
  await fixture.stop();
});

/** How much stands in the journal because somebody asked for it. */
const askedFor = () => fixture.rows("SELECT count(*) AS n FROM journal WHERE cause = 'http'")[0];

test("a tenant creates ten relays a day, whatever becomes of them, and the next the day after", async () => {
  const tenant = fixture.tenant();
  const create = () =>
    tenant.post<Problem & { relay: { id: string } }>("/tenant/relays", {
      ...{ name: "x", subdomain: freshName(), plan: "free" },
    });
  for (let used = 0; used < creationsPerDay; used++) {
    const { status, body } = await create();
    expect(status).toBe(201);
    await tenant.delete(`/tenant/relays/${body.relay.id}`);
  }
  const refused = await create();
  expect([refused.status, refused.body.code]).toEqual([429, "creation_limit"]);
  const waitMs = Number(refused.headers.get("retry-after")) * 1000;
  expect(waitMs).toBeGreaterThan(DAY_MS - HOUR_MS);
  await fixture.restart();
  expect((await create()).status).toBe(429);
  await fixture.advance(waitMs + 1_000);
  expect((await create()).status).toBe(201);
});

test("changing the plan of an unpaid relay to and fro makes three invoices an hour, and no more", async () => {
  const tenant = fixture.tenant();
  const { relay } = await orderPaid(tenant);
  const path = `/tenant/relays/${relay.id}`;
  const codes: (string | number)[] = [];
  for (let n = 0; n < 12; n++) {
    const { status, body } = await tenant.put<Problem>(path, { plan: n % 2 ? "basic" : "growth" });
    codes.push(status === 200 ? 200 : body.code);
  }
  // What is asked for is what it has already: no change, and none is counted.
  expect(new Set(codes)).toEqual(new Set([200, "invoice_limit"]));
  expect(fixture.rows("SELECT * FROM bolt11s")).toHaveLength(invoicesPerRelayAndHour);
  await fixture.advance(HOUR_MS + 1_000);
  expect((await tenant.put(path, { plan: "growth" })).status).toBe(200);
});

test("an edit that says what is so already is written nowhere", async () => {
  const tenant = fixture.tenant();
  const relay = await activeRelay(tenant);
  const path = `/tenant/relays/${relay.id}`;
  const before = askedFor();
  const { name, subdomain, description, plan } = relay;
  for (const wish of [{}, { name }, { plan }, { name, subdomain, description, plan }])
    expect((await tenant.put<object>(path, wish)).body).toEqual(relay);
  await tenant.put("/tenant/billing", { nwc_url: null });
  expect(askedFor()).toEqual(before);
});

test("a tenant changes what they have thirty times an hour", async () => {
  const tenant = fixture.tenant();
  const { id } = await activeRelay(tenant);
  const edit = (n: number) => tenant.put<Problem>(`/tenant/relays/${id}`, { description: `${n}` });
  for (let used = 0; used < changesPerHour; used++) expect((await edit(used)).status).toBe(200);
  const before = askedFor();
  for (const refused of [
    await edit(99),
    await tenant.delete<Problem>(`/tenant/relays/${id}`),
    await tenant.post<Problem>(`/tenant/relays/${id}/reactivate`),
    await tenant.put<Problem>("/tenant/billing", { nwc_url: null }),
  ]) {
    expect([refused.status, refused.body.code]).toEqual([429, "rate_limited"]);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  }
  expect(askedFor()).toEqual(before);
});
