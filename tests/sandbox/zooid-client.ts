import { createHash } from "node:crypto";
import type { Event } from "nostr-tools/core";
import {
  type EventTemplate,
  finalizeEvent,
  generateSecretKey,
  getPublicKey,
} from "nostr-tools/pure";
import { bytesToHex } from "nostr-tools/utils";
import type { Zooid } from "../../server/sandbox/zooid/zooid.ts";

/** Where a zooid listens: the stand-in, or a real one. */
export type Endpoint = Pick<Zooid, "url">;

export type Key = { secret: Uint8Array; secretHex: string; pubkey: string };

export function newKey(): Key {
  const secret = generateSecretKey();
  return { secret, secretHex: bytesToHex(secret), pubkey: getPublicKey(secret) };
}

export const nowSeconds = (): number => Math.floor(Date.now() / 1000);

export function signed(key: Key, kind: number, part: Partial<EventTemplate> = {}): Event {
  const template = { kind, created_at: nowSeconds(), tags: [], content: "", ...part };
  return JSON.parse(JSON.stringify(finalizeEvent(template, key.secret))) as Event;
}

/** The `Authorization` header for a value: an event, or text to be encoded as it is. */
export function token(value: Event | string): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return `Nostr ${Buffer.from(text).toString("base64")}`;
}

export async function answerOf(response: Response): Promise<[status: number, body: unknown]> {
  return [response.status, JSON.parse(await response.text())];
}

/** Calls `check` until it is true. @throws after four seconds. */
export async function eventually(check: () => Promise<boolean> | boolean): Promise<void> {
  for (const deadline = Date.now() + 4000; Date.now() < deadline; await Bun.sleep(2)) {
    if (await check()) return;
  }
  throw new Error(`never became true: ${check}`);
}

/** A whole config for `name.test`, owned by `owner`. */
export function configOf(name: string, owner: Key, relay: Key) {
  return {
    host: `${name}.test`,
    schema: name,
    secret: relay.secretHex,
    info: { name, pubkey: owner.pubkey },
    management: { enabled: true },
    groups: { enabled: true },
  };
}

/** A signed management request. */
export async function manage(
  zooid: Zooid,
  admin: Key,
  method: string,
  path: string,
  body?: unknown,
): Promise<Response> {
  const tags = [
    ["u", `${zooid.url}${decodeURIComponent(path)}`],
    ["method", method],
  ];
  return await fetch(zooid.url + path, {
    method,
    headers: { Authorization: token(signed(admin, 27235, { tags })) },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
}

/** A plain request to the relay at `host`. */
export async function visit(
  zooid: Endpoint,
  host: string,
  init: RequestInit & { headers?: Record<string, string>; path?: string } = {},
): Promise<Response> {
  const { path = "/", ...rest } = init;
  return await fetch(zooid.url + path, { ...rest, headers: { ...rest.headers, Host: host } });
}

/** NIP-11 of the relay at `host`, null while there is none. */
export async function informationOf(
  zooid: Endpoint,
  host: string,
): Promise<Record<string, unknown> | null> {
  const response = await visit(zooid, host, { headers: { Accept: "application/nostr+json" } });
  return response.status === 200 ? ((await response.json()) as Record<string, unknown>) : null;
}

/** What a NIP-86 call's token says instead of the correct thing. */
export type CallChanges = {
  u?: string;
  kind?: number;
  created_at?: number;
  withoutPayload?: boolean;
  headers?: Record<string, string>;
};

/** A NIP-86 call to the relay at `host`, as sent. */
export async function callRelay(
  zooid: Endpoint,
  host: string,
  caller: Key,
  method: string,
  params: unknown[] = [],
  changes: CallChanges = {},
): Promise<Response> {
  const body = JSON.stringify({ method, params });
  const payload = createHash("sha256").update(body).digest("hex");
  const tags = [["u", changes.u ?? `https://${host}`]];
  if (!changes.withoutPayload) tags.push(["payload", payload]);
  const created_at = changes.created_at ?? nowSeconds();
  return await visit(zooid, host, {
    method: "POST",
    body,
    headers: {
      "Content-Type": "application/nostr+json+rpc",
      Authorization: token(signed(caller, changes.kind ?? 27235, { tags, created_at })),
      ...changes.headers,
    },
  });
}

/** Patches the relay with id `a`, which lives at `host`, and waits until the config is live. */
export async function patchUntilLive(
  zooid: Zooid,
  admin: Key,
  host: string,
  part: object,
): Promise<void> {
  const name = crypto.randomUUID();
  await manage(zooid, admin, "PATCH", "/relay/a", { ...part, info: { name } });
  await eventually(async () => (await informationOf(zooid, host))?.name === name);
}

/** A key that the relay's owner has just made a member. */
export async function newMember(zooid: Endpoint, owner: Key, host: string): Promise<Key> {
  const member = newKey();
  await callRelay(zooid, host, owner, "allowpubkey", [member.pubkey]);
  return member;
}
