import { createHash, randomBytes } from "node:crypto";
import type { InviteRow } from "../../db/communities.ts";
import { invites, requests, secrets } from "../../db/schema.ts";
import { tenantActor } from "../../machines/addresses.ts";
import { statusOf } from "../../machines/describe.ts";
import { AppError } from "../errors.ts";
import { toSeconds } from "../projections/seconds.ts";
import type { CommandParts } from "./index.ts";
import { ownRelay } from "./order.ts";
import { communityOf, letIn, type Scene, type Standing, send } from "./scene.ts";
import { ensureActiveTenant } from "./tenant.ts";
import { cleanLine } from "./text.ts";

const INVITES_MAX = 100;

/** What a link may do; times are unix seconds. */
type InviteWish = { label: string; expiresAt: number | null; maxUses: number | null };

/** The id of the secret that holds a link's token. */
export const inviteSecret = (id: string): string => `invite/${id}`;

const hashOf = (token: string): string => createHash("sha256").update(token).digest("hex");

/**
 * Makes a link that lets people in. Its token has 192 bits, is found by its hash alone, and stands sealed,
 * so that its owner can see the link again. @throws AppError 404, 403, 422, 429 `invite_limit`
 */
export function createInvite(
  parts: CommandParts,
  { by, relay }: { by: string; relay: string },
  { label, ...wish }: InviteWish,
): Promise<InviteRow> {
  const named = cleanLine("label", label);
  return parts.host.transact(by, async (tx) => {
    await ownRelay(parts, by, relay);
    ensureActiveTenant(tx, by);
    if ((await parts.queries.communities.liveInvites(relay)).length >= INVITES_MAX)
      throw new AppError("invite_limit", 429, `you have ${INVITES_MAX} links; revoke one first`);
    const now = toSeconds(tx.now);
    if (wish.expiresAt !== null && wish.expiresAt <= now)
      throw new AppError("invite_past", 422, "choose a time that is still to come", {
        field: "expires_at",
      });
    const token = randomBytes(24).toString("base64url");
    const id = `v${randomBytes(12).toString("hex")}`;
    const sealed = Buffer.from(parts.vault.seal(token, inviteSecret(id)));
    tx.put(secrets, { id: inviteSecret(id), sealed });
    const invite = { id, relay, tokenHash: hashOf(token), label: named, createdAt: now, ...wish };
    const row: InviteRow = { ...invite, uses: 0, revokedAt: null };
    tx.append(invites, row);
    return row;
  });
}

/**
 * Ends a link: nobody comes by it any more, and whoever waits by it does so no more. Who is in stays in.
 * Idempotent. @throws AppError 404 `invite_not_found`, 403
 */
export function revokeInvite(
  parts: CommandParts,
  { by, relay, id }: { by: string; relay: string; id: string },
): Promise<void> {
  const { communities } = parts.queries;
  return parts.host.transact(by, async (tx) => {
    await ownRelay(parts, by, relay);
    ensureActiveTenant(tx, by);
    const invite = await communities.invite(id);
    if (invite?.relay !== relay)
      throw new AppError("invite_not_found", 404, "this relay has no such link");
    if (invite.revokedAt !== null) return;
    for (const { pubkey } of await communities.requestsBy(relay, id)) {
      send({ tx, relay, by }, "UNQUEUE");
      tx.erase(requests, { relay, pubkey });
    }
    tx.put(invites, { ...invite, revokedAt: toSeconds(tx.now) });
    tx.erase(secrets, { id: inviteSecret(id) });
  });
}

/** A use that came to nothing is there again. */
export async function giveBack({ tx, parts }: Scene, id: string | null): Promise<void> {
  const invite = id === null ? null : await parts.queries.communities.invite(id);
  if (invite) tx.put(invites, { ...invite, uses: Math.max(0, invite.uses - 1) });
}

/** The link of a token. @throws AppError 404 `invite_not_found`, for a revoked one too */
export async function inviteBy(
  { queries }: Pick<CommandParts, "queries">,
  token: string,
): Promise<InviteRow> {
  const invite = await queries.communities.inviteByHash(hashOf(token));
  if (!invite || invite.revokedAt !== null)
    throw new AppError(
      "invite_not_found",
      404,
      "this link leads nowhere; ask whoever gave it to you for another",
    );
  return invite;
}

/** Why a link lets nobody new in now; null where it does. */
export const inviteEnd = (
  { expiresAt, maxUses, uses }: InviteRow,
  nowSeconds: number,
): "invite_expired" | "invite_used_up" | null => {
  if (expiresAt !== null && expiresAt <= nowSeconds) return "invite_expired";
  return maxUses !== null && uses >= maxUses ? "invite_used_up" : null;
};

const ENDS = {
  invite_expired: "this link has expired; ask whoever gave it to you for another",
  invite_used_up: "this link was used as often as it may be; ask for another",
};

/**
 * Joins a community by a link. Whoever is in, or waits, already stays so and costs no use.
 *
 * @throws AppError 404 `invite_not_found`, 403 `banned_here`, 409 `community_closed`, `invite_expired`,
 * `invite_used_up`
 */
export async function joinBy(
  parts: CommandParts,
  token: string,
  pubkey: string,
): Promise<Standing> {
  const { communities, relays } = parts.queries;
  const { id, relay } = await inviteBy(parts, token);
  const owner = (await relays.get(relay))?.tenant ?? "";
  return parts.host.transact(owner, async (tx) => {
    // As it is now: others may have used it meanwhile.
    const invite = await inviteBy(parts, token);
    const community = communityOf(tx, relay);
    if (await communities.isBanned(relay, pubkey))
      throw new AppError("banned_here", 403, "you cannot join this community");
    const isHeld = statusOf(tx.read(tenantActor(owner))?.persisted.value) === "suspended";
    if (!community.isServed || isHeld)
      throw new AppError("community_closed", 409, "this community is closed for now; try later");
    if (pubkey === owner || (await communities.member(relay, pubkey))) return "member";
    if (await communities.request(relay, pubkey)) return "waiting";
    const end = inviteEnd(invite, toSeconds(tx.now));
    if (end !== null) throw new AppError(end, 409, ENDS[end]);
    tx.put(invites, { ...invite, uses: invite.uses + 1 });
    const who = { by: pubkey, as: "member" as const, invite: id, reason: null };
    return letIn({ tx, parts, community, relay, owner, pubkey, ...who });
  });
}
