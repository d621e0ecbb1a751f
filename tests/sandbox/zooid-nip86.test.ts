import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { startZooid, type Zooid } from "../../server/sandbox/zooid/zooid.ts";
import {
  type CallChanges,
  callRelay,
  configOf,
  eventually,
  informationOf,
  type Key,
  manage,
  newKey,
  nowSeconds,
  signed,
  visit,
} from "./zooid-client.ts";
import { RelaySocket } from "./zooid-socket.ts";

const admin = newKey();
const owner = newKey();
const relay = newKey();
const stranger = newKey();
const A = configOf("a", owner, relay);
const HOST = "a.test";
let zooid: Zooid;

beforeEach(async () => {
  zooid = await startZooid({ whitelist: [admin.pubkey], liveDelayMs: 1 });
  await manage(zooid, admin, "POST", "/relay/a", A);
  await eventually(async () => (await informationOf(zooid, HOST)) !== null);
});
afterEach(() => zooid.stop());

/** The JSON of an answer, which is 200 whatever it says. */
async function call(
  caller: Key,
  method: string,
  params: unknown[] = [],
  changes: CallChanges = {},
): Promise<unknown> {
  const response = await callRelay(zooid, HOST, caller, method, params, changes);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("application/nostr+json+rpc");
  return await response.json();
}

async function ask(changes: CallChanges): Promise<unknown> {
  return await call(owner, "listbannedpubkeys", [], changes);
}

async function members(): Promise<string[]> {
  const { result } = (await call(owner, "listallowedpubkeys")) as { result: { pubkey: string }[] };
  return result.map(({ pubkey }) => pubkey);
}

const EMPTY = { result: [] };
const OK = { result: true };

describe("authorization of a call", () => {
  test("a missing or malformed token is an error with status 200", async () => {
    for (const [header, error] of [
      ["", "missing auth"],
      ["nostr e30=", "missing auth"],
      ["Nostr !!!", "invalid base64 auth"],
      ["Nostr bm9wZQ==", "invalid auth event json"],
      ["Nostr e30=", "invalid auth event"],
    ] as const) {
      expect(await ask({ headers: { Authorization: header } })).toEqual({ error });
    }
  });

  test("the payload hash is mandatory", async () => {
    expect(await ask({ withoutPayload: true })).toEqual({
      error: "invalid auth event payload hash",
    });
  });

  test.each([
    `wss://${HOST}/`,
    `https://${HOST}`,
    `https://${HOST}/`,
    `https://${HOST.toUpperCase()}`,
  ])("u may be %s", async (u) => {
    expect(await ask({ u })).toEqual(EMPTY);
  });

  test("u of another scheme or path is refused", async () => {
    const refused = (got: string) => ({
      error: `invalid "u" tag, expected 'wss://${HOST}', got '${got}'`,
    });
    expect(await ask({ u: `http://${HOST}` })).toEqual(refused(`ws://${HOST}`));
    expect(await ask({ u: `https://${HOST}/x` })).toEqual(refused(`wss://${HOST}/x`));
  });

  test("the forwarded scheme and host count", async () => {
    const headers = { "X-Forwarded-Proto": "http", "X-Forwarded-Host": "front.test" };
    expect(await ask({ u: "http://front.test", headers })).toEqual(EMPTY);
    expect(await ask({ headers })).toHaveProperty("error");
  });

  test("a token may be 30 s old and of any kind, and come from the future", async () => {
    expect(await ask({ created_at: nowSeconds() - 32 })).toEqual({
      error: "auth event is too old",
    });
    expect(await ask({ created_at: nowSeconds() - 20 })).toEqual(EMPTY);
    expect(await ask({ created_at: nowSeconds() + 3600, kind: 1 })).toEqual(EMPTY);
  });

  test("only managers may call", async () => {
    const error = "blocked: only relay admins can manage this relay.";
    expect(await call(stranger, "listbannedpubkeys")).toEqual({ error });
    expect(await call(relay, "listbannedpubkeys")).toEqual(EMPTY);
  });

  test("a role's key in upper case makes a member without rights", async () => {
    const roles = { mod: { pubkeys: [stranger.pubkey.toUpperCase()], can_manage: true } };
    await manage(zooid, admin, "PATCH", "/relay/a", { roles, info: { name: "n" } });
    await eventually(async () => (await informationOf(zooid, HOST))?.name === "n");
    expect(await call(stranger, "listbannedpubkeys")).toHaveProperty("error");
    expect(await members()).toContain(stranger.pubkey);
  });
});

describe("methods", () => {
  test("an unknown method and wrong params are refused", async () => {
    const refused = (why: string) => ({ error: `invalid params: ${why}` });
    expect(await call(owner, "foo")).toEqual(refused("unknown method 'foo'"));
    expect(await call(owner, "toString")).toEqual(refused("unknown method 'toString'"));
    expect(await call(owner, "allowpubkey", ["zz"])).toEqual(
      refused("invalid pubkey param for 'allowpubkey'"),
    );
    expect(await call(owner, "allowpubkey")).toEqual(
      refused("invalid number of params for 'allowpubkey'"),
    );
  });

  test("a method zooid does not offer is not supported", async () => {
    const error = "method listallowedkinds not supported";
    expect(await call(owner, "listallowedkinds")).toEqual({ error });
  });

  test("with management off no method is supported, for anyone", async () => {
    await manage(zooid, admin, "PATCH", "/relay/a", {
      management: { enabled: false },
      info: { name: "off" },
    });
    await eventually(async () => (await informationOf(zooid, HOST))?.name === "off");
    const error = "method allowpubkey not supported";
    expect(await call(owner, "allowpubkey", [stranger.pubkey])).toEqual({ error });
    expect(await call(stranger, "supportedmethods")).toEqual(EMPTY);
  });

  test("listbannedevents cuts the connection and the relay lives on", async () => {
    await expect(callRelay(zooid, HOST, owner, "listbannedevents")).rejects.toThrow();
    expect(await call(owner, "listbannedpubkeys")).toEqual(EMPTY);
  });

  test("another Content-Type gets the page", async () => {
    const response = await visit(zooid, HOST, {
      method: "POST",
      headers: { "Content-Type": "application/nostr+json+rpc; charset=utf-8" },
      body: "{}",
    });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toStartWith("text/html");
  });

  test("a renamed relay keeps its secret, and a later patch keeps the name", async () => {
    expect(await call(owner, "changerelayname", ["renamed"])).toEqual(OK);
    await eventually(async () => (await informationOf(zooid, HOST))?.name === "renamed");
    const patch = { info: { description: "d" } };
    expect((await manage(zooid, admin, "PATCH", "/relay/a", patch)).status).toBe(200);
    await eventually(async () => (await informationOf(zooid, HOST))?.description === "d");
    expect(await informationOf(zooid, HOST)).toMatchObject({ name: "renamed", self: relay.pubkey });
  });
});

describe("members by calls", () => {
  test("a new relay has itself and its owner, in this order", async () => {
    expect(await call(owner, "listallowedpubkeys")).toEqual({
      result: [relay, owner].map(({ pubkey }) => ({ pubkey, reason: "relay member" })),
    });
  });

  test("adding is idempotent and keeps the order of joining", async () => {
    const [first, second] = [newKey(), newKey()];
    for (const key of [first, second, first]) {
      expect(await call(owner, "allowpubkey", [key.pubkey])).toEqual(OK);
    }
    expect(await members()).toEqual([relay, owner, first, second].map(({ pubkey }) => pubkey));
    expect(await call(owner, "unallowpubkey", [first.pubkey])).toEqual(OK);
    expect(await members()).toEqual([relay, owner, second].map(({ pubkey }) => pubkey));
  });

  test("a reload takes back in, and un-bans, whoever the config names", async () => {
    await call(owner, "banpubkey", [owner.pubkey]);
    expect(await members()).toEqual([relay.pubkey]);
    await call(owner, "changerelayname", ["reloaded"]);
    await eventually(async () => (await informationOf(zooid, HOST))?.name === "reloaded");
    expect(await members()).toEqual([relay.pubkey, owner.pubkey]);
    expect(await call(owner, "listbannedpubkeys")).toEqual(EMPTY);
  });

  test("additions in parallel all say true and lose members", async () => {
    const keys = Array.from({ length: 20 }, newKey);
    const answers = await Promise.all(keys.map((key) => call(owner, "allowpubkey", [key.pubkey])));
    expect(answers).toEqual(keys.map(() => OK));
    expect((await members()).length).toBeLessThan(2 + keys.length);
  });

  test("a banned key loses membership and events, and cannot join until un-banned and added", async () => {
    const guest = newKey();
    await call(owner, "allowpubkey", [guest.pubkey]);
    const socket = await RelaySocket.as(guest, zooid, HOST);
    const note = signed(guest, 1);
    await socket.publish(note);
    expect(await call(owner, "banpubkey", [guest.pubkey, "spam"])).toEqual(OK);
    expect(await members()).not.toContain(guest.pubkey);
    expect(await call(owner, "listbannedpubkeys")).toEqual({
      result: [{ pubkey: guest.pubkey, reason: "spam" }],
    });
    const reader = await RelaySocket.as(owner, zooid, HOST);
    expect(await reader.request({ ids: [note.id] })).toEqual([]);
    const banned = "invalid: you have been banned from this relay";
    expect(await socket.publish(signed(guest, 28934))).toEqual([false, banned]);
    expect(await call(owner, "unbanpubkey", [guest.pubkey])).toEqual(OK);
    expect(await call(owner, "listbannedpubkeys")).toEqual(EMPTY);
    expect(await members()).not.toContain(guest.pubkey);
  });

  test("a banned event is gone and cannot be published again until allowed", async () => {
    const socket = await RelaySocket.as(owner, zooid, HOST);
    const note = signed(owner, 1);
    await socket.publish(note);
    expect(await call(owner, "banevent", [note.id])).toEqual(OK);
    expect(await socket.request({ ids: [note.id] })).toEqual([]);
    expect((await socket.publish(note))[0]).toBe(false);
    expect(await call(owner, "allowevent", [note.id])).toEqual(OK);
    expect((await socket.publish(note))[0]).toBe(true);
  });
});
