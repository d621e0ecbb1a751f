import vectors from "./bip340-vectors.json";

/** Bytes, or the same bytes as hex digits of either case. */
export type Bytes = Uint8Array | string;

/** BIP-340 signatures over 32-byte messages, which is what a Nostr event id is (NIP-01). */
export interface Schnorr {
  readonly name: "tiny-secp256k1" | "libsecp256k1";
  /**
   * True if `signature` (64 bytes) of `message` (32 bytes) is by `pubkey` (32 bytes, x-only).
   * Anything else is false: wrong lengths, non-hex text, points off the curve. Never throws.
   */
  verify(signature: Bytes, message: Bytes, pubkey: Bytes): boolean;
  /**
   * Signs a message of 32 bytes.
   *
   * @param aux 32 bytes that BIP-340 mixes into the nonce; random unless a test vector names them
   * @returns 128 lower-case hex
   * @throws RangeError the message is not 32 bytes, or the key not a secret key
   */
  sign(message: Bytes, secretKey: Uint8Array, aux?: Uint8Array): string;
}

/** The bytes; null where they are not `size` many, or the text is not hex. */
export function readBytes(bytes: Bytes, size: number): Uint8Array | null {
  if (typeof bytes !== "string") return bytes.length === size ? bytes : null;
  // Buffer stops at the first character that is not a hex digit.
  const decoded = Buffer.from(bytes, "hex");
  return bytes.length === 2 * size && decoded.length === size ? decoded : null;
}

/** What the specification publishes for messages of 32 bytes; those with a secret key are to be signed. */
type Vector = {
  secretKey?: string;
  aux?: string;
  pubkey: string;
  message: string;
  signature: string;
  isValid: boolean;
};

/**
 * Whether an implementation gives what BIP-340 publishes: every vector verifies as it says, and every
 * one with a secret key is signed to the last bit. Takes about a millisecond in native code.
 *
 * @see BIP-340 "Test Vectors and Reference Code"
 */
export function passesVectors(schnorr: Schnorr): boolean {
  return (vectors as Vector[]).every(
    ({ secretKey, aux, pubkey, message, signature, isValid }) =>
      schnorr.verify(signature, message, pubkey) === isValid &&
      (secretKey === undefined ||
        schnorr.sign(message, fromHex(secretKey), fromHex(aux ?? "")) === signature),
  );
}

const fromHex = (hex: string): Uint8Array => Buffer.from(hex, "hex");
