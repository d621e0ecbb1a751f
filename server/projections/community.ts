import { append, erase, type Put, patch, put } from "../../db/put.ts";
import { bans, communityJournal, errands, members, requests } from "../../db/schema.ts";
import type { CommunityContext } from "../../machines/community/context.ts";
import type { Post } from "../../machines/durable.ts";
import type { Change } from "../host/rules.ts";
import { toSeconds } from "./seconds.ts";

export type AboutPeople = Extract<Post, { fact: "errand" | "admitted" | "person" }>;

export const isAboutPeople = (post: Post): post is AboutPeople =>
  post.fact === "errand" || post.fact === "admitted" || post.fact === "person";

/** The rows of what happened to somebody in a community without anybody's command. */
export function peoplePuts(post: AboutPeople, change: Change, index: number): Put[] {
  const { relay } = change.snapshot.context as CommunityContext;
  const at = toSeconds(change.at);
  const { pubkey } = post;
  const about = { relay, pubkey };
  const journal = (
    act: string,
    as: "platform" | "elsewhere",
    reason: string | null = null,
  ): Put => {
    const key = `${change.id}#${change.rev}.${index}`;
    const entry = { key, ...about, at, act, by: null, as };
    return append(communityJournal, { ...entry, reason });
  };
  if (post.fact === "errand") {
    const { n, act, code } = post;
    const state = code === null ? ("done" as const) : ("refused" as const);
    const over = patch(errands, { relay, n, state, code });
    if (code === null) return [over];
    const refused = journal("refused", "platform", code);
    return act === "allow" ? [over, erase(members, about), refused] : [over, refused];
  }
  if (post.fact === "admitted") {
    const { n, by, invite } = post;
    const errand = { relay, n, act: "allow" as const, pubkey };
    return [
      erase(requests, about),
      put(members, {
        ...about,
        errand: n,
        via: invite ? "invite" : "added",
        by,
        invite,
        joinedAt: at,
      }),
      append(errands, { ...errand, state: "todo", code: null }),
      journal("admitted", "platform"),
    ];
  }
  switch (post.is) {
    case "came": {
      const joinedAt = post.since === null ? at : toSeconds(post.since);
      const member = {
        ...about,
        errand: null,
        via: "elsewhere" as const,
        by: null,
        invite: null,
        joinedAt,
      };
      return [put(members, member), journal("joined", "elsewhere")];
    }
    case "gone":
      return [erase(members, about), journal("left", "elsewhere")];
    case "restored":
      return [journal("restored", "platform")];
    case "banned":
      return [put(bans, { ...about, by: null, reason: null, at }), journal("banned", "elsewhere")];
    case "unbanned":
      return [erase(bans, about), journal("unbanned", "elsewhere")];
  }
}
