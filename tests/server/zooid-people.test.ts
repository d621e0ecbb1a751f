import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Refused } from "../../server/errors.ts";
import { startZooid, type Zooid } from "../../server/sandbox/zooid/zooid.ts";
import { createExchange, NoAnswer } from "../../server/zooid/http.ts";
import { createRelayHosts } from "../../server/zooid/nip11.ts";
import { type OwnRelay, RelayTrouble } from "../../server/zooid/people/calls.ts";
import { createPeopleClient, type PeopleClient } from "../../server/zooid/people/people.ts";
import { connectAs } from "../../server/zooid/people/socket.ts";
import { Pulse } from "../../server/zooid/pulse.ts";
import {
  callRelay,
  eventually,
  informationOf,
  manage,
  newKey,
  signed,
} from "../sandbox/zooid-client.ts";
import { RelaySocket } from "../sandbox/zooid-socket.ts";

const admin = newKey();
const owner = newKey();
const self = newKey();
const never = new AbortController().signal;
const HOST = "frogs.test";
const relay: OwnRelay = {
  id: "r1",
  host: HOST,
  secretKey: self.secret,
  owner: owner.pubkey,
};
let zooid: Zooid;
let people: PeopleClient;
let sent: number;

const newKeys = (count: number): string[] =>
  Array.from({ length: count }, () => newKey().pubkey).sort();

beforeEach(async () => {
  zooid = await startZooid({ whitelist: [admin.pubkey], liveDelayMs: 1 });
  sent = 0;
  const ask = createExchange({ fetch, timeoutMs: 2_000, maxAnswerBytes: 4_000_000 });
  const exchange: typeof ask = (...request) => {
    sent++;
    return ask(...request);
  };
  const relayUrl = `${zooid.url}/`;
  const hosts = createRelayHosts(relayUrl, exchange, new Pulse(Date.now));
  people = createPeopleClient({ relayUrl, exchange, hosts, connect: connectAs(relayUrl) });
  await manage(zooid, admin, "POST", "/relay/a", {
    host: HOST,
    schema: "frogs",
    secret: self.secretHex,
    info: { name: "Frogs", pubkey: owner.pubkey },
    management: { enabled: true },
    policy: { public_join: true },
  });
  await eventually(async () => (await informationOf(zooid, HOST)) !== null);
});
afterEach(() => zooid.stop());

/** Another client manages it, as the owner. */
const elsewhere = (method: string, pubkey: string) =>
  callRelay(zooid, HOST, owner, method, [pubkey]);

describe("the people of a relay", () => {
  test("a list has everybody but the relay's own key", async () => {
    expect(await people.list(relay, never)).toEqual({ members: [owner.pubkey], banned: [] });
  });

  test("whoever is let in is a member, each once", async () => {
    const [a, b] = newKeys(2) as [string, string];
    const { members, lost } = await people.allow(relay, [a, b, a, owner.pubkey], never);
    expect(members).toEqual([owner.pubkey, a, b]);
    expect(lost).toEqual([]);
    const before = sent;
    await people.allow(relay, [a, b], never);
    // Two lists, and nothing that could delete itself.
    expect(sent - before).toBe(2);
  });

  test("whoever is taken out, banned and un-banned is so, as the list then says", async () => {
    const [a, b] = newKeys(2) as [string, string];
    await people.allow(relay, [a, b], never);
    expect((await people.unallow(relay, a, never)).members).toEqual([owner.pubkey, b]);
    expect(await people.ban(relay, b, "spam", never)).toEqual({
      members: [owner.pubkey],
      banned: [b],
    });
    expect(await people.unban(relay, b, never)).toEqual({ members: [owner.pubkey], banned: [] });
    expect((await people.allow(relay, [b], never)).members).toContain(b);
  });

  test("whoever is banned and let in is banned no more", async () => {
    const [a] = newKeys(1) as [string];
    await people.ban(relay, a, "", never);
    expect(await people.allow(relay, [a], never)).toMatchObject({
      members: [owner.pubkey, a],
      banned: [],
    });
  });

  test("the trail says who came and who went, across pages", async () => {
    const [a, b] = newKeys(2) as [string, string];
    await people.allow(relay, [a, b], never);
    await eventually(() => Date.now() % 1000 < 100);
    await people.unallow(relay, a, never);
    const words = await people.trail(relay, 0, never);
    expect(words.get(b)).toMatchObject({ is: "added", since: expect.any(Number) });
    expect(words.get(owner.pubkey)?.is).toBe("added");
    expect(words.get(a)).toMatchObject({ is: "removed", since: null });
  });
});

describe("what goes wrong", () => {
  test("a relay that is not served is its own trouble", async () => {
    const elsewhereRelay = { ...relay, host: "nobody.test" };
    const failure = await people.list(elsewhereRelay, never).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "relay_not_served" });
    expect(failure).toBeInstanceOf(RelayTrouble);
  });

  test("a relay that lets us not in says so to the operator", async () => {
    const stranger = { ...relay, secretKey: newKey().secret };
    const failure = await people.list(stranger, never).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: "relay_lets_us_not_in",
      said: "blocked: only relay admins can manage this relay.",
    });
  });

  test("a zooid that is down is down for all", async () => {
    zooid.setMode("down");
    await expect(people.list(relay, never)).rejects.toBeInstanceOf(NoAnswer);
  });
});

/** What its callers may come to hold, and zooid or a community comes to harm by. */
const HOSTILE_KEYS: string[] = [
  ...["", "zz", "null", "0", "f".repeat(64), "0".repeat(64), "A".repeat(64), "g".repeat(64)],
  ...["npub1qqqq", newKey().pubkey.toUpperCase(), `${newKey().pubkey} `, `${newKey().pubkey}00`],
  ...[newKey().pubkey.slice(1), `\0${newKey().pubkey.slice(1)}`, `${newKey().pubkey}\n`],
];
const HOSTILE_REASONS = ["\0", "a\nb", "\u0085", "\ud800", "x".repeat(301), "x".repeat(100_000)];

describe("hostile input", () => {
  const refused = async (act: () => Promise<unknown>) => {
    await expect(act()).rejects.toBeInstanceOf(Refused);
    expect(sent).toBe(0);
  };

  test("what is no public key never leaves", async () => {
    for (const key of HOSTILE_KEYS) {
      await refused(() => people.ban(relay, key, "", never));
    }
  });

  test("a reason that could do harm never leaves", async () => {
    for (const reason of HOSTILE_REASONS) {
      await refused(() => people.ban(relay, newKey().pubkey, reason, never));
    }
  });

  test("neither the owner nor the relay's own key can be banned", async () => {
    for (const { pubkey } of [owner, self]) {
      await refused(() => people.ban(relay, pubkey, "", never));
    }
  });

  test("nothing random leaves unless it is a key on the curve and a short plain text", async () => {
    const key = fc.oneof(
      fc.string({ unit: "binary", maxLength: 80 }),
      fc.string({
        unit: fc.constantFrom(..."0123456789abcdefABCDEFgx"),
        minLength: 60,
        maxLength: 66,
      }),
      fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: 64, maxLength: 64 }),
    );
    const reason = fc.string({ unit: "binary", maxLength: 400 });
    await fc.assert(
      fc.asyncProperty(key, reason, async (pubkey, why) => {
        const before = sent;
        const failure = await people.ban(relay, pubkey, why, never).catch((error) => error);
        if (failure instanceof Refused) return sent === before;
        return /^[0-9a-f]{64}$/.test(pubkey) && why.length <= 300 && !/[\p{Cc}\p{Cs}]/u.test(why);
      }),
      { numRuns: 200 },
    );
    expect(zooid.crashed).toBeNull();
    expect((await people.list(relay, never)).members).toEqual([owner.pubkey]);
  });
});

describe("what zooid lost comes back", () => {
  test("people who were told OK and were not taken are members after one comparison", async () => {
    zooid.setLosses({ parallelJoins: true });
    const keys = Array.from({ length: 12 }, newKey);
    const sockets = await Promise.all(keys.map((key) => RelaySocket.as(key, zooid, HOST)));
    await Promise.all(sockets.map((socket, n) => socket.publish(signed(keys[n]!, 28934))));
    expect((await people.list(relay, never)).members.length).toBeLessThan(13);
    zooid.setLosses({ parallelJoins: false });
    const { members, added, isTrusted } = await people.reconcile(relay, [], never);
    const expected = [owner, ...keys].map(({ pubkey }) => pubkey).sort();
    expect(members.map(({ pubkey }) => pubkey).sort()).toEqual(expected);
    expect(added.length).toBeGreaterThan(0);
    expect(isTrusted).toBe(true);
    for (const socket of sockets) socket.close();
  });

  test("a list that a double click deleted is rebuilt from its trail", async () => {
    const keys = newKeys(5);
    await people.allow(relay, keys, never);
    zooid.setLosses({ identicalReplace: true });
    const newcomer = newKey().pubkey;
    await Promise.all([elsewhere("allowpubkey", newcomer), elsewhere("allowpubkey", newcomer)]);
    expect(await people.list(relay, never)).toEqual({ members: [], banned: [] });
    const { members } = await people.reconcile(relay, [], never);
    expect(members.map(({ pubkey }) => pubkey).sort()).toEqual(
      [owner.pubkey, newcomer, ...keys].sort(),
    );
  });

  test("a wiped zooid gets its members back from the mirror, and whoever left stays away", async () => {
    const [a, b, c] = newKeys(3) as [string, string, string];
    await people.allow(relay, [c], never);
    await people.ban(relay, b, "", never);
    await eventually(() => Date.now() % 1000 < 100);
    await elsewhere("unallowpubkey", c);
    // a is known to the mirror alone.
    const { members, added } = await people.reconcile(relay, [owner.pubkey, a, b, c], never);
    expect(members.map(({ pubkey }) => pubkey).sort()).toEqual([owner.pubkey, a].sort());
    expect(added).toEqual([a]);
  });

  test("a list that is right is only read", async () => {
    await people.allow(relay, newKeys(3), never);
    const { members } = await people.list(relay, never);
    expect(await people.reconcile(relay, members, never)).toMatchObject({
      added: [],
      removed: [],
      isTrusted: true,
    });
  });
});
