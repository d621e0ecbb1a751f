import { Database } from "bun:sqlite";
import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { nprofileEncode, npubEncode } from "nostr-tools/nip19";
import { callRelay, eventually, newKey } from "../sandbox/zooid-client.ts";
import { type Fixture, startFixture, type TenantApi } from "./berth-fixture.ts";
import { activeRelay, type Problem } from "./orders.ts";

setDefaultTimeout(30_000);

type Members = {
  items: { pubkey: string; state: string; via: string }[];
  total: number;
  owner: string;
  taken: number;
  limit: number | null;
  waiting: number;
};
type Journal = { items: { act: string; pubkey: string; as: string; reason: string | null }[] };
type Done = { pubkey: string; standing: string };

let fixture: Fixture;
let owner: TenantApi;
let relay: string;
let host: string;
let path: string;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.stop());
beforeEach(async () => {
  owner = fixture.tenant();
  const { id, url } = await activeRelay(owner);
  relay = id;
  host = new URL(url).host;
  path = `/tenant/relays/${relay}`;
});

const members = async () => (await owner.get<Members>(`${path}/members`)).body;
const add = (pubkey: string, reason?: string) =>
  owner.post<Done>(`${path}/members`, { pubkey, ...(reason ? { reason } : {}) });
/** Another client manages the relay, as its owner. */
const elsewhere = (method: string, pubkey: string) =>
  callRelay({ url: fixture.world.zooidUrl }, host, owner.key, method, [pubkey], {
    u: `http://${host}`,
  });
/** Everybody is in zooid's list of whom we list. */
const settled = () =>
  eventually(async () => (await members()).items.every(({ state }) => state === "member"));

test("whoever is let in is a member, each once, however their key is written", async () => {
  const [a, b, c] = [newKey(), newKey(), newKey()];
  expect((await add(a.pubkey)).body).toEqual({ pubkey: a.pubkey, standing: "member" });
  expect((await add(npubEncode(b.pubkey))).body.pubkey).toBe(b.pubkey);
  expect((await add(nprofileEncode({ pubkey: c.pubkey }))).body.pubkey).toBe(c.pubkey);
  expect((await add(a.pubkey.toUpperCase())).body.standing).toBe("member");
  await settled();
  const list = await members();
  expect(list).toMatchObject({ total: 3, owner: owner.key.pubkey, taken: 4, limit: 10 });
  expect(list.items.map(({ pubkey }) => pubkey).sort()).toEqual(
    [a, b, c].map(({ pubkey }) => pubkey).sort(),
  );
  const found = await owner.get<Members>(`${path}/members?q=${a.pubkey.slice(0, 20)}`);
  expect(found.body.items.map(({ pubkey }) => pubkey)).toEqual([a.pubkey]);
});

test("what is no key is refused, naming the field", async () => {
  for (const pubkey of ["zz", "npub1qqqq", "f".repeat(64), newKey().pubkey.slice(1)]) {
    const { status, body } = await owner.post<Problem>(`${path}/members`, { pubkey });
    expect([status, body.code]).toEqual([422, "pubkey_malformed"]);
  }
  expect((await members()).total).toBe(0);
});

test("the plan's seats are the owner's and nine more, however many are added at once", async () => {
  const people = Array.from({ length: 14 }, newKey);
  const answers = await Promise.all(people.map(({ pubkey }) => add(pubkey)));
  const standings = answers.map(({ body }) => body.standing);
  expect(standings.filter((standing) => standing === "member")).toHaveLength(9);
  expect(standings.filter((standing) => standing === "waiting")).toHaveLength(5);
  await settled();
  expect(await members()).toMatchObject({ total: 9, taken: 10, waiting: 5 });
});

test("whoever has waited longest is let in as soon as a seat is free", async () => {
  const people = Array.from({ length: 11 }, newKey);
  for (const { pubkey } of people) await add(pubkey);
  const [first, second] = people.slice(9).map(({ pubkey }) => pubkey) as [string, string];
  const waiting = await owner.get<Members>(`${path}/requests`);
  expect(waiting.body.items.map(({ pubkey }) => pubkey)).toEqual([first, second]);
  const gone = people[0]?.pubkey ?? "";
  expect((await owner.delete<Done>(`${path}/members/${gone}`)).body.standing).toBe("none");
  await eventually(async () => (await members()).waiting === 1);
  const list = (await members()).items.map(({ pubkey }) => pubkey);
  expect([list.includes(first), list.includes(second), list.includes(gone)]).toEqual([
    true,
    false,
    false,
  ]);
  expect((await owner.delete<Done>(`${path}/members/${second}`)).body.standing).toBe("none");
  expect(await members()).toMatchObject({ taken: 10, waiting: 0 });
});

test("a ban takes the seat, keeps them out until it is lifted, and says why to its owner alone", async () => {
  const { pubkey } = newKey();
  await add(pubkey);
  await settled();
  const ban = { pubkey, reason: "spam" };
  expect((await owner.post<Done>(`${path}/bans`, ban)).body.standing).toBe("banned");
  expect((await owner.post<Done>(`${path}/bans`, ban)).body.standing).toBe("banned");
  expect(await members()).toMatchObject({ total: 0, taken: 1 });
  const bans = await owner.get<Journal>(`${path}/bans`);
  expect(bans.body.items).toMatchObject([{ pubkey, reason: "spam" }]);
  const again = await owner.post<Problem>(`${path}/members`, { pubkey });
  expect([again.status, again.body.code]).toEqual([409, "banned_here"]);
  expect((await owner.delete<Done>(`${path}/bans/${pubkey}`)).body.standing).toBe("none");
  expect((await add(pubkey)).body.standing).toBe("member");
  await settled();
  const { items } = (await owner.get<Journal>(`${path}/journal`)).body;
  expect(items.map(({ act }) => act)).toEqual(["added", "unbanned", "banned", "added"]);
  expect(items[2]).toMatchObject({ as: "owner", reason: "spam" });
});

test("the owner of a relay can be neither taken out nor banned", async () => {
  const { pubkey } = owner.key;
  const out = await owner.delete<Problem>(`${path}/members/${pubkey}`);
  const banned = await owner.post<Problem>(`${path}/bans`, { pubkey });
  for (const { status, body } of [out, banned])
    expect([status, body.code]).toEqual([409, "owner_stays"]);
});

test("nobody comes or goes while the relay does not run", async () => {
  await owner.delete(`/tenant/relays/${relay}`);
  await eventually(async () => (await add(newKey().pubkey)).status === 409);
  const { body } = await owner.post<Problem>(`${path}/members`, { pubkey: newKey().pubkey });
  expect(body.code).toBe("relay_not_running");
});

test("while zooid is down people are let in all the same, and it is told when it is back", async () => {
  const { pubkey } = newKey();
  await fixture.world.setFaults({ zooid: "down" });
  expect((await add(pubkey)).body.standing).toBe("member");
  expect((await members()).items).toMatchObject([{ pubkey, state: "joining" }]);
  await fixture.world.setFaults({ zooid: "ok" });
  await settled();
});

test("whom another client lets in, and whom zooid lost, are found and counted", async () => {
  const people = Array.from({ length: 3 }, newKey);
  for (const { pubkey } of people) await add(pubkey);
  await settled();
  const { keeper } = fixture.berth;
  const never = new AbortController().signal;
  const stranger = newKey();
  await elsewhere("allowpubkey", stranger.pubkey);
  await keeper.look(relay, never);
  await eventually(async () => (await members()).total === 4);
  expect((await members()).items.find(({ pubkey }) => pubkey === stranger.pubkey)?.via).toBe(
    "elsewhere",
  );
  const { items } = (await owner.get<Journal>(`${path}/journal`)).body;
  expect(items[0]).toMatchObject({ act: "joined", as: "elsewhere", pubkey: stranger.pubkey });
});

test("with every loss of zooid's at once, the list is exactly right after one look", async () => {
  const { zooid } = fixture.world;
  const people = Array.from({ length: 4 }, newKey).map(({ pubkey }) => pubkey);
  for (const pubkey of people) await add(pubkey);
  await settled();
  zooid.setLosses({ identicalReplace: true, parallelJoins: true });
  const strangers = Array.from({ length: 3 }, newKey).map(({ pubkey }) => pubkey);
  // Two clicks on each, all at the same moment: the list is gone, and with it the owner.
  await Promise.all([...strangers, ...strangers].map((key) => elsewhere("allowpubkey", key)));
  zooid.setLosses({ identicalReplace: false, parallelJoins: false });
  await fixture.berth.keeper.look(relay, new AbortController().signal);
  await eventually(async () => (await members()).total === 7);
  const listed = (await members()).items.map(({ pubkey }) => pubkey).sort();
  expect(listed).toEqual([...people, ...strangers].sort());
  expect(await members()).toMatchObject({ taken: 8, waiting: 0 });
  const inZooid = (await (
    await callRelay({ url: fixture.world.zooidUrl }, host, owner.key, "listallowedpubkeys", [], {
      u: `http://${host}`,
    })
  ).json()) as { result: { pubkey: string }[] };
  const everybody = inZooid.result.map(({ pubkey }) => pubkey);
  for (const pubkey of [owner.key.pubkey, ...listed]) expect(everybody).toContain(pubkey);
  const { items } = (await owner.get<Journal>(`${path}/journal`)).body;
  expect(items.some(({ act, as }) => act === "restored" && as === "platform")).toBe(true);
});

test("a relay of before gets its community at the next start", async () => {
  await fixture.restart(() => {
    const database = new Database(fixture.databasePath);
    for (const table of ["actors", "journal", "alarms", "outbox"]) {
      const column = table === "actors" ? "id" : "actor";
      database.run(`DELETE FROM ${table} WHERE ${column} = ?`, [`community/${relay}`]);
    }
    database.close();
  });
  expect(await members()).toMatchObject({ total: 0, taken: 1, limit: 10 });
  expect((await add(newKey().pubkey)).body.standing).toBe("member");
  await settled();
});
