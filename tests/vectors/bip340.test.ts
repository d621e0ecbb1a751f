import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import published from "bip-schnorr/test/test-vectors-schnorr.json";
import fc from "fast-check";
import { finalizeEvent, generateSecretKey } from "nostr-tools/pure";
import {
  nostrToolsVerifier,
  openLibsecp256k1,
  type SchnorrVerifier,
  schnorrVerifier,
} from "../../server/nostr/schnorr.ts";

type Signed = { signature: string; message: string; pubkey: string };

type Vector = { pk: string; m: string; sig: string; result: boolean; comment?: string };

/** The vectors of BIP-340 with 32-byte messages. Lower-cased, as Nostr writes hex. */
const vectors = (published as Vector[]).map(({ pk, m, sig, result, comment }, index) => ({
  name: `vector ${index} is ${result ? "valid" : `invalid: ${comment}`}`,
  valid: result,
  signed: {
    signature: sig.toLowerCase(),
    message: m.toLowerCase(),
    pubkey: pk.toLowerCase(),
  },
}));

const library = openLibsecp256k1();
if (library === null) console.log("libsecp256k1 is not installed: vectors run on nostr-tools only");
const verifiers = library === null ? [nostrToolsVerifier] : [nostrToolsVerifier, library];

const verifyHex = (by: SchnorrVerifier, { signature, message, pubkey }: Signed) =>
  by.verify(signature, message, pubkey);
const verifyBytes = (by: SchnorrVerifier, { signature, message, pubkey }: Signed) =>
  by.verify(Buffer.from(signature, "hex"), Buffer.from(message, "hex"), Buffer.from(pubkey, "hex"));

test("the file holds valid and invalid vectors", () => {
  expect(vectors.map(({ valid }) => valid).filter(Boolean)).toHaveLength(5);
  expect(vectors).toHaveLength(15);
});

for (const verifier of verifiers) {
  for (const { name, valid, signed } of vectors) {
    test(`${verifier.name}: ${name}`, () => {
      expect(verifyHex(verifier, signed)).toBe(valid);
      expect(verifyBytes(verifier, signed)).toBe(valid);
    });
  }

  test(`${verifier.name}: wrong lengths and text that is not hex are false, not an error`, () => {
    const { signature, message, pubkey } = vectors[1]!.signed;
    expect(verifier.verify(signature, message, pubkey)).toBe(true);
    expect(verifier.verify(signature.toUpperCase(), message, pubkey)).toBe(true);
    for (const spoilt of [
      (hex: string) => hex.slice(2),
      (hex: string) => hex.slice(1),
      (hex: string) => `${hex}00`,
      (hex: string) => `${hex.slice(0, -1)}g`,
      (hex: string) => `${hex.slice(0, -1)} `,
      (hex: string) => "é".repeat(hex.length),
      () => "",
      (hex: string) => Buffer.from(hex.slice(2), "hex"),
      (hex: string) => Buffer.from(`${hex}00`, "hex"),
      () => new Uint8Array(),
    ]) {
      expect(verifier.verify(spoilt(signature), message, pubkey)).toBe(false);
      expect(verifier.verify(signature, spoilt(message), pubkey)).toBe(false);
      expect(verifier.verify(signature, message, spoilt(pubkey))).toBe(false);
    }
    expect(verifier.verify(signature, message, pubkey)).toBe(true);
  });

  test(`${verifier.name}: every vector under every other vector's key or message is false`, () => {
    const valid = vectors.filter((vector) => vector.valid).map((vector) => vector.signed);
    for (const one of valid) {
      for (const other of valid) {
        if (one === other) continue;
        expect(verifyHex(verifier, { ...one, pubkey: other.pubkey })).toBe(false);
        expect(verifyHex(verifier, { ...one, message: other.message })).toBe(false);
      }
    }
  });
}

test("the verifier of this machine is the library where it is installed", () => {
  expect(schnorrVerifier().name).toBe(library === null ? "nostr-tools" : "libsecp256k1");
});

test("both verifiers agree on signed events and on every mutation of them", () => {
  const seed = randomBytes(4).readInt32BE();
  console.log(`bip340 mutations: seed ${seed}`);
  const events = Array.from({ length: 10 }, (_, index) => {
    const event = finalizeEvent(
      { kind: 1, created_at: index, tags: [], content: `${seed}` },
      generateSecretKey(),
    );
    return { signature: event.sig, message: event.id, pubkey: event.pubkey };
  });
  for (const event of events) {
    for (const verifier of verifiers) expect(verifyHex(verifier, event)).toBe(true);
  }
  const hexDigit = fc.constantFrom(..."0123456789abcdef");
  const mutation = fc.record({
    event: fc.constantFrom(...events),
    field: fc.constantFrom("signature", "signature", "message", "pubkey"),
    at: fc.nat(127),
    digit: hexDigit,
    run: fc.constantFrom(1, 1, 1, 8, 64),
  });
  let changed = 0;
  fc.assert(
    fc.property(mutation, ({ event, field, at, digit, run }) => {
      const text = event[field];
      const from = at % text.length;
      const upTo = Math.min(from + run, text.length);
      const mutated = text.slice(0, from) + digit.repeat(upTo - from) + text.slice(upTo);
      const signed = { ...event, [field]: mutated };
      const isSame = mutated === text;
      if (!isSame) changed += 1;
      for (const verifier of verifiers) {
        expect(verifyHex(verifier, signed)).toBe(isSame);
        expect(verifyBytes(verifier, signed)).toBe(isSame);
      }
    }),
    { seed, numRuns: 400 },
  );
  expect(changed).toBeGreaterThan(300);
});
