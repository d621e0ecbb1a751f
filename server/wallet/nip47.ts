import type { Event } from "nostr-tools/core";
import * as nip04 from "nostr-tools/nip04";
import * as nip44 from "nostr-tools/nip44";
import { Refused } from "../errors.ts";
import { signEvent } from "../nostr/event.ts";
import { printable } from "../nostr/relay-link-frame.ts";
import type { Connection } from "./connection.ts";
import { withoutSecrets } from "./said.ts";
import { nonsense } from "./wallet-errors.ts";

/** Event kinds of NIP-47. */
export const INFO = 13194;
const REQUEST = 23194;
export const RESPONSE = 23195;
/** Notifications, sealed as NIP-04 and as NIP-44. */
export const NOTIFICATIONS = [23196, 23197];

export type Encryption = "nip44_v2" | "nip04";

/**
 * What a wallet answered. `error` is a NIP-47 code, or OTHER where NIP-47 knows no such code; `said`, its
 * own words without anything as long as a key, is for the operator of that wallet.
 */
export type Answer = { result: Record<string, unknown> } | { error: string; said: string };

/** What a wallet announces of itself. */
export type WalletInfo = {
  /** Method names; empty where it announces nothing. */
  methods: string[];
  encryption: Encryption;
  /** Names of notifications. */
  notifications: string[];
  /** Whether there is an info event; without one NIP-04 is assumed, and nothing else is known. */
  isAnnounced: boolean;
};

/** Some wallets publish no info event; all of them are of before NIP-44. */
export const UNANNOUNCED: WalletInfo = {
  methods: [],
  encryption: "nip04",
  notifications: [],
  isAnnounced: false,
};

const ERROR_CODES = new Set([
  ...["RATE_LIMITED", "NOT_IMPLEMENTED", "INSUFFICIENT_BALANCE", "QUOTA_EXCEEDED", "RESTRICTED"],
  ...["UNAUTHORIZED", "INTERNAL", "UNSUPPORTED_ENCRYPTION", "PAYMENT_FAILED", "NOT_FOUND", "OTHER"],
]);

/**
 * What an info event (kind 13194) says of a wallet. Without the tag it is of before NIP-44.
 * @throws {Refused} `wallet_unsupported_encryption`
 */
export function readInfo(info: Event): WalletInfo {
  const tag = (name: string) => info.tags.find((one) => one[0] === name)?.[1];
  const offered = wordsOf(tag("encryption") ?? "nip04");
  const encryption = (["nip44_v2", "nip04"] as const).find((one) => offered.includes(one));
  if (!encryption) {
    throw new Refused("wallet_unsupported_encryption", "the wallet offers no known encryption");
  }
  return {
    methods: methodsOf(wordsOf(info.content)),
    encryption,
    notifications: methodsOf(wordsOf(tag("notifications") ?? "")),
    isAnnounced: true,
  };
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
  connection: Connection,
  encryption: Encryption,
  command: { method: string; params: object },
  nowMs: number,
  expiresInSeconds: number,
): Event {
  const { wallet, secretKey } = connection;
  const now = Math.floor(nowMs / 1_000);
  const text = JSON.stringify(command);
  const content =
    encryption === "nip04"
      ? nip04.encrypt(secretKey, wallet, text)
      : nip44.encrypt(text, conversationKeyOf(connection));
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
 * Opens an answer.
 * @throws {Unavailable} `wallet_nonsense`: unreadable, contradictory, or of another method
 */
export function readAnswer(event: Event, connection: Connection, method: string): Answer {
  try {
    const { result_type: type, result, error } = open(event, connection);
    if (result && error) throw new Error("contradictory");
    if (error) {
      const { code, message } = record(error);
      const said = printable(withoutSecrets(`${code}${message ? ` ${message}` : ""}`));
      return { error: ERROR_CODES.has(String(code)) ? String(code) : "OTHER", said };
    }
    // Some leave it empty.
    if (type && type !== method) throw new Error("of another method");
    return { result: record(result) };
  } catch {
    // What went wrong can quote what was said.
    throw nonsense();
  }
}

/** A notification's type and what it tells of; null where it is none. Never throws. */
export function readNotification(
  event: Event,
  connection: Connection,
): { type: unknown; notification: Record<string, unknown> } | null {
  try {
    const { notification_type: type, notification } = open(event, connection);
    return { type, notification: record(notification) };
  } catch {
    return null;
  }
}

/**
 * Sealed as NIP-04 where it looks so, whatever was asked for: a wallet may have no other way to say
 * UNSUPPORTED_ENCRYPTION.
 */
function open({ content }: Event, connection: Connection): Record<string, unknown> {
  const { wallet, secretKey } = connection;
  const text = content.includes("?iv=")
    ? nip04.decrypt(secretKey, wallet, content)
    : nip44.decrypt(content, conversationKeyOf(connection));
  return record(JSON.parse(text));
}

/** A multiplication on the curve: once per connection, not once per message. */
const conversationKeys = new WeakMap<Uint8Array, Uint8Array>();
function conversationKeyOf({ wallet, secretKey }: Connection): Uint8Array {
  const known = conversationKeys.get(secretKey);
  if (known) return known;
  const key = nip44.getConversationKey(secretKey, wallet);
  conversationKeys.set(secretKey, key);
  return key;
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw new Error("not an object");
}

/** Lists are separated by spaces; some wallets use commas. */
const wordsOf = (text: string): string[] => text.split(/[\s,]+/);
