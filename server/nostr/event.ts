import type { Event, EventTemplate, UnsignedEvent } from "nostr-tools/core";
import { validateEvent } from "nostr-tools/pure";
import { xOnlyPointFromScalar } from "tiny-secp256k1";
import { schnorr } from "./signatures.ts";

/** NIP-01: the SHA-256 of the event's canonical serialization, 64 lower-case hex. */
export function eventIdOf({ pubkey, created_at, kind, tags, content }: UnsignedEvent): string {
  return Bun.SHA256.hash(JSON.stringify([0, pubkey, created_at, kind, tags, content]), "hex");
}

/**
 * An event of the template's fields alone, signed (NIP-01). Plain JSON, without the mark by which
 * nostr-tools would take a copy that was changed since for verified.
 */
export function signEvent(
  { kind, created_at, tags, content }: EventTemplate,
  secretKey: Uint8Array,
): Event {
  const unsigned = { pubkey: publicKeyOf(secretKey), created_at, kind, tags, content };
  const id = eventIdOf(unsigned);
  return { id, ...unsigned, sig: schnorr().sign(id, secretKey) };
}

/**
 * Whether it is an event and its author signed it (NIP-01). Computed from its fields each time; no mark
 * on the object counts.
 */
export function isGenuine(value: unknown): value is Event {
  if (!validateEvent(value)) return false;
  const { id, sig } = value as Partial<Event>;
  return (
    Number.isSafeInteger(value.created_at) &&
    typeof sig === "string" &&
    eventIdOf(value) === id &&
    schnorr().verify(sig, id, value.pubkey)
  );
}

/** Of the keys that live as long as the process: each signature would compute it once more. */
const publicKeys = new WeakMap<Uint8Array, string>();

/**
 * Whose key it is: 64 lower-case hex, the x of its point (BIP-340).
 * @param secretKey 32 bytes that nobody changes afterwards
 * @throws TypeError not a secret key
 */
export function publicKeyOf(secretKey: Uint8Array): string {
  let pubkey = publicKeys.get(secretKey);
  if (pubkey === undefined) {
    pubkey = Buffer.from(xOnlyPointFromScalar(secretKey)).toString("hex");
    publicKeys.set(secretKey, pubkey);
  }
  return pubkey;
}
