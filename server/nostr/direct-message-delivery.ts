import type { Event } from "nostr-tools/core";
import { Refused } from "../errors.ts";
import { type Rumor, recipientOf, wrapMessage } from "./direct-message.ts";
import { publicKeyOf } from "./event.ts";
import { findInbox } from "./inbox.ts";
import { Indexers } from "./indexers.ts";
import { type Connect, isPassing } from "./relay-link.ts";
import { RelayLinkPool } from "./relay-link-pool.ts";

/**
 * What became of a message. `delivered`: at least one relay of the inbox took it. `refused`: every one
 * said no, for good. `no_inbox`: the recipient names no relays to send it to, and it goes nowhere else;
 * `isUnsure`: as far as those indexer relays know that answered.
 */
export type Delivery =
  | { state: "delivered"; relays: string[] }
  | { state: "refused"; relays: { url: string; reason: string }[] }
  | { state: "no_inbox"; isUnsure?: true };

/**
 * None of the recipient's relays took the message, and at least one may yet: it was not reached, or
 * said that it cannot now. Not `Unavailable`: whoever names a dead relay holds up their own messages,
 * never everybody's.
 */
export class InboxUnreachable extends Error {
  override readonly name = "InboxUnreachable";
  readonly code = "inbox_unreachable";
}

export interface Messenger {
  /**
   * Looks the recipient's inbox up, then sends. Takes at most `timeoutMs` twice.
   *
   * @throws {Unavailable} `indexers_unreachable`: whether there is an inbox is not known
   * @throws {InboxUnreachable} to be tried again
   * @throws {Refused} `message_of_another_key`: the platform's key changed after it was written
   * @throws the signal's reason
   */
  deliver(rumor: Rumor, signal: AbortSignal): Promise<Delivery>;
  /** Ends all connections; deliveries under way fail. */
  close(): void;
}

type Offer =
  | { url: string; is: "accepted" }
  | { url: string; is: "refused"; reason: string }
  | { url: string; is: "unreached" };

/**
 * Delivers the platform's direct messages (NIP-17).
 *
 * @param options `secretKey` seals, and answers relays that demand a proof (NIP-42); `indexerRelays`
 * at least one; `timeoutMs` real time for the look-up, and again for the sending
 * @throws RangeError no indexer relay
 */
export function createMessenger(options: {
  secretKey: Uint8Array;
  indexerRelays: readonly string[];
  connect: Connect;
  timeoutMs?: number;
}): Messenger {
  const { secretKey, indexerRelays } = options;
  if (indexerRelays.length === 0) throw new RangeError("a messenger needs an indexer relay");
  const pubkey = publicKeyOf(secretKey);
  const links = new RelayLinkPool(options);
  const indexers = new Indexers(links, indexerRelays);

  return {
    async deliver(rumor, signal) {
      if (rumor.pubkey !== pubkey) {
        throw new Refused("message_of_another_key", "the message is not from this platform's key");
      }
      const to = recipientOf(rumor);
      const { relays: inbox, isUnsure } = await findInbox(indexers, to, signal);
      if (inbox.length === 0) return { state: "no_inbox", ...(isUnsure ? { isUnsure } : {}) };
      const wrap = wrapMessage(rumor, secretKey);
      const offers = await Promise.all(
        inbox.map(async (url) => {
          const first = await offer(links, url, wrap, signal);
          if (first.is !== "refused" || !isOfItsDate(first.reason)) return first;
          return await offer(links, url, wrapMessage(rumor, secretKey, true), signal);
        }),
      );
      signal.throwIfAborted();
      return deliveryOf(offers);
    },
    close: () => links.close(),
  };
}

/** Whether a relay refused a wrap for being dated days back, as NIP-59 wants it. */
const isOfItsDate = (reason: string): boolean =>
  /timestamp|created_?at|too old|too far|in the past/i.test(reason);

async function offer(
  links: RelayLinkPool,
  url: string,
  wrap: Event,
  signal: AbortSignal,
): Promise<Offer> {
  try {
    const answer = await links.use(url, signal, (link, limit) => link.publish(wrap, limit));
    if (answer.accepted || answer.reason.startsWith("duplicate:")) return { url, is: "accepted" };
    if (isPassing(answer.reason)) return { url, is: "unreached" };
    return { url, is: "refused", reason: answer.reason };
  } catch (error) {
    if (error instanceof Refused) return { url, is: "refused", reason: error.code };
    return { url, is: "unreached" };
  }
}

function deliveryOf(offers: readonly Offer[]): Delivery {
  const accepted = offers.filter((offer) => offer.is === "accepted");
  if (accepted.length > 0) return { state: "delivered", relays: accepted.map(({ url }) => url) };
  const refused = offers.filter((offer) => offer.is === "refused");
  if (refused.length < offers.length) {
    throw new InboxUnreachable("no relay of the recipient's inbox took the message");
  }
  return { state: "refused", relays: refused.map(({ url, reason }) => ({ url, reason })) };
}
