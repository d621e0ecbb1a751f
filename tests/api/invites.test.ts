import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { eventually, newKey } from "../sandbox/zooid-client.ts";
import { type Fixture, startFixture, type TenantApi } from "./berth-fixture.ts";
import { activeRelay, DAY_MS, type Problem } from "./orders.ts";

setDefaultTimeout(30_000);

type Invite = { id: string; url: string; uses: number; state: string };
type Members = { items: { pubkey: string; via: string }[]; taken: number; waiting: number };
type Done = { standing: string };

let fixture: Fixture;
let owner: TenantApi;
let path: string;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.stop());
beforeEach(async () => {
  owner = fixture.tenant();
  path = `/tenant/relays/${(await activeRelay(owner)).id}`;
});

async function link(wish: object = {}): Promise<Invite & { join: string }> {
  const { status, body } = await owner.post<Invite>(`${path}/invites`, {
    label: "Friends",
    ...wish,
  });
  expect(status).toBe(201);
  return { ...body, join: new URL(body.url).pathname };
}
const members = async () => (await owner.get<Members>(`${path}/members`)).body;
const invites = async () => (await owner.get<{ items: Invite[] }>(`${path}/invites`)).body.items;
const come = (join: string, key = newKey()) => fixture.tenant(key).post<Done & Problem>(join);

test("a stranger sees what a link leads to, joins with their key, and becomes no tenant", async () => {
  const { join, url } = await link();
  expect(url).toMatch(/\/join\/[A-Za-z0-9_-]{32}$/);
  const seen = await fixture.anonymous.get<{ name: string; state: string }>(join);
  expect(seen.body).toMatchObject({ name: "Harbour", state: "open" });
  expect(JSON.stringify(seen.body)).not.toContain(owner.key.pubkey);
  const guest = newKey();
  expect((await come(join, guest)).body).toEqual({ standing: "member" } as never);
  expect((await come(join, guest)).body.standing).toBe("member");
  expect((await invites())[0]).toMatchObject({ uses: 1, url });
  expect((await members()).items).toMatchObject([{ pubkey: guest.pubkey, via: "invite" }]);
  expect(fixture.rows("SELECT * FROM tenants WHERE pubkey = ?", guest.pubkey)).toEqual([]);
});

test("nobody joins unsigned, and the token is nowhere to be read", async () => {
  const { join } = await link();
  const unsigned = await fixture.anonymous.post<Problem>(join);
  expect([unsigned.status, unsigned.body.code]).toEqual([401, "auth_missing"]);
  const token = join.split("/").at(-1) ?? "";
  for (const table of ["invites", "journal", "community_journal", "errands", "members", "outbox"])
    expect(JSON.stringify(fixture.rows(`SELECT * FROM ${table}`))).not.toContain(token);
});

test("a link lets in as many as it may, and until it expires; whoever is in stays in", async () => {
  const { join } = await link({ max_uses: 2 });
  const answers = await Promise.all([come(join), come(join), come(join)]);
  const codes = answers.map(({ body }) => body.standing ?? body.code).sort();
  expect(codes).toEqual(["invite_used_up", "member", "member"]);
  const soon = Math.floor(fixture.clock.now() / 1000) + 3_600;
  const brief = await link({ expires_at: soon });
  const guest = newKey();
  expect((await come(brief.join, guest)).body.standing).toBe("member");
  await fixture.advance(DAY_MS);
  expect((await come(brief.join)).body.code).toBe("invite_expired");
  expect((await come(brief.join, guest)).body.standing).toBe("member");
  const past = await owner.post<Problem>(`${path}/invites`, { label: "Late", expires_at: soon });
  expect([past.status, past.body.code]).toEqual([422, "invite_past"]);
});

test("the eleventh person waits, is let in when there is room, and a place given up costs no use", async () => {
  const { join } = await link();
  const people = Array.from({ length: 11 }, newKey);
  for (const key of people) await come(join, key);
  expect(await members()).toMatchObject({ taken: 10, waiting: 2 });
  expect((await fixture.anonymous.get<{ state: string }>(join)).body.state).toBe("full");
  await owner.delete(`${path}/members/${people[10]?.pubkey}`);
  expect((await invites())[0]?.uses).toBe(10);
  await owner.delete(`${path}/members/${people[0]?.pubkey}`);
  await eventually(async () => (await members()).waiting === 0);
  const list = await members();
  expect(list.items.find(({ pubkey }) => pubkey === people[9]?.pubkey)?.via).toBe("invite");
});

test("a revoked link leads nowhere, and whoever waits by it does so no more", async () => {
  const { join, id } = await link();
  for (let n = 0; n < 10; n++) await come(join);
  expect((await members()).waiting).toBe(1);
  expect((await owner.delete(`${path}/invites/${id}`)).status).toBe(200);
  expect((await owner.delete(`${path}/invites/${id}`)).status).toBe(200);
  expect(await members()).toMatchObject({ taken: 10, waiting: 0 });
  expect((await fixture.anonymous.get<Problem>(join)).body.code).toBe("invite_not_found");
  expect((await come(join)).body.code).toBe("invite_not_found");
  expect(await invites()).toEqual([]);
});

test("whoever is banned is refused, and a relay that does not run lets nobody in", async () => {
  const { join } = await link();
  const crank = newKey();
  await owner.post(`${path}/bans`, { pubkey: crank.pubkey });
  const { status, body } = await come(join, crank);
  expect([status, body.code]).toEqual([403, "banned_here"]);
  await owner.delete(path);
  await eventually(async () => (await come(join)).body.code === "community_closed");
  expect((await fixture.anonymous.get<{ state: string }>(join)).body.state).toBe("closed");
});
