import {
  Nip47PublishError,
  Nip47PublishTimeoutError,
  Nip47ResponseValidationError,
  Nip47TimeoutError,
  Nip47UnsupportedEncryptionError,
  Nip47WalletError,
} from "@getalby/sdk/nwc";
import { Unavailable } from "../errors.ts";
import { printable } from "../nostr/relay-link-frame.ts";
import { UNREADABLE } from "./nwc-connection.ts";
import { withoutSecrets } from "./said.ts";
import { nonsense } from "./wallet-errors.ts";

/** NIP-47 error codes; any other is treated as OTHER. */
const WALLET_ERRORS = new Set([
  ...["RATE_LIMITED", "NOT_IMPLEMENTED", "RESTRICTED", "UNAUTHORIZED", "INTERNAL"],
  ...["UNSUPPORTED_ENCRYPTION", "NOT_FOUND"],
]);

/** The relay no longer takes what we send, or encryption is to be negotiated anew. */
export function isDead(error: unknown): boolean {
  return (
    error instanceof Nip47PublishError ||
    error instanceof Nip47PublishTimeoutError ||
    error instanceof Nip47UnsupportedEncryptionError ||
    (error instanceof Nip47WalletError &&
      (error.code === "UNSUPPORTED_ENCRYPTION" || error.code === UNREADABLE))
  );
}

/**
 * Decides by class: the SDK's own timeouts carry the code INTERNAL too. The error itself goes no
 * further, as its message can hold the wallet's whole answer.
 */
export function unavailable(error: unknown): Unavailable {
  if (error instanceof Unavailable) return error;
  if (error instanceof Nip47WalletError) {
    if (error.code === UNREADABLE) return nonsense();
    const code = WALLET_ERRORS.has(error.code) ? error.code : "OTHER";
    return new Unavailable(`wallet_${code.toLowerCase()}`, `the wallet answered ${code}`, {
      said: `${printable(withoutSecrets(error.code))} ${printable(withoutSecrets(error.message))}`,
    });
  }
  if (error instanceof Nip47UnsupportedEncryptionError) {
    return new Unavailable(
      "wallet_unsupported_encryption",
      "the wallet offers no known encryption",
    );
  }
  if (error instanceof Nip47ResponseValidationError) return nonsense();
  if (error instanceof Nip47TimeoutError) {
    return new Unavailable("wallet_silent", "the wallet did not answer in time");
  }
  return new Unavailable("wallet_unreachable", "the wallet cannot be reached over its relays");
}
