import { type Static, Type } from "@sinclair/typebox";
import type { Event } from "nostr-tools/core";
import * as nip04 from "nostr-tools/nip04";
import * as nip44 from "nostr-tools/nip44";

/** Event kinds of NIP-47. */
export const KIND_INFO = 13194;
export const KIND_REQUEST = 23194;
export const KIND_RESPONSE = 23195;
export const KIND_NOTIFICATION = { nip04: 23196, nip44_v2: 23197 } as const;

/** The methods a wallet here knows; any other is NOT_IMPLEMENTED. */
export const NIP47_METHODS = [
  "pay_invoice",
  "make_invoice",
  "lookup_invoice",
  "list_transactions",
  "get_balance",
  "get_budget",
  "get_info",
] as const;
export type Nip47Method = (typeof NIP47_METHODS)[number];

/** NIP-47 "Error codes", with those of pay_invoice and lookup_invoice. */
export type Nip47ErrorCode =
  | "RATE_LIMITED"
  | "NOT_IMPLEMENTED"
  | "INSUFFICIENT_BALANCE"
  | "QUOTA_EXCEEDED"
  | "RESTRICTED"
  | "UNAUTHORIZED"
  | "INTERNAL"
  | "UNSUPPORTED_ENCRYPTION"
  | "PAYMENT_FAILED"
  | "NOT_FOUND"
  | "OTHER";

/** A refusal that the client is told; what was asked has not happened. */
export class Nip47Refusal extends Error {
  override readonly name = "Nip47Refusal";
  constructor(
    readonly code: Nip47ErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/** Content of a kind 23194, decrypted. */
export const Nip47Request = Type.Object({
  method: Type.String({ maxLength: 64 }),
  params: Type.Optional(Type.Unknown()),
});
export type Nip47Request = Static<typeof Nip47Request>;

/** Content of a kind 23195, decrypted: exactly one of `error` and `result` is not null. */
export type Nip47Response = {
  result_type: string;
  error: { code: Nip47ErrorCode; message: string } | null;
  result: object | null;
};

export type Encryption = "nip44_v2" | "nip04";

/** Seals what goes between a wallet and one client, in either of NIP-47's two ways. */
export class Nip47Cipher {
  constructor(
    private readonly walletSecret: Uint8Array,
    private readonly clientPubkey: string,
  ) {}

  encrypt(text: string, encryption: Encryption): string {
    return encryption === "nip04"
      ? nip04.encrypt(this.walletSecret, this.clientPubkey, text)
      : nip44.encrypt(text, nip44.getConversationKey(this.walletSecret, this.clientPubkey));
  }

  /** @throws Error when it was not sealed between these two or in another way. */
  decrypt(sealed: string, encryption: Encryption): string {
    return encryption === "nip04"
      ? nip04.decrypt(this.walletSecret, this.clientPubkey, sealed)
      : nip44.decrypt(sealed, nip44.getConversationKey(this.walletSecret, this.clientPubkey));
  }
}

/** How a request is sealed; without the tag it is NIP-04, as before NIP-47 knew another. */
export function encryptionOf(request: Event): Encryption | "unsupported" {
  const encryption = tagOf(request, "encryption") ?? "nip04";
  return encryption === "nip44_v2" || encryption === "nip04" ? encryption : "unsupported";
}

/** A request whose `expiration` (epoch seconds of real time) has passed is to be ignored. */
export function isLate(request: Event): boolean {
  const expiration = tagOf(request, "expiration");
  return expiration !== undefined && Number(expiration) * 1000 < Date.now();
}

/**
 * A connection string that lets its holder act on the wallet.
 *
 * @see NIP-47 "Nostr Wallet Connect URI"; the secret in it can spend.
 */
export function nwcUrl(walletPubkey: string, relayUrl: string, clientSecret: string): string {
  const query = new URLSearchParams({ relay: relayUrl, secret: clientSecret });
  return `nostr+walletconnect://${walletPubkey}?${query}`;
}

const tagOf = (event: Event, name: string): string | undefined =>
  event.tags.find((tag) => tag[0] === name)?.[1];
