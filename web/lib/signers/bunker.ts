/** The address of a remote signer. @see NIP-46 */
import { isSandbox } from "../page/settings.ts";
import { SignerProblem } from "./signer.ts";

const RELAYS_MAX = 8;

/**
 * @param text - `bunker://<signer's pubkey>?relay=…&secret=…`, as somebody pasted it
 * @throws SignerProblem `malformed` that says what it is instead, or what it lacks
 */
export function parseBunker(text: string): {
  pubkey: string;
  relays: string[];
  secret: string | null;
} {
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
const usableRelays = (relays: readonly string[]): string[] =>
  [...new Set(relays)].filter(isUsable).slice(0, RELAYS_MAX);

function isUsable(relay: string): boolean {
  const url = URL.parse(relay);
  if (url?.protocol === "wss:") return true;
  return isSandbox && url?.protocol === "ws:" && /^(?:localhost|127\.0\.0\.1)$/.test(url.hostname);
}

const malformed = (message: string): SignerProblem => new SignerProblem("malformed", message);
