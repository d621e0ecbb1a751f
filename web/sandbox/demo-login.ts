import { decode } from "nostr-tools/nip19";
import { enterWith } from "../lib/signers/enter.ts";

/** Logs in with a key that was made for this sandbox. @param nsec - as the sandbox tells it */
export async function enterDemo(nsec: string): Promise<void> {
  const decoded = decode(nsec);
  if (decoded.type !== "nsec") throw new Error("the sandbox told no nsec");
  const { openKey } = await import("../lib/signers/key.ts");
  await enterWith(openKey(decoded.data), true);
}
