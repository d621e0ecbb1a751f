import { enter } from "./session.ts";
import type { Opened } from "./signer.ts";
import { seal, wipe } from "./vault.ts";

/**
 * Logs in by a signer that has just shown that it works, and keeps what opens it again.
 *
 * @param keep - on this device; otherwise it ends with this tab
 */
export async function enterWith({ signer, secret }: Opened, keep: boolean): Promise<void> {
  const { method, pubkey } = signer;
  // Where nothing can be stored, the login lasts as long as this page.
  if (secret === null) await wipe();
  else await seal({ method, pubkey }, secret, keep ? "device" : "tab").catch(() => {});
  enter(signer, { keep });
}
