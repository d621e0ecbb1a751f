import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startZooid, type Zooid } from "../../server/sandbox/zooid/zooid.ts";
import {
  answerOf,
  configOf,
  eventually,
  informationOf,
  manage,
  newKey,
  visit,
} from "./zooid-client.ts";

const admin = newKey();
const owner = newKey();
const relay = newKey();
const A = configOf("a", owner, relay);
const CREATED: [number, unknown] = [201, { message: "relay created successfully" }];
let zooid: Zooid;

beforeEach(async () => {
  zooid = await startZooid({ whitelist: [admin.pubkey] });
});
afterEach(() => zooid.stop());

async function post(id: string, body: unknown): Promise<[number, unknown]> {
  return await answerOf(await manage(zooid, admin, "POST", `/relay/${id}`, body));
}

/** The error of a POST that has to be refused with `status`. */
async function refused(status: number, body: unknown, id = "new"): Promise<string> {
  const [actual, answer] = await post(id, body);
  expect(actual).toBe(status);
  return (answer as { error: string }).error;
}

describe("creating a relay", () => {
  test("a whole config is accepted and becomes live afterwards", async () => {
    expect(await post("a", A)).toEqual(CREATED);
    await eventually(async () => (await informationOf(zooid, "a.test"))?.self === relay.pubkey);
    expect(zooid.relays()).toEqual([{ id: "a", host: "a.test", schema: "a", inactive: false }]);
  });

  test("2xx comes before live", async () => {
    const slow = await startZooid({ whitelist: [admin.pubkey], liveDelayMs: 300 });
    expect((await manage(slow, admin, "POST", "/relay/a", A)).status).toBe(201);
    expect((await visit(slow, "a.test")).status).toBe(404);
    await eventually(async () => (await visit(slow, "a.test")).status === 200);
    await slow.stop();
  });

  test("an id is created once, and again is a conflict even with a broken body", async () => {
    await post("a", A);
    const exists = "relay with this id already exists";
    expect(await refused(409, A, "a")).toBe(exists);
    expect(await refused(409, "{broken", "a")).toBe(exists);
  });

  test("of simultaneous creations of one id one succeeds", async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => post("a", A)));
    expect(answers.map(([status]) => status).sort()).toEqual([201, ...Array(9).fill(409)]);
  });

  test("a schema or host in use is a conflict, the schema named first", async () => {
    await post("a", A);
    const schemaTaken = 'schema "a" is already in use';
    expect(await refused(409, { ...A, host: "b.test" })).toBe(schemaTaken);
    expect(await refused(409, { ...A, schema: "b" })).toBe('host "a.test" is already in use');
    expect(await refused(409, A)).toBe(schemaTaken);
  });

  test("hosts and schemas that differ in letter case do not conflict", async () => {
    await post("a", A);
    expect(await post("b", { ...A, host: "A.test", schema: "A_" })).toEqual(CREATED);
    await eventually(async () => (await informationOf(zooid, "A.test")) !== null);
  });

  test("a relay that takes the API's host is accepted and never seen", async () => {
    expect(await post("a", { ...A, host: `127.0.0.1:${zooid.port}` })).toEqual(CREATED);
    await Bun.sleep(15);
    expect((await fetch(zooid.url)).status).toBe(401);
  });

  test("an inactive relay is created and not served until it is active", async () => {
    expect(await post("a", { ...A, inactive: true })).toEqual(CREATED);
    await Bun.sleep(20);
    expect((await visit(zooid, "a.test")).status).toBe(404);
    expect(zooid.relays()[0]?.inactive).toBe(true);
    await manage(zooid, admin, "PATCH", "/relay/a", { inactive: false });
    await eventually(async () => (await informationOf(zooid, "a.test")) !== null);
  });
});

describe("the body of a creation", () => {
  test("an empty body is an unexpected end", async () => {
    expect(await refused(400, "")).toBe("invalid json config: unexpected end of JSON input");
    expect(await refused(400, '{"host":"a.test"')).toBe(
      "invalid json config: unexpected end of JSON input",
    );
  });

  test("null is an empty config", async () => {
    expect(await refused(400, "null")).toBe("host is required");
  });

  test("an array is no config", async () => {
    expect(await refused(400, [])).toStartWith("invalid json config: json: cannot unmarshal array");
  });

  test("what is not JSON, or has something after it, names an invalid character", async () => {
    for (const body of ["nope", `${JSON.stringify(A)} x`]) {
      expect(await refused(400, body)).toStartWith("invalid json config: invalid character");
    }
  });

  test.each([
    [{ inactive: "yes" }, "string into Go struct field Config.inactive of type bool"],
    [{ host: 5 }, "number into Go struct field Config.host of type string"],
    [{ info: [] }, "array into Go struct field Config.info of type struct"],
    [{ info: { name: true } }, "bool into Go struct field Config.info.name of type string"],
    [{ roles: [] }, "array into Go struct field Config.roles of type map[string]zooid.Role"],
    [{ roles: { x: { pubkeys: [1] } } }, "number into Go struct field Config.roles.x.pubkeys"],
    [{ roles: { x: "y" } }, "string into Go struct field Config.roles"],
  ])("a value of the wrong type is refused: %j", async (part, text) => {
    expect(await refused(400, { ...A, ...part })).toStartWith(
      `invalid json config: json: cannot unmarshal ${text}`,
    );
  });

  test("unknown keys are ignored and keys match in any letter case", async () => {
    const { host, ...rest } = A;
    expect(await post("a", { ...rest, HOST: host, color: "red" })).toEqual(CREATED);
    expect(zooid.relays()[0]?.host).toBe("a.test");
  });

  test("a megabyte is the limit", async () => {
    const padded = (bytes: number) => ({ ...A, padding: "x".repeat(bytes) });
    const tooLarge = "failed to read body: http: request body too large";
    expect(await refused(400, padded(1_100_000))).toBe(tooLarge);
    expect(await post("a", padded(900_000))).toEqual(CREATED);
  });
});

describe("validation", () => {
  test.each(["host", "schema", "secret"])("%s is required", async (name) => {
    expect(await refused(400, { ...A, [name]: "" })).toBe(`${name} is required`);
    expect(await refused(400, { ...A, [name]: null })).toBe(`${name} is required`);
  });

  test("a secret too long, zero or not hex is refused, and the text echoes it", async () => {
    const long = "1".repeat(65);
    expect(await refused(400, { ...A, secret: long })).toMatch(/^invalid secret key: .*1{65}/);
    expect(await refused(400, { ...A, secret: "0".repeat(64) })).toBe(
      "invalid secret key: invalid secret key",
    );
    expect(await refused(400, { ...A, secret: "x".repeat(64) })).toStartWith("invalid secret key:");
  });

  test("a short secret is padded with zeros", async () => {
    expect(await post("a", { ...A, secret: "1" })).toEqual(CREATED);
    const generatorPoint = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
    await eventually(async () => (await informationOf(zooid, "a.test"))?.self === generatorPoint);
  });

  test("an owner that is no curve point in hex is refused", async () => {
    const withOwner = (pubkey: string) => ({ ...A, info: { pubkey } });
    for (const pubkey of ["abc", `npub1${"q".repeat(58)}`]) {
      expect(await refused(400, withOwner(pubkey))).toStartWith(
        "invalid info.pubkey: pubkey should be 64-char hex",
      );
    }
    // 5 is the smallest x that is on no point of the curve (BIP-340 lift_x fails).
    for (const pubkey of ["f".repeat(64), "5".padStart(64, "0")]) {
      expect(await refused(400, withOwner(pubkey))).toEndWith("is not a valid pubkey");
    }
  });
});

describe("ids", () => {
  test("an id too long for a file name fails to be written", async () => {
    const error = await refused(500, A, "x".repeat(300));
    expect(error).toStartWith("failed to write config:");
    expect(error).toContain("/config/");
  });

  test("an id is the decoded second segment", async () => {
    expect(await post("a%20b", A)).toEqual(CREATED);
    expect(zooid.relays()[0]?.id).toBe("a b");
    expect(await refused(409, A, "a%20b%2Fzzz")).toBe("relay with this id already exists");
  });
});

describe("what kills the process", () => {
  test.each([
    ["a config without owner", { info: { name: "a" } }],
    ["a schema with a dash", { schema: "my-relay" }],
    ["a schema that starts with a digit", { schema: "1abc" }],
    ["a schema with a space", { schema: "my relay" }],
    ["the schema that SQLite keeps for itself", { schema: "sqlite" }],
    ["a schema that begins as SQLite's own", { schema: "SQLite_master" }],
  ])("%s is accepted, then nobody answers", async (_, part) => {
    await post("good", configOf("good", owner, relay));
    expect(await post("a", { ...A, ...part })).toEqual(CREATED);
    await eventually(() => zooid.crashed !== null);
    await expect(visit(zooid, "good.test")).rejects.toThrow();
    await expect(manage(zooid, admin, "DELETE", "/relay/a")).rejects.toThrow();
  });

  test.each(["sqlitefans", "!!!", ".."])("the schema %p is odd, and served", async (schema) => {
    expect(await post("a", { ...A, schema })).toEqual(CREATED);
    await eventually(async () => (await visit(zooid, "a.test")).status === 200);
  });

  test("it dies again at each restart, until the config is gone", async () => {
    await post("a", { ...A, schema: "my-relay" });
    await eventually(() => zooid.crashed !== null);
    zooid.setMode("ok");
    expect(zooid.crashed).toBeNull();
    await eventually(() => zooid.crashed !== null);
    zooid.wipe();
    expect(zooid.crashed).toBeNull();
    expect(await post("a", A)).toEqual(CREATED);
  });

  test("a patch that takes the owner away kills it too", async () => {
    await post("a", A);
    const patch = await manage(zooid, admin, "PATCH", "/relay/a", { info: null });
    expect(patch.status).toBe(200);
    await eventually(() => zooid.crashed !== null);
  });
});

test("a config directory that is gone is a conflict by status only", async () => {
  const folder = mkdtempSync(join(tmpdir(), "zooid-"));
  const databasePath = join(folder, "zooid.sqlite");
  const lost = await startZooid({ whitelist: [admin.pubkey], databasePath });
  const other = new Database(databasePath);
  other.run("ALTER TABLE config RENAME TO lost");
  other.close();
  const [status, body] = await answerOf(await manage(lost, admin, "POST", "/relay/a", A));
  expect(status).toBe(409);
  expect((body as { error: string }).error).toStartWith("failed to read config directory:");
  await lost.stop();
  rmSync(folder, { recursive: true });
});
