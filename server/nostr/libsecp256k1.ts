import { dlopen, FFIType, ptr } from "bun:ffi";
import { randomBytes } from "node:crypto";
import { isPrivate } from "tiny-secp256k1";
import { readBytes, type Schnorr } from "./schnorr.ts";

/**
 * Names under which the library is installed: by soname, newest first, then as developers link it.
 * What the dynamic linker does not find is passed over.
 */
const libraryNames = [
  ...["6", "2", "1", "0"].map((version) => `libsecp256k1.so.${version}`),
  ...["6", "2", "1", "0"].map((version) => `libsecp256k1.${version}.dylib`),
  "/opt/homebrew/lib/libsecp256k1.dylib",
  "libsecp256k1.dylib",
];

const { ptr: pointer, i32: int, u32: uint, u64: size } = FFIType;

const symbols = {
  secp256k1_context_create: { args: [uint], returns: pointer },
  secp256k1_context_randomize: { args: [pointer, pointer], returns: int },
  secp256k1_xonly_pubkey_parse: { args: [pointer, pointer, pointer], returns: int },
  secp256k1_keypair_create: { args: [pointer, pointer, pointer], returns: int },
  // This name came after `verify` was given the length of the message: a library without it would take
  // our length for a pointer, and must not load.
  secp256k1_schnorrsig_sign32: {
    args: [pointer, pointer, pointer, pointer, pointer],
    returns: int,
  },
  secp256k1_schnorrsig_verify: {
    args: [pointer, pointer, pointer, size, pointer],
    returns: int,
  },
} as const;

/** SECP256K1_CONTEXT_SIGN | _VERIFY: what versions before 0.2 need, and later ones take for NONE. */
const contextFlags = 0x0301;

/** Where everything stands in one block of memory, and where it ends. `opaque` is a parsed key or key pair. */
const at = { signature: 0, message: 64, key: 96, aux: 128, opaque: 160, end: 256 } as const;

/**
 * The installed libsecp256k1 with its schnorrsig module; null where there is none. Each call makes a
 * context, for the life of the process.
 */
export function openLibsecp256k1(names: readonly string[] = libraryNames): Schnorr | null {
  for (const name of names) {
    const library = load(name);
    if (library !== null) return library;
  }
  return null;
}

function load(libraryName: string): Schnorr | null {
  let library: ReturnType<typeof dlopen<typeof symbols>>;
  try {
    library = dlopen(libraryName, symbols);
  } catch {
    return null; // not installed, or built without the module
  }
  const {
    secp256k1_context_create: createContext,
    secp256k1_context_randomize: blindContext,
    secp256k1_xonly_pubkey_parse: parsePubkey,
    secp256k1_keypair_create: createKeyPair,
    secp256k1_schnorrsig_sign32: signMessage,
    secp256k1_schnorrsig_verify: verifySignature,
  } = library.symbols;
  // One block for the life of the process, outside the garbage collector's heap: an ArrayBuffer is
  // not moved, so its address can be kept. Calls are synchronous.
  const block = Buffer.from(new ArrayBuffer(at.end));
  const address = (offset: number) => ptr(block, offset);
  const signatureAt = address(at.signature);
  const messageAt = address(at.message);
  const keyAt = address(at.key);
  const auxAt = address(at.aux);
  const opaqueAt = address(at.opaque);
  const context = createContext(contextFlags);
  // Blinds what signing computes with the key against whoever measures power or time.
  block.set(randomBytes(32), at.aux);
  blindContext(context, auxAt);

  function put(bytes: Uint8Array | null, offset: number): boolean {
    if (bytes !== null) block.set(bytes, offset);
    return bytes !== null;
  }

  return {
    name: "libsecp256k1",
    verify: (signature, message, pubkey) =>
      put(readBytes(signature, 64), at.signature) &&
      put(readBytes(message, 32), at.message) &&
      put(readBytes(pubkey, 32), at.key) &&
      // Verifying with a key that did not parse aborts the process, hence the order.
      parsePubkey(context, opaqueAt, keyAt) === 1 &&
      verifySignature(context, signatureAt, messageAt, 32, opaqueAt) === 1,
    sign(message, secretKey, aux = randomBytes(32)) {
      if (!put(readBytes(message, 32), at.message))
        throw new RangeError("a message to sign has 32 bytes");
      if (!isPrivate(secretKey)) throw new RangeError("this is not a secret key");
      if (!put(readBytes(aux, 32), at.aux)) throw new RangeError("aux has 32 bytes");
      try {
        block.set(secretKey, at.key);
        const isSigned =
          createKeyPair(context, opaqueAt, keyAt) === 1 &&
          signMessage(context, signatureAt, messageAt, opaqueAt, auxAt) === 1;
        if (!isSigned) throw new Error("libsecp256k1 did not sign");
        return block.toString("hex", at.signature, at.message);
      } finally {
        block.fill(0, at.key, at.end); // the key, what was mixed in, the key pair
      }
    },
  };
}
