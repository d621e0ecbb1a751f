import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { startZooid, type Zooid } from "../../server/sandbox/zooid/zooid.ts";
import {
  callRelay,
  configOf,
  eventually,
  informationOf,
  manage,
  newKey,
  signed,
  visit,
} from "./zooid-client.ts";
import { RelaySocket } from "./zooid-socket.ts";

const admin = newKey();
const owner = newKey();
const relay = newKey();
const A = configOf("a", owner, relay);
const PREFLIGHT = {
  method: "OPTIONS",
  headers: {
    Origin: "https://x.test",
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type",
  },
};
let zooid: Zooid;

beforeEach(async () => {
  zooid = await startZooid({ whitelist: [admin.pubkey], liveDelayMs: 1 });
  expect((await manage(zooid, admin, "POST", "/relay/a", A)).status).toBe(201);
  await eventually(async () => (await informationOf(zooid, "a.test")) !== null);
});
afterEach(() => zooid.stop());

async function patch(part: object): Promise<void> {
  expect((await manage(zooid, admin, "PATCH", "/relay/a", part)).status).toBe(200);
}

async function patchUntil(part: object, check: () => Promise<boolean>): Promise<void> {
  await patch(part);
  await eventually(check);
}

const isGone = (host: string) => async () => (await visit(zooid, host)).status === 404;
const isThere = (host: string) => async () => (await visit(zooid, host)).status === 200;

describe("what a relay answers over HTTP", () => {
  test("NIP-11 names the relay's key, its owner and its features", async () => {
    const response = await visit(zooid, "a.test", {
      headers: { Accept: "application/nostr+json", Origin: "https://x.test" },
    });
    expect(response.headers.get("content-type")).toBe("application/nostr+json");
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(await response.json()).toEqual({
      name: "a",
      pubkey: owner.pubkey,
      self: relay.pubkey,
      supported_nips: [1, 11, 42, 70, 86, "43", 40, "29", 9, 77],
      software: "https://github.com/coracle-social/zooid",
      version: "v0.1.0",
    });
  });

  test("any other Accept gets the page, with names escaped", async () => {
    await patch({ info: { name: "<b>x" } });
    await eventually(async () => (await informationOf(zooid, "a.test"))?.name === "<b>x");
    const response = await visit(zooid, "a.test", {
      headers: { Accept: "application/nostr+json, */*" },
    });
    expect(response.headers.get("content-type")).toStartWith("text/html");
    expect(await response.text()).toContain("<h1>&lt;b&gt;x</h1>");
  });

  test("another path is not found", async () => {
    const response = await visit(zooid, "a.test", { path: "/upload" });
    expect([response.status, await response.text()]).toEqual([404, "404 page not found\n"]);
  });

  test("calls are announced once they have a key", async () => {
    const announced = async () =>
      (await visit(zooid, "a.test", { path: "/.well-known/nip29/livekit" })).status;
    expect(await announced()).toBe(404);
    const livekit = { server_url: "wss://calls.test", api_key: "k", api_secret: "s" };
    await patchUntil({ livekit }, async () => (await announced()) === 204);
  });

  test("the host must match exactly", async () => {
    for (const host of ["A.test", `a.test:${zooid.port}`, "b.a.test"]) {
      expect(await isGone(host)()).toBe(true);
    }
  });

  test("a relay may be configured with the port in its host", async () => {
    const host = `a.${zooid.relayDomain}`;
    await patchUntil({ host }, isThere(host));
    const response = await fetch(`http://${host}`, {
      headers: { Accept: "application/nostr+json" },
    });
    expect(await response.json()).toMatchObject({ self: relay.pubkey });
    const socket = await RelaySocket.open(zooid, host);
    expect(await socket.authenticate(owner, `ws://${host}`)).toEqual([true, ""]);
  });

  test("a preflight is answered for everyone", async () => {
    const response = await visit(zooid, "a.test", PREFLIGHT);
    expect(response.status).toBe(204);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "access-control-allow-origin": "*",
      "access-control-allow-methods": "POST",
      "access-control-allow-headers": "authorization,content-type",
      "access-control-max-age": "86400",
    });
  });
});

describe("inactive and deleted relays", () => {
  test("an inactive relay is 404 for everything, without CORS headers", async () => {
    await patchUntil({ inactive: true }, isGone("a.test"));
    const json = { Accept: "application/nostr+json", Origin: "https://x.test" };
    for (const response of [
      await visit(zooid, "a.test"),
      await visit(zooid, "a.test", { headers: json }),
      await callRelay(zooid, "a.test", owner, "listallowedpubkeys"),
      await visit(zooid, "a.test", PREFLIGHT),
    ]) {
      expect(response.status).toBe(404);
      expect(response.headers.has("access-control-allow-origin")).toBe(false);
    }
    await expect(RelaySocket.open(zooid, "a.test")).rejects.toBeDefined();
  });

  test.each(["PATCH", "DELETE"])("a socket opened before a %s still publishes", async (method) => {
    const socket = await RelaySocket.as(owner, zooid, "a.test");
    await manage(zooid, admin, method, "/relay/a", { inactive: true });
    await eventually(isGone("a.test"));
    const note = signed(owner, 1);
    expect(await socket.publish(note)).toEqual([true, ""]);
    expect(await socket.request({ ids: [note.id] })).toEqual([note]);
  });
});

describe("changed configs", () => {
  test("a changed host moves the relay with its data", async () => {
    const note = signed(owner, 1);
    await (await RelaySocket.as(owner, zooid, "a.test")).publish(note);
    await patchUntil({ host: "b.test" }, isThere("b.test"));
    expect(await isGone("a.test")()).toBe(true);
    const socket = await RelaySocket.as(owner, zooid, "b.test");
    expect(await socket.request({ kinds: [1] })).toEqual([note]);
  });

  test("a swap serves the old config, then nobody, then the new one", async () => {
    const slow = await startZooid({ whitelist: [admin.pubkey], liveDelayMs: 400 });
    await manage(slow, admin, "POST", "/relay/a", A);
    await eventually(async () => (await informationOf(slow, "a.test")) !== null);
    await manage(slow, admin, "PATCH", "/relay/a", { info: { name: "new" } });
    const seen: unknown[] = [];
    await eventually(async () => {
      const name = (await informationOf(slow, "a.test"))?.name;
      if (seen.at(-1) !== name || seen.length === 0) seen.push(name);
      return name === "new";
    });
    expect(seen).toEqual(["a", undefined, "new"]);
    await slow.stop();
  });

  test("after many quick writes only the last host is served", async () => {
    const hosts = Array.from({ length: 40 }, (_, index) => `quick${index}.test`);
    const busy = await startZooid({ whitelist: [admin.pubkey], liveDelayMs: 10 });
    await manage(busy, admin, "POST", "/relay/a", A);
    for (const host of hosts) await manage(busy, admin, "PATCH", "/relay/a", { host });
    await eventually(async () => (await informationOf(busy, hosts.at(-1)!)) !== null);
    await Bun.sleep(30);
    const served = await Promise.all(
      hosts.map(async (host) => (await visit(busy, host)).status === 200),
    );
    expect(hosts.filter((_, index) => served[index])).toEqual(hosts.slice(-1));
    await busy.stop();
  });

  test("a changed schema hides the data, and changed back shows it", async () => {
    const note = signed(owner, 1);
    await (await RelaySocket.as(owner, zooid, "a.test")).publish(note);
    const notes = async () => {
      const socket = await RelaySocket.as(owner, zooid, "a.test");
      return await socket.request({ kinds: [1] });
    };
    const isNamed = (name: string) => async () =>
      (await informationOf(zooid, "a.test"))?.name === name;
    await patchUntil({ schema: "other", info: { name: "other" } }, isNamed("other"));
    expect(await notes()).toEqual([]);
    await patchUntil({ schema: "a", info: { name: "back" } }, isNamed("back"));
    expect(await notes()).toEqual([note]);
  });

  test("a new owner manages and the old one stays a member", async () => {
    const heir = newKey();
    await patchUntil(
      { info: { pubkey: heir.pubkey } },
      async () => (await informationOf(zooid, "a.test"))?.pubkey === heir.pubkey,
    );
    const asked = await callRelay(zooid, "a.test", owner, "listallowedpubkeys");
    expect(await asked.json()).toEqual({
      error: "blocked: only relay admins can manage this relay.",
    });
    const answered = await callRelay(zooid, "a.test", heir, "listallowedpubkeys");
    expect(await answered.json()).toHaveProperty("result");
    const socket = await RelaySocket.as(owner, zooid, "a.test");
    expect(await socket.request({ kinds: [1] })).toEqual([]);
  });

  test("a new secret signs a second member list beside the first", async () => {
    const next = newKey();
    await patchUntil(
      { secret: next.secretHex },
      async () => (await informationOf(zooid, "a.test"))?.self === next.pubkey,
    );
    const socket = await RelaySocket.as(owner, zooid, "a.test");
    const lists = await socket.request({ kinds: [13534] });
    expect(Array.isArray(lists) && lists.map((list) => list.pubkey).sort()).toEqual(
      [relay.pubkey, next.pubkey].sort(),
    );
  });

  test("a write splits the audience until clients reconnect", async () => {
    const before = await RelaySocket.as(owner, zooid, "a.test");
    await before.request({ kinds: [1] }, "old");
    await patchUntil(
      { info: { name: "n" } },
      async () => (await informationOf(zooid, "a.test"))?.name === "n",
    );
    const after = await RelaySocket.as(owner, zooid, "a.test");
    await after.request({ kinds: [1] }, "new");
    const fromAfter = signed(owner, 1, { content: "from after" });
    const fromBefore = signed(owner, 1, { content: "from before" });
    await after.publish(fromAfter);
    await before.publish(fromBefore);
    expect(await before.live("old")).toEqual(fromBefore);
    expect(await after.live("new")).toEqual(fromAfter);
    const stored = await after.request({ kinds: [1] });
    expect(stored).toHaveLength(2);
  });
});
