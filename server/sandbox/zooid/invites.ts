import type { Event } from "nostr-tools/core";
import type { RelayAuthor } from "./relay-author.ts";

export const INVITE_KIND = 28935;

const CODE_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const CODE_LENGTH = 8;

/** Invite codes: one for the whole relay, without end, shared by everyone who may invite. */
export class Invites {
  constructor(readonly author: RelayAuthor) {}

  #current(): Event | undefined {
    const filter = { kinds: [INVITE_KIND], authors: [this.author.pubkey] };
    return this.author.events.query([filter])[0];
  }

  /** The relay's invite; minted for `inviter` when there is none, theirs or not. */
  request(inviter: string): Event {
    return (
      this.#current() ??
      this.author.store(INVITE_KIND, [
        ["claim", mintCode()],
        ["p", inviter],
      ])
    );
  }

  accepts(code: string): boolean {
    return (
      this.#current()?.tags.some(([name, value]) => name === "claim" && value === code) ?? false
    );
  }
}

function mintCode(): string {
  const random = crypto.getRandomValues(new Uint8Array(CODE_LENGTH));
  return Array.from(random, (byte) => CODE_ALPHABET[byte % CODE_ALPHABET.length]).join("");
}
