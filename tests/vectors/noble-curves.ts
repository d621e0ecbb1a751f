import { schnorr } from "@noble/curves/secp256k1.js";
import { bytesToHex } from "nostr-tools/utils";
import { type Bytes, readBytes } from "../../server/nostr/schnorr.ts";

/** The curve that nostr-tools and browsers use, in JavaScript: what others are compared with. */
export const nobleCurves = {
  name: "@noble/curves",
  verify(signature: Bytes, message: Bytes, pubkey: Bytes): boolean {
    const signed = readBytes(signature, 64);
    const hash = readBytes(message, 32);
    const key = readBytes(pubkey, 32);
    return signed !== null && hash !== null && key !== null && schnorr.verify(signed, hash, key);
  },
  sign(message: Bytes, secretKey: Uint8Array, aux?: Uint8Array): string {
    return bytesToHex(schnorr.sign(readBytes(message, 32) as Uint8Array, secretKey, aux));
  },
};
