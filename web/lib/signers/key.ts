/** A secret key that signs in this page. */
import { finalizeEvent, getPublicKey } from "nostr-tools/pure";
import { enter } from "../session.ts";

/**
 * Logs in by a secret key.
 *
 * @param _options.keep - whether it is kept on this device; until there is a place to seal it, it never is
 */
export async function enterWithSecretKey(
  secretKey: Uint8Array,
  _options: { keep: boolean },
): Promise<void> {
  enter({
    method: "key",
    pubkey: getPublicKey(secretKey),
    sign: async (template) => finalizeEvent({ ...template }, secretKey),
    close: () => void secretKey.fill(0),
  });
}
