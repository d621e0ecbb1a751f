/** A secret key that this browser holds and signs with. */
import { decode, nsecEncode } from "nostr-tools/nip19";
import { finalizeEvent, generateSecretKey, getPublicKey } from "nostr-tools/pure";
import { bytesToHex, hexToBytes } from "nostr-tools/utils";
import { type Login, type Opened, type Signer, SignerProblem } from "./signer.ts";
import { unseal } from "./vault.ts";

/**
 * @param text - nsec or 64 hex, as somebody pasted it
 * @throws SignerProblem `malformed` that says what it is instead
 */
export function parseSecretKey(text: string): Uint8Array {
  const key = text
    .trim()
    .replace(/^nostr:/i, "")
    .toLowerCase();
  if (/^npub1/.test(key))
    throw malformed("This is your public key (npub). The secret key begins with nsec1.");
  if (/^bunker:/.test(key))
    throw malformed("This is the address of a signer. Go back and choose “Signer address”.");
  try {
    const bytes = /^[0-9a-f]{64}$/.test(key) ? hexToBytes(key) : nsecBytes(key);
    // Not every 32 bytes are a key.
    getPublicKey(bytes);
    return bytes;
  } catch {
    throw malformed("This is not a secret key. It begins with nsec1, or is 64 characters of hex.");
  }
}

function nsecBytes(text: string): Uint8Array {
  const decoded = decode(text);
  if (decoded.type !== "nsec") throw new Error(`a ${decoded.type}`);
  return decoded.data;
}

const malformed = (message: string): SignerProblem => new SignerProblem("malformed", message);

/** A key of one's own. */
export function makeSecretKey(): { secretKey: Uint8Array; nsec: string } {
  const secretKey = generateSecretKey();
  return { secretKey, nsec: nsecEncode(secretKey) };
}

export const openKey = (secretKey: Uint8Array): Opened => ({
  signer: keySigner(secretKey),
  secret: bytesToHex(secretKey),
});

/** The secret key that this browser keeps of a login, to be saved elsewhere; null for none. */
export async function keptNsec(login: Login): Promise<string | null> {
  const secret = login.method === "key" ? await unseal(login) : null;
  return secret === null ? null : nsecEncode(hexToBytes(secret));
}

/** @throws when it was not a secret key that was kept */
export const reopenKey = (secret: string): Signer => keySigner(hexToBytes(secret));

function keySigner(secretKey: Uint8Array): Signer {
  const own = secretKey.slice();
  return {
    method: "key",
    pubkey: getPublicKey(own),
    sign: async (template) => finalizeEvent({ ...template }, own),
    close: () => void own.fill(0),
  };
}
