import { randomUUID } from "node:crypto";
import { communityJournal, errands, members, requests } from "../../db/schema.ts";
import { communityActor } from "../../machines/addresses.ts";
import {
  type CommunityContext,
  type ErrandAct,
  hasRoom,
} from "../../machines/community/context.ts";
import type { Tx } from "../host/host.ts";
import { toSeconds } from "../projections/seconds.ts";
import type { CommandParts } from "./index.ts";

/** Where somebody stands after an act. */
export type Standing = "member" | "waiting" | "none" | "banned";

/** An act on somebody in a community: who acts as what, and the community as it was found. */
export type Scene = {
  tx: Tx;
  parts: CommandParts;
  community: CommunityContext;
  relay: string;
  owner: string;
  pubkey: string;
  by: string;
  as: "owner" | "member";
  /** The link by which somebody comes. */
  invite: string | null;
  reason: string | null;
};

/** The people of a relay, as they are now. */
export function communityOf(tx: Tx, relay: string): CommunityContext {
  const actor = tx.read(communityActor(relay));
  if (!actor) throw new Error(`nobody keeps the people of ${relay}`);
  return actor.persisted.context;
}

/** Tells the community what happens to its numbers. */
export function send(
  { tx, relay, by }: Pick<Scene, "tx" | "relay" | "by">,
  type: "SEAT" | "QUEUE" | "UNQUEUE" | "LEAVE" | "ASK",
): void {
  tx.send(communityActor(relay), { type }, { cause: "http", by });
}

/** A seat, where there is one, and the errand that tells zooid; else a place on the waiting list. */
export async function letIn(scene: Scene): Promise<"member" | "waiting"> {
  const { tx, relay, pubkey, invite, community } = scene;
  const by = scene.as === "owner" ? scene.by : null;
  const at = toSeconds(tx.now);
  if (hasRoom(community)) {
    send(scene, "SEAT");
    const via = invite === null ? ("added" as const) : ("invite" as const);
    const errand = community.asked + 1;
    tx.put(members, { relay, pubkey, errand, via, by, invite, joinedAt: at });
    ask(scene, "allow");
    note(scene, scene.as === "owner" ? "added" : "joined");
    return "member";
  }
  const place = (await scene.parts.queries.communities.lastPlace(relay)) + 1;
  send(scene, "QUEUE");
  tx.put(requests, { relay, pubkey, by, invite, askedAt: at, place });
  note(scene, "waiting");
  return "waiting";
}

/** The errand that the community has just counted. */
export function ask({ tx, relay, pubkey, community }: Scene, act: ErrandAct): void {
  const n = community.asked + 1;
  // Why stays here: whoever manages the relay from elsewhere could read it in zooid.
  tx.append(errands, { relay, n, act, pubkey, state: "todo", code: null });
}

/** Says in the community's journal what was done. */
export function note({ tx, relay, pubkey, by, as, reason }: Scene, act: string): void {
  const at = toSeconds(tx.now);
  tx.append(communityJournal, { key: randomUUID(), relay, at, act, pubkey, by, as, reason });
}
