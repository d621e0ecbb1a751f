import { openLibsecp256k1 } from "./libsecp256k1.ts";
import { passesVectors, type Schnorr } from "./schnorr.ts";
import { tinySecp256k1 } from "./tiny-secp256k1.ts";

let atWork: Schnorr = tinySecp256k1;

/** What this process signs and verifies with, until somebody chooses: WebAssembly. */
export const schnorr = (): Schnorr => atWork;

/**
 * Chooses what the whole process signs and verifies with: the installed libsecp256k1 if it is wanted
 * and gives what BIP-340 publishes, else WebAssembly.
 *
 * @param isNativeWanted false: the library is not even loaded
 * @returns `distrusted`: a library was found and failed the vectors
 */
export function chooseSchnorr(
  isNativeWanted: boolean,
  open: () => Schnorr | null = openLibsecp256k1,
): { schnorr: Schnorr; distrusted: boolean } {
  const native = isNativeWanted ? open() : null;
  const isSound = native !== null && isProven(native);
  atWork = isSound ? native : tinySecp256k1;
  return { schnorr: atWork, distrusted: native !== null && !isSound };
}

function isProven(native: Schnorr): boolean {
  try {
    return passesVectors(native);
  } catch {
    return false;
  }
}
