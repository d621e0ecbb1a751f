import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { generateSecretKey, getPublicKey } from "nostr-tools/pure";
import { bytesToHex } from "nostr-tools/utils";
import { Refused } from "../../server/errors.ts";
import {
  assertSafe,
  configDocument,
  fitText,
  MAX_TEXT_LENGTH,
} from "../../server/zooid/config-document.ts";
import type { VirtualRelay } from "../../server/zooid/virtual-relay.ts";

const secret = bytesToHex(generateSecretKey());
const owner = getPublicKey(generateSecretKey());
const relay: VirtualRelay = {
  id: `r${"0123456789ab".repeat(2)}`,
  host: "frogs.spaces.example:8443",
  schema: "frogs",
  secret,
  owner,
  name: "Frogs & “friends”",
  description: "A pond.\n\t<b>No</b> toads.",
  icon: "https://frogs.example/🐸.png",
  blossom: true,
  livekit: { serverUrl: "wss://calls.example", apiKey: "key", apiSecret: "secret" },
  presence: "live",
};

function refusalOf(changed: object): string {
  try {
    assertSafe({ ...relay, ...changed });
  } catch (error) {
    if (error instanceof Refused) return error.code;
    throw error;
  }
  return "accepted";
}

describe("the config document", () => {
  test("says everything that zooid is to hold", () => {
    expect(configDocument(relay)).toEqual({
      host: "frogs.spaces.example:8443",
      schema: "frogs",
      secret,
      inactive: false,
      info: {
        name: "Frogs & “friends”",
        icon: "https://frogs.example/🐸.png",
        pubkey: owner,
        description: "A pond.\n\t<b>No</b> toads.",
      },
      policy: { public_join: false, strip_signatures: false },
      groups: { enabled: true },
      management: { enabled: true },
      blossom: { enabled: true },
      push: { enabled: false },
      livekit: { server_url: "wss://calls.example", api_key: "key", api_secret: "secret" },
    });
  });

  test("of a relay that is not live is inactive, of a plan without features lacks them", () => {
    const document = configDocument({
      ...relay,
      presence: "inactive",
      blossom: false,
      livekit: null,
    });
    expect(document).toMatchObject({
      inactive: true,
      blossom: { enabled: false },
      livekit: { server_url: "", api_key: "", api_secret: "" },
    });
  });
});

describe("what could make zooid panic or misbehave", () => {
  const calls = { serverUrl: "wss://calls.example", apiKey: "key", apiSecret: "secret" };
  const unsafe: Record<string, unknown[]> = {
    id: ["", "r1", relay.id.toUpperCase(), `${relay.id}/..`, `${relay.id}\n`, "..", null],
    host: [
      ...["", "Frogs.example", "http://frogs.example", "frogs.example/x", "frogs.example:0"],
      ...["frogs..example", "-frogs.example", "frogs_.example", "fr gs.example", "frøgs.example"],
      ...["frogs.example\n", "frogs.example\r\nx: y", `${"a".repeat(64)}.example`, "a:1:2", null],
      "abc.".repeat(63).concat("abc"),
    ],
    schema: [
      ...["", "a", "1abc", "my-relay", "my relay", "Frogs", "_frogs", "frogs_", "éé", null],
      ...["a".repeat(48), "frogs\n", "frogs;drop", "sqlite", "sqlite_master", "sqlite3"],
    ],
    secret: [
      ...["", "0".repeat(64), "f".repeat(64), "g".repeat(64), secret.toUpperCase()],
      ...[`${secret}0`, secret.slice(1), null],
    ],
    owner: [
      ...["", "f".repeat(64), "0".repeat(64), `${"0".repeat(63)}5`, owner.slice(1)],
      ...[owner.toUpperCase(), "npub1x", undefined, null, [owner]],
    ],
    name: ["a\nb", "a\tb", "\0", "\x7f", "\x85", "\ud800", "x\udc00", "x".repeat(301), null],
    description: ["a\rb", "\x1b[0m", "\ud83d", "x".repeat(10_001), undefined, {}],
    icon: ["https://x/\n", "\ud800", "x".repeat(2_049), null],
    blossom: ["yes", 1, null, undefined],
    presence: ["suspended", "", null],
    livekit: [
      ...[undefined, "wss://calls.example", { ...calls, serverUrl: "https://calls.example" }],
      ...[
        { ...calls, apiKey: "" },
        { ...calls, apiSecret: "secret\n" },
      ],
    ],
  };
  test.each(Object.entries(unsafe))("is refused by the name of its field: %s", (field, values) => {
    for (const value of values) {
      expect(refusalOf({ [field]: value })).toBe(`zooid_unsafe_${field}`);
    }
  });

  test("is not told in the refusal: it can be a secret", () => {
    try {
      assertSafe({ ...relay, secret: "0".repeat(64) });
      expect.unreachable();
    } catch (error) {
      expect(`${Bun.inspect(error)}`).not.toContain("0".repeat(64));
    }
  });

  test("keeps nobody from deleting a relay", () => {
    expect(refusalOf({ presence: "absent", name: "\0", description: "\ud800" })).toBe("accepted");
    expect(refusalOf({ presence: "absent", id: "../x" })).toBe("zooid_unsafe_id");
    expect(refusalOf({ presence: "absent", host: "x\r\ny" })).toBe("zooid_unsafe_host");
  });

  test("never leaves, whatever relay goes in (fuzzed)", () => {
    const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
    // Mostly good values, so that one bad field at a time gets to be the only one.
    const nearly = (good: unknown, ...hostile: unknown[]) =>
      fc.oneof(
        { weight: 12, arbitrary: fc.constant(good) },
        { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 80 }) },
        {
          weight: 1,
          arbitrary: fc.constantFrom(...hostile, "", null, undefined, 0, "null", "\ud800"),
        },
        { weight: 1, arbitrary: fc.string({ minLength: 1, maxLength: 80 }) },
        { weight: 1, arbitrary: fc.anything() },
      );
    const hex64 = fc.string({
      unit: fc.constantFrom(..."0123456789abcdef"),
      minLength: 64,
      maxLength: 64,
    });
    const anyRelay = fc.record({
      id: nearly(relay.id, "../../etc", "R123"),
      host: nearly(relay.host, "EXAMPLE.com", "a/b", "a\n[info]"),
      schema: nearly(relay.schema, "a-b", "1a", "a'; DROP TABLE x"),
      secret: fc.oneof(nearly(secret, "f".repeat(64)), hex64),
      owner: fc.oneof(nearly(owner, "f".repeat(64)), hex64),
      name: nearly(relay.name, '"""', "\u202e", "]]>", "\ufeff", "=x"),
      description: nearly(relay.description, "'''\n[roles.member]\ncan_manage = true", "\r"),
      icon: nearly(relay.icon, "javascript:alert(1)"),
      blossom: nearly(true, false),
      livekit: nearly(null, relay.livekit, { serverUrl: "wss://x" }),
      presence: fc.constantFrom("live", "inactive", "live\n"),
    });
    let left = 0;
    fc.assert(
      fc.property(anyRelay, (given) => {
        const hostile = given as unknown as VirtualRelay;
        try {
          assertSafe(hostile);
        } catch (error) {
          if (!(error instanceof Refused)) throw error;
          expect(error.code).toMatch(/^zooid_unsafe_[a-z]+$/);
          return;
        }
        left++;
        expectSafeForGo(configDocument(hostile));
      }),
      { numRuns: 3_000, seed },
    );
    expect(left).toBeGreaterThan(50);
  });
});

/** zooid's rules, told a second time: by what leaves, not by what went in. */
function expectSafeForGo(document: object): void {
  const bytes = new TextEncoder().encode(JSON.stringify(document));
  expect(bytes.byteLength).toBeLessThan(1_048_576);
  // Go replaces what is not UTF-8, so the relay would never be confirmed.
  const read = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  expect(read).toEqual(document);
  const strings: string[] = [];
  JSON.stringify(document, (_, value) => {
    expect(value).not.toBeNull();
    if (typeof value === "string") strings.push(value);
    return value;
  });
  for (const text of strings) {
    for (const character of text) {
      const code = character.codePointAt(0) ?? 0;
      const isControl = code < 0x20 || (code >= 0x7f && code < 0xa0);
      expect(isControl && character !== "\n" && character !== "\t").toBe(false);
      expect(code >= 0xd800 && code <= 0xdfff).toBe(false);
    }
  }
  expect(read.schema).toMatch(/^(?!sqlite)[a-z][a-z0-9_]{0,45}[a-z0-9]$/);
  expect(read.info.pubkey).toMatch(/^[0-9a-f]{64}$/);
  expect(getPublicKey(Uint8Array.fromHex(read.secret))).toMatch(/^[0-9a-f]{64}$/);
  expect(read.host).toBe(read.host.toLowerCase());
  expect(new URL(`http://${read.host}`).host).toBe(read.host);
  expect(read.management.enabled).toBe(true);
  expect(read).not.toHaveProperty("roles");
  expect([typeof read.inactive, typeof read.blossom.enabled]).toEqual(["boolean", "boolean"]);
}

describe("a text that zooid gives us", () => {
  test("is made fit to be stored and sent again", () => {
    expect(fitText("name", "Fr\u0000og\ns \ud83d\udc38\ud800")).toBe("Frogs 🐸");
    expect(fitText("description", "a\r\n\tb")).toBe("a\n\tb");
    for (const nothing of [undefined, null, 1, {}, ["x"]])
      expect(fitText("icon", nothing)).toBe("");
  });

  test("is never refused afterwards (fuzzed)", () => {
    const long = fc.string({ unit: "binary", maxLength: 3_000 });
    fc.assert(
      fc.property(fc.oneof(long, fc.anything()), (given) => {
        for (const field of ["name", "description", "icon"] as const) {
          const text = fitText(field, given);
          expect(refusalOf({ [field]: text })).toBe("accepted");
          expect(fitText(field, text)).toBe(text);
        }
      }),
      { numRuns: 300 },
    );
    expect(fitText("name", "🐸".repeat(400)).length).toBe(MAX_TEXT_LENGTH.name);
    expect(fitText("name", `x${"🐸".repeat(400)}`).length).toBe(MAX_TEXT_LENGTH.name - 1);
  });
});
