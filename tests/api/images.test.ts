import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { productionLimits } from "../../server/http/limits.ts";
import { until } from "../sandbox/relay-socket.ts";
import { startRawServer } from "../server/outbound-raw-server.ts";
import { type Fixture, startFixture } from "./berth-fixture.ts";
import type { Problem } from "./orders.ts";

setDefaultTimeout(30_000);

const MEBIBYTE = 1024 * 1024;
const bytes = (text: string, length = 64): Buffer<ArrayBuffer> => {
  const whole = Buffer.alloc(length);
  whole.write(text, "latin1");
  return whole;
};
const PNG = "\x89PNG\r\n\x1a\n";
const GOOD: Record<string, [type: string, head: string]> = {
  png: ["image/png", PNG],
  jpeg: ["image/jpeg", "\xff\xd8\xff\xe0\x00\x10JFIF"],
  gif87: ["image/gif", "GIF87a"],
  gif89: ["image/gif", "GIF89a"],
  webp: ["image/webp", "RIFF\x10\x00\x00\x00WEBPVP8 "],
  avif: ["image/avif", "\x00\x00\x00\x1cftypavif\x00\x00\x00\x00mif1miaf"],
  avis: ["image/avif", "\x00\x00\x00\x1cftypavis\x00\x00\x00\x00avifmsf1"],
  "avif-by-brand": ["image/avif", "\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00miafavif"],
};
const BAD: Record<string, string> = {
  svg: '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
  "svg-with-declaration": '<?xml version="1.0"?><svg/>',
  html: "<!doctype html><script>alert(1)</script>",
  script: "alert(1)",
  pdf: "%PDF-1.7",
  heic: "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic",
  mp4: "\x00\x00\x00\x18ftypisom\x00\x00\x00\x00isomavc1",
  // The brand stands after the end that the box itself gives.
  "false-avif": "\x00\x00\x00\x10ftypmif1\x00\x00\x00\x00avif",
  wave: "RIFF\x10\x00\x00\x00WAVEfmt ",
  "png-later": ` ${PNG}`,
  "short-png": "\x89PNG",
  bmp: "BM",
  ico: "\x00\x00\x01\x00",
  tiff: "II*\x00",
  json: '{"a":1}',
};

let fixture: Fixture;
let server: Bun.Server<undefined>;
let asked: string[] = [];
beforeAll(async () => {
  fixture = await startFixture();
  server = Bun.serve({
    ...{ hostname: "127.0.0.1", port: 0 },
    async fetch(request) {
      const { pathname } = new URL(request.url);
      asked.push(pathname);
      const [, what = "", value = ""] = pathname.split("/");
      const typed = (body: Buffer<ArrayBuffer>, headers = {}) =>
        new Response(body, { headers: { "content-type": "text/html", ...headers } });
      if (what === "good") return typed(bytes(GOOD[value]?.[1] ?? ""));
      if (what === "bad")
        return new Response(bytes(BAD[value] ?? ""), { headers: { "content-type": "image/png" } });
      if (what === "big") return typed(bytes(PNG, Number(value)));
      if (what === "status") return new Response(bytes(PNG), { status: Number(value) });
      if (what === "gzip")
        return typed(Buffer.from(gzipSync(bytes(PNG))), { "content-encoding": "gzip" });
      if (what === "to")
        return new Response(null, {
          status: 302,
          headers: { location: decodeURIComponent(value) },
        });
      if (what === "cookie") return typed(bytes(PNG), { "set-cookie": "a=b", refresh: "0;url=/" });
      return new Response("", { status: 404 });
    },
  });
});
beforeEach(() => {
  asked = [];
});
afterAll(async () => {
  await server.stop(true);
  await fixture.stop();
});

const elsewhere = (path: string): string => `http://127.0.0.1:${server.port}${path}`;
const get = (url: string, from = fixture.url): Promise<Response> =>
  fetch(`${from}/images?url=${encodeURIComponent(url)}`);
async function refusalOf(url: string, from?: string) {
  const response = await get(url, from);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const { code, errors } = (await response.json()) as Problem;
  return [response.status, code, errors?.[0]?.field ?? null];
}

for (const [name, [type, head]] of Object.entries(GOOD))
  test(`an image is served as what its bytes say it is: ${name}`, async () => {
    const response = await get(elsewhere(`/good/${name}`));
    expect([response.status, response.headers.get("content-type")]).toEqual([200, type]);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes(head));
  });

test("whatever is no such image is refused, whatever its server calls it", async () => {
  for (const name of Object.keys(BAD))
    expect([name, ...(await refusalOf(elsewhere(`/bad/${name}`)))]).toEqual([
      ...[name, 422, "image_refused", "query.url"],
    ]);
  expect(await refusalOf(elsewhere("/gzip/x"))).toEqual([422, "image_refused", "query.url"]);
});

test("an image may be looked at and nothing else, and only on our own pages", async () => {
  const { headers } = await get(elsewhere("/cookie/x"));
  expect(headers.get("content-security-policy")).toBe("default-src 'none'; sandbox");
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
  expect(headers.get("cache-control")).toBe("public, max-age=86400");
  expect([headers.get("set-cookie"), headers.get("refresh")]).toEqual([null, null]);
});

test("an image may be 1 MiB, and no byte more", async () => {
  const whole = await get(elsewhere(`/big/${MEBIBYTE}`));
  expect([whole.status, (await whole.arrayBuffer()).byteLength]).toEqual([200, MEBIBYTE]);
  const larger = elsewhere(`/big/${MEBIBYTE + 1}`);
  expect(await refusalOf(larger)).toEqual([422, "image_refused", "query.url"]);
});

test("an image that is not there, or whose server is not, is 502", async () => {
  for (const status of [404, 403, 500, 206, 204])
    expect(await refusalOf(elsewhere(`/status/${status}`))).toEqual([
      ...[502, "image_unavailable", null],
    ]);
  expect(await refusalOf("http://127.0.0.1:1/x.png")).toEqual([502, "image_unavailable", null]);
});

test("addresses that are no public https are refused by name, and not asked", async () => {
  const hostile = [
    ...[
      "",
      "x",
      "//",
      "https://",
      "file:///etc/passwd",
      "ftp://a.example/x.png",
      "data:image/png,",
    ],
    ...["javascript:alert(1)", "https://10.0.0.1/x", "https://169.254.169.254/latest/meta-data"],
    ...["https://[fd00::1]/x", "https://user:word@a.example/x.png"],
    ...["https://8.8.8.8/x.png", "https://0x0a000001/x", "ws://127.0.0.1/x"],
    `https://a.example/${"x".repeat(2_000)}`,
  ];
  for (const url of hostile)
    expect([url, (await refusalOf(url)).toSpliced(1, 1)]).toEqual([url, [422, "query.url"]]);
  expect(asked).toEqual([]);
});

test("a redirect is checked as the first address is", async () => {
  const to = (url: string) => elsewhere(`/to/${encodeURIComponent(url)}`);
  expect((await get(to("/good/png"))).status).toBe(200);
  asked = [];
  for (const url of [
    "http://10.0.0.1/x.png",
    "https://[fd00::1]/",
    "file:///etc/passwd",
    "ftp://a/",
  ])
    expect(await refusalOf(to(url))).toEqual([422, "image_refused", "query.url"]);
  expect(asked.every((path) => path.startsWith("/to/"))).toBe(true);
});

test("in production this machine is as much out of bounds as any that is not public", async () => {
  const production = await startFixture({ tuning: { allowLoopback: false } });
  for (const url of [
    elsewhere("/good/png"),
    "https://127.0.0.1/",
    "https://localhost/x.png",
    "http://a.example/",
  ])
    expect(await refusalOf(url, production.url)).toEqual([422, "image_refused", "query.url"]);
  expect(asked).toEqual([]);
  await production.stop();
});

test("the same image asked for by many is fetched once, and then remembered", async () => {
  const url = elsewhere(`/big/${MEBIBYTE - 7}`);
  const many = await Promise.all(Array.from({ length: 20 }, (_, n) => get(`${url}#${n}`)));
  expect(many.map(({ status }) => status)).toEqual(Array(20).fill(200));
  expect((await get(url)).status).toBe(200);
  expect(asked).toHaveLength(1);
  // What failed is asked for again.
  const missing = elsewhere("/status/503");
  await Promise.all([get(missing), get(missing)]);
  await get(missing);
  expect(asked.filter((path) => path === "/status/503").length).toBe(2);
});

test("what is remembered is bounded: after 40 MiB the first is fetched anew", async () => {
  const urls = Array.from({ length: 40 }, (_, n) => elsewhere(`/big/${MEBIBYTE - 100 - n}`));
  for (const url of urls) expect((await get(url)).status).toBe(200);
  expect(asked).toHaveLength(40);
  await get(urls[39] ?? "");
  expect(asked).toHaveLength(40);
  await get(urls[0] ?? "");
  expect(asked).toHaveLength(41);
});

/** What a proxy on this machine passes on for an address. */
const getFrom = (address: string, url: string): Promise<Response> =>
  fetch(`${fixture.url}/images?url=${encodeURIComponent(url)}`, {
    headers: { "x-forwarded-for": address },
  });

test("one address takes 8 places of 64, waits for more, and leaves the others to others", async () => {
  const raw = await startRawServer(() => {});
  const slow = (n: number) => `${raw.url.replace("ws", "http")}/${n}`;
  const greedy = Array.from({ length: 20 }, (_, n) => getFrom("2001:db8::1", slow(n)));
  await until(() => raw.connections === 8);
  // The same /64 is the same address.
  const sibling = getFrom("2001:db8::2", slow(20));
  expect((await getFrom("203.0.113.7", elsewhere("/good/png"))).status).toBe(200);
  expect(raw.connections).toBe(8);
  await raw.stop();
  const answers = await Promise.all([...greedy, sibling]);
  expect(answers.map(({ status }) => status)).toEqual(Array(21).fill(502));
});

test("so many slow servers take no more than their places, and others are told to come again", async () => {
  const raw = await startRawServer(() => {});
  const slow = (n: number) =>
    getFrom(`203.0.113.${n % 8}`, `${raw.url.replace("ws", "http")}/${n}`);
  const waiting = Array.from({ length: 64 }, (_, n) => slow(n));
  await until(() => raw.connections === 64);
  const response = await getFrom("203.0.113.9", `${raw.url.replace("ws", "http")}/64`);
  expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
  expect(((await response.json()) as Problem).code).toBe("image_unavailable");
  await raw.stop();
  expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual(Array(64).fill(502));
  expect((await get(elsewhere("/good/png"))).status).toBe(200);
});

test("parameters are what they are, and nothing else is taken", async () => {
  for (const query of [
    "",
    "?url=",
    "?src=https://a.example/x.png",
    `?url=${elsewhere("/good/png")}&w=10`,
  ]) {
    const response = await fetch(`${fixture.url}/images${query}`);
    expect([query, response.status]).toEqual([query, 422]);
  }
  for (const method of ["POST", "PUT", "DELETE"])
    expect((await fetch(`${fixture.url}/images?url=x`, { method })).status).toBe(404);
});

test("an address may ask for images as often as for other public routes", async () => {
  const limited = await startFixture({ limits: { ...productionLimits, publicPerMinute: 2 } });
  for (let used = 0; used < 2; used++)
    expect((await get(elsewhere("/good/png"), limited.url)).status).toBe(200);
  expect((await refusalOf(elsewhere("/good/png"), limited.url)).slice(0, 2)).toEqual([
    ...[429, "rate_limited"],
  ]);
  await limited.stop();
});
