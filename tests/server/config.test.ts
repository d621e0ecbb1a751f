import { expect, test } from "bun:test";
import { npubEncode, nsecEncode } from "nostr-tools/nip19";
import { generateSecretKey, getPublicKey } from "nostr-tools/pure";
import { bytesToHex } from "nostr-tools/utils";
import { ConfigError, publicUrlOf, readConfig } from "../../server/config.ts";

const secretKey = generateSecretKey();
const secretHex = bytesToHex(secretKey);
const pubkey = getPublicKey(secretKey);
const relay = encodeURIComponent("wss://relay.example");
const nwcUrl = `nostr+walletconnect://${pubkey}?relay=${relay}&secret=${secretHex}`;
const required = { PLATFORM_SECRET: secretHex };

/** The variables that a configuration is refused for. */
function refused(env: Record<string, string>): string[] {
  try {
    readConfig(env);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ variable }) => variable);
  }
}

const variables = [
  "PLATFORM_SECRET",
  "DATABASE_URL",
  "HOST",
  "PORT",
  "PUBLIC_URL",
  "ZOOID_API_URL",
  "ZOOID_RELAY_URL",
  "RELAY_DOMAIN",
  "HOSTING_ADMIN_PUBKEYS",
  "NWC_URL",
  "NOSTR_INDEXER_RELAYS",
  "PLATFORM_PROFILE",
  "PLATFORM_RELAYS",
  "PLATFORM_DM_RELAYS",
  "LIVEKIT_URL",
  "LIVEKIT_API_KEY",
  "LIVEKIT_API_SECRET",
  "LIVEKIT_SHARED",
  "METRICS_TOKEN",
  "NATIVE_SIGNATURES",
  "OPERATOR_NAME",
  "OPERATOR_CONTACT",
  "OPERATOR_LINKS",
];

test("a platform secret is all that is needed", () => {
  const { platformSecret, warnings, ...config } = readConfig(required);
  expect(platformSecret.reveal()).toBe(secretHex);
  expect(config).toEqual({
    databasePath: "data/hosting.db",
    host: "127.0.0.1",
    port: 3000,
    publicUrl: "http://127.0.0.1:3000",
    zooidApiUrl: "http://127.0.0.1:8032",
    zooidRelayUrl: "http://127.0.0.1:8032",
    relayDomain: "spaces.coracle.social",
    adminPubkeys: new Set(),
    nwcUrl: null,
    indexerRelays: [],
    platformProfile: null,
    platformRelays: [],
    platformDmRelays: [],
    livekit: null,
    metricsToken: null,
    nativeSignatures: true,
    operator: { name: null, contact: null, links: {} },
  });
  expect(warnings.map((warning) => warning.split(" ")[0])).toEqual([
    "NWC_URL",
    "NOSTR_INDEXER_RELAYS",
  ]);
});

test("every variable is read", () => {
  const config = readConfig({
    PLATFORM_SECRET: ` ${nsecEncode(secretKey)} `,
    DATABASE_URL: "sqlite:///var/lib/berth/hosting.db",
    HOST: "0.0.0.0",
    PORT: "8080",
    PUBLIC_URL: "https://Berth.example:443/",
    ZOOID_API_URL: "http://zooid:8032",
    ZOOID_RELAY_URL: "https://10.0.0.7:4433/",
    RELAY_DOMAIN: "spaces.example:8443",
    HOSTING_ADMIN_PUBKEYS: `${pubkey}, ${npubEncode(pubkey)},`,
    NWC_URL: nwcUrl,
    NOSTR_INDEXER_RELAYS: "wss://purplepag.es, wss://a.example/path,wss://purplepag.es/",
    PLATFORM_PROFILE: '{"name":"Ours"}',
    PLATFORM_RELAYS: "ws://127.0.0.1:7777",
    PLATFORM_DM_RELAYS: "ws://localhost:7777,ws://[::1]:7777",
    LIVEKIT_URL: "wss://calls.example",
    LIVEKIT_API_KEY: "APIkey",
    LIVEKIT_API_SECRET: "hunter2",
    LIVEKIT_SHARED: "true",
    METRICS_TOKEN: "hunter3",
    NATIVE_SIGNATURES: "off",
    OPERATOR_NAME: "Quay House",
    OPERATOR_CONTACT: pubkey,
    OPERATOR_LINKS: '{"terms":"https://quay.example/terms"}',
  });
  const { platformSecret, nwcUrl: nwc, metricsToken, livekit, ...rest } = config;
  expect(platformSecret.reveal()).toBe(secretHex);
  expect(nwc?.reveal()).toBe(nwcUrl);
  expect(metricsToken?.reveal()).toBe("hunter3");
  expect(livekit?.apiSecret.reveal()).toBe("hunter2");
  expect(livekit).toMatchObject({ serverUrl: "wss://calls.example", apiKey: "APIkey" });
  expect(rest).toEqual({
    databasePath: "/var/lib/berth/hosting.db",
    host: "0.0.0.0",
    port: 8080,
    publicUrl: "https://berth.example",
    zooidApiUrl: "http://zooid:8032",
    zooidRelayUrl: "https://10.0.0.7:4433",
    relayDomain: "spaces.example:8443",
    adminPubkeys: new Set([pubkey]),
    indexerRelays: ["wss://purplepag.es/", "wss://a.example/path"],
    platformProfile: { name: "Ours" },
    platformRelays: ["ws://127.0.0.1:7777/"],
    platformDmRelays: ["ws://localhost:7777/", "ws://[::1]:7777/"],
    nativeSignatures: false,
    operator: {
      name: "Quay House",
      contact: npubEncode(pubkey),
      links: { terms: "https://quay.example/terms" },
    },
    warnings: [],
  });
});

test("the platform's relays are the indexers unless they are named", () => {
  const config = readConfig({ ...required, NOSTR_INDEXER_RELAYS: "wss://purplepag.es" });
  expect(config.platformRelays).toEqual(["wss://purplepag.es/"]);
  expect(config.platformDmRelays).toEqual(["wss://purplepag.es/"]);
});

test("the relays are reached where the management API is unless said otherwise", () => {
  const config = readConfig({ ...required, ZOOID_API_URL: "http://zooid:8032" });
  expect(config.zooidRelayUrl).toBe("http://zooid:8032");
});

test("all missing and malformed variables are named at once", () => {
  expect(refused({})).toEqual(["PLATFORM_SECRET"]);
  const all = Object.fromEntries(variables.map((variable) => [variable, "no such\tthing"]));
  expect(refused(all).toSorted()).toEqual(variables.toSorted());
  expect(refused({ HOST: "0.0.0.0", PORT: "http", LIVEKIT_API_KEY: "k" }).toSorted()).toEqual([
    "LIVEKIT_API_SECRET",
    "LIVEKIT_URL",
    "PLATFORM_SECRET",
    "PORT",
    "PUBLIC_URL",
  ]);
});

test("the error lists each variable with its problem on a line of its own", () => {
  expect(() => readConfig({ PORT: "65536" })).toThrow(
    /^PLATFORM_SECRET is required.*\nPORT must be a port, 0 to 65535$/,
  );
});

const unmade: Record<string, string[]> = {
  PLATFORM_SECRET: [
    secretHex.slice(1),
    `${secretHex}0`,
    "A".repeat(64),
    "0".repeat(64),
    "f".repeat(64),
    npubEncode(pubkey),
    `${nsecEncode(secretKey).slice(0, -1)}!`,
  ],
  DATABASE_URL: [
    "data/hosting.db",
    "sqlite:data.db",
    "sqlite://",
    "sqlite://data/",
    "sqlite://:memory:",
    "sqlite://a.db?mode=ro",
    "postgres://localhost/berth",
  ],
  HOST: ["127.0.0.1:3000", "[::1]", "http://localhost", "-a.example", "a..b", "a b", "a."],
  PORT: ["-1", "65536", "3e3", "0x50", "1.5", "+80", "80 81"],
  PUBLIC_URL: [
    "berth.example",
    "http://berth.example",
    "http://10.0.0.1",
    "https://berth.example/app",
    "https://berth.example/?",
    "https://berth.example/#",
    "https://berth.example?a=1",
    "https://user@berth.example",
    "https://user:pass@berth.example",
    "ftp://berth.example",
    "https://",
  ],
  ZOOID_API_URL: ["zooid:8032", "ws://zooid:8032", "http://zooid/api", "http://a:b@zooid"],
  ZOOID_RELAY_URL: ["zooid", "wss://zooid", "http://zooid/?x"],
  RELAY_DOMAIN: [
    "https://spaces.example",
    "Spaces.example",
    "spaces.example/",
    "spaces.example:0",
    "spaces.example:65536",
    "spaces.example:",
    ".spaces.example",
    "spaces..example",
    "127.0.0.1",
    "spaces_example",
    `${"a".repeat(64)}.example`,
  ],
  HOSTING_ADMIN_PUBKEYS: [
    secretHex.slice(1),
    nsecEncode(secretKey),
    `${pubkey} ${pubkey}`,
    pubkey.toUpperCase(),
    "f".repeat(64),
    `${pubkey},x`,
  ],
  NWC_URL: [
    `nostr+walletconnect://${pubkey}?relay=${relay}`,
    `nostr+walletconnect://${pubkey}?secret=${secretHex}`,
    `nostr+walletconnect://${pubkey}`,
    `nostr+walletconnect://?relay=${relay}&secret=${secretHex}`,
    `nostrconnect://${pubkey}?relay=${relay}&secret=${secretHex}`,
    `nostr+walletconnect://${"f".repeat(64)}?relay=${relay}&secret=${secretHex}`,
    `nostr+walletconnect://${pubkey}?relay=${relay}&secret=${secretHex.slice(2)}`,
    `nostr+walletconnect://${pubkey}?relay=${relay}&secret=${"0".repeat(64)}`,
    `nostr+walletconnect://${pubkey}?relay=${relay}&secret=${secretHex}&secret=${secretHex}`,
    `nostr+walletconnect://${pubkey}?relay=https://relay.example&secret=${secretHex}`,
    `nostr+walletconnect://${pubkey}?relay=ws://relay.example&secret=${secretHex}`,
  ],
  NOSTR_INDEXER_RELAYS: [
    "relay.example",
    "https://relay.example",
    "ws://relay.example",
    "ws://127.0.0.1.relay.example",
    "wss://u:p@relay.example",
    "wss://relay.example/#x",
    "wss://a.example wss://b.example",
    "wss://a.example,b.example",
  ],
  PLATFORM_PROFILE: ["{", "[]", "null", '"Berth"', "7", "{name:1}"],
  PLATFORM_RELAYS: ["ws://relay.example"],
  PLATFORM_DM_RELAYS: ["ws://relay.example"],
  METRICS_TOKEN: ["two words", "tökén"],
  NATIVE_SIGNATURES: ["true", "0", "ON"],
  OPERATOR_NAME: ["Quay\nHouse", "Quay \u202eesuoH", "Q".repeat(61)],
  OPERATOR_CONTACT: ["Quay House", "@quay", nsecEncode(secretKey), "javascript:alert(1)"],
  OPERATOR_LINKS: [
    "https://quay.example",
    "[]",
    '{"terms":"http://quay.example"}',
    '{"terms":"javascript:alert(1)"}',
    '{"terms":7}',
    '{"shop":"https://quay.example"}',
    '{"terms":"https://u:pass@quay.example"}',
  ],
};

for (const [variable, texts] of Object.entries(unmade)) {
  test(`a malformed ${variable} is refused, and its value is not repeated`, () => {
    for (const text of texts) {
      const env = { ...required, [variable]: text };
      expect(`${text}: ${refused(env)}`).toBe(`${text}: ${variable}`);
      const { message } = (() => {
        try {
          return new Error(`${readConfig(env)}`);
        } catch (error) {
          return error as Error;
        }
      })();
      for (const part of [
        secretHex.slice(2),
        nsecEncode(secretKey).slice(5),
        pubkey,
        "pass",
        "two words",
      ]) {
        expect(message).not.toContain(part);
      }
    }
  });
}

test("one LiveKit key serves all relays only where that is allowed", () => {
  const livekit = {
    LIVEKIT_URL: "wss://calls.example/",
    LIVEKIT_API_KEY: "key",
    LIVEKIT_API_SECRET: "secret",
  };
  for (const LIVEKIT_SHARED of ["", "false"]) {
    const apart = readConfig({ ...required, ...livekit, LIVEKIT_SHARED });
    expect(apart.livekit).toBeNull();
    expect(apart.warnings.join()).toContain("LIVEKIT_SHARED is not true, so calls are off");
  }
  const shared = readConfig({ ...required, ...livekit, LIVEKIT_SHARED: "true" });
  expect(shared.livekit?.serverUrl).toBe("wss://calls.example");
  expect(shared.warnings.join()).not.toContain("LIVEKIT");
  expect(refused({ ...required, LIVEKIT_SHARED: "yes" })).toEqual(["LIVEKIT_SHARED"]);
});

test("LiveKit is configured by all three variables or none", () => {
  const livekit = {
    LIVEKIT_URL: "wss://calls.example",
    LIVEKIT_API_KEY: "key",
    LIVEKIT_API_SECRET: "secret",
  };
  expect(refused({ ...required, ...livekit })).toEqual([]);
  for (const left of Object.keys(livekit)) {
    expect(refused({ ...required, ...livekit, [left]: " " })).toEqual([left]);
  }
});

test("PUBLIC_URL is required where HOST is not loopback, and follows HOST and PORT elsewhere", () => {
  for (const host of ["0.0.0.0", "::", "192.168.1.4", "berth.example", "128.0.0.1"]) {
    expect(refused({ ...required, HOST: host })).toEqual(["PUBLIC_URL"]);
    expect(refused({ ...required, HOST: host, PUBLIC_URL: "https://berth.example" })).toEqual([]);
  }
  for (const [host, origin] of [
    ["localhost", "http://localhost:4000"],
    ["127.0.0.9", "http://127.0.0.9:4000"],
    ["::1", "http://[::1]:4000"],
  ] as const) {
    expect(readConfig({ ...required, HOST: host, PORT: "4000" }).publicUrl).toBe(origin);
    const free = readConfig({ ...required, HOST: host, PORT: "0" });
    expect(free.publicUrl).toBeNull();
    expect(publicUrlOf(free, 4000)).toBe(origin);
  }
  const fixed = readConfig({ ...required, PORT: "0", PUBLIC_URL: "http://localhost:81" });
  expect(publicUrlOf(fixed, 4000)).toBe("http://localhost:81");
});

test("secrets of the configuration are not printed", () => {
  const config = readConfig({ ...required, NWC_URL: nwcUrl, METRICS_TOKEN: "hunter3" });
  const printed = JSON.stringify(config) + Bun.inspect(config);
  expect(printed).not.toContain(secretHex);
  expect(printed).not.toContain("hunter3");
});

test(".env.example names every variable with its default", async () => {
  const text = await Bun.file(new URL("../../.env.example", import.meta.url)).text();
  const example = Object.fromEntries(
    text.split("\n").flatMap((line) => {
      const [, variable, value] = /^([A-Z_]+)=(.*)$/.exec(line) ?? [];
      return variable === undefined ? [] : [[variable, value ?? ""]];
    }),
  );
  expect(Object.keys(example).toSorted()).toEqual(variables.toSorted());
  const { platformSecret, ...filledIn } = readConfig({ ...example, ...required });
  const { platformSecret: same, ...defaults } = readConfig(required);
  expect(filledIn).toEqual(defaults);
  expect(platformSecret.reveal()).toBe(same.reveal());
});
