import { afterAll, beforeAll, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { createOutbound } from "../../server/outbound/outbound.ts";
import { startRawServer } from "./outbound-raw-server.ts";

const never = new AbortController().signal;
let server: Bun.Server<undefined>;
let requests: { path: string; accept: string | null }[] = [];

beforeAll(() => {
  server = Bun.serve({
    ...{ hostname: "127.0.0.1", port: 0 },
    fetch(request) {
      const { pathname } = new URL(request.url);
      requests.push({ path: pathname, accept: request.headers.get("accept") });
      const [, what = "", value = ""] = pathname.split("/");
      const hops = Number(value);
      if (what === "redirect") return redirect(hops > 1 ? `/redirect/${hops - 1}` : "/bytes/5");
      if (what === "to") return redirect(decodeURIComponent(value));
      if (what === "status") return new Response("no", { status: hops });
      if (what === "bomb") {
        const body = gzipSync(Buffer.alloc(10_000_000));
        return new Response(body, { headers: { "content-encoding": "gzip" } });
      }
      return new Response("x".repeat(hops), { headers: { "content-type": "image/png" } });
    },
  });
});
afterAll(() => server.stop(true));

const redirect = (location: string) => new Response(null, { status: 302, headers: { location } });

function get(path: string, maxBytes = 100, timeoutMs = 2_000) {
  requests = [];
  const outbound = createOutbound({
    ...{ allowLoopback: true, timeoutMs },
    resolve: async () => ["10.0.0.1"],
  });
  const url = path.startsWith("http") ? path : `http://127.0.0.1:${server.port}${path}`;
  return outbound.fetch(url, { signal: never, maxBytes, accept: "image/*" });
}

const refused = { name: "Refused", code: "outbound_refused" };
const unreachable = { name: "Unavailable", code: "outbound_unreachable" };

test("a fetch brings the status, the type, the body and the address it came from", async () => {
  const found = await get("/bytes/5");
  expect({ ...found, body: Buffer.from(found.body).toString() }).toEqual({
    url: `http://127.0.0.1:${server.port}/bytes/5`,
    status: 200,
    contentType: "image/png",
    body: "xxxxx",
  });
  expect(requests).toEqual([{ path: "/bytes/5", accept: "image/*" }]);
  expect((await get("/status/404")).status).toBe(404);
});

test("a body may be as big as the limit, and no bigger", async () => {
  expect((await get("/bytes/100")).body).toHaveLength(100);
  expect(get("/bytes/101")).rejects.toMatchObject(refused);
});

test("a compressed body counts, and comes, as it was sent", async () => {
  const { body } = await get("/bomb", 20_000);
  expect(body.length).toBeLessThan(20_000);
});

test("three redirects are followed, a fourth is not", async () => {
  expect(await get("/redirect/3")).toMatchObject({ status: 200 });
  expect(requests).toHaveLength(4);
  await expect(get("/redirect/4")).rejects.toMatchObject(refused);
  expect(requests).toHaveLength(4);
});

test("a redirect to where a fetch may not go is refused", async () => {
  const targets = ["https://internal.example", "http://10.0.0.1/", "https://1.1.1.1/", "ftp://a/"];
  const more = ["http://public.example/", "file:///etc/passwd", "http://user@127.0.0.1/", "//"];
  for (const target of [...targets, ...more]) {
    await expect(get(`/to/${encodeURIComponent(target)}`)).rejects.toMatchObject(refused);
    expect(requests).toHaveLength(1);
  }
});

test("a server that answers nothing, nonsense or half is unavailable", async () => {
  const heads = ["", "nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf"];
  for (const head of heads) {
    for (const ends of [true, false]) {
      if (!ends && head.startsWith("nonsense")) continue;
      const raw = await startRawServer((socket) => {
        socket.write(head);
        if (ends) socket.end();
      });
      const url = raw.url.replace("ws", "http");
      await expect(get(url, 100, 200)).rejects.toMatchObject(unreachable);
      await raw.stop();
    }
  }
});

test("an aborted fetch ends", async () => {
  const raw = await startRawServer(() => {});
  const aborting = new AbortController();
  const fetching = createOutbound({ allowLoopback: true }).fetch(raw.url.replace("ws", "http"), {
    ...{ signal: aborting.signal, maxBytes: 1, accept: "*/*" },
  });
  aborting.abort();
  await expect(fetching).rejects.toMatchObject(unreachable);
  await raw.stop();
});
