import type { EventTemplate, VerifiedEvent } from "nostr-tools/pure";

export type { EventTemplate };
export type SignedEvent = Omit<VerifiedEvent, symbol>;

/** How somebody signs: by a browser extension (NIP-07), a remote signer (NIP-46), or a key kept here. */
type Method = "extension" | "remote" | "key";

/** What is kept of a login. Secrets are not in it: each signer keeps its own, sealed. */
export type Login = { method: Method; pubkey: string };

/** What can sign as one pubkey. Secrets stay behind it. */
export type Signer = {
  method: Method;
  /** 64 lower-case hex. */
  pubkey: string;
  /** @throws SignerProblem when it is refused, absent or silent */
  sign(template: EventTemplate): Promise<SignedEvent>;
  close(): void;
};

/** A signer that works, and what must be kept, sealed, to open it again; null for nothing. */
export type Opened = { signer: Signer; secret: string | null };

/** Why nothing was signed, in words for the person who was asked to. */
export class SignerProblem extends Error {
  constructor(
    readonly code:
      | "absent"
      | "refused"
      | "silent"
      | "other_key"
      | "other_event"
      | "malformed"
      | "lost_key",
    message: string,
  ) {
    super(message);
  }
}
