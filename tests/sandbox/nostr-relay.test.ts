import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fetchRelayInformation } from "nostr-tools/nip11";
import { SimplePool } from "nostr-tools/pool";
import { generateSecretKey, getPublicKey } from "nostr-tools/pure";
import { NostrEvents } from "../../server/sandbox/nostr-events.ts";
import { type NostrRelay, startNostrRelay } from "../../server/sandbox/nostr-relay.ts";
import { openSqlite } from "../../server/sandbox/sqlite.ts";
import { RelaySocket, signedEvent } from "./relay-socket.ts";

const secretKey = generateSecretKey();
const pubkey = getPublicKey(secretKey);
let relay: NostrRelay;
let socket: RelaySocket;

beforeAll(async () => {
  relay = await startNostrRelay({ paths: ["/", "/other"] });
});
afterAll(() => relay.stop());
beforeEach(async () => {
  socket = await RelaySocket.open(relay.url());
});
afterEach(() => socket.close());

describe("an event", () => {
  test("is accepted, stored and given to whoever asks for it later", async () => {
    const event = signedEvent(secretKey, { kind: 1, content: "hello", tags: [["t", "greeting"]] });
    expect(await socket.publish(event)).toEqual([true, ""]);
    expect(await socket.query({ ids: [event.id] })).toEqual([event]);
    expect(await socket.query({ "#t": ["greeting"], authors: [pubkey] })).toEqual([event]);
    expect(await socket.query({ "#t": ["farewell"] })).toEqual([]);
  });

  test("reaches open subscriptions whose filter it matches, and no closed one", async () => {
    const listener = await RelaySocket.open(relay.url());
    listener.send("REQ", "seven", { kinds: [7] });
    listener.send("REQ", "closed", { kinds: [7] });
    listener.send("REQ", "one", { kinds: [1] });
    listener.send("CLOSE", "closed");
    await listener.query({ limit: 0 });
    const event = signedEvent(secretKey, { kind: 7 });
    await socket.publish(event);
    expect(await listener.next("EVENT")).toEqual(["EVENT", "seven", event]);
    expect(await listener.query({ limit: 0 })).toEqual([]);
    expect(listener.received).toEqual([]);
    listener.close();
  });

  test("sent twice is a duplicate, which is no failure, and is given out once", async () => {
    const event = signedEvent(secretKey, { kind: 1, content: "twice" });
    await socket.publish(event);
    expect(await socket.publish(event)).toEqual([true, "duplicate: already stored"]);
    expect(await socket.query({ ids: [event.id] })).toHaveLength(1);
  });

  test("whose content was changed after signing is refused and not stored", async () => {
    const event = signedEvent(secretKey, { kind: 1, content: "genuine" });
    const [accepted, reason] = await socket.publish({ ...event, content: "tampered" });
    expect([accepted, reason]).toEqual([false, "invalid: event id does not match"]);
    expect(await socket.query({ ids: [event.id] })).toEqual([]);
  });

  test("with another event's signature is refused", async () => {
    const event = signedEvent(secretKey, { kind: 1, content: "mine" });
    const { sig } = signedEvent(secretKey, { kind: 1, content: "other" });
    expect(await socket.publish({ ...event, sig })).toEqual([false, "invalid: bad signature"]);
  });

  test("that is malformed is refused by its id, or by a notice when it has none", async () => {
    const event = signedEvent(secretKey, { kind: 1 });
    for (const broken of [
      { ...event, kind: -1 },
      { ...event, kind: "1" },
      { ...event, created_at: 1.5 },
      { ...event, tags: [["t", 1]] },
      { ...event, pubkey: event.pubkey.toUpperCase() },
      { ...event, content: null },
    ]) {
      expect(await socket.publish(broken)).toEqual([false, "invalid: malformed event"]);
    }
    socket.send("EVENT", { ...event, id: 5 });
    expect(await socket.next("NOTICE")).toEqual(["NOTICE", "invalid: not an event"]);
  });

  test("keeps no field that is not signed", async () => {
    const event = signedEvent(secretKey, { kind: 1, content: "extra" });
    await socket.publish({ ...event, relay: "smuggled" });
    expect(await socket.query({ ids: [event.id] })).toEqual([event]);
  });
});

describe("kinds", () => {
  test("of a replaceable event only the newest is kept, whichever came first", async () => {
    const at = (created_at: number) => signedEvent(secretKey, { kind: 10002, created_at });
    const [older, newer] = [at(1000), at(2000)];
    await socket.publish(newer);
    expect(await socket.publish(older)).toEqual([true, "duplicate: a newer version is stored"]);
    expect(await socket.query({ kinds: [10002] })).toEqual([newer]);
    const newest = at(3000);
    await socket.publish(newest);
    expect(await socket.query({ kinds: [10002] })).toEqual([newest]);
  });

  test("of replaceable events of one second the lowest id is kept", async () => {
    const versions = ["a", "b", "c", "d"].map((content) =>
      signedEvent(secretKey, { kind: 10003, created_at: 1000, content }),
    );
    for (const version of versions) await socket.publish(version);
    const lowest = versions.map(({ id }) => id).sort()[0];
    expect((await socket.query({ kinds: [10003] })).map(({ id }) => id)).toEqual([lowest!]);
  });

  test("addressable events replace each other per d tag", async () => {
    const at = (d: string, created_at: number) =>
      signedEvent(secretKey, { kind: 30000, created_at, tags: [["d", d]] });
    for (const event of [at("x", 1), at("y", 1), at("x", 2)]) await socket.publish(event);
    const kept = await socket.query({ kinds: [30000] });
    expect(kept.map(({ tags, created_at }) => [tags, created_at])).toEqual([
      [[["d", "x"]], 2],
      [[["d", "y"]], 1],
    ]);
  });

  test("an ephemeral event is passed on, each time it is sent, and never stored", async () => {
    const event = signedEvent(secretKey, { kind: 23194 });
    socket.send("REQ", "live", { kinds: [23194] });
    await socket.next("EOSE");
    await socket.publish(event);
    await socket.publish(event);
    expect(await socket.next("EVENT")).toEqual(["EVENT", "live", event]);
    expect(await socket.next("EVENT")).toEqual(["EVENT", "live", event]);
    expect(await socket.query({ kinds: [23194] })).toEqual([]);
  });
});

describe("a request", () => {
  test("gets the newest events, as many as its limit, within since and until", async () => {
    const author = generateSecretKey();
    const [first, second, third] = [100, 200, 300].map((created_at) =>
      signedEvent(author, { kind: 1, created_at }),
    );
    for (const event of [second, third, first]) await socket.publish(event!);
    const authors = [getPublicKey(author)];
    expect(await socket.query({ authors, limit: 2 })).toEqual([third!, second!]);
    expect(await socket.query({ authors, since: 200 })).toEqual([third!, second!]);
    expect(await socket.query({ authors, until: 200 })).toEqual([second!, first!]);
    expect(await socket.query({ authors, limit: 0 })).toEqual([]);
  });

  test("with two filters gets what matches either, once", async () => {
    const event = signedEvent(secretKey, { kind: 1, content: "either" });
    await socket.publish(event);
    socket.send("REQ", "both", { ids: [event.id] }, { ids: [event.id], kinds: [1] });
    await socket.next("EOSE");
    expect(socket.received).toEqual([["EVENT", "both", event]]);
  });

  test("that is malformed is closed with the reason", async () => {
    for (const filter of [
      { kinds: ["1"] },
      { ids: ["xyz"] },
      { "#t": "x" },
      { limit: -1 },
      5,
      null,
    ]) {
      socket.send("REQ", "bad", filter);
      expect(await socket.next("CLOSED")).toEqual(["CLOSED", "bad", "invalid: malformed filter"]);
    }
    socket.send("REQ", "none");
    expect(await socket.next("CLOSED")).toEqual(["CLOSED", "none", "invalid: 1 to 10 filters"]);
  });

  test("beyond the bound on subscriptions is closed, and the others go on", async () => {
    for (let n = 0; n <= 256; n++) socket.send("REQ", `s${n}`, { kinds: [9], limit: 0 });
    expect(await socket.next("CLOSED")).toEqual([
      "CLOSED",
      "s256",
      "error: too many subscriptions",
    ]);
    const event = signedEvent(secretKey, { kind: 9 });
    await socket.publish(event);
    expect(await socket.next("EVENT")).toEqual(["EVENT", "s0", event]);
  });
});

test("what is no message gets a notice and the connection goes on", async () => {
  for (const frame of ["", "{", "{}", "[]", '["AUTH"]', '["REQ"]', '["REQ", ""]', "null"]) {
    socket.raw(frame);
    expect(await socket.next("NOTICE")).toHaveLength(2);
  }
  socket.raw(new Uint8Array([1, 2, 3]));
  expect(await socket.next("NOTICE")).toEqual(["NOTICE", "invalid: binary frame"]);
  expect(await socket.query({ limit: 0 })).toEqual([]);
});

test("a message beyond the bound ends the connection", async () => {
  socket.raw("x".repeat(300 * 1024));
  await socket.closed;
});

test("NIP-11 tells what the relay supports", async () => {
  const information = await fetchRelayInformation(relay.url());
  expect(information.supported_nips).toEqual([1, 11, 42]);
  expect(information.limitation?.max_limit).toBe(500);
});

test("nostr-tools' pool publishes and queries", async () => {
  const pool = new SimplePool();
  const event = signedEvent(secretKey, { kind: 0, content: '{"name":"x"}' });
  await Promise.all(pool.publish([relay.url()], event));
  const found = await pool.get([relay.url()], { kinds: [0], authors: [pubkey] });
  expect(found?.id).toBe(event.id);
  pool.destroy();
});

describe("paths", () => {
  test("have events of their own", async () => {
    const event = signedEvent(secretKey, { kind: 1, content: "only here" });
    const other = await RelaySocket.open(relay.url("/other"));
    other.send("REQ", "live", { ids: [event.id] });
    await other.next("EOSE");
    await socket.publish(event);
    other.send("REQ", "stored", { ids: [event.id] });
    await other.next("EOSE");
    expect(other.received).toEqual([]);
    other.close();
  });

  test("one that is down refuses and cuts its sockets, and the others go on", async () => {
    const other = await RelaySocket.open(relay.url("/other"));
    relay.setPath("/other", "down");
    await other.closed;
    await expect(RelaySocket.open(relay.url("/other"))).rejects.toThrow("refused");
    expect((await fetch(relay.url("/other").replace("ws", "http"))).status).toBe(503);
    expect(await socket.query({ limit: 0 })).toEqual([]);
    relay.setPath("/other", "ok");
    (await RelaySocket.open(relay.url("/other"))).close();
  });

  test("that were not named do not exist", async () => {
    await expect(RelaySocket.open(relay.url("/else"))).rejects.toThrow("refused");
    expect(() => relay.setPath("/else", "down")).toThrow(RangeError);
  });
});

test("beyond the bound on stored events the oldest of that path goes", () => {
  const events = new NostrEvents(openSqlite(null), 2);
  const [first, second, third] = [1, 2, 3].map((created_at) =>
    signedEvent(secretKey, { kind: 1, created_at }),
  );
  events.add("/other", first!);
  for (const event of [third, first, second]) events.add("/", event!);
  expect(events.find("/", [{}], 10)).toEqual([third!, second!]);
  expect(events.find("/other", [{}], 10)).toEqual([first!]);
});

test("a relay on a file has its events, its file private, and its port after a restart", async () => {
  const directory = mkdtempSync(join(tmpdir(), "berth-relay-"));
  const options = { paths: ["/"], databasePath: join(directory, "relay.sqlite") };
  const first = await startNostrRelay(options);
  const event = signedEvent(secretKey, { kind: 1, content: "kept" });
  const writer = await RelaySocket.open(first.url());
  await writer.publish(event);
  await first.stop();
  expect(statSync(options.databasePath).mode & 0o777).toBe(0o600);

  const second = await startNostrRelay({ ...options, port: first.port });
  expect(second.port).toBe(first.port);
  const reader = await RelaySocket.open(second.url());
  expect(await reader.query({ ids: [event.id] })).toEqual([event]);
  const third = await startNostrRelay({ paths: ["/"], port: first.port });
  expect(third.port).not.toBe(first.port);
  await Promise.all([second.stop(), third.stop()]);
  rmSync(directory, { recursive: true });
});
