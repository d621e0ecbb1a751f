import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Refused, Unavailable } from "../../server/errors.ts";
import { isLoopback, isPublic } from "../../server/outbound/address.ts";
import { createOutbound, type OutboundPolicy } from "../../server/outbound/outbound.ts";
import { certificateFor } from "./outbound-certificate.ts";

const never = new AbortController().signal;
const NAME = "relay.example.test";
const ours = certificateFor(NAME);
const others = certificateFor("other.example.test");
type Seen = { at: string; host: string | null; path: string };
const seen: Seen[] = [];
let port = 0;
let servers: Bun.Server<undefined>[] = [];

/** Serves both on one port, at two addresses; the certificate for NAME only to who asks for it (SNI). */
function serveTls(hostname: string, onPort: number): Bun.Server<undefined> {
  return Bun.serve({
    ...{ hostname, port: onPort },
    tls: [others, { ...ours, serverName: NAME }],
    fetch(request, server) {
      const { pathname } = new URL(request.url);
      seen.push({ at: hostname, host: request.headers.get("host"), path: pathname });
      if (server.upgrade(request)) return;
      return new Response("found");
    },
    websocket: {
      message(socket, text) {
        socket.send(text);
      },
    },
  });
}

beforeAll(() => {
  const first = serveTls("127.0.0.1", 0);
  port = first.port ?? 0;
  servers = [first, serveTls("127.0.0.2", port)];
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop(true)));
});

/** Resolves as each list says in turn, the last one for ever. */
function outboundTo(lists: string[][], policy: Partial<OutboundPolicy> = {}) {
  const asked: string[] = [];
  const outbound = createOutbound({
    allowLoopback: true,
    certificateAuthority: ours.cert,
    timeoutMs: 2_000,
    async resolve(host) {
      asked.push(host);
      return lists[Math.min(asked.length, lists.length) - 1] ?? [];
    },
    ...policy,
  });
  return { outbound, asked };
}

async function failureOf(work: Promise<unknown> | (() => Promise<unknown>)): Promise<Error> {
  return await (typeof work === "function" ? work() : work).then(
    () => expect.unreachable("it succeeded"),
    (error: unknown) => error as Error,
  );
}

const get = { signal: never, maxBytes: 1_000, accept: "*/*" };

describe("an address", () => {
  test.each([
    ["this network", ["0.0.0.0", "0.255.255.255"]],
    ["private", ["10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.1"]],
    ["shared by carriers", ["100.64.0.0", "100.127.255.255"]],
    ["loopback", ["127.0.0.1", "127.255.255.255", "::1"]],
    ["link-local", ["169.254.0.1", "169.254.169.254", "fe80::1", "febf::1"]],
    ["of protocols", ["192.0.0.1", "192.0.0.170", "192.88.99.1"]],
    ["of documentation", ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"]],
    ["of benchmarks", ["198.18.0.1", "198.19.255.255", "2001:2::1"]],
    ["multicast", ["224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1"]],
    ["reserved", ["240.0.0.1", "255.255.255.255", "100::1", "4000::1", "5f00::1"]],
    ["unspecified", ["::"]],
    ["unique local", ["fc00::1", "fd12:3456::1", "fec0::1"]],
    ["mapped", ["::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:a9fe:a9fe"]],
    ["IPv4-compatible", ["::127.0.0.1", "::10.0.0.1"]],
    ["translated", ["64:ff9b::7f00:1", "64:ff9b:1::a00:1", "::ffff:0:127.0.0.1"]],
    ["tunnelled", ["2002:7f00:1::1", "2001:0:1::1"]],
    ["no address", ["", "localhost", "1.2.3", "1.2.3.4.5", "fe80::1%eth0", "::g", "0x7f000001"]],
  ])("that is %s is not public", (_, addresses) => {
    expect(addresses.filter((address) => isPublic(address))).toEqual([]);
  });

  test("that anybody can be given is public", () => {
    const addresses = ["1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0"];
    const more = ["172.15.0.1", "172.32.0.1", "223.255.255.255", "2606:4700::1", "2a00:1450::1"];
    const mapped = ["::ffff:1.1.1.1"];
    const all = [...addresses, ...more, ...mapped];
    expect(all.filter((address) => !isPublic(address))).toEqual([]);
    expect(all.filter(isLoopback)).toEqual([]);
  });
});

describe("a URL", () => {
  test.each([
    ["nothing", ""],
    ["not a URL", "relay"],
    ["a lone scheme", "wss://"],
    ["a URL without TLS", "ws://relay.example.com"],
    ["another scheme", "https://relay.example.com"],
    ["a file", "file:///etc/passwd"],
    ["a URL with a user", "wss://user@relay.example.com"],
    ["a URL with a password", "wss://:word@relay.example.com"],
    ["a public IPv4 literal", "wss://1.1.1.1"],
    ["a public IPv6 literal", "wss://[2606:4700::1]"],
    ["a loopback literal", "wss://127.0.0.1"],
    ["a literal in hexadecimal", "wss://0x7f000001"],
    ["a literal in one number", "wss://2130706433"],
    ["a literal cut short", "wss://127.1"],
    ["an IPv6 loopback literal", "wss://[::1]"],
    ["a mapped literal", "wss://[::ffff:127.0.0.1]"],
  ])("that is %s is refused without a look-up", async (_, url) => {
    const { outbound, asked } = outboundTo([["1.1.1.1"]], { allowLoopback: false });
    const failure = await failureOf(outbound.connect(url, never));
    expect(failure).toBeInstanceOf(Refused);
    expect(failure).toMatchObject({ code: "outbound_refused" });
    expect(asked).toEqual([]);
    const web = url.replace(/^ws/, "http").replace(/^https:\/\/relay/, "wss://relay");
    expect(await failureOf(outbound.fetch(web, get))).toMatchObject({ code: "outbound_refused" });
  });

  test.each([
    ["a private address", ["192.168.1.1"]],
    ["loopback", ["127.0.0.1"]],
    ["the metadata service", ["169.254.169.254"]],
    ["a mapped private address", ["::ffff:10.0.0.1"]],
    ["a public and a private address", ["1.1.1.1", "10.0.0.1"]],
    ["a public and a loopback address", ["2606:4700::1", "::1"]],
    ["what is no address", ["relay.example.com"]],
  ])("whose name resolves to %s is refused", async (_, addresses) => {
    const { outbound } = outboundTo([addresses], { allowLoopback: false });
    for (const work of [
      () => outbound.connect(`wss://${NAME}:${port}`, never),
      () => outbound.fetch(`https://${NAME}:${port}/`, get),
    ]) {
      expect(await failureOf(work)).toMatchObject({ name: "Refused", code: "outbound_refused" });
    }
  });

  test("may leave out TLS on loopback only, and only where that is allowed", async () => {
    const { outbound } = outboundTo([["1.1.1.1"]]);
    for (const url of [`ws://${NAME}`, "ws://1.1.1.1", "ws://10.0.0.1"]) {
      const failure = await failureOf(outbound.connect(url, never));
      expect(failure).toMatchObject({ name: "Refused", code: "outbound_refused" });
    }
  });

  test("never shows in an error", async () => {
    const { outbound } = outboundTo([["10.0.0.1"], []]);
    for (let time = 0; time < 2; time++) {
      const failure = await failureOf(outbound.connect(`wss://${NAME}/secret-path`, never));
      expect(Bun.inspect(failure)).not.toContain("secret-path");
      expect(failure.cause).toBeUndefined();
    }
  });
});

describe("a connection", () => {
  test("goes to the address that was checked, whatever the name resolves to next", async () => {
    const { outbound, asked } = outboundTo([["127.0.0.1"], ["127.0.0.2"]]);
    seen.length = 0;
    const socket = await outbound.connect(`wss://${NAME}:${port}/a`, never);
    socket.close();
    expect(asked).toEqual([NAME]);
    expect(seen).toEqual([{ at: "127.0.0.1", host: `${NAME}:${port}`, path: "/a" }]);
  });

  test("of a fetch goes to the address that was checked too", async () => {
    const { outbound, asked } = outboundTo([["127.0.0.1"], ["127.0.0.2"]]);
    seen.length = 0;
    const found = await outbound.fetch(`https://${NAME}:${port}/b`, get);
    expect(Buffer.from(found.body).toString()).toBe("found");
    expect(asked).toEqual([NAME]);
    expect(seen).toEqual([{ at: "127.0.0.1", host: `${NAME}:${port}`, path: "/b" }]);
  });

  test("to a name that is private the next time is refused the next time", async () => {
    const { outbound } = outboundTo([["127.0.0.1"], ["10.0.0.1"]]);
    (await outbound.connect(`wss://${NAME}:${port}`, never)).close();
    const failure = await failureOf(outbound.connect(`wss://${NAME}:${port}`, never));
    expect(failure).toMatchObject({ name: "Refused", code: "outbound_refused" });
  });

  test("is made to the next address when one does not answer", async () => {
    const { outbound } = outboundTo([["127.0.0.3", "127.0.0.1"]]);
    (await outbound.connect(`wss://${NAME}:${port}`, never)).close();
    expect((await outbound.fetch(`https://${NAME}:${port}/`, get)).status).toBe(200);
  });

  test("is not made where the certificate is another name's or nobody's", async () => {
    const { outbound } = outboundTo([["127.0.0.1"]]);
    const stranger = outboundTo([["127.0.0.1"]], { certificateAuthority: others.cert }).outbound;
    const other = `other.example.test:${port}`;
    for (const work of [
      () => outbound.connect(`wss://${other}`, never),
      () => outbound.fetch(`https://${other}/`, get),
      () => stranger.connect(`wss://${NAME}:${port}`, never),
      () => stranger.fetch(`https://${NAME}:${port}/`, get),
    ]) {
      const failure = await failureOf(work);
      expect(failure).toBeInstanceOf(Unavailable);
      expect(failure).toMatchObject({ code: "outbound_unreachable" });
    }
  });

  test("to a name without addresses, or to nobody, is unavailable", async () => {
    for (const lists of [[[]], [["127.0.0.3"]]]) {
      const { outbound } = outboundTo(lists);
      for (const work of [
        () => outbound.connect(`wss://${NAME}:${port}`, never),
        () => outbound.fetch(`https://${NAME}:${port}/`, get),
      ]) {
        expect(await failureOf(work)).toMatchObject({ code: "outbound_unreachable" });
      }
    }
  });

  test("is given up when the resolver fails or never answers", async () => {
    const failing = outboundTo([], { resolve: () => Promise.reject(new Error("SERVFAIL")) });
    const hanging = outboundTo([], { resolve: () => new Promise(() => {}), timeoutMs: 100 });
    for (const { outbound } of [failing, hanging]) {
      const failure = await failureOf(outbound.connect(`wss://${NAME}`, never));
      expect(failure).toMatchObject({ name: "Unavailable", code: "outbound_unreachable" });
    }
  });
});
