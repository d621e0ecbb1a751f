import { randomBytes } from "node:crypto";
import { isPrivate, isXOnlyPoint, signSchnorr, verifySchnorr } from "tiny-secp256k1";
import { readBytes, type Schnorr } from "./schnorr.ts";

/**
 * libsecp256k1 compiled to WebAssembly: runs wherever Bun does. What it would refuse by an error is
 * refused here before it is called. An error thrown out of its code leaves a piece of its stack behind:
 * after some 3,400 keys that are off the curve it would never answer again.
 */
export const tinySecp256k1: Schnorr = {
  name: "tiny-secp256k1",
  verify(signature, message, pubkey) {
    const signed = readBytes(signature, 64);
    const hash = readBytes(message, 32);
    const key = readBytes(pubkey, 32);
    return (
      signed !== null &&
      hash !== null &&
      key !== null &&
      isBelowOrder(signed.subarray(0, 32)) &&
      isBelowOrder(signed.subarray(32)) &&
      isXOnlyPoint(key) &&
      verifySchnorr(hash, key, signed)
    );
  },
  sign(message, secretKey, aux = randomBytes(32)) {
    const hash = readBytes(message, 32);
    if (hash === null) throw new RangeError("a message to sign has 32 bytes");
    if (!isPrivate(secretKey)) throw new RangeError("this is not a secret key");
    return Buffer.from(signSchnorr(hash, secretKey, aux)).toString("hex");
  },
};

/** The order of the group (SEC 2, secp256k1). */
const order = Buffer.from(
  "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
  "hex",
);

/**
 * BIP-340 asks it of s. Of r it asks only to be below the field's size; the library, and so this, wants
 * both below the order. Nobody can make a signature whose r lies between the two: 1 of 2^128 points does.
 */
function isBelowOrder(number: Uint8Array): boolean {
  return Buffer.compare(number, order) < 0;
}
