import { expect } from "bun:test";
import { createHash } from "node:crypto";
import type { Event } from "nostr-tools/core";
import type { Losses } from "../../server/sandbox/zooid/losses.ts";
import { type Key, newKey, nowSeconds, signed, token } from "./zooid-client.ts";
import type { Subject } from "./zooid-contract.ts";

/** One fact of zooid's contract about communities. */
type Case = {
  fact: string;
  /** What of its config is other than rooms and NIP-86. */
  config?: object;
  /** Shown at every run by the stand-in alone, with this switched on: zooid itself does it now and then. */
  loss?: keyof Losses;
  /** Asked of a real zooid alone: signing so many events takes seconds. */
  isLong?: boolean;
  run: (relay: Subject) => Promise<void>;
};

const HANDLED: [boolean, string] = [true, "handled internally"];
const OK = { result: true };
const SHUT = "restricted: you are not a member of that group";
const NOT_FOUND = "invalid: group not found";

const say = (key: Key, h: string, content = "hello") =>
  signed(key, 9, { tags: [["h", h]], content });
const put = (by: Key, h: string, member: Key, kind = 9000) =>
  signed(by, kind, {
    tags: [
      ["h", h],
      ["p", member.pubkey],
    ],
  });
const join = (key: Key, h: string) => signed(key, 9021, { tags: [["h", h]] });
const about = (kind: number, h: string) => ({ kinds: [kind], "#d": [h] });
const tagsOf = (events: Event[] | string): string[][] => (events as Event[])[0]?.tags ?? [];

/** Reads, writes and joins of a member of the relay who is not in the room, by the room's tags. */
const ROOMS: { flags: string[]; reads: boolean; writes: string; joins: string; isIn: boolean }[] = [
  { flags: [], reads: true, writes: "", joins: "", isIn: true },
  { flags: ["restricted"], reads: true, writes: "", joins: "", isIn: true },
  { flags: ["closed"], reads: true, writes: SHUT, joins: "", isIn: false },
  { flags: ["private"], reads: false, writes: "", joins: "", isIn: true },
  { flags: ["hidden"], reads: false, writes: NOT_FOUND, joins: NOT_FOUND, isIn: false },
  { flags: ["private", "closed"], reads: false, writes: SHUT, joins: "", isIn: false },
  {
    flags: ["private", "closed", "hidden", "restricted"],
    ...{ reads: false, writes: NOT_FOUND, joins: NOT_FOUND, isIn: false },
  },
];

const ROOM_CASES: Case[] = ROOMS.map(({ flags, reads, writes, joins, isIn }) => ({
  fact: `who is not in a room that is ${flags.join(", ") || "open"}`,
  async run(relay) {
    const member = await relay.member();
    const h = await relay.room(...flags);
    const [mine, theirs] = [await relay.socket(relay.owner), await relay.socket(member)];
    await mine.publish(say(relay.owner, h));
    const seen = await theirs.request({ kinds: [9], "#h": [h] });
    expect(seen).toHaveLength(reads ? 1 : 0);
    const metadata = await theirs.request(about(39000, h));
    expect(metadata).toHaveLength(flags.includes("hidden") ? 0 : 1);
    expect(await theirs.publish(say(member, h, "mine"))).toEqual([writes === "", writes]);
    expect(await theirs.publish(join(member, h))).toEqual([joins === "", joins]);
    const members = tagsOf(await mine.request(about(39002, h)));
    expect(members.some(([, key]) => key === member.pubkey)).toBe(isIn);
    if (isIn) expect(await theirs.request({ kinds: [9], "#h": [h] })).not.toEqual([]);
  },
}));

const LISTS: Case[] = [
  {
    fact: "kind 8000 is written for the relay's key, its owner and roles at the first load",
    config: { roles: { staff: { pubkeys: [newKey().pubkey], can_invite: true } } },
    async run(relay) {
      const trail = (await (await relay.socket(relay.owner)).request({ kinds: [8000] })) as Event[];
      const added = trail.flatMap(({ tags }) => tags.filter(([n]) => n === "p").map(([, k]) => k));
      expect(added.toSorted()).toEqual((await relay.members()).toSorted());
      expect(added).toHaveLength(3);
    },
  },
  {
    fact: "what comes and goes is told by 8000 and 8001, and the list by 13534, all by the relay's key",
    async run(relay) {
      const member = await relay.member();
      await relay.call(relay.owner, "unallowpubkey", member.pubkey);
      const mine = await relay.socket(relay.owner);
      for (const kind of [8000, 8001]) {
        const trail = await mine.request({ kinds: [kind], "#p": [member.pubkey] });
        expect(trail).toMatchObject([{ pubkey: relay.self.pubkey }]);
      }
      const list = tagsOf(await mine.request({ kinds: [13534], authors: [relay.self.pubkey] }));
      expect(list).toEqual([relay.self, relay.owner].map(({ pubkey }) => ["member", pubkey]));
    },
  },
  {
    fact: "the owner can leave, is locked out of reading, manages all the same, and is back at a load",
    async run(relay) {
      const socket = await relay.socket(relay.owner);
      expect(await socket.publish(signed(relay.owner, 28936))).toEqual(HANDLED);
      expect(await socket.request({})).toBe("restricted: you are not a member of this relay");
      expect(await relay.members()).toEqual([relay.self.pubkey]);
      await relay.configure({});
      expect(await relay.members()).toEqual([relay.self.pubkey, relay.owner.pubkey]);
    },
  },
  {
    fact: "the same key joining twice at once deletes the whole list, and the trail survives",
    config: { policy: { public_join: true } },
    loss: "identicalReplace",
    async run(relay) {
      const member = await relay.member();
      const twice = Promise.all(
        [0, 1].map(() => relay.call(relay.owner, "allowpubkey", newcomer.pubkey)),
      );
      expect(await twice).toEqual([OK, OK]);
      expect(await relay.members()).toEqual([]);
      expect(await (await relay.socket(member)).request({})).toStartWith("restricted:");
      await relay.call(relay.owner, "allowpubkey", relay.self.pubkey);
      const self = await relay.socket(relay.self);
      const trail = (await self.request({ kinds: [8000] })) as Event[];
      const added = new Set(trail.map(({ tags }) => tags.find(([name]) => name === "p")?.[1]));
      for (const key of [relay.self, relay.owner, member, newcomer]) {
        expect(added.has(key.pubkey)).toBe(true);
      }
    },
  },
  {
    fact: "of those who join at once some are told OK and are not members",
    config: { policy: { public_join: true } },
    loss: "parallelJoins",
    async run(relay) {
      const keys = Array.from({ length: 6 }, newKey);
      const sockets = await Promise.all(keys.map((key) => relay.socket(key)));
      const answers = sockets.map((socket, n) => socket.publish(signed(keys[n]!, 28934)));
      expect(await Promise.all(answers)).toEqual(keys.map(() => HANDLED));
      const members = await relay.members();
      expect(members.length).toBeLessThan(2 + keys.length);
      await relay.call(relay.owner, "allowpubkey", relay.self.pubkey);
      const trail = await (await relay.socket(relay.self)).request({ kinds: [8000] });
      const added = (trail as Event[]).map(({ tags }) => tags.find(([name]) => name === "p")?.[1]);
      for (const { pubkey } of keys) expect(added).toContain(pubkey);
    },
  },
  {
    fact: "with public_join whoever was removed is back at the next look",
    config: { policy: { public_join: true } },
    async run(relay) {
      const member = await relay.member();
      await relay.call(relay.owner, "unallowpubkey", member.pubkey);
      const look = signed(member, 28934, { tags: [["claim", ""]] });
      expect(await (await relay.socket(member)).publish(look)).toEqual(HANDLED);
      expect(await relay.members()).toContain(member.pubkey);
    },
  },
  {
    fact: "an empty claim is a wrong code, and the time of a join is not looked at",
    async run(relay) {
      const stranger = newKey();
      const socket = await relay.socket(stranger);
      const tags = [["claim", ""]];
      const wrong = "invalid: failed to validate invite code";
      expect(await socket.publish(signed(stranger, 28934, { tags, created_at: 1 }))).toEqual([
        false,
        wrong,
      ]);
    },
  },
  {
    fact: "a code that somebody chose is let in and forgotten, and ban lists are refused",
    async run(relay) {
      const socket = await relay.socket(relay.owner);
      const chosen = signed(relay.owner, 28935, { tags: [["claim", "CHOSEN"]] });
      expect(await socket.publish(chosen)).toEqual(HANDLED);
      expect(await socket.request({ ids: [chosen.id] })).toEqual([]);
      const list = signed(relay.owner, 30078, { tags: [["d", "zooid/banned_pubkeys"]] });
      expect(await socket.publish(list)).toEqual([
        false,
        "invalid: this event's kind is not accepted",
      ]);
    },
  },
  {
    fact: "a stranger's call is refused, whatever it asks",
    async run(relay) {
      for (const method of ["supportedmethods", "listallowedpubkeys"]) {
        expect(await relay.call(newKey(), method)).toEqual({
          error: "blocked: only relay admins can manage this relay.",
        });
      }
    },
  },
];

const newcomer = newKey();
const moderator = newKey();
const MODERATORS = { roles: { moderator: { pubkeys: [moderator.pubkey], can_manage: true } } };

const BANS: Case[] = [
  {
    fact: "a banned moderator goes on managing, and is a member again after the next load",
    config: MODERATORS,
    async run(relay) {
      await relay.call(relay.owner, "banpubkey", moderator.pubkey);
      expect(await relay.members()).not.toContain(moderator.pubkey);
      expect(await relay.call(moderator, "listbannedpubkeys")).toHaveProperty("result");
      await relay.configure(MODERATORS);
      expect(await relay.members()).toContain(moderator.pubkey);
    },
  },
  {
    fact: "banning a former moderator locks out whom they let into a room, though the list has them",
    config: MODERATORS,
    async run(relay) {
      const guest = await relay.member();
      const h = await relay.room("private", "closed");
      await (await relay.socket(moderator)).publish(put(moderator, h, guest));
      await (await relay.socket(relay.owner)).publish(say(relay.owner, h));
      const messages = { kinds: [9], "#h": [h] };
      expect(await (await relay.socket(guest)).request(messages)).toHaveLength(1);
      await relay.configure({});
      await relay.call(relay.owner, "banpubkey", moderator.pubkey);
      expect(await (await relay.socket(guest)).request(messages)).toEqual([]);
      const members = tagsOf(await (await relay.socket(relay.owner)).request(about(39002, h)));
      expect(members).toContainEqual(["p", guest.pubkey]);
    },
  },
  {
    fact: "who was banned and let in again still has the room they were in",
    async run(relay) {
      const guest = await relay.member();
      const h = await relay.room("private", "closed");
      const mine = await relay.socket(relay.owner);
      await mine.publish(put(relay.owner, h, guest));
      await relay.call(relay.owner, "banpubkey", guest.pubkey);
      await relay.call(relay.owner, "allowpubkey", guest.pubkey);
      await mine.publish(say(relay.owner, h));
      expect(await (await relay.socket(guest)).request({ kinds: [9], "#h": [h] })).toHaveLength(1);
    },
  },
  {
    fact: "a banned event stays refused",
    async run(relay) {
      const mine = await relay.socket(relay.owner);
      const note = signed(relay.owner, 1);
      await mine.publish(note);
      await relay.call(relay.owner, "banevent", note.id);
      expect(await mine.publish(note)).toEqual([
        false,
        "restricted: this event has been banned from this relay",
      ]);
    },
  },
];

const ROOM_RULES: Case[] = [
  {
    fact: "a room is made once, and made again after it was lost with everybody still in it",
    async run(relay) {
      const guest = await relay.member();
      const h = await relay.room("closed");
      const mine = await relay.socket(relay.owner);
      await mine.publish(put(relay.owner, h, guest));
      const again = () =>
        mine.publish(signed(relay.owner, 9007, { tags: [["h", h], ["closed"]], content: "again" }));
      expect((await again())[0]).toBe(false);
      await relay.call(relay.owner, "banevent", tagsId(await mine.request(about(39000, h))));
      expect(await mine.publish(say(relay.owner, h))).toEqual([false, NOT_FOUND]);
      expect((await again())[0]).toBe(true);
      expect((await (await relay.socket(guest)).publish(say(guest, h)))[0]).toBe(true);
    },
  },
  {
    fact: "an edit replaces all of a room's tags, and copies whatever it says",
    async run(relay) {
      const h = await relay.room("closed");
      const mine = await relay.socket(relay.owner);
      const tags = [
        ["h", h],
        ["name", "New"],
        ["parent", "x"],
      ];
      await mine.publish(signed(relay.owner, 9002, { tags, created_at: nowSeconds() + 1 }));
      expect(tagsOf(await mine.request(about(39000, h)))).toEqual([
        ["d", h],
        ["name", "New"],
        ["parent", "x"],
      ]);
    },
  },
  {
    fact: "a room made and edited within one second has lost its list of managers",
    loss: "identicalReplace",
    async run(relay) {
      const mine = await relay.socket(relay.owner);
      // Both in one second of the clock, whatever second it is.
      while (Date.now() % 1000 > 600) await new Promise((resolve) => setTimeout(resolve, 20));
      const h = await relay.room();
      await mine.publish(
        signed(relay.owner, 9002, {
          tags: [
            ["h", h],
            ["name", "Edited"],
          ],
        }),
      );
      expect(await mine.request(about(39001, h))).toEqual([]);
      expect(await mine.request(about(39000, h))).toHaveLength(1);
    },
  },
  {
    fact: "deleting a room deletes what was said in it, and its id can be used again",
    async run(relay) {
      const h = await relay.room();
      const mine = await relay.socket(relay.owner);
      await mine.publish(say(relay.owner, h));
      expect(await mine.publish(signed(relay.owner, 9008, { tags: [["h", h]] }))).toEqual([
        true,
        "",
      ]);
      for (const kind of [39000, 39001]) expect(await mine.request(about(kind, h))).toEqual([]);
      expect(await mine.publish(say(relay.owner, h))).toEqual([false, NOT_FOUND]);
      expect((await mine.publish(signed(relay.owner, 9007, { tags: [["h", h]] })))[0]).toBe(true);
      expect(await mine.request({ kinds: [9], "#h": [h] })).toEqual([]);
    },
  },
  {
    fact: "an unknown room is refused for every kind, and members may not moderate",
    async run(relay) {
      const member = await relay.member();
      const theirs = await relay.socket(member);
      for (const kind of [1, 9, 9021, 9022, 30023]) {
        const event = signed(member, kind, {
          tags: [
            ["h", "nowhere"],
            ["d", "x"],
          ],
        });
        expect(await theirs.publish(event)).toEqual([false, NOT_FOUND]);
      }
      const h = await relay.room();
      expect(await theirs.publish(put(member, h, member))).toEqual([
        false,
        "restricted: you are not authorized to manage groups",
      ]);
    },
  },
  {
    fact: "who is in a room joins it twice in vain, and who is not cannot leave it",
    async run(relay) {
      const member = await relay.member();
      const h = await relay.room();
      const theirs = await relay.socket(member);
      await theirs.publish(join(member, h));
      const second = signed(member, 9021, { tags: [["h", h]], content: "again" });
      expect(await theirs.publish(second)).toEqual([false, "duplicate: already a member"]);
      await (await relay.socket(relay.owner)).publish(put(relay.owner, h, member, 9001));
    },
  },
  {
    fact: "who is live in a private room is told of it, and nobody else",
    async run(relay) {
      const [inside, outside] = [await relay.member(), await relay.member()];
      const h = await relay.room("private", "closed");
      const mine = await relay.socket(relay.owner);
      await mine.publish(put(relay.owner, h, inside));
      const sockets = [await relay.socket(inside), await relay.socket(outside)];
      for (const socket of sockets) await socket.request({ kinds: [9, 1] }, "live");
      const secret = say(relay.owner, h, "secret");
      const open = signed(relay.owner, 1);
      await mine.publish(secret);
      await mine.publish(open);
      const heard = await Promise.all(sockets.map((socket) => socket.live("live")));
      expect(heard.map(({ id }) => id)).toEqual([secret.id, open.id]);
    },
  },
];

const tagsId = (events: Event[] | string): string => (events as Event[])[0]?.id ?? "";

const READS: Case[] = [
  {
    fact: "a REQ without limit gets everything, and a limit is 1,000 at most",
    isLong: true,
    async run(relay) {
      const mine = await relay.socket(relay.owner);
      for (let n = 0; n < 1_005; n++)
        mine.send([
          "EVENT",
          signed(relay.owner, 1, { content: `${n}`, created_at: 1_700_000_000 + n }),
        ]);
      const last = signed(relay.owner, 1, { content: "last" });
      expect(await mine.publish(last)).toEqual([true, ""]);
      expect(await mine.request({ kinds: [1] })).toHaveLength(1_006);
      expect(await mine.request({ kinds: [1], limit: 5_000 })).toHaveLength(1_000);
      expect(await mine.request({ kinds: [1], limit: 2 })).toHaveLength(2);
    },
  },
  {
    fact: "no kinds are all kinds, and a search is for a part of the text",
    async run(relay) {
      const mine = await relay.socket(relay.owner);
      const note = signed(relay.owner, 1, { content: "the Harbour opens" });
      await mine.publish(note);
      await mine.publish(signed(relay.owner, 1, { content: "something else" }));
      expect(await mine.request({ kinds: [], ids: [note.id] })).toEqual([note]);
      expect(await mine.request({ kinds: [1], search: "arbou" })).toEqual([note]);
    },
  },
  {
    fact: "the same event twice is taken twice",
    async run(relay) {
      const mine = await relay.socket(relay.owner);
      const note = signed(relay.owner, 1);
      for (const _ of [1, 2]) expect(await mine.publish(note)).toEqual([true, ""]);
    },
  },
  {
    fact: "a deletion of what somebody else wrote is refused; one's own goes by address too",
    async run(relay) {
      const member = await relay.member();
      const [mine, theirs] = [await relay.socket(relay.owner), await relay.socket(member)];
      const note = signed(member, 1);
      const article = signed(relay.owner, 30023, { tags: [["d", "x"]] });
      await theirs.publish(note);
      await mine.publish(article);
      expect(await mine.publish(signed(relay.owner, 5, { tags: [["e", note.id]] }))).toEqual([
        false,
        "blocked: you are not the author of this event",
      ]);
      const address = `30023:${relay.owner.pubkey}:x`;
      await mine.publish(signed(relay.owner, 5, { tags: [["a", address]] }));
      expect(await mine.request({ kinds: [1, 30023] })).toEqual([note]);
    },
  },
  {
    fact: "a gift wrap to a member needs no AUTH, by its first p tag alone",
    async run(relay) {
      const open = await relay.socket();
      const wrap = (...to: Key[]) =>
        signed(newKey(), 1059, { tags: to.map(({ pubkey }) => ["p", pubkey]) });
      expect(await open.publish(wrap(relay.owner))).toEqual([true, ""]);
      expect((await open.publish(wrap(newKey(), relay.owner)))[1]).toStartWith("auth-required:");
    },
  },
];

/** A request to Blossom, with a token for it. */
async function blossom(relay: Subject, key: Key, method: string, path: string, body?: string) {
  const tags = [
    ["t", method === "PUT" ? "upload" : method === "DELETE" ? "delete" : "get"],
    ["expiration", String(nowSeconds() + 60)],
    [
      "x",
      createHash("sha256")
        .update(body ?? "")
        .digest("hex"),
    ],
  ];
  const headers = {
    Authorization: token(signed(key, 24242, { tags })),
    "Content-Type": "text/plain",
  };
  return await relay.visit({ method, path, headers, ...(body && { body }) });
}

const MEDIA = { blossom: { enabled: true } };
const HASH = createHash("sha256").update("a file").digest("hex");
const INDEX = { kinds: [24242], "#x": [HASH] };

const BLOBS: Case[] = [
  {
    fact: "without Blossom there is nothing at its paths",
    async run(relay) {
      expect((await blossom(relay, relay.owner, "PUT", "/upload", "a file")).status).toBe(404);
    },
  },
  {
    fact: "a member's file stands in an unsigned index that every member reads",
    config: MEDIA,
    async run(relay) {
      const member = await relay.member();
      const answer = await blossom(relay, member, "PUT", "/upload", "a file");
      expect(answer.status).toBe(200);
      expect(await answer.json()).toMatchObject({ sha256: HASH, size: 6 });
      const [entry] = (await (await relay.socket(relay.owner)).request(INDEX)) as Event[];
      expect(entry?.pubkey).toBe(member.pubkey);
      expect(entry?.tags.slice(0, 3)).toEqual([
        ["x", HASH],
        ["type", expect.any(String)],
        ["size", "6"],
      ]);
      expect(entry?.sig ?? "").toMatch(/^0*$/);
    },
  },
  {
    fact: "strangers neither upload nor download, and whoever asks learns whether a file is there",
    config: MEDIA,
    async run(relay) {
      const stranger = newKey();
      expect((await relay.visit({ method: "PUT", path: "/upload", body: "x" })).status).toBe(401);
      expect((await blossom(relay, stranger, "PUT", "/upload", "a file")).status).toBe(403);
      expect((await relay.visit({ method: "HEAD", path: `/${HASH}` })).status).toBe(404);
      await blossom(relay, relay.owner, "PUT", "/upload", "a file");
      expect((await relay.visit({ method: "HEAD", path: `/${HASH}` })).status).toBe(200);
      expect((await relay.visit({ path: `/${HASH}` })).status).toBe(403);
      expect((await blossom(relay, stranger, "GET", `/${HASH}`)).status).toBe(403);
      expect(await (await blossom(relay, relay.owner, "GET", `/${HASH}`)).text()).toBe("a file");
    },
  },
  {
    fact: "a file of somebody else is deleted by nobody, until its owner is banned: then by anybody",
    config: MEDIA,
    async run(relay) {
      const [author, other] = [await relay.member(), await relay.member()];
      await blossom(relay, author, "PUT", "/upload", "a file");
      const remove = async () => (await blossom(relay, other, "DELETE", `/${HASH}`)).status;
      expect(await remove()).toBe(200);
      const isThere = async () => (await relay.visit({ method: "HEAD", path: `/${HASH}` })).status;
      expect(await isThere()).toBe(200);
      await relay.call(relay.owner, "banpubkey", author.pubkey);
      expect(await remove()).toBe(200);
      expect(await isThere()).toBe(404);
    },
  },
];

/** Asks for a token to a room's call. */
async function callToken(relay: Subject, key: Key, h: string): Promise<[number, string]> {
  const path = `/.well-known/nip29/livekit/${h}`;
  const tags = [
    ["u", `http://${relay.host}${path}`],
    ["method", "GET"],
  ];
  const headers = { Authorization: token(signed(key, 27235, { tags })) };
  const answer = await relay.visit({ path, headers });
  return [answer.status, (await answer.text()).trim()];
}

const CALLS_ON = {
  livekit: { server_url: "ws://127.0.0.1:1", api_key: "key", api_secret: "secret" },
};
/** It was let in: the LiveKit that is named does not exist. */
const LET_IN: [number, string] = [500, "failed to create room"];

const CALLS: Case[] = [
  {
    fact: "calls are off without a key, and on with one, rooms or not",
    async run(relay) {
      const support = async () =>
        (await relay.visit({ path: "/.well-known/nip29/livekit" })).status;
      expect(await support()).toBe(404);
      await relay.configure({ ...CALLS_ON, groups: { enabled: false } });
      expect(await support()).toBe(204);
    },
  },
  {
    fact: "a call is open to every member of the relay unless its room has restricted",
    config: CALLS_ON,
    async run(relay) {
      const member = await relay.member();
      const secret = await relay.room("livekit", "private", "closed", "hidden");
      const kept = await relay.room("livekit", "private", "closed", "restricted");
      expect(await callToken(relay, newKey(), secret)).toEqual([403, "not a member of this relay"]);
      expect(await callToken(relay, member, "nowhere")).toEqual([404, "group not found"]);
      expect(await callToken(relay, member, await relay.room())).toEqual([
        403,
        "livekit not enabled for this group",
      ]);
      expect(await callToken(relay, member, secret)).toEqual(LET_IN);
      expect(await callToken(relay, member, kept)).toEqual([403, "not a group member"]);
      expect(await callToken(relay, relay.owner, kept)).toEqual(LET_IN);
    },
  },
];

export const CASES: Case[] = [
  ...LISTS,
  ...BANS,
  ...ROOM_CASES,
  ...ROOM_RULES,
  ...READS,
  ...BLOBS,
  ...CALLS,
];
