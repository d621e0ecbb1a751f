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
  nowSeconds,
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

/** Patches, and waits until the config is live. */
async function patch(part: object): Promise<void> {
  const name = crypto.randomUUID();
  await manage(zooid, admin, "PATCH", "/relay/a", { ...part, info: { name } });
  await eventually(async () => (await informationOf(zooid, HOST))?.name === name);
}

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

async function memberOf(): Promise<Key> {
  const member = newKey();
  await callRelay(zooid, HOST, owner, "allowpubkey", [member.pubkey]);
  return member;
}

describe("authentication", () => {
  test("the first message is a challenge", async () => {
    const socket = await RelaySocket.open(zooid, HOST);
    let count = 0;
    const first = await socket.take(() => ++count > 0);
    expect(first[0]).toBe("AUTH");
  });

  test("reading and writing need it", async () => {
    const socket = await RelaySocket.open(zooid, HOST);
    const text = "auth-required: authentication is required for access";
    expect(await socket.request({})).toBe(text);
    expect(await socket.publish(signed(owner, 1))).toEqual([false, text]);
  });

  test("the relay's URL must be the one it takes for its own", async () => {
    const socket = await RelaySocket.open(zooid, HOST);
    expect(await socket.authenticate(owner, `ws://${HOST}`)).toEqual([
      false,
      `error: failed to authenticate: expected relay URL 'wss://${HOST}', got 'ws://${HOST}'`,
    ]);
    const slash = await RelaySocket.open(zooid, HOST);
    expect(await slash.authenticate(owner, `wss://${HOST}/`)).toEqual([true, ""]);
  });

  test("another challenge, an old event and a forged signature are refused", async () => {
    const socket = await RelaySocket.open(zooid, HOST);
    const [, challenge] = await socket.take(([type]) => type === "AUTH");
    const tags = [
      ["relay", `wss://${HOST}`],
      ["challenge", String(challenge)],
    ];
    const other = [tags[0]!, ["challenge", "other"]];
    const right = signed(owner, 22242, { tags });
    for (const event of [
      signed(owner, 22242, { tags: other }),
      signed(owner, 22242, { tags, created_at: nowSeconds() - 700 }),
      signed(owner, 1, { tags }),
      { ...right, sig: "0".repeat(128) },
    ]) {
      socket.send(["AUTH", event]);
      const [, , accepted] = await socket.take(([type]) => type === "OK");
      expect(accepted).toBe(false);
    }
    socket.send(["AUTH", right]);
    expect((await socket.take(([type]) => type === "OK"))[2]).toBe(true);
  });
});

describe("reading and writing", () => {
  test("a stranger neither reads nor writes", async () => {
    const socket = await RelaySocket.as(stranger, zooid, HOST);
    const text = "restricted: you are not a member of this relay";
    expect(await socket.request({})).toBe(text);
    expect(await socket.publish(signed(stranger, 1))).toEqual([false, text]);
  });

  test("counting is not supported", async () => {
    const socket = await RelaySocket.as(owner, zooid, HOST);
    socket.send(["COUNT", "c", {}]);
    expect(await socket.take(([type]) => type === "CLOSED")).toEqual([
      "CLOSED",
      "c",
      "unsupported: this relay does not support NIP-45",
    ]);
  });

  test("a member publishes, reads back and gets what others publish", async () => {
    const member = await memberOf();
    const [mine, theirs] = [
      await RelaySocket.as(owner, zooid, HOST),
      await RelaySocket.as(member, zooid, HOST),
    ];
    expect(await mine.request({ kinds: [1] }, "live")).toEqual([]);
    const note = signed(member, 1, { content: "hello" });
    expect(await theirs.publish(note)).toEqual([true, ""]);
    expect(await mine.live("live")).toEqual(note);
    expect(await mine.request({ authors: [member.pubkey], kinds: [1] })).toEqual([note]);
    expect((await theirs.publish(note))[1]).toStartWith("duplicate:");
  });

  test("a closed subscription stays silent", async () => {
    const socket = await RelaySocket.as(owner, zooid, HOST);
    await socket.request({ kinds: [1] }, "closed");
    await socket.request({ kinds: [1] }, "open");
    socket.send(["CLOSE", "closed"]);
    await socket.publish(signed(owner, 1));
    await socket.live("open");
    await expect(
      Promise.race([socket.live("closed"), Bun.sleep(20).then(() => "silent")]),
    ).resolves.toBe("silent");
  });

  test("what is not signed by its author is refused", async () => {
    const socket = await RelaySocket.as(owner, zooid, HOST);
    const event = signed(owner, 1);
    const [, wrongId] = await socket.publish({ ...event, content: "changed" });
    expect(wrongId).toStartWith("invalid: ");
    const [, wrongSignature] = await socket.publish({ ...event, sig: "0".repeat(128) });
    expect(wrongSignature).toStartWith("invalid: ");
    expect(await socket.publish(signed(stranger, 1))).toEqual([
      false,
      "restricted: you cannot publish events on behalf of others",
    ]);
  });

  test("the later version of a replaceable event stays, whatever comes last", async () => {
    const socket = await RelaySocket.as(owner, zooid, HOST);
    const later = signed(owner, 0, { content: "later" });
    const earlier = signed(owner, 0, { created_at: later.created_at - 10 });
    await socket.publish(later);
    await socket.publish(earlier);
    expect(await socket.request({ kinds: [0] })).toEqual([later]);
  });

  test("authors delete what they wrote and nothing else", async () => {
    const member = await memberOf();
    const socket = await RelaySocket.as(owner, zooid, HOST);
    const other = await RelaySocket.as(member, zooid, HOST);
    const [mine, theirs] = [signed(owner, 1), signed(member, 1)];
    await socket.publish(mine);
    await other.publish(theirs);
    const tags = [
      ["e", mine.id],
      ["e", theirs.id],
    ];
    await socket.publish(signed(owner, 5, { tags }));
    expect(await socket.request({ kinds: [1] })).toEqual([theirs]);
  });

  test("a gift wrap from anyone reaches a member", async () => {
    const socket = await RelaySocket.as(stranger, zooid, HOST);
    const wrap = (recipient: Key) => signed(newKey(), 1059, { tags: [["p", recipient.pubkey]] });
    expect(await socket.publish(wrap(owner))).toEqual([true, ""]);
    expect((await socket.publish(wrap(stranger)))[0]).toBe(false);
  });

  test("kinds the relay signs are not accepted, even from its own key", async () => {
    const socket = await RelaySocket.as(relay, zooid, HOST);
    expect(await socket.publish(signed(relay, 13534))).toEqual([
      false,
      "invalid: this event's kind is not accepted",
    ]);
  });

  test("stripped signatures are seen by those who do not manage", async () => {
    await patch({ policy: { strip_signatures: true } });
    const member = await memberOf();
    const mine = await RelaySocket.as(owner, zooid, HOST);
    const note = signed(owner, 1);
    await mine.publish(note);
    const theirs = await RelaySocket.as(member, zooid, HOST);
    expect(await mine.request({ kinds: [1] })).toEqual([note]);
    expect(await theirs.request({ kinds: [1] })).toEqual([{ ...note, sig: "" }]);
  });
});

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
    await patch({ roles: { staff: { pubkeys: [manager.pubkey], can_invite: true } } });
    const first = await inviteFrom(await RelaySocket.as(owner, zooid, HOST));
    expect(tagOf(first, "claim")).toMatch(/^[0-9A-Z]{8}$/);
    expect(tagOf(first, "p")).toBe(owner.pubkey);
    const other = await RelaySocket.as(manager, zooid, HOST);
    expect(await inviteFrom(other)).toEqual(first);
    expect(await other.request({ ...INVITE, "#p": [manager.pubkey] })).toEqual([]);
  });

  test("a member who may not invite gets no code", async () => {
    const socket = await RelaySocket.as(await memberOf(), zooid, HOST);
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
    const member = await memberOf();
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
    await patch({ policy: { public_join: true } });
    expect(await join(before, stranger)).toEqual(NO_CLAIM);
    const after = await RelaySocket.as(stranger, zooid, HOST);
    expect((await join(after, stranger))[0]).toBe(true);
  });
});

describe("rooms", () => {
  const create = (key: Key) => signed(key, 9007, { tags: [["h", `room-${key.pubkey}`]] });

  test("only managers create them", async () => {
    const member = await memberOf();
    expect(await (await RelaySocket.as(member, zooid, HOST)).publish(create(member))).toEqual([
      false,
      "restricted: you are not authorized to manage groups",
    ]);
    for (const key of [owner, relay]) {
      expect((await (await RelaySocket.as(key, zooid, HOST)).publish(create(key)))[0]).toBe(true);
    }
  });

  test("the relay signs a room's metadata, admins and members", async () => {
    const member = await memberOf();
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
    expect(await about(39002)).toEqual([
      ["d", "lobby"],
      ["p", member.pubkey],
    ]);
    await theirs.publish(signed(member, 9022, { tags: [room] }));
    expect(await about(39002)).toEqual([["d", "lobby"]]);
    await mine.publish(signed(owner, 9008, { tags: [room] }));
    expect(await about(39000)).toBeUndefined();
  });

  test("a managing role that lists no pubkey kills the process when a room is made", async () => {
    await patch({ roles: { mod: { pubkeys: ["zz"], can_manage: true } } });
    const socket = await RelaySocket.as(owner, zooid, HOST);
    socket.send(["EVENT", create(owner)]);
    await eventually(() => zooid.crashed !== null);
  });

  test("with groups off they are refused and hidden", async () => {
    const socket = await RelaySocket.as(owner, zooid, HOST);
    await socket.publish(create(owner));
    await patch({ groups: { enabled: false } });
    const later = await RelaySocket.as(owner, zooid, HOST);
    expect(await later.publish(create(owner))).toEqual([true, expect.stringMatching("duplicate")]);
    expect(await later.publish(signed(owner, 9, { tags: [["h", "x"]] }))).toEqual([
      false,
      "invalid: groups are not enabled",
    ]);
    expect(await later.request({ kinds: [39000, 9007] })).toEqual([]);
  });
});
