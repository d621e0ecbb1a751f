/** Opens the signer of a login that was kept. */

import { openExtension } from "./extension.ts";
import { type Login, type Signer, SignerProblem } from "./signer.ts";
import { reseal, unseal, wipe } from "./vault.ts";

/** @throws SignerProblem; `lost_key` when what it needs is not in this browser any more */
export async function openSigner(login: Login): Promise<Signer> {
  if (login.method === "extension") return openExtension(login.pubkey);
  const secret = await unseal(login);
  if (secret === null)
    throw new SignerProblem(
      "lost_key",
      login.method === "key"
        ? "Your key is not in this browser any more, so you were logged out. Log in again to go on."
        : "The connection to your signer is not in this browser any more, so you were logged out. Log in again to go on.",
    );
  if (login.method === "key") return (await import("./key.ts")).reopenKey(secret);
  const { reopenRemote } = await import("./remote.ts");
  return reopenRemote(login.pubkey, secret, (next) => void reseal(login, next).catch(() => {}));
}

/** Forgets every secret that a signer keeps in this browser. */
export const forgetSigners = (): Promise<void> => wipe();
