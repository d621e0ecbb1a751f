import { createHmac } from "node:crypto";
import { authenticate, Unauthorized } from "./nip98.ts";
import { hasFlag, hasRoomAccess, metadataOf } from "./rooms.ts";
import type { VirtualRelay } from "./virtual-relay.ts";

const PATH = "/.well-known/nip29/livekit";
const TOKEN_SECONDS = 6 * 60 * 60;

/** Calls in rooms. @returns null for a path that is none of theirs, or while calls are off */
export async function serveLivekit(
  request: Request,
  relay: VirtualRelay,
): Promise<Response | null> {
  const { pathname } = new URL(request.url);
  if (relay.config.livekit.api_key === "" || request.method !== "GET") return null;
  if (pathname === PATH) return new Response(null, { status: 204 });
  if (!pathname.startsWith(`${PATH}/`)) return null;
  return await serveToken(request, relay, decodeURIComponent(pathname.slice(PATH.length + 1)));
}

async function serveToken(request: Request, relay: VirtualRelay, room: string): Promise<Response> {
  let pubkey: string;
  try {
    pubkey = authenticate(request, decodeURIComponent(new URL(request.url).pathname));
  } catch (error) {
    if (error instanceof Unauthorized) return refuse(401, error.message);
    throw error;
  }
  if (!relay.members.has(pubkey)) return refuse(403, "not a member of this relay");
  const metadata = metadataOf(relay, room);
  if (metadata === undefined) return refuse(404, "group not found");
  if (!hasFlag(metadata, "livekit")) return refuse(403, "livekit not enabled for this group");
  // Private, closed and hidden keep nobody out of a call; this tag alone does.
  if (hasFlag(metadata, "restricted") && !hasRoomAccess(relay, room, pubkey)) {
    return refuse(403, "not a group member");
  }
  const { server_url } = relay.config.livekit;
  if (!(await makeRoom(relay, room))) return refuse(500, "failed to create room");
  const grant = { roomJoin: true, room };
  return Response.json({ server_url, participant_token: tokenFor(relay, grant, pubkey) });
}

/** Has LiveKit make the room, whose name is the bare id of the group. */
async function makeRoom(relay: VirtualRelay, room: string): Promise<boolean> {
  const { server_url } = relay.config.livekit;
  const url = `${server_url.replace(/^ws/, "http")}/twirp/livekit.RoomService/CreateRoom`;
  const grant = { roomCreate: true, roomList: true, roomAdmin: true };
  try {
    const response = await fetch(url, {
      method: "POST",
      body: JSON.stringify({ name: room }),
      headers: {
        "Content-Type": "application/json",
        Authorization: `Bearer ${tokenFor(relay, grant)}`,
      },
    });
    return response.status === 200 || response.status === 409;
  } catch {
    return false;
  }
}

/** LiveKit's access token: a JWT signed with HS256. */
function tokenFor(relay: VirtualRelay, video: object, identity?: string): string {
  const now = Math.floor(Date.now() / 1000);
  const { api_key, api_secret } = relay.config.livekit;
  const sub = identity && `${identity}:${crypto.randomUUID().replaceAll("-", "").slice(0, 16)}`;
  const claims = { iss: api_key, nbf: now, exp: now + TOKEN_SECONDS, video, ...(sub && { sub }) };
  const signed = [{ alg: "HS256", typ: "JWT" }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  return `${signed}.${createHmac("sha256", api_secret).update(signed).digest("base64url")}`;
}

/** An error as Go's http.Error writes it. */
function refuse(status: number, text: string): Response {
  return new Response(`${text}\n`, {
    status,
    headers: { "Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff" },
  });
}
