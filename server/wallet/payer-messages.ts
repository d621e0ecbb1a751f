import type { Event } from "nostr-tools/core";
import * as nip04 from "nostr-tools/nip04";
import * as nip44 from "nostr-tools/nip44";
import { Refused, Unavailable } from "../errors.ts";
import { publicKeyOf, signEvent } from "../nostr/event.ts";
import { parsePublicKey, parseSecretKey } from "../nostr/keys.ts";
import type { Secret } from "../secrets.ts";

/** Event kinds of NIP-47. */
export const INFO = 13194;
const REQUEST = 23194;
export const RESPONSE = 23195;

export type Encryption = "nip44_v2" | "nip04";

/** A tenant's connection to a wallet; whoever has its secret key can spend. */
export type Connection = {
  /** 64 hex, the wallet service's key. */
  wallet: string;
  /** At most {@link MAX_RELAYS}, unchecked. */
  relays: string[];
  secretKey: Uint8Array;
  /** 64 hex, of the secret key: who we are to the wallet. */
  pubkey: string;
};

/** What a wallet answered: `error` is a NIP-47 code, or OTHER where NIP-47 knows no such code. */
export type Answer = { result: Record<string, unknown> } | { error: string };

const MAX_RELAYS = 4;

const ERROR_CODES = new Set([
  ...["RATE_LIMITED", "NOT_IMPLEMENTED", "INSUFFICIENT_BALANCE", "QUOTA_EXCEEDED", "RESTRICTED"],
  ...["UNAUTHORIZED", "INTERNAL", "UNSUPPORTED_ENCRYPTION", "PAYMENT_FAILED", "NOT_FOUND", "OTHER"],
]);

/**
 * Reads a connection's URL. Some wallets leave out its slashes.
 * @throws {Refused} `nwc_malformed`, without a word of the URL
 * @see NIP-47 "Nostr Wallet Connect URI"
 */
export function parseConnection(nwcUrl: Secret): Connection {
  const [, pubkey = "", query] =
    /^nostr\+walletconnect:(?:\/\/)?([^/?#]*)\/?\?([^#]*)$/i.exec(nwcUrl.reveal().trim()) ?? [];
  const parameters = new URLSearchParams(query);
  const relays = [...new Set(parameters.getAll("relay"))].slice(0, MAX_RELAYS);
  try {
    if (!/^[0-9a-f]{64}$/i.test(pubkey) || relays.length === 0) throw new Error("incomplete");
    const wallet = parsePublicKey(pubkey.toLowerCase());
    const secretKey = parseSecretKey((parameters.get("secret") ?? "").toLowerCase());
    return { wallet, relays, secretKey, pubkey: publicKeyOf(secretKey) };
  } catch {
    throw new Refused("nwc_malformed", "it is no nostr+walletconnect:// URL with relay and secret");
  }
}

/** What an info event (kind 13194) says of a wallet. Without the tag it is of before NIP-44. */
export function readInfo(info: Event): { methods: string[]; encryption: Encryption } {
  const offered = info.tags.find(([name]) => name === "encryption")?.[1] ?? "nip04";
  const encryption = (["nip44_v2", "nip04"] as const).find((one) => wordsOf(offered).includes(one));
  if (!encryption) {
    throw new Refused("wallet_unsupported_encryption", "the wallet offers no known encryption");
  }
  return { methods: methodsOf(wordsOf(info.content)), encryption };
}

/** Method names out of what a wallet claims are some. Never throws. */
export function methodsOf(claimed: unknown): string[] {
  const names: unknown[] = Array.isArray(claimed) ? claimed.slice(0, 50) : [];
  const isName = (name: unknown): name is string =>
    typeof name === "string" && /^[a-z][a-z0-9_]{0,49}$/.test(name);
  return [...new Set(names.filter(isName))];
}

/**
 * A signed request (kind 23194).
 * @param nowMs real time, as of all Nostr events
 * @param expiresInSeconds after which the wallet is to ignore it
 */
export function signRequest(
  { wallet, secretKey }: Connection,
  encryption: Encryption,
  command: { method: string; params: object },
  nowMs: number,
  expiresInSeconds: number,
): Event {
  const now = Math.floor(nowMs / 1_000);
  const text = JSON.stringify(command);
  const content =
    encryption === "nip04"
      ? nip04.encrypt(secretKey, wallet, text)
      : nip44.encrypt(text, nip44.getConversationKey(secretKey, wallet));
  const tags = [
    ["p", wallet],
    ["encryption", encryption],
    ["expiration", String(now + expiresInSeconds)],
  ];
  return signEvent({ kind: REQUEST, created_at: now, tags, content }, secretKey);
}

/** Whether the time in which a request may be carried out has passed. */
export function isExpired(request: Event, nowMs: number): boolean {
  const expiration = Number(request.tags.find(([name]) => name === "expiration")?.[1]);
  return !(expiration * 1_000 > nowMs);
}

/**
 * Opens an answer. It is sealed as NIP-04 where it looks so, whatever was asked for: a wallet may have
 * no other way to say UNSUPPORTED_ENCRYPTION.
 *
 * @throws {Unavailable} `wallet_nonsense`: unreadable, contradictory, or of another method
 */
export function readAnswer(
  event: Event,
  { wallet, secretKey }: Connection,
  method: string,
): Answer {
  try {
    const text = event.content.includes("?iv=")
      ? nip04.decrypt(secretKey, wallet, event.content)
      : nip44.decrypt(event.content, nip44.getConversationKey(secretKey, wallet));
    const { result_type: type, result, error } = record(JSON.parse(text));
    if (result && error) throw new Error("contradictory");
    if (error) {
      const { code } = record(error);
      return { error: ERROR_CODES.has(String(code)) ? String(code) : "OTHER" };
    }
    if (type !== undefined && type !== method) throw new Error("of another method");
    return { result: record(result) };
  } catch {
    // What went wrong can quote what was said.
    throw new Unavailable("wallet_nonsense", "the wallet's answer makes no sense");
  }
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw new Error("not an object");
}

/** Lists are separated by spaces; some wallets use commas. */
const wordsOf = (text: string): string[] => text.split(/[\s,]+/);
