/** The address of a remote signer. @see NIP-46 */
import { queryBunkerProfile } from "nostr-tools/nip46";
import { isSandbox } from "../page/settings.ts";
import { SignerProblem } from "./signer.ts";

const RELAYS_MAX = 8;
const PROFILE_PATIENCE_MS = 10_000;

export type BunkerPointer = { pubkey: string; relays: string[]; secret: string | null };

/**
 * @param text - `bunker://…`, or `name@domain`, which is looked up at the domain (NIP-05, NIP-46)
 * @throws SignerProblem `malformed`, `absent`
 */
export async function findBunker(text: string, signal: AbortSignal): Promise<BunkerPointer> {
  const name = text.trim().toLowerCase();
  if (!/^[\w.+-]+@[\w.-]+\.[a-z]{2,}$/.test(name)) return parseBunker(text);
  const found = await Promise.race([
    queryBunkerProfile(name),
    new Promise<null>((resolve) => {
      const over = AbortSignal.any([signal, AbortSignal.timeout(PROFILE_PATIENCE_MS)]);
      over.addEventListener("abort", () => resolve(null));
    }),
  ]);
  const domain = name.slice(name.indexOf("@") + 1);
  if (found === null || !/^[0-9a-f]{64}$/.test(found.pubkey ?? ""))
    throw new SignerProblem(
      "absent",
      `${domain} knows no signer of that name. Check the spelling, or paste the signer’s bunker:// address.`,
    );
  const relays = usableRelays(found.relays);
  if (relays.length === 0)
    throw new SignerProblem(
      "absent",
      `${domain} does not say on which relays your signer answers. Paste its bunker:// address instead.`,
    );
  return { pubkey: found.pubkey, relays, secret: null };
}

/**
 * @param text - `bunker://<signer's pubkey>?relay=…&secret=…`, as somebody pasted it
 * @throws SignerProblem `malformed` that says what it is instead, or what it lacks
 */
function parseBunker(text: string): BunkerPointer {
  const address = text.trim();
  if (/^nsec1|^[0-9a-f]{64}$/i.test(address))
    throw malformed(
      "This looks like a secret key. Do not give it to a signer’s field. To log in with it, go back and choose “Secret key”.",
    );
  if (/^nostrconnect:/i.test(address))
    throw malformed(
      "This is an address for a signer to open. Paste the one that your signer shows: it begins with bunker://.",
    );
  const [, pubkey, query] = /^bunker:\/\/([0-9a-f]{64})\/?(?:\?(.*))?$/i.exec(address) ?? [];
  if (pubkey === undefined)
    throw malformed("This is not a signer’s address. It begins with bunker://.");
  const asked = new URLSearchParams(query);
  const relays = usableRelays(asked.getAll("relay"));
  if (relays.length === 0)
    throw malformed(
      asked.has("relay")
        ? "None of the relays in this address can be reached from a browser. They begin with wss://."
        : "This address names no relay. Copy the whole of it from your signer.",
    );
  return { pubkey: pubkey.toLowerCase(), relays, secret: asked.get("secret") };
}

/** Those that a page may talk to: encrypted, or in the sandbox on this machine. */
export const usableRelays = (relays: readonly string[]): string[] =>
  [...new Set(relays)].filter(isUsable).slice(0, RELAYS_MAX);

function isUsable(relay: string): boolean {
  const url = URL.parse(relay);
  if (url?.protocol === "wss:") return true;
  return isSandbox && url?.protocol === "ws:" && /^(?:localhost|127\.0\.0\.1)$/.test(url.hostname);
}

const malformed = (message: string): SignerProblem => new SignerProblem("malformed", message);
