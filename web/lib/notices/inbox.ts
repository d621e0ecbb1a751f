/** Where somebody reads direct messages: their kind 10050. @see NIP-17 */
import type { Static } from "elysia";
import type { profile } from "../../../server/routes/shapes.ts";
import { api, ask } from "../api/api.ts";
import { learnProfile } from "../people/profile.ts";
import { sign } from "../signers/session.ts";

const DM_RELAYS = 10_050;
/** NIP-17 speaks of one to three; more makes each message slower and no safer. */
export const INBOX_MAX = 3;
/** Relays that take messages for anybody, and give them only to whom they are for. */
const SUGGESTED = ["wss://relay.0xchat.com", "wss://auth.nostr1.com"];

export type Inbox = {
  /** Whether this operator sends messages at all. */
  isConfigured: boolean;
  /** Null: none is published. */
  relays: string[] | null;
  /** Unix seconds; only what is later replaces it. */
  publishedAt: number | null;
  /** For who has none. */
  suggested: readonly string[];
};

type Profile = Static<typeof profile>;

/** @throws ApiProblem, SignerProblem */
export async function readInbox(): Promise<Inbox> {
  const said: Profile = await ask(api.tenant.profile.get());
  return {
    isConfigured: said.is_configured,
    relays: said.inbox_relays,
    publishedAt: said.published_at.inbox_relays,
    suggested: __SANDBOX__ ? await sandboxRelays() : SUGGESTED,
  };
}

/** The sandbox's own relay: what is published there reaches nobody outside. */
async function sandboxRelays(): Promise<string[]> {
  const state: unknown = await (await fetch("/sandbox")).json();
  const url = (state as { relay_url?: unknown }).relay_url;
  return typeof url === "string" ? [url] : [];
}

/**
 * Signs and publishes the list.
 * @param laterThan - unix seconds of the one that it replaces
 * @throws ApiProblem, SignerProblem
 */
export async function publishInbox(
  relays: readonly string[],
  laterThan: number | null,
): Promise<void> {
  const event = await sign({
    kind: DM_RELAYS,
    created_at: Math.max(Math.floor(Date.now() / 1000), (laterThan ?? 0) + 1),
    tags: relays.map((relay) => ["relay", relay]),
    content: "",
  });
  const { id, pubkey, created_at, kind, tags, content, sig } = event;
  await ask(
    api.tenant.publish.post({ event: { id, pubkey, created_at, kind, tags, content, sig } }),
  );
  learnProfile({ inbox_relays: [...relays] });
}
