import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { signHttpAuth } from "../../server/nostr/keys.ts";
import { until } from "../sandbox/relay-socket.ts";
import { type Fixture, startFixture, type TenantApi } from "./berth-fixture.ts";
import { expectConsistency } from "./books.ts";
import { activeRelay, freshName, nip11Of, type Problem, relayOf } from "./orders.ts";
import { type RawAnswer, sendRaw } from "./raw-http.ts";

setDefaultTimeout(30_000);

const seed = Number(process.env.SEED ?? randomBytes(4).readInt32BE());
console.log(`hostile input: seed ${seed}`);

let fixture: Fixture;
/** Who sends; mostly the owner of the relay `id`. */
let tenant: TenantApi;
let owner: TenantApi;
let id: string;
beforeAll(async () => {
  fixture = await startFixture();
  owner = fixture.tenant();
  tenant = owner;
  id = (await activeRelay(tenant)).id;
});
afterAll(async () => {
  expect(fixture.world.zooid.crashed).toBeNull();
  await expectConsistency(fixture);
  await fixture.stop();
});

const JSON_TYPE = "application/json";

/** Sends bytes as a body, rightly signed. */
async function send(
  method: string,
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  type: string | null = JSON_TYPE,
) {
  const url = `${fixture.url}${path}`;
  const authorization = signHttpAuth(tenant.key.secret, { url, method, body });
  const headers = { authorization, ...(type === null ? {} : { "content-type": type }) };
  const response = await fetch(url, { method, headers, body });
  return {
    status: response.status,
    type: response.headers.get("content-type"),
    body: (await response.json()) as Problem,
  };
}

/** 2xx, or 4xx as a problem document that says what is wrong. */
function expectManners(answer: { status: number; type: string | null; body: Problem }): void {
  if (answer.status < 300) return;
  expect(answer.status).toBeLessThan(500);
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.type).toBe("application/problem+json");
  expect(answer.body).toMatchObject({
    type: `urn:berth:problem:${answer.body.code}`,
    title: expect.any(String),
    status: answer.status,
    code: expect.stringMatching(/^[a-z0-9_]+$/),
    detail: expect.stringMatching(/./),
  });
}

test("a body that is no JSON is 400, one of another type 415, one too large 413", async () => {
  const path = "/tenant/relays";
  const malformed = [
    "{",
    "[1,",
    "nul",
    "{'a':1}",
    '{"a":1}}',
    "\u0000",
    "\ufeff{}x",
    "name=x",
    "NaN",
  ];
  for (const body of malformed) {
    const answer = await send("POST", path, body);
    expect([body, answer.status, answer.body.code]).toEqual([body, 400, "malformed"]);
  }
  const notUtf8 = Uint8Array.from([0x22, 0xff, 0xfe, 0x22]);
  expect((await send("POST", path, notUtf8)).status).toBe(400);
  for (const type of [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "x",
  ]) {
    const answer = await send("POST", path, "{}", type);
    expect([type, answer.status, answer.body.code]).toEqual([type, 415, "not_json"]);
  }
  for (const type of ["application/json; charset=utf-8", "Application/JSON"])
    expect((await send("POST", path, "{}", type)).status).toBe(422);
  for (const bytes of [65_537, 200_000, 3_000_000]) {
    const answer = await send("POST", path, " ".repeat(bytes));
    expect([bytes, answer.status, answer.body.code]).toEqual([bytes, 413, "too_large"]);
  }
});

test("a body without a declared length is read no further than the limit", async () => {
  const { url, key } = tenant;
  const authorization = signHttpAuth(key.secret, { url: `${url}/tenant/relays`, method: "POST" });
  let sent = 0;
  const endless = new ReadableStream<Uint8Array>({
    async pull(controller) {
      sent += 16_384;
      controller.enqueue(new Uint8Array(16_384));
      await Bun.sleep(1);
      if (sent > 5_000_000) controller.close();
    },
  });
  const headers = { authorization, "content-type": JSON_TYPE };
  const response = await fetch(`${url}/tenant/relays`, { method: "POST", headers, body: endless });
  expect([response.status, ((await response.json()) as Problem).code]).toEqual([413, "too_large"]);
  expect(sent).toBeLessThan(2_000_000);
});

test("a body nested thousands deep, or of thousands of fields, is refused quickly", async () => {
  const deep = "[".repeat(30_000) + "]".repeat(30_000);
  const wide = JSON.stringify(Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [i, i])));
  const inside = (value: string) => `{"name":${value},"subdomain":"abc-def","plan":"free"}`;
  for (const body of [deep, inside(deep), wide, inside(wide), `[${"1,".repeat(30_000)}1]`]) {
    const startedAt = performance.now();
    const answer = await send("POST", "/tenant/relays", body);
    expectManners(answer);
    expect([400, 422]).toContain(answer.status);
    expect(performance.now() - startedAt).toBeLessThan(1_500);
  }
});

test("a body that is missing, empty or of another kind than an object is 422", async () => {
  for (const body of ["null", "1", '"x"', "[]", "true", "{}"]) {
    const answer = await send("POST", "/tenant/relays", body);
    expectManners(answer);
    expect([body, answer.status]).toEqual([body, 422]);
    expect(answer.body.errors?.length).toBeGreaterThan(0);
  }
  expect((await tenant.post<Problem>("/tenant/relays")).status).toBe(422);
});

const wrong = [null, 1, -0.5, 1e308, true, [], {}, ["x"], { a: 1 }, [[[]]]];
test("a value of a wrong type is refused by the name of its field", async () => {
  const whole = { name: "x", subdomain: freshName(), description: "x", plan: "free" };
  for (const field of Object.keys(whole))
    for (const value of wrong)
      for (const [method, path] of [
        ["POST", "/tenant/relays"],
        ["PUT", `/tenant/relays/${id}`],
      ] as const) {
        const answer = await send(method, path, JSON.stringify({ ...whole, [field]: value }));
        expect([field, value, answer.status]).toEqual([field, value, 422]);
        expect(answer.body.errors?.map((error) => error.field)).toEqual([field]);
      }
});

test("text that could mislead a reader, a terminal or zooid is refused by name", async () => {
  const before = await relayOf(tenant, id);
  const unsafe = [
    ...["a\u0000b", "a\u0007b", "\u001b[31mred", "a\u007f", "a\u0085b", "a\u202eb", "a\u2066b"],
    ...["a\u200fb", "a\u2028b", "\ufeffa", "\ud800", "a\udfffb", "\ufffe", "\r\n"],
  ];
  for (const text of [...unsafe, "two\nlines", "a\tb", " ", "", "x".repeat(81)]) {
    const answer = await tenant.put<Problem>(`/tenant/relays/${id}`, { name: text });
    expect([text, answer.status]).toEqual([text, 422]);
    expect(answer.body.errors).toMatchObject([{ field: "name" }]);
  }
  for (const text of [...unsafe, "x".repeat(1001)]) {
    const answer = await tenant.put<Problem>(`/tenant/relays/${id}`, { description: text });
    expect([text, answer.status]).toEqual([text, 422]);
    expect(answer.body.errors).toMatchObject([{ field: "description" }]);
  }
  expect(await relayOf(tenant, id)).toEqual(before);
});

test("text that is only strange arrives at the relay as it was typed", async () => {
  const strange = [
    ...["'; DROP TABLE relays; --", '"""\n[info]\nowner = "x"\n"""', "<script>alert(1)</script>"],
    ...["$(reboot)", "{{7*7}}", "\\u0000", "%00%0a", "💩👩‍👩‍👧", "שלום", "ÅÄÖ", "a = 1 # b"],
  ];
  const { subdomain } = await relayOf(tenant, id);
  for (const text of strange) {
    const name = text.replaceAll("\n", " ");
    const edit = { name, description: text };
    expect((await tenant.put(`/tenant/relays/${id}`, edit)).body).toMatchObject(edit);
    await until(async () => {
      const shown = await nip11Of(fixture, subdomain);
      return shown?.name === name && shown.description === text;
    });
  }
});

test("a field called like a method of every object is refused by name", async () => {
  const wishes = {
    '{"name":"x","subdomain":{"toString":null},"plan":"free"}': "subdomain.toString",
    '{"__proto__":{"plan":"free"},"name":"x"}': "__proto__",
    '{"name":{"a":[{"valueOf":1}]}}': "name.a.0.valueOf",
    '{"constructor":1}': "constructor",
  };
  for (const [wish, field] of Object.entries(wishes)) {
    const answer = await send("POST", "/tenant/relays", wish);
    expect([answer.status, answer.body.errors?.[0]?.field]).toEqual([422, field]);
  }
});

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 90 }),
  fc.string({
    unit: fc.integer({ min: 0, max: 0xffff }).map((c) => String.fromCharCode(c)),
    maxLength: 30,
  }),
  fc.string({ unit: "grapheme", maxLength: 100 }),
  fc.constantFrom("\n", "]]>", "'''", '"', "\\", "[info]", "x = {", "\u0000", "🏴‍☠️", "a--b", "--"),
  fc.stringMatching(/^[a-z0-9-]{0,50}$/),
);
const value = fc.oneof({ weight: 8, arbitrary: text }, { weight: 1, arbitrary: fc.jsonValue() });
/** Mostly right, so that each field in turn is what decides. */
const mostly = (right: fc.Arbitrary<string>) =>
  fc.oneof({ weight: 3, arbitrary: right }, { weight: 2, arbitrary: value });
const label = fc.stringMatching(/^[a-z]{2}[a-z0-9]{1,20}[a-z]{3}$/);
const body = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record(
      {
        name: mostly(fc.constant("x")),
        subdomain: mostly(label),
        description: mostly(fc.constant("x")),
        plan: mostly(fc.constant("free")),
      },
      { requiredKeys: ["name", "subdomain"] },
    ),
  },
  { weight: 1, arbitrary: fc.dictionary(text, value, { maxKeys: 5 }) },
  { weight: 1, arbitrary: fc.jsonValue() },
);

test("600 random bodies are each answered with manners, and zooid lives", async () => {
  const seen = new Map<number, number>();
  await fc
    .assert(
      fc.asyncProperty(body, fc.boolean(), async (sent, isOrder) => {
        // A tenant of its own has room for every order.
        tenant = isOrder ? fixture.tenant() : owner;
        const target = isOrder ? "/tenant/relays" : `/tenant/relays/${id}`;
        const answer = await send(isOrder ? "POST" : "PUT", target, JSON.stringify(sent));
        expectManners(answer);
        seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1);
        expect(fixture.world.zooid.crashed).toBeNull();
      }),
      { seed, numRuns: 600 },
    )
    .finally(() => {
      tenant = owner;
    });
  console.log("hostile input: by status", Object.fromEntries(seen));
  expect(seen.get(201)).toBeGreaterThan(10);
  await until(() => fixture.rows("SELECT 1 FROM relays WHERE wanted > applied").length === 0);
  expect(fixture.rows("SELECT id, refused FROM relays WHERE refused IS NOT NULL")).toEqual([]);
});

const path = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "tenant",
        "relays",
        "invoices",
        "events",
        "check",
        "..",
        ".",
        "",
        "%2f",
        "%00",
      ),
      fc.webSegment(),
      fc.string({ unit: "binary-ascii", maxLength: 8 }).map(encodeURIComponent),
    ),
    { maxLength: 5 },
  )
  .map((segments) => `/${segments.join("/")}`);
const target = fc
  .tuple(
    path,
    fc.oneof(
      fc.constant(""),
      fc.webQueryParameters().map((query) => `?${query}`),
    ),
  )
  .map(([left, right]) => left + right);
const method = fc.constantFrom("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE");

test("400 random methods, paths and queries never find a hole", async () => {
  await fc.assert(
    fc.asyncProperty(method, target, async (verb, asked) => {
      const authorization = signHttpAuth(owner.key.secret, {
        url: `${fixture.url}${asked}`,
        method: verb,
      });
      // A live feed would not end by itself.
      if (/\/events/.test(asked)) return;
      const headers = { authorization };
      const answer = await sendRaw(fixture.url, { method: verb, target: asked, headers });
      expect([verb, asked, answer.status >= 200 && answer.status < 500]).toEqual([
        verb,
        asked,
        true,
      ]);
    }),
    { seed, numRuns: 400 },
  );
});

test("a huge query or header is refused, and the next request is served", async () => {
  const request = (length: number, extra: Record<string, string> = {}): Promise<RawAnswer> =>
    sendRaw(fixture.url, {
      method: "GET",
      target: `/plans?x=${"y".repeat(length)}`,
      headers: extra,
    });
  expect((await request(10)).status).toBe(200);
  for (const answer of [await request(100_000), await request(1, { cookie: "c".repeat(100_000) })])
    expect([400, 414, 431]).toContain(answer.status);
  expect((await request(10)).status).toBe(200);
});
