import { randomInt } from "node:crypto";
import type { Event, UnsignedEvent } from "nostr-tools/core";
import { GiftWrap, PrivateDirectMessage, Seal } from "nostr-tools/kinds";
import { encrypt, getConversationKey } from "nostr-tools/nip44";
import { generateSecretKey } from "nostr-tools/pure";
import { eventIdOf, publicKeyOf, signEvent } from "./event.ts";

/**
 * A direct message before it is sealed (NIP-17 kind 14): unsigned, under an id of its own, plain JSON.
 * It is stored before it is sent; every attempt wraps the same one, so that a recipient who got it
 * twice sees it once.
 */
export type Rumor = UnsignedEvent & { id: string };

/** NIP-44 seals at most 65,535 bytes, twice over and padded: this leaves room for both layers. */
const maxRumorBytes = 32 * 1024;
/** NIP-59: the outer layers are dated at random within this time back. */
const twoDaysSeconds = 172_800;

/**
 * Writes a message from the platform to one person.
 *
 * @param message `to`: 64 lower-case hex; `text`: plain, not Markdown; `createdAt`: epoch ms of real
 * time, which is what the recipient sees as its date
 * @throws RangeError longer than 32 KiB in all
 */
export function composeMessage(
  platformKey: Uint8Array,
  message: { to: string; text: string; subject?: string; createdAt: number },
): Rumor {
  const tags = [["p", message.to]];
  if (message.subject !== undefined) tags.push(["subject", message.subject]);
  const unsigned = {
    pubkey: publicKeyOf(platformKey),
    created_at: Math.floor(message.createdAt / 1000),
    kind: PrivateDirectMessage,
    tags,
    content: message.text,
  };
  const rumor = { id: eventIdOf(unsigned), ...unsigned };
  if (Buffer.byteLength(JSON.stringify(rumor)) > maxRumorBytes) {
    throw new RangeError("a direct message is longer than 32 KiB");
  }
  return rumor;
}

/** Whom a message is to: 64 lower-case hex. @throws RangeError it names nobody, or several */
export function recipientOf({ tags }: Rumor): string {
  const [to, ...others] = tags.flatMap(([name, value]) => (name === "p" && value ? [value] : []));
  if (to === undefined || others.length > 0) {
    throw new RangeError("a direct message is to exactly one person");
  }
  return to;
}

/**
 * Seals (kind 13) and gift-wraps (kind 1059) a message for its recipient, anew at each call: both
 * layers carry a random date up to two days back, and the wrap a key used for nothing else (NIP-59).
 *
 * Berth wraps no second copy to itself, as NIP-17 has senders do to find their own messages again:
 * nobody reads the platform's mailbox, and the dashboard shows every notice that was sent.
 *
 * @param isDatedNow the wrap, for relays that take nothing of days ago; it tells when it was sent
 */
export function wrapMessage(rumor: Rumor, platformKey: Uint8Array, isDatedNow = false): Event {
  const to = recipientOf(rumor);
  // Field by field: what else a stored object may carry is no part of the message.
  const { id, pubkey, created_at, kind, tags, content } = rumor;
  const message = { id, pubkey, created_at, kind, tags, content };
  const seal = sealed(Seal, message, platformKey, to, []);
  return sealed(GiftWrap, seal, generateSecretKey(), to, [["p", to]], isDatedNow);
}

/** An event of `kind` by `secretKey` that only `to` can open (NIP-44), dated at random or now. */
function sealed(
  kind: number,
  inner: Rumor | Event,
  secretKey: Uint8Array,
  to: string,
  tags: string[][],
  isDatedNow = false,
): Event {
  const content = encrypt(JSON.stringify(inner), getConversationKey(secretKey, to));
  const created_at = Math.floor(Date.now() / 1000) - (isDatedNow ? 0 : randomInt(twoDaysSeconds));
  return signEvent({ kind, created_at, tags, content }, secretKey);
}
