import { afterAll, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import published from "bip-schnorr/test/test-vectors-schnorr.json";
import fc from "fast-check";
import { finalizeEvent, generateSecretKey, getPublicKey, verifyEvent } from "nostr-tools/pure";
import ours from "../../server/nostr/bip340-vectors.json";
import { isGenuine, publicKeyOf, signEvent } from "../../server/nostr/event.ts";
import { openLibsecp256k1 } from "../../server/nostr/libsecp256k1.ts";
import { passesVectors, type Schnorr } from "../../server/nostr/schnorr.ts";
import { chooseSchnorr, schnorr } from "../../server/nostr/signatures.ts";
import { tinySecp256k1 } from "../../server/nostr/tiny-secp256k1.ts";
import { nobleCurves } from "./noble-curves.ts";

type Signed = { signature: string; message: string; pubkey: string };
type Implementation = Pick<Schnorr, "verify" | "sign"> & { name: string };

type Vector = { pk: string; m: string; sig: string; result: boolean; comment?: string } & {
  d?: string;
  aux?: string;
};

/** The vectors of BIP-340 with 32-byte messages. Lower-cased, as Nostr writes hex. */
const vectors = (published as Vector[]).map(({ pk, m, sig, result, comment, d, aux }, index) => ({
  name: `vector ${index} is ${result ? "valid" : `invalid: ${comment}`}`,
  valid: result,
  secret: d && aux ? { key: Buffer.from(d, "hex"), aux: Buffer.from(aux, "hex") } : null,
  signed: {
    signature: sig.toLowerCase(),
    message: m.toLowerCase(),
    pubkey: pk.toLowerCase(),
  },
}));

const library = openLibsecp256k1();
if (library === null) console.log("libsecp256k1 is not installed: its vectors are not run");
const implementations: Implementation[] =
  library === null ? [tinySecp256k1, nobleCurves] : [tinySecp256k1, nobleCurves, library];

const verifyHex = (by: Implementation, { signature, message, pubkey }: Signed) =>
  by.verify(signature, message, pubkey);
const verifyBytes = (by: Implementation, { signature, message, pubkey }: Signed) =>
  by.verify(Buffer.from(signature, "hex"), Buffer.from(message, "hex"), Buffer.from(pubkey, "hex"));

afterAll(() => void chooseSchnorr(true));

test("the file holds valid and invalid vectors", () => {
  expect(vectors.map(({ valid }) => valid).filter(Boolean)).toHaveLength(5);
  expect(vectors).toHaveLength(15);
  expect(vectors.filter(({ secret }) => secret !== null)).toHaveLength(4);
});

test("what a library is tried on at start are the published vectors", () => {
  expect(ours.map(({ pubkey, message, signature }) => ({ pubkey, message, signature }))).toEqual(
    vectors.map(({ signed: { pubkey, message, signature } }) => ({ pubkey, message, signature })),
  );
  expect(ours.map(({ isValid }) => isValid)).toEqual(vectors.map(({ valid }) => valid));
  expect(ours.map(({ secretKey = null, aux = null }) => ({ secretKey, aux }))).toEqual(
    vectors.map(({ secret }) => ({
      secretKey: secret?.key.toString("hex") ?? null,
      aux: secret?.aux.toString("hex") ?? null,
    })),
  );
});

for (const verifier of implementations) {
  for (const { name, valid, signed, secret } of vectors) {
    test(`${verifier.name}: ${name}`, () => {
      expect(verifyHex(verifier, signed)).toBe(valid);
      expect(verifyBytes(verifier, signed)).toBe(valid);
      if (secret === null) return;
      expect(verifier.sign(signed.message, secret.key, secret.aux)).toBe(signed.signature);
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

/** The x of no point on the curve: vector 5 of BIP-340. */
const offCurve = "eefdea4cdb677750a420fee807eacf21eb9898ae79b9768766e4faa04a2d4a34";
/** The order of the group (SEC 2, secp256k1): the smallest number too large for a secret key. */
const order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

for (const by of implementations.filter(({ name }) => name !== nobleCurves.name)) {
  test(`${by.name}: a flood of bad keys and signatures leaves it answering`, () => {
    const { signature, message, pubkey } = vectors[1]!.signed;
    const r = signature.slice(0, 64);
    for (let count = 0; count < 5_000; count++)
      if (by.verify(signature, message, offCurve)) throw new Error("accepted off the curve");
    for (let count = 0; count < 100; count++) {
      for (const key of ["f".repeat(64), "0".repeat(64)])
        expect(by.verify(signature, message, key)).toBe(false);
      for (const bad of [r + order, order + r, "f".repeat(128), "0".repeat(128)])
        expect(by.verify(bad, message, pubkey)).toBe(false);
    }
    expect(by.verify(signature, message, pubkey)).toBe(true);
  });

  test(`${by.name}: signs as JavaScript does, for any key, message and randomness`, () => {
    const seed = randomBytes(4).readInt32BE();
    console.log(`bip340 signing: seed ${seed}`);
    const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(bytes, bytes, bytes, (key, message, aux) => {
        fc.pre(key.some((byte) => byte > 0) && Buffer.compare(key, Buffer.from(order, "hex")) < 0);
        const signature = by.sign(message, key, aux);
        expect(signature).toBe(nobleCurves.sign(message, key, aux));
        expect(by.verify(signature, message, getPublicKey(key))).toBe(true);
      }),
      { seed, numRuns: 40 },
    );
  });

  test(`${by.name}: two signatures of one message differ, by randomness of their own`, () => {
    const [key, message] = [generateSecretKey(), randomBytes(32)];
    const signatures = Array.from({ length: 10 }, () => by.sign(message, key));
    expect(new Set(signatures).size).toBe(10);
    for (const signature of signatures)
      expect(nobleCurves.verify(signature, message, getPublicKey(key))).toBe(true);
  });

  test(`${by.name}: with what is no secret key nothing is signed`, () => {
    const key = generateSecretKey();
    const message = randomBytes(32);
    for (const bad of [
      new Uint8Array(32),
      Buffer.from(order, "hex"),
      key.slice(1),
      Buffer.alloc(33),
    ])
      expect(() => by.sign(message, bad)).toThrow(RangeError);
    expect(() => by.sign(message.subarray(1), key)).toThrow(RangeError);
    expect(() => by.sign(`${"00".repeat(31)}0g`, key)).toThrow(RangeError);
    expect(by.verify(by.sign(message, key), message, getPublicKey(key))).toBe(true);
  });
}

test("an implementation that is wrong in one thing fails the vectors", () => {
  expect(passesVectors(tinySecp256k1)).toBe(true);
  const wrong: Partial<Schnorr>[] = [
    { verify: () => true },
    { verify: () => false },
    // Forgets that s must be below the order, that is, takes a signature of another form as well.
    {
      verify: (s, m, key) => s === vectors[13]!.signed.signature || tinySecp256k1.verify(s, m, key),
    },
    { sign: () => "00".repeat(64) },
    { sign: (message, key) => tinySecp256k1.sign(message, key, new Uint8Array(32)) },
  ];
  for (const spoilt of wrong) expect(passesVectors({ ...tinySecp256k1, ...spoilt })).toBe(false);
});

test("the library signs and verifies only where it is wanted, installed and right", () => {
  let signed = 0;
  const native: Schnorr = {
    name: "libsecp256k1",
    verify: tinySecp256k1.verify,
    sign(...what) {
      signed += 1;
      return tinySecp256k1.sign(...what);
    },
  };
  expect(chooseSchnorr(true, () => native)).toEqual({ schnorr: native, distrusted: false });
  const event = { kind: 1, created_at: 0, tags: [], content: "" };
  const signedAtStart = signed;
  signEvent(event, generateSecretKey());
  expect(signed).toBe(signedAtStart + 1);

  const wrong = { ...native, verify: () => true };
  expect(chooseSchnorr(true, () => wrong)).toEqual({ schnorr: tinySecp256k1, distrusted: true });
  const throws = {
    ...native,
    sign() {
      throw new Error("libsecp256k1 did not sign");
    },
  };
  expect(chooseSchnorr(true, () => throws)).toEqual({ schnorr: tinySecp256k1, distrusted: true });
  expect(schnorr()).toBe(tinySecp256k1);

  const missing = { schnorr: tinySecp256k1, distrusted: false };
  expect(chooseSchnorr(true, () => null)).toEqual(missing);
  expect(chooseSchnorr(true, () => openLibsecp256k1(["no-such-library.so"]))).toEqual(missing);
  const unwanted = chooseSchnorr(false, () => {
    throw new Error("it was loaded");
  });
  expect(unwanted).toEqual(missing);
});

test("events signed here are genuine to nostr-tools and the other way round", () => {
  const key = generateSecretKey();
  const template = { kind: 1, created_at: 1, tags: [["t", "ü\ud800"]], content: "\n\u2028\u007f" };
  const ours = signEvent(template, key);
  expect(verifyEvent({ ...ours })).toBe(true);
  expect(isGenuine(finalizeEvent({ ...template }, key))).toBe(true);
  expect(publicKeyOf(key)).toBe(getPublicKey(key));
  expect(ours.pubkey).toBe(publicKeyOf(key));
});

test("an event whose mark says verified, but which was changed, is not genuine", () => {
  const event = finalizeEvent(
    { kind: 1, created_at: 1, tags: [], content: "" },
    generateSecretKey(),
  );
  expect(isGenuine(event)).toBe(true);
  for (const change of [
    { content: "x" },
    { kind: 2 },
    { created_at: 2 },
    { created_at: 1.5 },
    { tags: [["t"]] },
    { id: "0".repeat(64) },
    { sig: "0".repeat(128) },
    { sig: undefined },
    { sig: 1 },
    { pubkey: getPublicKey(generateSecretKey()) },
    { pubkey: offCurve },
    { tags: [[1]] },
  ])
    expect(isGenuine({ ...event, ...change })).toBe(false);
  for (const other of [null, undefined, "", 1, [], {}]) expect(isGenuine(other)).toBe(false);
});

test("all agree on signed events and on every mutation of them", () => {
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
    for (const verifier of implementations) expect(verifyHex(verifier, event)).toBe(true);
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
      for (const verifier of implementations) {
        expect(verifyHex(verifier, signed)).toBe(isSame);
        expect(verifyBytes(verifier, signed)).toBe(isSame);
      }
    }),
    { seed, numRuns: 400 },
  );
  expect(changed).toBeGreaterThan(300);
}, 60_000);
