import { afterEach, describe, expect, test } from "bun:test";
import type { Socket } from "node:net";
import { createOutbound } from "../../server/outbound/outbound.ts";
import type { OutboundSocket } from "../../server/outbound/web-socket.ts";
import {
  frame,
  type RawServer,
  startRawServer,
  switchingProtocols,
} from "./outbound-raw-server.ts";

const TEXT = 0x81;
const limits = { maxMessageBytes: 1_000, maxTotalBytes: 1_000_000 };
let server: RawServer | null = null;
let ending = new AbortController();

afterEach(async () => {
  ending.abort();
  ending = new AbortController();
  await server?.stop();
});

/** Connects to a server that sends these bytes right behind its handshake. */
async function connectTo(...sent: Uint8Array[]): Promise<OutboundSocket> {
  return await connect((socket, head) =>
    socket.write(Buffer.concat([Buffer.from(switchingProtocols(head)), ...sent])),
  );
}

async function connect(
  serve: (socket: Socket, head: string) => void,
  timeoutMs = 2_000,
): Promise<OutboundSocket> {
  server = await startRawServer(serve);
  const outbound = createOutbound({ allowLoopback: true, limits, timeoutMs });
  return await outbound.connect(`${server.url}/path?query`, ending.signal);
}

/** All messages, and how they ended. */
async function all(socket: OutboundSocket): Promise<{ heard: string[]; end: unknown }> {
  const heard: string[] = [];
  try {
    for await (const text of socket.messages) heard.push(text);
    return { heard, end: "closed" };
  } catch (error) {
    return { heard, end: (error as { code: unknown }).code };
  }
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 3_000;
  while (!holds() && Date.now() < deadline) await Bun.sleep(2);
  expect(holds()).toBe(true);
}

const close = frame(0x88, Buffer.from([3, 232]));
const broken = "outbound_broken";

describe("what a server sends", () => {
  test("comes out as it was framed: short, long, in fragments, between pings", async () => {
    const long = "é".repeat(200);
    const socket = await connectTo(
      frame(TEXT, "a"),
      frame(TEXT, long),
      frame(0x01, "b"),
      frame(0x00, ""),
      frame(0x89, "are you there"),
      frame(0x80, "c"),
      frame(TEXT, ""),
      frame(TEXT, "x".repeat(1_000)),
      close,
    );
    const { heard, end } = await all(socket);
    expect(heard).toEqual(["a", long, "bc", "", "x".repeat(1_000)]);
    expect(end).toBe("closed");
  });

  test("comes out whole however it is cut on the way", async () => {
    const bytes = Buffer.concat([frame(TEXT, "first"), frame(TEXT, "é".repeat(100)), close]);
    const socket = await connect(async (peer, head) => {
      for (const byte of Buffer.concat([Buffer.from(switchingProtocols(head)), bytes])) {
        peer.write(Buffer.of(byte));
        await Bun.sleep(0);
      }
    });
    expect(await all(socket)).toEqual({ heard: ["first", "é".repeat(100)], end: "closed" });
  });

  test.each([
    ["a message over the limit", frame(TEXT, "x".repeat(1_001))],
    ["the announcement of a huge message", frame(TEXT, "", 2 ** 40)],
    ["fragments over the limit", [0x01, 0, 0].map((first) => frame(first, "x".repeat(400)))],
    [
      "a flood of small messages",
      Array.from({ length: 10_000 }, () => frame(0x8a, "x".repeat(100))),
    ],
    ["a flood of empty fragments", [frame(0x01, ""), Buffer.alloc(1_000_000)]],
    ["a flood of pings", Buffer.alloc(40_000, frame(0x89, ""))],
    ["binary", frame(0x82, "x")],
    ["a fragment of nothing", frame(0x80, "x")],
    ["a message within a message", [frame(0x01, "x"), frame(TEXT, "y")]],
    ["a compressed frame", frame(0xc1, "x")],
    ["an unknown control frame", frame(0x8b, "x")],
    ["a ping in fragments", frame(0x09, "x")],
    ["a ping that is too long", frame(0x89, "x".repeat(126))],
    ["a masked frame", Buffer.from([0x81, 0x81, 0, 0, 0, 0, 120])],
    ["what is no UTF-8", frame(TEXT, Buffer.of(0xff))],
  ])("breaks the connection if it is %s", async (_, sent) => {
    const socket = await connectTo(frame(TEXT, "before"), ...[sent].flat());
    expect(await all(socket)).toEqual({ heard: ["before"], end: broken });
    await until(() => server?.connections === 0);
  });

  test("waits in the network until it is taken", async () => {
    let peer: Socket | null = null;
    const socket = await connect((accepted, head) => {
      peer = accepted;
      accepted.write(switchingProtocols(head));
      for (let sent = 0; sent < 64; sent++) accepted.write(Buffer.alloc(1_048_576));
    });
    await until(() => peer !== null);
    await Bun.sleep(50);
    // What the other side could not get rid of: nearly all of its 64 MiB.
    expect(peer!.writableLength).toBeGreaterThan(32 * 1_048_576);
    socket.close();
  });

  test("ends in an error if the connection is lost instead of closed", async () => {
    const socket = await connect((peer, head) => {
      peer.end(Buffer.concat([Buffer.from(switchingProtocols(head)), frame(TEXT, "a")]));
    });
    expect(await all(socket)).toEqual({ heard: ["a"], end: broken });
  });
});

describe("what is sent", () => {
  test("is a masked frame of any length, after a request that names path and host", async () => {
    const echo = Bun.serve<undefined>({
      ...{ hostname: "127.0.0.1", port: 0 },
      fetch: (request, bun) => (bun.upgrade(request) ? undefined : new Response()),
      websocket: { message: (socket, text) => void socket.send(text) },
    });
    const outbound = createOutbound({ allowLoopback: true });
    const socket = await outbound.connect(`ws://127.0.0.1:${echo.port}`, ending.signal);
    const texts = ["a", "é".repeat(62), "x".repeat(126), "y".repeat(65_535), "z".repeat(65_536)];
    for (const text of texts) socket.send(text);
    const heard: string[] = [];
    for await (const text of socket.messages) {
      heard.push(text);
      if (heard.length === texts.length) break;
    }
    expect(heard).toEqual(texts);
    await echo.stop(true);

    await connectTo();
    const request = server?.received().toString() ?? "";
    expect(request).toStartWith("GET /path?query HTTP/1.1\r\n");
    expect(request).toContain(`Host: ${server?.url.slice(5)}\r\n`);
    expect(request).not.toContain("Extensions");
  });

  test("answers a ping and a close, and goes nowhere afterwards", async () => {
    const socket = await connectTo(frame(0x89, "are you there"), close);
    expect((await all(socket)).end).toBe("closed");
    socket.send("too late");
    await until(() => server?.connections === 0);
    const sent = server?.received() ?? Buffer.alloc(0);
    const frames = sent.subarray(sent.indexOf("\r\n\r\n") + 4);
    expect([frames[0], frames[1]]).toEqual([0x8a, 0x80 | 13]);
    expect([frames[19], frames[20]]).toEqual([0x88, 0x80 | 2]);
    expect(frames).toHaveLength(2 + 4 + 13 + 2 + 4 + 2);
  });
});

describe("a connection", () => {
  test("is closed by us, or by its signal, at any time", async () => {
    const closed = await connectTo();
    closed.close();
    await until(() => server?.connections === 0);
    await server?.stop();

    const aborted = await connectTo(frame(TEXT, "a"));
    const reading = all(aborted);
    await Bun.sleep(5);
    ending.abort();
    expect((await reading).end).toBe(broken);
    await until(() => server?.connections === 0);
    aborted.send("nothing");
    aborted.close();
  });

  test("that is closed ends in time, though the other side takes nothing and goes on sending", async () => {
    let sending: ReturnType<typeof setInterval> | undefined;
    const socket = await connect((peer, head) => {
      peer.pause();
      peer.write(switchingProtocols(head));
      sending = setInterval(() => peer.write(frame(0x8a, "")), 20);
    });
    const reading = all(socket);
    // More than the network holds for the other side.
    for (let sent = 0; sent < 32; sent++) socket.send("x".repeat(1_048_576));
    socket.close();
    await until(() => server?.connections === 0);
    clearInterval(sending);
    expect((await reading).end).toBe(broken);
  });

  test.each([
    ["a redirect", "HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\n\r\n"],
    ["a page", "HTTP/1.1 200 OK\r\n\r\n"],
    ["a refusal", "HTTP/1.1 403 Forbidden\r\n\r\n"],
    ["nonsense", "\r\n\r\n"],
    ["a head without end", "x".repeat(100_000)],
    ["nothing", ""],
  ])("is not made to a server that answers %s", async (_, answer) => {
    const connecting = connect((peer) => void peer.write(answer), 200);
    await expect(connecting).rejects.toMatchObject({ code: "outbound_unreachable" });
    await until(() => server?.connections === 0);
  });

  test.each([
    ["another key", (head: string) => switchingProtocols(head.replace(/(-Key: ).../, "$1abc"))],
    ["an extension", (head: string) => switchingProtocols(head, "Sec-WebSocket-Extensions: x")],
    ["a protocol", (head: string) => switchingProtocols(head, "Sec-WebSocket-Protocol: x")],
  ])("is not made to a server that accepts %s", async (_, answer) => {
    const connecting = connect((peer, head) => void peer.write(answer(head)));
    await expect(connecting).rejects.toMatchObject({ code: "outbound_unreachable" });
    await until(() => server?.connections === 0);
  });
});
