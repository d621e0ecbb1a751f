import { Database } from "bun:sqlite";
import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JournalRow } from "../../db/image.ts";
import { unfolded } from "../../db/patch.ts";
import { type Api, apiClient } from "../../server/sandbox/api.ts";
import { type Sandbox, startSandbox } from "../../server/sandbox/sandbox.ts";
import { worldControl } from "../../server/sandbox/world-control.ts";
import { until } from "./relay-socket.ts";
import { keyOf } from "./sandbox-run.ts";

// Each starts processes, which a busy machine may take seconds for.
setDefaultTimeout(30_000);

const HOUR_SECONDS = 3600;
const DAY_SECONDS = 24 * HOUR_SECONDS;

type House = { sandbox: Sandbox; data: string; api: Api; anyone: Api };
const houses: House[] = [];
async function newHouse(): Promise<House> {
  const data = mkdtempSync(join(tmpdir(), "berth-clock-"));
  const sandbox = await startSandbox({ port: 0, dataDir: data });
  const { url, tenant_nsec } = sandbox.info;
  const api = apiClient(url, keyOf(tenant_nsec));
  const house = { sandbox, data, api, anyone: apiClient(url, null) };
  houses.push(house);
  return house;
}
afterEach(async () => {
  for (const { sandbox, data } of houses.splice(0)) {
    await sandbox.stop();
    rmSync(data, { recursive: true });
  }
});

type Moved = { now: number; complete: boolean; stops: number; open: string[] };
type State = { now: number; ahead_seconds: number; pid: number };
type Relay = { id: string; subdomain: string; status: string; paid_through: number | null };
type Ordered = { relay: Relay; invoice: { id: string; invoice: string } | null };

const advance = ({ anyone }: House, seconds: number) =>
  anyone.post<Moved>("/sandbox/clock", { advance_seconds: seconds });
const state = async ({ anyone }: House) => (await anyone.get<State>("/sandbox")).body;
const order = async ({ api }: House, subdomain: string, plan: string) =>
  (await api.post<Ordered>("/tenant/relays", { name: subdomain, subdomain, plan })).body;
const relayOf = async ({ api }: House, id: string) =>
  (await api.get<Relay>(`/tenant/relays/${id}`)).body;
const isActive = (house: House, id: string) => async () =>
  (await relayOf(house, id)).status === "active";

async function buy(house: House, subdomain: string): Promise<string> {
  const { relay, invoice } = await order(house, subdomain, "basic");
  await house.anyone.post("/sandbox/pay", { bolt11: invoice?.invoice });
  await until(isActive(house, relay.id));
  return relay.id;
}

/** The control interface of a house's world, whose clock nobody else shows. */
function worldOf({ data }: House) {
  const { control } = JSON.parse(readFileSync(join(data, "keys.json"), "utf8"));
  const { ports } = JSON.parse(readFileSync(join(data, "world/world.json"), "utf8"));
  return worldControl(`http://127.0.0.1:${ports.control}`, control);
}

/** How far Berth's clock is from the world's, in seconds; both are asked at the same time. */
async function apart(house: House): Promise<number> {
  const [ours, world] = await Promise.all([state(house), worldOf(house).state()]);
  return Math.abs(ours.now - world.now / 1000);
}

type JournalEntry = { actor: string; event: string; at: number; snapshot: string };
function journal({ data }: House): JournalEntry[] {
  const db = new Database(join(data, "hosting.db"), { readonly: true });
  try {
    const rows = db.query<JournalRow, []>("SELECT * FROM journal ORDER BY rowid").all();
    return unfolded(rows);
  } finally {
    db.close();
  }
}

describe("moving the clock", () => {
  test("38 days are 38 times one day", async () => {
    /** An unpaid relay, a paid one, one given up: all that time alone does to them, and when. */
    async function life(days: number[]) {
      const house = await newHouse();
      const paid = await buy(house, "paid");
      await order(house, "unpaid", "basic");
      const free = await order(house, "free", "free");
      await until(isActive(house, free.relay.id));
      const left = await buy(house, "left");
      await house.api.delete(`/tenant/relays/${left}`);
      const { now: start } = await state(house);
      for (const count of days) {
        const { status, body } = await advance(house, count * DAY_SECONDS);
        expect([status, body.complete, body.open]).toEqual([200, true, []]);
      }
      const { now: end } = await state(house);
      expect(Math.abs(end - start - 38 * DAY_SECONDS)).toBeLessThan(30);
      const late = await order(house, "late", "basic");
      expect(late.relay.status).toBe("pending");

      // Ids are random, and what ends at one instant ends in either order, for one actor too: an
      // effect of its own and what another tells it. So the lives of each kind are compared, whole, by
      // what happened at each instant and where that led. Minutes absorb real time, and adding 0 makes
      // a minus zero one.
      const minutes = (at: number) => Math.round((at / 1000 - start) / 60) + 0;
      type Instant = { events: string[]; value: unknown };
      const lives = new Map<string, Map<number, Instant>>();
      for (const { actor, event, at, snapshot } of journal(house)) {
        const { value } = JSON.parse(snapshot) as { value: unknown };
        const life = lives.get(actor) ?? new Map<number, Instant>();
        const before = life.get(minutes(at))?.events ?? [];
        life.set(minutes(at), { events: [...before, JSON.parse(event).type].sort(), value });
        lives.set(actor, life);
      }
      const shape = [...lives]
        .map(([actor, life]) => [
          actor.split("/")[0] ?? "",
          ...[...life].map(([at, { events, value }]) => JSON.stringify([at, events, value])),
        ])
        .sort((one, other) => (`${one}` < `${other}` ? -1 : 1));
      const listed = async (query: string) =>
        (await house.api.get<{ items: Relay[] }>(`/tenant/relays${query}`)).body.items;
      const all = [...(await listed("")), ...(await listed("?archived=true"))];
      const relays = all.map(({ subdomain, status, paid_through }) => [
        ...[subdomain, status],
        paid_through && minutes(paid_through * 1000),
      ]);
      const { body: invoices } = await house.api.get<{ items: { status: string }[] }>(
        "/tenant/invoices",
      );
      // Nobody paid its renewal: its week of grace ended on day 37.
      expect((await relayOf(house, paid)).status).toBe("suspended");
      return { shape, relays: relays.sort(), invoices: invoices.items.map((i) => i.status).sort() };
    }
    const [atOnce, dayByDay] = await Promise.all([life([38]), life(Array(38).fill(1))]);
    expect(dayByDay).toEqual(atOnce);
    expect(atOnce.relays).toContainEqual(["unpaid", "deactivated", null]);
    expect(atOnce.shape.flat().some((step) => /^\[1440,.*"LAPSED"/.test(step))).toBe(true);
  });

  test("stops at each alarm, and each takes place when it was due", async () => {
    const house = await newHouse();
    const first = await order(house, "first", "basic");
    await advance(house, HOUR_SECONDS);
    const second = await order(house, "second", "basic");
    const { body } = await advance(house, 3 * DAY_SECONDS);
    expect(body.complete).toBe(true);
    // The first instant, an alarm of each invoice, the last instant; more where a bolt11 ends apart.
    expect(body.stops).toBeGreaterThanOrEqual(4);
    const lapsedAt = (id: string) =>
      journal(house).find(
        ({ actor, event }) => actor === `relay/${id}` && JSON.parse(event).type === "LAPSED",
      )?.at ?? 0;
    const apartMs = lapsedAt(second.relay.id) - lapsedAt(first.relay.id);
    expect(apartMs).toBeWithin(HOUR_SECONDS * 1000, HOUR_SECONDS * 1000 + 5000);
    expect((await relayOf(house, second.relay.id)).status).toBe("deactivated");
  });

  test("knows of a payment that was just made before time goes on", async () => {
    const house = await newHouse();
    const { relay, invoice } = await order(house, "just-paid", "basic");
    await house.anyone.post("/sandbox/pay", { bolt11: invoice?.invoice });
    const { now } = await state(house);
    await advance(house, 2 * DAY_SECONDS);
    const { status, paid_through } = await relayOf(house, relay.id);
    expect(status).toBe("active");
    expect(paid_through).toBeWithin(now + 27 * DAY_SECONDS, now + 32 * DAY_SECONDS);
    const { body } = await house.api.get<{ paid_at: number }>(`/tenant/invoices/${invoice?.id}`);
    expect(body.paid_at - now).toBeLessThan(60);
  });

  test("a silent wallet does not stop it, and nothing lapses before the wallet has answered", async () => {
    const house = await newHouse();
    const { relay } = await order(house, "unpaid", "basic");
    await house.anyone.post("/sandbox/faults", { wallet: "silent" });
    const { body } = await advance(house, DAY_SECONDS + HOUR_SECONDS);
    expect(body).toMatchObject({ complete: true, open: [] });
    expect((await relayOf(house, relay.id)).status).toBe("pending");
    await house.anyone.post("/sandbox/faults", { wallet: "ok" });
    await until(async () => (await relayOf(house, relay.id)).status === "deactivated");
  });

  test("two at once: one moves it, the other is told to wait", async () => {
    const house = await newHouse();
    await order(house, "unpaid", "basic");
    const answers = await Promise.all([
      advance(house, DAY_SECONDS),
      advance(house, DAY_SECONDS),
      advance(house, DAY_SECONDS),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    const refused = answers.find(({ status }) => status === 409);
    expect(refused?.body).toMatchObject({ code: "clock_is_moving" });
    expect((await state(house)).ahead_seconds).toBeWithin(DAY_SECONDS - 1, DAY_SECONDS + 30);
    expect((await advance(house, 1)).status).toBe(200);
  });

  test("leaves both clocks at one time, and flowing", async () => {
    const house = await newHouse();
    for (const seconds of [1, 7 * DAY_SECONDS]) {
      const { now: before } = await state(house);
      const { body } = await advance(house, seconds);
      expect(body.complete).toBe(true);
      const { now } = await state(house);
      expect(now - before).toBeWithin(seconds, seconds + 10);
      expect(await apart(house)).toBeLessThan(1.1);
      await until(async () => (await state(house)).now > now);
    }
  });

  test("a Berth that is killed on the way comes back in a time that flows and never went back", async () => {
    const house = await newHouse();
    await order(house, "unpaid", "basic");
    const paid = await buy(house, "paid");
    await house.anyone.post("/sandbox/faults", { zooid: "down" });
    // Applied again and again without an answer: there is always something to be killed at.
    await house.api.put(`/tenant/relays/${paid}`, { description: "still applied" });
    for (const killAfterMs of [0, 5, 20, 60, 120]) {
      const { pid, now: before } = await state(house);
      const moving = advance(house, 3 * DAY_SECONDS).catch(() => null);
      await Bun.sleep(killAfterMs);
      const seen = (await worldOf(house).state()).now;
      process.kill(pid, "SIGKILL");
      // Whoever was answered before the end was answered well.
      expect((await moving)?.status ?? 200).toBe(200);
      const after = await until(() => state(house).catch(() => null));
      expect(after.pid).not.toBe(pid);
      expect(after.now).toBeGreaterThanOrEqual(before);
      expect(after.now).toBeGreaterThanOrEqual(Math.floor(seen / 1000));
      expect(await apart(house)).toBeLessThan(1.1);
      const latest = Math.max(...journal(house).map(({ at }) => at));
      expect(latest / 1000).toBeLessThanOrEqual((await state(house)).now + 1);
    }
    const { now } = await state(house);
    await until(async () => (await state(house)).now > now);
    await house.anyone.post("/sandbox/faults", { zooid: "ok" });
    expect((await advance(house, DAY_SECONDS)).body.complete).toBe(true);
    expect((await relayOf(house, paid)).status).toBe("active");
  });
});
