/** The people of a relay: each question and each act asks the signer once. */
import { npubEncode } from "nostr-tools/nip19";
import { api, ask } from "../api/api.ts";
import { short } from "../words/format.ts";

const of = (relay: string) => api.tenant.relays({ id: relay });

export type Member = Awaited<ReturnType<typeof membersOf>>["items"][number];
export type Waiting = Awaited<ReturnType<typeof waitingOf>>["items"][number];
export type Ban = Awaited<ReturnType<typeof bansOf>>["items"][number];
export type JournalEntry = Awaited<ReturnType<typeof journalOf>>["items"][number];

/** @throws ApiProblem, SignerProblem, as all of these */
export const membersOf = (relay: string, limit: number, offset: number) =>
  ask(of(relay).members.get({ query: { limit, offset } }));
export const waitingOf = (relay: string) => ask(of(relay).requests.get({ query: { limit: 100 } }));
export const bansOf = (relay: string) => ask(of(relay).bans.get());
export const journalOf = (relay: string, limit: number, offset: number) =>
  ask(of(relay).journal.get({ query: { limit, offset } }));

export const addPerson = (relay: string, pubkey: string) => ask(of(relay).members.post({ pubkey }));
export const removePerson = (relay: string, pubkey: string) =>
  ask(of(relay).members({ pubkey }).delete());
export const banPerson = (relay: string, pubkey: string, reason: string) =>
  ask(of(relay).bans.post({ pubkey, ...(reason ? { reason } : {}) }));
export const unbanPerson = (relay: string, pubkey: string) =>
  ask(of(relay).bans({ pubkey }).delete());

export type Invite = Awaited<ReturnType<typeof invitesOf>>["items"][number];
export const invitesOf = (relay: string) => ask(of(relay).invites.get());
export const createInvite = (
  relay: string,
  wish: { label: string; expires_at: number | null; max_uses: number | null },
) => ask(of(relay).invites.post(wish));
export const revokeInvite = (relay: string, invite: string) =>
  ask(of(relay).invites({ invite }).delete());

/** What a link leads to; asked without a signature. */
export const communityBy = (token: string) => ask(api.join({ token }).get());
export const joinBy = (token: string) => ask(api.join({ token }).post());

/** A key as people know it, its ends. */
export const shortKey = (pubkey: string): string => short(npubEncode(pubkey), 10, 5);
