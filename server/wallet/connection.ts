import { NWCClient } from "@getalby/sdk/nwc";
import { isLoopback } from "../config-values.ts";
import { Refused } from "../errors.ts";
import { publicKeyOf } from "../nostr/event.ts";
import { parsePublicKey, parseSecretKey } from "../nostr/keys.ts";
import type { Secret } from "../secrets.ts";

/** A connection to a wallet; whoever has its secret key can do what the connection may. */
export type Connection = {
  /** 64 hex, the wallet service's key. */
  wallet: string;
  /** At least one, at most {@link MAX_RELAYS}; addresses are checked when they are connected to. */
  relays: string[];
  secretKey: Uint8Array;
  /** 64 hex, of the secret key: who we are to the wallet. */
  pubkey: string;
};

const MAX_RELAYS = 8;

/** What stands before a connection where it was copied out of BTCPay Server's settings. */
const BTCPAY = /^type=nwc;key=/i;
const SCHEME = /^nostr\+?walletconnect:(?:\/\/)?/i;

/**
 * Reads a connection as wallets write it and people paste it: with or without slashes, the plus and
 * blanks, keys in either case or as npub and nsec, relays of which one will do.
 *
 * @returns the one spelling in which it is stored: `nostr+walletconnect://<hex>?relay=…&secret=<hex>`
 * @throws Error whose message reads on from what it is about ("must be …"), without a word of the text
 * @see NIP-47 "Nostr Wallet Connect URI"
 */
export function parseWalletConnectUrl(text: string): string {
  const trimmed = text.trim().replace(BTCPAY, "");
  const [, key, query] = /^([^/?#\s]+)\/?\?([^#\s]*)$/.exec(trimmed.replace(SCHEME, "")) ?? [];
  if (!SCHEME.test(trimmed) || key === undefined) {
    throw new Error("must be nostr+walletconnect://<pubkey>?relay=wss://…&secret=…");
  }
  const parameters = new URLSearchParams(query);
  const [secret, ...more] = parameters.getAll("secret");
  if (secret === undefined || more.length > 0) throw new Error("must hold one secret");
  const relays = [...new Set(parameters.getAll("relay"))].filter(isRelayUrl);
  if (relays.length === 0) {
    throw new Error("must name a relay that is a wss:// URL (ws:// for loopback only)");
  }
  const wallet = part("a pubkey that", () => parsePublicKey(inLowerCase(key)));
  const secretKey = part("a secret that", () => parseSecretKey(inLowerCase(secret)));
  const told = [
    ...relays.slice(0, MAX_RELAYS).map((relay) => `relay=${encodeURIComponent(relay)}`),
    `secret=${Buffer.from(secretKey).toString("hex")}`,
  ];
  return `nostr+walletconnect://${wallet}?${told.join("&")}`;
}

/** @throws {Refused} `nwc_malformed`, without a word of the URL */
export function parseConnection(nwcUrl: Secret): Connection {
  try {
    const url = parseWalletConnectUrl(nwcUrl.reveal());
    const { walletPubkey, relayUrls, secret } = NWCClient.parseWalletConnectUrl(url, true);
    const secretKey = Uint8Array.from(Buffer.from(secret ?? "", "hex"));
    return { wallet: walletPubkey, relays: relayUrls, secretKey, pubkey: publicKeyOf(secretKey) };
  } catch {
    throw new Refused("nwc_malformed", "it is no nostr+walletconnect:// URL with relay and secret");
  }
}

/** Messages are sealed from end to end, but who talks with whom is nobody's business: TLS, or this machine. */
function isRelayUrl(relay: string): boolean {
  const url = URL.parse(relay);
  if (url === null || url.username !== "" || url.password !== "" || url.hash !== "") return false;
  return url.protocol === "wss:" || (url.protocol === "ws:" && isLoopback(url.hostname));
}

/** Hex may come in either case, and so may bech32 that is all in capitals. */
const inLowerCase = (key: string): string =>
  /^[0-9a-f]+$/i.test(key) || key === key.toUpperCase() ? key.toLowerCase() : key;

function part<T>(name: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new Error(`has ${name} ${(error as Error).message}`);
  }
}
