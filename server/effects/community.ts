import { hexToBytes } from "nostr-tools/utils";
import type { ErrandRow } from "../../db/communities.ts";
import { communityActor, relayActor } from "../../machines/addresses.ts";
import type { Admitted, Compared, ErrandResult, Ran } from "../../machines/community/context.ts";
import { Refused } from "../errors.ts";
import type { Effect } from "../host/effect.ts";
import type { OwnRelay } from "../zooid/people/calls.ts";
import { RelayTrouble } from "../zooid/people/calls.ts";
import type { PeopleClient } from "../zooid/people/people.ts";
import type { EffectParts } from "./parts.ts";

/** So many are let in by one errand-run; whatever takes something away goes alone. */
const ALLOWED_AT_ONCE = 25;
/** So many differences does one answer hold. */
const DIFFERENCES_MAX = 500;

export type CommunityParts = EffectParts & { community: PeopleClient };

const policy = (parts: EffectParts) => ({
  // Apart from `zooid`: what people do must not wait for configs to be written, nor the other way.
  lane: "people",
  mutex: ({ relay }: { relay: string }) => `community/${relay}`,
  timeoutMs: 120_000,
  retry: "forever" as const,
  backoffCapMs: parts.backoffCapMs ?? 30_000,
});

/** A relay as it is spoken to in its own name. @throws where there is none */
export async function ownRelayOf(
  parts: Pick<EffectParts, "read" | "secretOf" | "relayDomain">,
  id: string,
): Promise<OwnRelay> {
  const actor = await parts.read(relayActor(id));
  if (!actor) throw new Error(`there is no relay ${id}`);
  const { subdomain, tenant } = actor.persisted.context;
  return {
    id,
    host: `${subdomain}.${parts.relayDomain}`,
    secretKey: hexToBytes(await parts.secretOf(relayActor(id))),
    owner: tenant,
  };
}

/** Tells zooid what it is still to be told of people, oldest first, and reads it back. */
export function runErrands(parts: CommunityParts): Effect {
  return {
    ...policy(parts),
    async run({ relay: id, after }: { relay: string; after: number }, { signal }): Promise<Ran> {
      const todo = await parts.queries.communities.errandsAfter(id, after, ALLOWED_AT_ONCE);
      const [first] = todo;
      if (!first) throw new Error(`there is no errand of ${id} after ${after}`);
      const relay = await ownRelayOf(parts, id);
      const turn = todo.findIndex(({ act }) => act !== "allow");
      const adds = turn < 0 ? todo : todo.slice(0, turn);
      if (adds.length === 0)
        return { results: [await runOne(parts.community, relay, first, signal)] };
      const pubkeys = adds.map(({ pubkey }) => pubkey);
      const { lost } = await parts.community.allow(relay, pubkeys, signal);
      // zooid said OK to them, and has them not: they are asked for again, with those who follow.
      const isLost = new Set(lost);
      const told = adds.findIndex(({ pubkey }) => isLost.has(pubkey));
      const done = told < 0 ? adds : adds.slice(0, told);
      if (done.length === 0) throw new RelayTrouble("relay_answers_oddly");
      return { results: done.map((errand) => resultOf(errand, null)) };
    },
  };
}

const resultOf = ({ n, act, pubkey }: ErrandRow, code: string | null): ErrandResult => ({
  n,
  act,
  pubkey,
  code,
});

async function runOne(
  community: PeopleClient,
  relay: OwnRelay,
  errand: ErrandRow,
  signal: AbortSignal,
): Promise<ErrandResult> {
  const { act, pubkey } = errand;
  try {
    if (act === "ban") await community.ban(relay, pubkey, "", signal);
    else if (act === "unban") await community.unban(relay, pubkey, signal);
    else await community.unallow(relay, pubkey, signal);
    return resultOf(errand, null);
  } catch (error) {
    // What is not safe to send is skipped, or all that comes after it would wait for ever.
    if (error instanceof Refused) return resultOf(errand, error.code);
    throw error;
  }
}

/** Compares the list in zooid with ours, and gives back whom zooid lost. */
export function comparePeople(parts: CommunityParts): Effect {
  return {
    ...policy(parts),
    async run(
      { relay: id, turn }: { relay: string; turn: number },
      { signal }: { signal: AbortSignal },
    ): Promise<Compared> {
      const { communities } = parts.queries;
      const rows = await communities.allMembers(id);
      const c = (await parts.read(communityActor(id)))?.persisted.context;
      if (!c) throw new Error(`there is no community ${id}`);
      const pending = await communities.errandsAfter(id, c.done, 100_000);
      const isLeaving = new Set(
        pending.flatMap(({ act, pubkey }) => (act === "allow" ? [] : pubkey)),
      );
      const isComing = new Set(
        pending.flatMap(({ act, pubkey }) => (act === "allow" ? pubkey : [])),
      );
      const known = new Map(rows.map((row) => [row.pubkey, row]));
      const mirror = rows
        .map(({ pubkey }) => pubkey)
        .filter((pubkey) => !isComing.has(pubkey) && !isLeaving.has(pubkey));
      const relay = await ownRelayOf(parts, id);
      const seen = await parts.community.reconcile(relay, mirror, signal);
      const listed = new Set(seen.members.map(({ pubkey }) => pubkey));
      const differs = (pubkey: string) => !isLeaving.has(pubkey) && !isComing.has(pubkey);
      const came = seen.members
        .filter(({ pubkey }) => pubkey !== relay.owner && !known.has(pubkey) && differs(pubkey))
        .map(({ pubkey, since }) => ({ pubkey, since: since === null ? null : since * 1000 }));
      const gone = mirror.filter((pubkey) => !listed.has(pubkey));
      const bans = new Set((await communities.bans(id)).map(({ pubkey }) => pubkey));
      const isBanned = new Set(seen.banned);
      const cut = <T>(all: T[]): T[] => all.slice(0, DIFFERENCES_MAX);
      const changes = {
        came: cut(came),
        gone: cut(gone),
        restored: cut(seen.added),
        banned: cut(seen.banned.filter((pubkey) => !bans.has(pubkey) && differs(pubkey))),
        unbanned: cut([...bans].filter((pubkey) => !isBanned.has(pubkey) && differs(pubkey))),
      };
      return {
        turn,
        isTrusted: seen.isTrusted,
        ...changes,
        taken: 1 + rows.length + changes.came.length - changes.gone.length,
        isMore: seen.isTrusted && (came.length > DIFFERENCES_MAX || gone.length > DIFFERENCES_MAX),
      };
    },
  };
}

/** Who is let in next. It asks nobody outside. */
export function nextWaiting(parts: EffectParts): Effect {
  return {
    lane: "clock",
    timeoutMs: 10_000,
    retry: "forever",
    backoffCapMs: 30_000,
    async run({
      relay,
      turn,
      room,
    }: {
      relay: string;
      turn: number;
      room: number | null;
    }): Promise<Admitted> {
      const limit = Math.min(room ?? ALLOWED_AT_ONCE, ALLOWED_AT_ONCE);
      const first = await parts.queries.communities.firstWaiting(relay, limit);
      const people = first.map(({ pubkey, by, invite }) => ({ pubkey, by, invite }));
      return { turn, people };
    },
  };
}
