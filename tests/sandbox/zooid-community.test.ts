import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Event } from "nostr-tools/core";
import { startZooid, type Zooid } from "../../server/sandbox/zooid/zooid.ts";
import {
  callRelay,
  configOf,
  eventually,
  informationOf,
  type Key,
  manage,
  newKey,
  newMember,
  nowSeconds,
  patchUntilLive,
  signed,
} from "./zooid-client.ts";
import { RelaySocket } from "./zooid-socket.ts";

const admin = newKey();
const owner = newKey();
const relay = newKey();
const stranger = newKey();
const HOST = "a.test";
const INVITE = { kinds: [28935] };
const JOINED: [boolean, string] = [true, "handled internally"];
const NO_CLAIM: [boolean, string] = [false, "invalid: no claim tag"];
let zooid: Zooid;

beforeEach(async () => {
  zooid = await startZooid({ whitelist: [admin.pubkey], liveDelayMs: 1 });
  await manage(zooid, admin, "POST", "/relay/a", configOf("a", owner, relay));
  await eventually(async () => (await informationOf(zooid, HOST)) !== null);
});
afterEach(() => zooid.stop());

async function join(socket: RelaySocket, key: Key, claim?: string): Promise<[boolean, string]> {
  const tags = claim === undefined ? [] : [["claim", claim]];
  return await socket.publish(signed(key, 28934, { tags }));
}

async function inviteFrom(socket: RelaySocket): Promise<Event> {
  const events = await socket.request(INVITE);
  if (typeof events === "string" || events.length !== 1) throw new Error(`got ${events}`);
  return events[0]!;
}

const tagOf = (event: Event, name: string) => event.tags.find((tag) => tag[0] === name)?.[1] ?? "";

describe("joining and leaving", () => {
  test("a join needs a claim that is the relay's code", async () => {
    const socket = await RelaySocket.as(stranger, zooid, HOST);
    expect(await join(socket, stranger)).toEqual(NO_CLAIM);
    expect(await join(socket, stranger, "00000000")).toEqual([
      false,
      "invalid: failed to validate invite code",
    ]);
  });

  test("the code is one for all who may invite, and names who asked first", async () => {
    const manager = newKey();
    await patchUntilLive(zooid, admin, HOST, {
      roles: { staff: { pubkeys: [manager.pubkey], can_invite: true } },
    });
    const first = await inviteFrom(await RelaySocket.as(owner, zooid, HOST));
    expect(tagOf(first, "claim")).toMatch(/^[0-9A-Z]{8}$/);
    expect(tagOf(first, "p")).toBe(owner.pubkey);
    const other = await RelaySocket.as(manager, zooid, HOST);
    expect(await inviteFrom(other)).toEqual(first);
    expect(await other.request({ ...INVITE, "#p": [manager.pubkey] })).toEqual([]);
  });

  test("a member who may not invite gets no code", async () => {
    const socket = await RelaySocket.as(await newMember(zooid, owner, HOST), zooid, HOST);
    await inviteFrom(await RelaySocket.as(owner, zooid, HOST));
    expect(await socket.request(INVITE)).toEqual([]);
    expect(await socket.request({})).not.toContainEqual(expect.objectContaining({ kind: 28935 }));
  });

  test("a join by code is told to subscribers", async () => {
    const watcher = await RelaySocket.as(owner, zooid, HOST);
    const code = tagOf(await inviteFrom(watcher), "claim");
    await watcher.request({ kinds: [8000, 13534], since: nowSeconds() - 5 }, "members");
    const socket = await RelaySocket.as(stranger, zooid, HOST);
    expect(await join(socket, stranger, code)).toEqual(JOINED);
    const added = await watcher.live("members");
    const list = await watcher.live("members");
    expect([added.kind, tagOf(added, "p")]).toEqual([8000, stranger.pubkey]);
    expect(list.kind).toBe(13534);
    expect(list.tags.at(-1)).toEqual(["member", stranger.pubkey]);
    expect(await socket.request({ kinds: [1] })).toEqual([]);
    expect(await join(socket, stranger)).toEqual(JOINED);
  });

  test("banning the invite's event revokes the code and the next one is new", async () => {
    const inviter = await RelaySocket.as(owner, zooid, HOST);
    const old = await inviteFrom(inviter);
    await callRelay(zooid, HOST, owner, "banevent", [old.id]);
    const socket = await RelaySocket.as(stranger, zooid, HOST);
    expect((await join(socket, stranger, tagOf(old, "claim")))[0]).toBe(false);
    const next = await inviteFrom(inviter);
    expect(tagOf(next, "claim")).not.toBe(tagOf(old, "claim"));
    expect((await join(socket, stranger, tagOf(next, "claim")))[0]).toBe(true);
  });

  test("the relay's own deletion revokes the code as well", async () => {
    const self = await RelaySocket.as(relay, zooid, HOST);
    const old = await inviteFrom(self);
    await self.publish(signed(relay, 5, { tags: [["e", old.id]] }));
    expect((await inviteFrom(self)).id).not.toBe(old.id);
  });

  test("a member who leaves is off the list", async () => {
    const member = await newMember(zooid, owner, HOST);
    const socket = await RelaySocket.as(member, zooid, HOST);
    expect((await socket.publish(signed(member, 28936)))[0]).toBe(true);
    const reader = await RelaySocket.as(owner, zooid, HOST);
    const [list] = (await reader.request({ kinds: [13534] })) as Event[];
    expect(list?.tags).toEqual([
      ["member", relay.pubkey],
      ["member", owner.pubkey],
    ]);
    expect(await socket.request({})).toStartWith("restricted:");
  });

  test("an open relay lets anyone in, but not over a connection from before", async () => {
    const before = await RelaySocket.as(stranger, zooid, HOST);
    await patchUntilLive(zooid, admin, HOST, { policy: { public_join: true } });
    expect(await join(before, stranger)).toEqual(NO_CLAIM);
    const after = await RelaySocket.as(stranger, zooid, HOST);
    expect((await join(after, stranger))[0]).toBe(true);
  });
});

describe("rooms", () => {
  const create = (key: Key) => signed(key, 9007, { tags: [["h", `room-${key.pubkey}`]] });

  test("only managers create them", async () => {
    const member = await newMember(zooid, owner, HOST);
    expect(await (await RelaySocket.as(member, zooid, HOST)).publish(create(member))).toEqual([
      false,
      "restricted: you are not authorized to manage groups",
    ]);
    for (const key of [owner, relay]) {
      expect((await (await RelaySocket.as(key, zooid, HOST)).publish(create(key)))[0]).toBe(true);
    }
  });

  test("the relay signs a room's metadata, admins and members", async () => {
    const member = await newMember(zooid, owner, HOST);
    const mine = await RelaySocket.as(owner, zooid, HOST);
    const theirs = await RelaySocket.as(member, zooid, HOST);
    const room = ["h", "lobby"];
    await mine.publish(signed(owner, 9007, { tags: [room, ["name", "Lobby"]] }));
    await theirs.publish(signed(member, 9021, { tags: [room] }));
    const about = async (kind: number) =>
      ((await mine.request({ kinds: [kind], "#d": ["lobby"] })) as Event[])[0]?.tags;
    expect(await about(39000)).toEqual([
      ["d", "lobby"],
      ["name", "Lobby"],
    ]);
    expect(await about(39001)).toContainEqual(["p", owner.pubkey]);
    const members = [["-"], ["d", "lobby"]];
    expect(await about(39002)).toEqual([...members, ["p", member.pubkey]]);
    // Who came and went within one second may be either.
    const leave = signed(member, 9022, { tags: [room], created_at: nowSeconds() });
    await eventually(() => nowSeconds() > leave.created_at);
    await theirs.publish(leave);
    expect(await about(39002)).toEqual(members);
    await mine.publish(signed(owner, 9008, { tags: [room] }));
    expect(await about(39000)).toBeUndefined();
  });

  test("a managing role that lists no pubkey kills the process when a room is made", async () => {
    await patchUntilLive(zooid, admin, HOST, {
      roles: { mod: { pubkeys: ["zz"], can_manage: true } },
    });
    const socket = await RelaySocket.as(owner, zooid, HOST);
    socket.send(["EVENT", create(owner)]);
    await eventually(() => zooid.crashed !== null);
  });

  test("with groups off they are refused and hidden", async () => {
    const socket = await RelaySocket.as(owner, zooid, HOST);
    await socket.publish(create(owner));
    await patchUntilLive(zooid, admin, HOST, { groups: { enabled: false } });
    const later = await RelaySocket.as(owner, zooid, HOST);
    const refused: [boolean, string] = [false, "invalid: groups are not enabled"];
    expect(await later.publish(create(owner))).toEqual(refused);
    expect(await later.publish(signed(owner, 9, { tags: [["h", "x"]] }))).toEqual(refused);
    expect(await later.request({ kinds: [39000, 9007] })).toEqual([]);
  });
});
