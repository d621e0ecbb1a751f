/** A sandbox relay, people who are known there, and messengers that speak to it. */
import { afterAll, afterEach, beforeAll, expect } from "bun:test";
import type { Event } from "nostr-tools/core";
import { generateSecretKey, getPublicKey } from "nostr-tools/pure";
import { composeMessage, type Rumor } from "../../server/nostr/direct-message.ts";
import { createMessenger, type Messenger } from "../../server/nostr/direct-message-delivery.ts";
import type { Connect } from "../../server/nostr/relay-link.ts";
import { type NostrRelay, startNostrRelay } from "../../server/sandbox/nostr-relay.ts";
import { RelaySocket, signedEvent } from "../sandbox/relay-socket.ts";
import {
  openSocket,
  type Script,
  type ScriptedRelay,
  startScriptedRelay,
} from "./scripted-relay.ts";

export const platformKey = generateSecretKey();
export const platform = getPublicKey(platformKey);
export const nowSeconds = () => Math.floor(Date.now() / 1000);

/** Two indexers, two inboxes and another: a relay each, by path. */
export let relay: NostrRelay;
const endings: (() => unknown)[] = [];

/** Starts the relay for a test file; ends after each test what it started, and brings all paths up. */
export function useRelays(): void {
  const paths = ["/indexer", "/indexer2", "/inbox", "/inbox2", "/else"];
  beforeAll(async () => {
    relay = await startNostrRelay({ paths });
  });
  afterAll(() => relay.stop());
  afterEach(async () => {
    for (const end of endings.splice(0)) await end();
    for (const path of paths) relay.setPath(path, "ok");
  });
}

export function scripted(script: Script): ScriptedRelay {
  const started = startScriptedRelay(script);
  endings.push(() => started.stop());
  return started;
}

/** A messenger, and the URLs that it connected to. */
export function messenger(
  options: { indexerRelays?: string[]; connect?: Connect; timeoutMs?: number } = {},
): Messenger & { connected: string[] } {
  const connected: string[] = [];
  const { connect = openSocket } = options;
  const created = createMessenger({
    secretKey: platformKey,
    indexerRelays: [relay.url("/indexer")],
    timeoutMs: 2_000,
    ...options,
    connect: (url, signal) => {
      connected.push(url);
      return connect(url, signal);
    },
  });
  endings.push(() => created.close());
  return { ...created, connected };
}

export type Person = { secretKey: Uint8Array; pubkey: string };
export function person(): Person {
  const secretKey = generateSecretKey();
  return { secretKey, pubkey: getPublicKey(secretKey) };
}
export const inboxList = (
  { secretKey }: Person,
  urls: string[],
  created_at = nowSeconds(),
): Event =>
  signedEvent(secretKey, {
    kind: 10050,
    tags: [["alt", "wss://no.example"], ...urls.map((url) => ["relay", url])],
    created_at,
  });

export async function publish(path: string, event: Event): Promise<void> {
  const socket = await RelaySocket.open(relay.url(path));
  expect((await socket.publish(event))[0]).toBe(true);
  socket.close();
}

/** Someone whose inbox is these relays, as one indexer knows. */
export async function personWithInbox(urls: string[]): Promise<Person> {
  const someone = person();
  await publish("/indexer", inboxList(someone, urls));
  return someone;
}

export async function wrapsAt(path: string, { pubkey }: Person): Promise<Event[]> {
  const socket = await RelaySocket.open(relay.url(path));
  const wraps = await socket.query({ kinds: [1059], "#p": [pubkey] });
  socket.close();
  return wraps;
}

export const messageTo = ({ pubkey }: Person, text = "10,000 sats are due."): Rumor =>
  composeMessage(platformKey, { to: pubkey, text, subject: "An invoice", createdAt: Date.now() });
export const signal = () => new AbortController().signal;
