/** Opens the signer of a login that was kept. */
import type { Login } from "../session.ts";
import type { Signer } from "../signer.ts";
import { openExtension } from "./extension.ts";

/** @throws SignerProblem */
export async function openSigner(login: Login): Promise<Signer> {
  switch (login.method) {
    case "extension":
      return openExtension(login.pubkey);
    default:
      throw new Error(`no signer of kind ${login.method} yet`);
  }
}

/** Forgets every secret that a signer keeps in this browser. */
export async function forgetSigners(): Promise<void> {}
