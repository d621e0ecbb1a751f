import { expect, test } from "bun:test";
import { encodeBytes, naddrEncode, noteEncode, npubEncode, nsecEncode } from "nostr-tools/nip19";
import { generateSecretKey, getPublicKey, verifyEvent } from "nostr-tools/pure";
import { bytesToHex } from "nostr-tools/utils";
import { parsePublicKey, parseSecretKey, signHttpAuth } from "../../server/nostr/keys.ts";

const secretKey = generateSecretKey();
const secretHex = bytesToHex(secretKey);
const pubkey = getPublicKey(secretKey);
const nsec = nsecEncode(secretKey);
const npub = npubEncode(pubkey);

test("nsec and hex are the same secret key, npub and hex the same public key", () => {
  expect(parseSecretKey(nsec)).toEqual(secretKey);
  expect(parseSecretKey(secretHex)).toEqual(secretKey);
  expect(parsePublicKey(npub)).toBe(pubkey);
  expect(parsePublicKey(pubkey)).toBe(pubkey);
});

/** The order of the group (SEC 2, secp256k1): the smallest number too large for a secret key. */
const order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
const neither = [
  "",
  "x",
  secretHex.slice(1),
  `${secretHex}0`,
  ` ${secretHex}`,
  `0x${secretHex}`,
  "AB".repeat(32),
  noteEncode(secretHex),
  naddrEncode({ identifier: "a", pubkey, kind: 30000 }),
];

test("what is not a secret key is refused, by a message without the value", () => {
  const badChecksum = `${nsec.slice(0, -1)}${nsec.endsWith("q") ? "p" : "q"}`;
  for (const text of [
    ...neither,
    npub,
    badChecksum,
    encodeBytes("nsec", secretKey.slice(1)),
    encodeBytes("nsec", Uint8Array.of(0, ...secretKey)),
    `${nsec} `,
    "0".repeat(64),
    order,
  ]) {
    expect(() => parseSecretKey(text)).toThrow(/^is (neither|not) /);
    expect(() => parseSecretKey(text)).not.toThrow(text === "" || text === "x" ? "\0" : text);
  }
});

test("what is not a public key is refused, a number off the curve included", () => {
  const offCurve = "eefdea4cdb677750a420fee807eacf21eb9898ae79b9768766e4faa04a2d4a34";
  const short = encodeBytes("npub", Buffer.from(pubkey.slice(2), "hex"));
  const long = encodeBytes("npub", Buffer.from(`${pubkey}00`, "hex"));
  for (const text of [
    ...neither,
    nsec,
    short,
    long,
    `${npub.slice(0, -1)}!`,
    "f".repeat(64),
    offCurve,
  ]) {
    expect(() => parsePublicKey(text)).toThrow(/^is (neither|not) /);
  }
});

const eventOf = (header: string) =>
  JSON.parse(Buffer.from(header.slice("Nostr ".length), "base64").toString());

test("a signed header is padded base64 of a valid kind 27235 event for that request", () => {
  const url = "http://127.0.0.1:8032/relay/r0";
  const body = new TextEncoder().encode('{"name":"ü"}');
  for (let index = 0; index < 6; index += 1) {
    const header = signHttpAuth(secretKey, { url: url + "x".repeat(index), method: "PUT", body });
    expect(header).toMatch(
      /^Nostr (?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
    );
    const event = eventOf(header);
    expect(verifyEvent(event)).toBe(true);
    expect(event).toMatchObject({ kind: 27235, content: "", pubkey });
    expect(Math.abs(Date.now() / 1000 - event.created_at)).toBeLessThan(3);
    expect(event.tags).toContainEqual(["u", url + "x".repeat(index)]);
    expect(event.tags).toContainEqual(["method", "PUT"]);
    expect(event.tags).toContainEqual(["payload", Bun.SHA256.hash(body, "hex")]);
  }
});

test("a request without a body has no payload tag", () => {
  for (const body of [{}, { body: "" }, { body: new Uint8Array() }]) {
    const event = eventOf(signHttpAuth(secretKey, { url: "http://a/", method: "GET", ...body }));
    expect(event.tags.map(([name]: string[]) => name)).toEqual(["u", "method", "nonce"]);
  }
});

test("every header is an event of its own, also within one second", () => {
  const request = { url: "http://a/", method: "GET" };
  const ids = Array.from({ length: 20 }, () => eventOf(signHttpAuth(secretKey, request)).id);
  expect(new Set(ids).size).toBe(20);
});
