import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { startZooid, type Zooid } from "../../server/sandbox/zooid/zooid.ts";
import {
  answerOf,
  callRelay,
  configOf,
  eventually,
  informationOf,
  manage,
  newKey,
  signed,
} from "./zooid-client.ts";
import { RelaySocket } from "./zooid-socket.ts";

const admin = newKey();
const owner = newKey();
const relay = newKey();
const A = configOf("a", owner, relay);
const B = configOf("b", owner, newKey());
const UPDATED: [number, unknown] = [200, { message: "relay updated successfully" }];
const PATCHED: [number, unknown] = [200, { message: "relay patched successfully" }];
let zooid: Zooid;

beforeEach(async () => {
  zooid = await startZooid({ whitelist: [admin.pubkey], liveDelayMs: 1 });
  await send("POST", "a", A);
  await eventually(async () => (await informationOf(zooid, "a.test")) !== null);
});
afterEach(() => zooid.stop());

async function send(method: string, id: string, body?: unknown): Promise<[number, unknown]> {
  return await answerOf(await manage(zooid, admin, method, `/relay/${id}`, body));
}

const error = (status: number, text: string): [number, unknown] => [status, { error: text }];

async function nameBecomes(name: string | undefined, host = "a.test"): Promise<void> {
  await eventually(async () => {
    const information = await informationOf(zooid, host);
    return information !== null && information.name === name;
  });
}

async function call(caller: typeof owner, method: string, params: unknown[] = []) {
  return await (await callRelay(zooid, "a.test", caller, method, params)).json();
}

describe("an unknown id", () => {
  test.each(["PUT", "PATCH", "DELETE"])(
    "%s does not find it, whatever the body",
    async (method) => {
      expect(await send(method, "x", A)).toEqual(error(404, "relay not found"));
      expect(await send(method, "x", "{broken")).toEqual(error(404, "relay not found"));
    },
  );
});

describe("PUT", () => {
  test("a whole config replaces the old one", async () => {
    expect(await send("PUT", "a", { ...A, info: { ...A.info, name: "n" } })).toEqual(UPDATED);
    await nameBecomes("n");
  });

  test("what is left out falls back to its default", async () => {
    const { host, schema, secret } = A;
    const minimal = { host, schema, secret, info: { pubkey: owner.pubkey } };
    expect(await send("PUT", "a", minimal)).toEqual(UPDATED);
    await nameBecomes(undefined);
    expect(await call(owner, "listallowedpubkeys")).toEqual({
      error: "method listallowedpubkeys not supported",
    });
  });

  test("the secret is required", async () => {
    const { secret: _, ...rest } = A;
    expect(await send("PUT", "a", rest)).toEqual(error(400, "secret is required"));
  });

  test("another relay's schema or host is a conflict", async () => {
    await send("POST", "b", B);
    const taken = (field: string) => error(409, `${field} is already in use`);
    expect(await send("PUT", "a", { ...A, host: "b.test" })).toEqual(taken('host "b.test"'));
    expect(await send("PUT", "a", { ...A, schema: "b" })).toEqual(taken('schema "b"'));
    expect(await send("PUT", "a", B)).toEqual(taken('schema "b"'));
  });
});

describe("PATCH", () => {
  test("an empty object or null changes nothing", async () => {
    expect(await send("PATCH", "a", {})).toEqual(PATCHED);
    expect(await send("PATCH", "a", "null")).toEqual(PATCHED);
    await nameBecomes("a");
  });

  test("an array, an empty body and what is not JSON are refused", async () => {
    const text =
      "invalid json: json: cannot unmarshal array into Go value of type map[string]interface {}";
    expect(await send("PATCH", "a", [])).toEqual(error(400, text));
    const end = "invalid json: unexpected end of JSON input";
    expect(await send("PATCH", "a", "")).toEqual(error(400, end));
    const [status, body] = await send("PATCH", "a", "nope");
    expect(status).toBe(400);
    expect((body as { error: string }).error).toStartWith("invalid json: invalid character");
  });

  test("a required field cannot be removed or emptied", async () => {
    const required = (name: string) => error(400, `${name} is required`);
    expect(await send("PATCH", "a", { secret: null })).toEqual(required("secret"));
    expect(await send("PATCH", "a", { host: null })).toEqual(required("host"));
    expect(await send("PATCH", "a", { schema: "" })).toEqual(required("schema"));
  });

  test("a wrong type is refused without a prefix", async () => {
    const text = "json: cannot unmarshal string into Go struct field Config.inactive of type bool";
    expect(await send("PATCH", "a", { inactive: "x" })).toEqual(error(400, text));
  });

  test("objects are merged, so other fields stay", async () => {
    await send("PATCH", "a", { info: { description: "d" } });
    expect(await send("PATCH", "a", { info: { name: "n" } })).toEqual(PATCHED);
    await nameBecomes("n");
    expect(await informationOf(zooid, "a.test")).toMatchObject({
      description: "d",
      pubkey: owner.pubkey,
      self: relay.pubkey,
    });
  });

  test("a key in another letter case is silently lost", async () => {
    expect(await send("PATCH", "a", { Host: "x.test", info: { Name: "x" } })).toEqual(PATCHED);
    await nameBecomes("a");
    expect(zooid.relays()[0]?.host).toBe("a.test");
  });

  test("null removes one role, and its rights, and keeps the others", async () => {
    const moderator = newKey();
    const role = { pubkeys: [moderator.pubkey], can_manage: true };
    await send("PATCH", "a", { roles: { admin: role, member: { can_invite: true } } });
    await eventually(async () => "result" in (await call(moderator, "listallowedpubkeys")));
    const mod = newKey();
    const next = { admin: null, mod: { pubkeys: [mod.pubkey], can_manage: true } };
    await send("PATCH", "a", { roles: next });
    await eventually(async () => "result" in (await call(mod, "listallowedpubkeys")));
    expect(await call(moderator, "listallowedpubkeys")).toEqual({
      error: "blocked: only relay admins can manage this relay.",
    });
    const socket = await RelaySocket.as(mod, zooid, "a.test");
    expect(await socket.request({ kinds: [28935] })).toHaveLength(1);
    const plainMember = await RelaySocket.as(moderator, zooid, "a.test");
    expect(await plainMember.request({ kinds: [28935] })).toHaveLength(1);
  });

  test("an array is replaced, not merged", async () => {
    const [first, second] = [newKey(), newKey()];
    const admins = (key: typeof first) => ({
      roles: { admin: { pubkeys: [key.pubkey], can_manage: true } },
    });
    await send("PATCH", "a", admins(first));
    await eventually(async () => "result" in (await call(first, "listallowedpubkeys")));
    await send("PATCH", "a", admins(second));
    await eventually(async () => "result" in (await call(second, "listallowedpubkeys")));
    expect(await call(first, "listallowedpubkeys")).toHaveProperty("error");
  });

  test("a host or schema in use is a conflict, its own is not", async () => {
    await send("POST", "b", B);
    const taken = (field: string) => error(409, `${field} is already in use`);
    expect(await send("PATCH", "a", { host: "b.test" })).toEqual(taken('host "b.test"'));
    expect(await send("PATCH", "a", { schema: "b" })).toEqual(taken('schema "b"'));
    expect(await send("PATCH", "a", { host: "a.test", schema: "a" })).toEqual(PATCHED);
  });
});

describe("DELETE", () => {
  test("a relay is deleted once", async () => {
    const deleted = { message: "relay deleted successfully" };
    expect(await send("DELETE", "a")).toEqual([200, deleted]);
    expect(await send("DELETE", "a")).toEqual(error(404, "relay not found"));
    expect(zooid.relays()).toEqual([]);
    await eventually(async () => (await informationOf(zooid, "a.test")) === null);
  });

  test("a schema that is used again shows the old members and events", async () => {
    const member = newKey();
    await call(owner, "allowpubkey", [member.pubkey]);
    const note = signed(owner, 1, { content: "still here" });
    await (await RelaySocket.as(owner, zooid, "a.test")).publish(note);
    await send("DELETE", "a");
    expect((await send("POST", "again", { ...A, host: "a.test" }))[0]).toBe(201);
    await eventually(async () => (await informationOf(zooid, "a.test")) !== null);
    const { result } = await call(owner, "listallowedpubkeys");
    expect(result).toContainEqual({ pubkey: member.pubkey, reason: "relay member" });
    const socket = await RelaySocket.as(owner, zooid, "a.test");
    expect(await socket.request({ kinds: [1] })).toEqual([note]);
  });
});
