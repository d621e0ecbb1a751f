import { randomUUID } from "node:crypto";
import { bans, communityJournal, errands, members, requests } from "../../db/schema.ts";
import {
  type CommunityContext,
  type ErrandAct,
  hasRoom,
} from "../../machines/community/context.ts";
import { communityActor } from "../../machines/messages.ts";
import { AppError } from "../errors.ts";
import type { Tx } from "../host/host.ts";
import { toSeconds } from "../projections/seconds.ts";
import type { CommandParts } from "./index.ts";
import { ownRelay } from "./order.ts";
import { ensureActiveTenant } from "./tenant.ts";
import { cleanLine } from "./text.ts";

/** Where somebody stands after an act. */
export type Standing = "member" | "waiting" | "none" | "banned";

/** Who acts on whom, and why. */
export type PersonAct = {
  /** Who asks. */
  by: string;
  relay: string;
  pubkey: string;
  reason?: string;
};

/** Of an act: the community as it was found, in the scope of its owner. */
type Scene = { tx: Tx; parts: CommandParts; community: CommunityContext } & Omit<
  PersonAct,
  "reason"
> & { owner: string; reason: string | null };

/** An act on somebody in a community, one unit of its owner's. @throws AppError 404, 403, 409, 422 */
async function actOn(
  parts: CommandParts,
  { reason, ...act }: PersonAct,
  body: (scene: Scene) => Promise<Standing>,
): Promise<Standing> {
  const why = reason === undefined ? null : cleanLine("reason", reason);
  return parts.host.transact(act.by, async (tx) => {
    const { tenant: owner } = await ownRelay(parts, act.by, act.relay);
    ensureActiveTenant(tx, act.by);
    const actor = tx.read(communityActor(act.relay));
    if (!actor) throw new Error(`nobody keeps the people of ${act.relay}`);
    const community = actor.persisted.context as CommunityContext;
    if (!community.isServed)
      throw new AppError(
        "relay_not_running",
        409,
        "this relay is not running, so nobody can come or go; bring it back first",
      );
    return body({ tx, parts, community, owner, reason: why, ...act });
  });
}

/**
 * Lets somebody in, or puts them on the waiting list where there is no room. Again is no error.
 * @throws AppError 409 `banned_here`, and as every act
 */
export const addPerson = (parts: CommandParts, act: PersonAct): Promise<Standing> =>
  actOn(parts, act, async (scene) => {
    const { communities } = parts.queries;
    const { relay, pubkey, owner, community } = scene;
    if (pubkey === owner || (await communities.member(relay, pubkey))) return "member";
    if (await communities.isBanned(relay, pubkey))
      throw new AppError("banned_here", 409, "they are banned here; lift the ban first", {
        field: "pubkey",
      });
    if (await communities.request(relay, pubkey)) return "waiting";
    if (hasRoom(community)) {
      seat(scene);
      note(scene, "added");
      return "member";
    }
    const place = (await communities.lastPlace(relay)) + 1;
    send(scene, "QUEUE");
    const askedAt = toSeconds(scene.tx.now);
    scene.tx.put(requests, { relay, pubkey, by: act.by, askedAt, place });
    note(scene, "waiting");
    return "waiting";
  });

/** Takes a membership away, and nothing that they wrote; off the waiting list, too. Again is no error. */
export const removePerson = (parts: CommandParts, act: PersonAct): Promise<Standing> =>
  actOn(parts, act, async (scene) => {
    refuseOwner(scene);
    if (await takeOut(scene, "unallow")) note(scene, "removed");
    return "none";
  });

/**
 * Takes somebody's membership away and **has zooid delete all they wrote**, for ever; they cannot join
 * again. Again is no error.
 */
export const banPerson = (parts: CommandParts, act: PersonAct): Promise<Standing> =>
  actOn(parts, act, async (scene) => {
    refuseOwner(scene);
    const { relay, pubkey, reason, by, tx } = scene;
    if (await parts.queries.communities.isBanned(relay, pubkey)) return "banned";
    if (!(await takeOut(scene, "ban"))) {
      send(scene, "ASK");
      ask(scene, "ban");
    }
    tx.put(bans, { relay, pubkey, by, reason, at: toSeconds(tx.now) });
    note(scene, "banned");
    return "banned";
  });

/** They may join again; they are no member by it. Again is no error. */
export const unbanPerson = (parts: CommandParts, act: PersonAct): Promise<Standing> =>
  actOn(parts, act, async (scene) => {
    const { relay, pubkey, tx } = scene;
    if (!(await parts.queries.communities.isBanned(relay, pubkey))) return "none";
    send(scene, "ASK");
    ask(scene, "unban");
    tx.erase(bans, { relay, pubkey });
    note(scene, "unbanned");
    return "none";
  });

function refuseOwner({ pubkey, owner }: Scene): void {
  if (pubkey === owner)
    throw new AppError("owner_stays", 409, "the owner of a relay cannot be taken out of it", {
      field: "pubkey",
    });
}

function send(
  { tx, relay, by }: Scene,
  type: "SEAT" | "QUEUE" | "UNQUEUE" | "LEAVE" | "ASK",
): void {
  tx.send(communityActor(relay), { type }, { cause: "http", by });
}

/** A seat, and the errand that tells zooid. */
function seat(scene: Scene): void {
  const { tx, relay, pubkey, by, community } = scene;
  send(scene, "SEAT");
  const errand = community.asked + 1;
  tx.put(members, { relay, pubkey, errand, via: "added", by, joinedAt: toSeconds(tx.now) });
  ask(scene, "allow");
}

/** Takes a seat, or a place in line, away. @returns false where there was neither */
async function takeOut(scene: Scene, how: "unallow" | "ban"): Promise<boolean> {
  const { tx, parts, relay, pubkey } = scene;
  const about = { relay, pubkey };
  if (await parts.queries.communities.member(relay, pubkey)) {
    send(scene, "LEAVE");
    tx.erase(members, about);
    ask(scene, how);
    return true;
  }
  if (!(await parts.queries.communities.request(relay, pubkey))) return false;
  send(scene, "UNQUEUE");
  tx.erase(requests, about);
  if (how === "ban") {
    send(scene, "ASK");
    ask(scene, "ban");
  }
  return true;
}

/** The errand that the community has just counted. */
function ask({ tx, relay, pubkey, community }: Scene, act: ErrandAct): void {
  const n = community.asked + 1;
  // Why stays here: whoever manages the relay from elsewhere could read it in zooid.
  tx.append(errands, { relay, n, act, pubkey, state: "todo", code: null });
}

function note({ tx, relay, pubkey, by, reason }: Scene, act: string): void {
  const at = toSeconds(tx.now);
  const entry = { key: randomUUID(), relay, at, act, pubkey, by, as: "owner" as const };
  tx.append(communityJournal, { ...entry, reason });
}
