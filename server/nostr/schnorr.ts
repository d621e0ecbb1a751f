import { dlopen, FFIType, ptr } from "bun:ffi";
import { schnorr } from "@noble/curves/secp256k1.js";

/** Bytes, or the same bytes as hex digits of either case. */
export type Bytes = Uint8Array | string;

/** Verifies BIP-340 signatures over 32-byte messages, which is what a Nostr event id is (NIP-01). */
export interface SchnorrVerifier {
  readonly name: "libsecp256k1" | "nostr-tools";
  /**
   * True if `signature` (64 bytes) of `message` (32 bytes) is by `pubkey` (32 bytes, x-only).
   * Anything else is false: wrong lengths, non-hex text, points off the curve. Never throws.
   */
  verify(signature: Bytes, message: Bytes, pubkey: Bytes): boolean;
}

/** The curve that nostr-tools itself verifies with. Runs everywhere; some twenty times slower. */
export const nostrToolsVerifier: SchnorrVerifier = {
  name: "nostr-tools",
  verify(signature, message, pubkey) {
    const block = Buffer.allocUnsafe(input.length);
    return (
      fill(block, signature, message, pubkey) &&
      schnorr.verify(
        block.subarray(input.signature, input.message),
        block.subarray(input.message, input.pubkey),
        block.subarray(input.pubkey),
      )
    );
  },
};

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

const symbols = {
  secp256k1_context_create: { args: [FFIType.u32], returns: FFIType.ptr },
  secp256k1_xonly_pubkey_parse: {
    args: [FFIType.ptr, FFIType.ptr, FFIType.ptr],
    returns: FFIType.i32,
  },
  secp256k1_schnorrsig_verify: {
    args: [FFIType.ptr, FFIType.ptr, FFIType.ptr, FFIType.u64, FFIType.ptr],
    returns: FFIType.i32,
  },
  // Never called. It came with the message length argument of verify; a library without it would
  // take our length for a pointer, and must not load.
  secp256k1_schnorrsig_sign_custom: {
    args: [FFIType.ptr, FFIType.ptr, FFIType.ptr, FFIType.u64, FFIType.ptr, FFIType.ptr],
    returns: FFIType.i32,
  },
} as const;

/** SECP256K1_CONTEXT_VERIFY: what versions before 0.2 need, and later ones take for NONE. */
const contextVerify = 0x0101;
/** sizeof(secp256k1_xonly_pubkey). */
const parsedPubkeyBytes = 64;

/** Where the three arguments stand in one block of memory. */
const input = { signature: 0, message: 64, pubkey: 96, length: 128 } as const;

/** The installed libsecp256k1 with its schnorrsig module, or null where there is none that works. */
export function openLibsecp256k1(): SchnorrVerifier | null {
  for (const name of libraryNames) {
    const verifier = load(name);
    if (verifier !== null && isSound(verifier)) return verifier;
  }
  return null;
}

/** The fastest verifier of this machine. Call it once: each call of the library has its context. */
export function schnorrVerifier(): SchnorrVerifier {
  return openLibsecp256k1() ?? nostrToolsVerifier;
}

function load(libraryName: string): SchnorrVerifier | null {
  let library: ReturnType<typeof dlopen<typeof symbols>>;
  try {
    library = dlopen(libraryName, symbols);
  } catch {
    return null; // not installed, or built without the module
  }
  const {
    secp256k1_context_create: createContext,
    secp256k1_xonly_pubkey_parse: parsePubkey,
    secp256k1_schnorrsig_verify: verifySignature,
  } = library.symbols;
  const context = createContext(contextVerify);
  // One block for the life of the process, outside the garbage collector's heap: an ArrayBuffer is
  // not moved, so its address can be kept, and a call allocates nothing. Calls are synchronous.
  const block = Buffer.from(new ArrayBuffer(input.length + parsedPubkeyBytes));
  const signatureAt = ptr(block, input.signature);
  const messageAt = ptr(block, input.message);
  const pubkeyAt = ptr(block, input.pubkey);
  const parsedAt = ptr(block, input.length);
  return {
    name: "libsecp256k1",
    verify: (signature, message, pubkey) =>
      fill(block, signature, message, pubkey) &&
      // Verifying with a key that did not parse aborts the process, hence the order.
      parsePubkey(context, parsedAt, pubkeyAt) === 1 &&
      verifySignature(context, signatureAt, messageAt, input.pubkey - input.message, parsedAt) ===
        1,
  };
}

/** Copies the arguments to their places; false if one is not of its length or not hex. */
function fill(block: Buffer, signature: Bytes, message: Bytes, pubkey: Bytes): boolean {
  return (
    put(block, signature, input.signature, input.message) &&
    put(block, message, input.message, input.pubkey) &&
    put(block, pubkey, input.pubkey, input.length)
  );
}

function put(block: Buffer, bytes: Bytes, from: number, to: number): boolean {
  const size = to - from;
  if (typeof bytes === "string") {
    // Buffer stops writing at the first character that is not a hex digit.
    return bytes.length === 2 * size && block.write(bytes, from, size, "hex") === size;
  }
  if (bytes.length !== size) return false;
  block.set(bytes, from);
  return true;
}

/** One signature that must pass (BIP-340 vector 1) and its neighbour that must not. */
function isSound(verifier: SchnorrVerifier): boolean {
  const message = "243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89";
  const pubkey = "dff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659";
  const r = "6896bd60eeae296db48a229ff71dfe071bde413e6d43f917dc8dcf8c78de3341";
  const s = "8906d11ac976abccb20b091292bff4ea897efcb639ea871cfa95f6de339e4b0a";
  return verifier.verify(r + s, message, pubkey) && !verifier.verify(s + r, message, pubkey);
}
