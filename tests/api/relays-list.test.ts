import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Invoice, Relay } from "../../server/routes/shapes.ts";
import { type Fixture, startFixture, type TenantApi } from "./berth-fixture.ts";
import { activePaidRelay, invoiceIs, type Listed, order, type Problem, relayIs } from "./orders.ts";

setDefaultTimeout(30_000);

let fixture: Fixture;
let tenant: TenantApi;
let ids: Record<"percent" | "under" | "cafe" | "paid", string>;

beforeAll(async () => {
  fixture = await startFixture();
  tenant = fixture.tenant();
  const free = async (name: string, subdomain: string) => {
    const { relay } = await order(tenant, { name, subdomain });
    return (await relayIs(tenant, relay.id, "active")).id;
  };
  ids = {
    percent: await free("100% Harbour", "list-percent"),
    under: await free("a_b \\ back", "list-under"),
    cafe: await free("Café", "list-cafe"),
    paid: (await activePaidRelay(fixture, tenant)).relay.id,
  };
  await order(fixture.tenant(), { name: "100% Harbour of another", subdomain: "list-other" });
});
afterAll(() => fixture.stop());

const list = async (query: string): Promise<string[]> => {
  const { status, body } = await tenant.get<Listed<Relay>>(`/tenant/relays${query}`);
  expect(status).toBe(200);
  expect(body.total).toBe(body.items.length);
  return body.items.map(({ id }) => id).sort();
};
const of = (...names: (keyof typeof ids)[]) => names.map((name) => ids[name]).sort();
const q = (text: string) => `?q=${encodeURIComponent(text)}`;

test("a list without a query holds all of mine and nothing of others", async () => {
  expect(await list("")).toEqual(Object.values(ids).sort());
});

test("q finds in name, subdomain and id, whatever the case", async () => {
  expect(await list("?q=HARBOUR")).toEqual(of("paid", "percent"));
  expect(await list("?q=list-")).toEqual(of("percent", "under", "cafe"));
  expect(await list(`?q=${ids.cafe.slice(3, 20)}`)).toEqual(of("cafe"));
  expect(await list("?q=nothing-like-it")).toEqual([]);
  expect(await list("?q=")).toEqual(Object.values(ids).sort());
});

test("wildcards of SQL are letters like any other", async () => {
  expect(await list(q("%"))).toEqual(of("percent"));
  expect(await list(q("_"))).toEqual(of("under"));
  expect(await list(q("\\"))).toEqual(of("under"));
  expect(await list(q("a_b"))).toEqual(of("under"));
  expect(await list(q("1%H"))).toEqual([]);
  expect(await list(q("' OR 1=1 --"))).toEqual([]);
  expect(await list(q("\u0000"))).toEqual([]);
});

test("an accent is found whether it was typed composed or not", async () => {
  expect(await list(q("Caf\u00e9"))).toEqual(of("cafe"));
  expect(await list(q("Cafe\u0301"))).toEqual(of("cafe"));
});

test("status and plan filter, and join with q", async () => {
  expect(await list("?plan=free")).toEqual(of("percent", "under", "cafe"));
  expect(await list("?plan=basic&status=active")).toEqual(of("paid"));
  expect(await list("?status=suspended")).toEqual([]);
  expect(await list("?plan=free&q=Harbour")).toEqual(of("percent"));
});

test("pages are cut by limit and offset, newest first, and total counts them all", async () => {
  const page = async (query: string) =>
    (await tenant.get<Listed<Relay>>(`/tenant/relays${query}`)).body;
  const all = (await page("")).items;
  const dates = all.map(({ created_at }) => created_at);
  expect(dates).toEqual([...dates].sort((a, b) => b - a));
  const cut = [await page("?limit=3"), await page("?limit=3&offset=3")];
  expect(cut.map(({ items, total }) => [items.length, total])).toEqual([
    [3, 4],
    [1, 4],
  ]);
  expect(cut.flatMap(({ items }) => items)).toEqual(all);
  expect(await page("?offset=4")).toEqual({ items: [], total: 4 });
  expect(await page("?limit=4&plan=free")).toMatchObject({ total: 3 });
});

test("invoices are listed with their items, searched by relay and filtered by status", async () => {
  const open = await order(tenant, { plan: "growth", name: "Unpaid", subdomain: "list-unpaid" });
  const invoices = async (query: string) => {
    const { body } = await tenant.get<Listed<Invoice>>(`/tenant/invoices${query}`);
    return body.items.flatMap(({ items }) => items.map(({ relay }) => relay));
  };
  expect((await invoices("")).sort()).toEqual([ids.paid, open.relay.id].sort());
  expect(await invoices("?status=pending")).toEqual([open.relay.id]);
  expect(await invoices("?status=paid")).toEqual([ids.paid]);
  expect(await invoices("?q=list-unpaid")).toEqual([open.relay.id]);
  expect(await invoices(q("%"))).toEqual([]);
  expect(await invoices("?limit=1&offset=1")).toHaveLength(1);
  await tenant.delete(`/tenant/relays/${open.relay.id}`);
  await invoiceIs(tenant, open.invoice?.id ?? "", "expired");
  expect(await invoices("?status=expired")).toEqual([open.relay.id]);
});

test("a query that is wrong is refused by the name of what is wrong", async () => {
  const wrong: [query: string, field: string][] = [
    ...["0", "101", "-1", "1.5", "x", "", "1e1", "%20", "Infinity"].map(
      (limit): [string, string] => [`limit=${limit}`, "query.limit"],
    ),
    ...["-1", "1000001", "x", "99999999999999999999"].map((offset): [string, string] => [
      `offset=${offset}`,
      "query.offset",
    ]),
    ["status=dead", "query.status"],
    ["plan=gold", "query.plan"],
    [`q=${"x".repeat(101)}`, "query.q"],
    ["sort=name", "query.sort"],
    ["__proto__=1", "query.__proto__"],
  ];
  for (const [query, field] of wrong) {
    const { status, body } = await tenant.get<Problem>(`/tenant/relays?${query}`);
    expect([query, status, body.errors?.map((error) => error.field)]).toEqual([
      query,
      422,
      [field],
    ]);
  }
});
