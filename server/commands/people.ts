import { bans, members, requests } from "../../db/schema.ts";
import { AppError } from "../errors.ts";
import { toSeconds } from "../projections/seconds.ts";
import type { CommandParts } from "./index.ts";
import { giveBack } from "./invites.ts";
import { ownRelay } from "./order.ts";
import { ask, communityOf, letIn, note, type Scene, type Standing, send } from "./scene.ts";
import { ensureActiveTenant } from "./tenant.ts";
import { cleanLine } from "./text.ts";

/** Who acts on whom, and why. */
export type PersonAct = {
  /** Who asks. */
  by: string;
  relay: string;
  pubkey: string;
  reason?: string;
};

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
    const community = communityOf(tx, act.relay);
    if (!community.isServed)
      throw new AppError(
        "relay_not_running",
        409,
        "this relay is not running, so nobody can come or go; bring it back first",
      );
    const how = { as: "owner" as const, invite: null, reason: why };
    return body({ tx, parts, community, owner, ...how, ...act });
  });
}

/**
 * Lets somebody in, or puts them on the waiting list where there is no room. Idempotent.
 * @throws AppError 409 `banned_here`, and as every act
 */
export const addPerson = (parts: CommandParts, act: PersonAct): Promise<Standing> =>
  actOn(parts, act, async (scene) => {
    const { communities } = parts.queries;
    const { relay, pubkey, owner } = scene;
    if (pubkey === owner || (await communities.member(relay, pubkey))) return "member";
    if (await communities.isBanned(relay, pubkey))
      throw new AppError("banned_here", 409, "they are banned here; lift the ban first", {
        field: "pubkey",
      });
    return (await communities.request(relay, pubkey)) ? "waiting" : letIn(scene);
  });

/** Takes a membership away, and nothing that they wrote; off the waiting list, too. Idempotent. */
export const removePerson = (parts: CommandParts, act: PersonAct): Promise<Standing> =>
  actOn(parts, act, async (scene) => {
    refuseOwner(scene);
    if (await takeOut(scene, "unallow")) note(scene, "removed");
    return "none";
  });

/**
 * Takes somebody's membership away and **has zooid delete all they wrote**, for ever; they cannot join
 * again. Idempotent.
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

/** They may join again; they are no member by it. Idempotent. */
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
  const request = await parts.queries.communities.request(relay, pubkey);
  if (!request) return false;
  send(scene, "UNQUEUE");
  tx.erase(requests, about);
  await giveBack(scene, request.invite);
  if (how === "ban") {
    send(scene, "ASK");
    ask(scene, "ban");
  }
  return true;
}
