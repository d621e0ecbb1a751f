import { randomBytes } from "node:crypto";
import { decode } from "nostr-tools/nip19";
import { bytesToHex, hexToBytes } from "nostr-tools/utils";
import { isPrivate, isXOnlyPoint } from "tiny-secp256k1";
import { signEvent } from "./event.ts";

const hex32 = /^[0-9a-f]{64}$/;

/**
 * A Nostr secret key as people keep it: `nsec1…` (NIP-19) or 64 lower-case hex digits.
 * @returns 32 bytes, a valid scalar of secp256k1
 * @throws Error whose message does not contain the value
 */
export function parseSecretKey(text: string): Uint8Array {
  const key = hex32.test(text) ? hexToBytes(text) : decodeNip19(text, "nsec");
  if (key === null) throw new Error("is neither nsec1… nor 64 lower-case hex digits");
  if (!isPrivate(key)) throw new Error("is not a valid secret key");
  return key;
}

/**
 * A Nostr public key: `npub1…` (NIP-19) or 64 lower-case hex digits.
 * @returns 64 lower-case hex digits, the x of a point on the curve (BIP-340)
 * @throws Error whose message does not contain the value
 */
export function parsePublicKey(text: string): string {
  const key = hex32.test(text) ? text : decodeNip19(text, "npub");
  if (key === null) throw new Error("is neither npub1… nor 64 lower-case hex digits");
  if (!isXOnlyPoint(hexToBytes(key))) throw new Error("is not a valid public key");
  return key;
}

/**
 * Whom somebody means: `npub1…`, `nprofile1…` (NIP-19), or 64 hex digits in either case, as clients show
 * them, with blanks around or `nostr:` before it.
 * @returns 64 lower-case hex digits
 * @throws Error whose message does not contain the value
 */
export function parsePerson(text: string): string {
  const bare = text.trim().replace(/^nostr:/, "");
  if (/^[0-9a-f]{64}$/i.test(bare)) return parsePublicKey(bare.toLowerCase());
  const profile = decodeNip19(bare, "nprofile");
  return parsePublicKey(profile?.pubkey ?? bare);
}

/**
 * The Authorization header for one request (NIP-98), signed by `secretKey`.
 *
 * Every header is an event of its own, also for the same request in the same second: servers accept
 * an event id once.
 *
 * @param request `url` absolute, as it is fetched; `method` in upper case; `body` the exact bytes
 * sent, or their UTF-8 text; left out or empty means no body and no payload tag
 */
export function signHttpAuth(
  secretKey: Uint8Array,
  request: { url: string; method: string; body?: Uint8Array | string },
): string {
  const { url, method, body = "" } = request;
  const tags = [
    ["u", url],
    ["method", method],
    ["nonce", bytesToHex(randomBytes(8))],
  ];
  if (body.length > 0) tags.push(["payload", Bun.SHA256.hash(body, "hex")]);
  const createdAt = Math.floor(Date.now() / 1000);
  const event = signEvent({ kind: 27235, created_at: createdAt, tags, content: "" }, secretKey);
  return `Nostr ${Buffer.from(JSON.stringify(event)).toString("base64")}`;
}

function decodeNip19(text: string, type: "nsec"): Uint8Array | null;
function decodeNip19(text: string, type: "npub"): string | null;
function decodeNip19(text: string, type: "nprofile"): { pubkey: string } | null;
function decodeNip19(
  text: string,
  type: "nsec" | "npub" | "nprofile",
): Uint8Array | string | { pubkey: string } | null {
  try {
    const decoded = decode(text);
    if (decoded.type !== "nsec" && decoded.type !== "npub" && decoded.type !== "nprofile")
      return null;
    return decoded.type === type ? decoded.data : null;
  } catch {
    return null; // the decoder's message quotes what it was given
  }
}
