/** A secret key under a password. @see NIP-49 */
import { SignerProblem } from "./signer.ts";

/** How hard a password is to guess: a second or so of work for each try. */
const LOG_N = 16;
const UNTRACKED = 0x02;

const tidy = (text: string): string => text.trim().replace(/^nostr:/i, "");

/** Whether it is a key that a password opens. */
export const isLocked = (text: string): boolean => /^ncryptsec1/i.test(tidy(text));

/** What the page shows now is painted before the work begins, which blocks it. */
const painted = () => new Promise((resolve) => setTimeout(resolve, 50));

/** @throws SignerProblem `malformed` where password or key are wrong */
export async function unlockKey(text: string, password: string): Promise<Uint8Array> {
  if (password === "")
    throw new SignerProblem("malformed", "This key is locked. Type the password that opens it.");
  const { decrypt } = await import("nostr-tools/nip49");
  await painted();
  try {
    return decrypt(tidy(text).toLowerCase(), password);
  } catch {
    throw new SignerProblem(
      "malformed",
      "This password does not open this key. Check both, and that the key is whole.",
    );
  }
}

/** The key as text that is of no use without the password: `ncryptsec1…`. */
export async function lockKey(nsec: string, password: string): Promise<string> {
  const { encrypt } = await import("nostr-tools/nip49");
  const { parseSecretKey } = await import("./key.ts");
  await painted();
  return encrypt(parseSecretKey(nsec), password, LOG_N, UNTRACKED);
}
