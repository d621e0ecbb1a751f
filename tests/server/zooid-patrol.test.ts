import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { generateSecretKey, getPublicKey } from "nostr-tools/pure";
import { bytesToHex, hexToBytes } from "nostr-tools/utils";
import { signHttpAuth } from "../../server/nostr/keys.ts";
import { startZooid, type Zooid } from "../../server/sandbox/zooid/zooid.ts";
import { createZooid, type ZooidClient } from "../../server/zooid/client.ts";
import {
  type Beat,
  batchOf,
  createPatrol,
  type Patrol,
  type PatrolOptions,
} from "../../server/zooid/patrol.ts";
import { Pulse } from "../../server/zooid/pulse.ts";
import type { RelayInfo, VirtualRelay } from "../../server/zooid/virtual-relay.ts";

const secretKey = generateSecretKey();
const ownerKey = generateSecretKey();
const never = new AbortController().signal;
let zooid: Zooid;
let client: ZooidClient;
let pulse: Pulse;
/** What each is to be, by id in order. */
let relays: Map<string, VirtualRelay>;
let looked: string[];
let drifted: string[];
let news: { id: string; info: RelayInfo; over: RelayInfo }[];
let patrols: Patrol[];

beforeEach(() => start({}));
afterEach(async () => {
  await Promise.all(patrols.map((patrol) => patrol.stop()));
  await zooid.stop();
});

async function start(options: { liveDelayMs?: number }): Promise<void> {
  zooid = await startZooid({ whitelist: [getPublicKey(secretKey)], ...options });
  [relays, looked, drifted, news, patrols] = [new Map(), [], [], [], []];
  pulse = new Pulse(Date.now);
  const counting = async (input: string | URL | Request, init?: RequestInit) => {
    const host = new Headers(init?.headers).get("host") ?? "";
    if (init?.method === "GET" && host.endsWith(zooid.relayDomain)) looked.push(host);
    return await fetch(input, init);
  };
  client = createZooid({
    ...{ apiUrl: zooid.url, relayUrl: zooid.url, secretKey, pulse },
    ...{ timeoutMs: 500, settleMs: 20 },
    fetch: Object.assign(counting, { preconnect: fetch.preconnect }),
  });
}

function newRelay(changed: Partial<VirtualRelay> = {}): VirtualRelay {
  const name = `frogs${relays.size}`;
  const relay: VirtualRelay = {
    id: `r${relays.size.toString(16).padStart(24, "0")}`,
    host: `${name}.${zooid.relayDomain}`,
    schema: name,
    secret: bytesToHex(generateSecretKey()),
    owner: getPublicKey(ownerKey),
    ...{ name, description: "", icon: "" },
    blossom: false,
    livekit: null,
    presence: "live",
    ...changed,
  };
  relays.set(relay.id, relay);
  return relay;
}

async function create(count: number, changed: Partial<VirtualRelay> = {}) {
  const made: VirtualRelay[] = [];
  for (let i = 0; i < count; i++) {
    const relay = newRelay(changed);
    await client.apply(relay, null, never);
    made.push(relay);
  }
  looked.length = 0;
  return made;
}

/** Behind our back. */
async function write(relay: VirtualRelay | undefined, changed: Partial<VirtualRelay>) {
  if (!relay) throw new Error("no such relay");
  const { host, presence, blossom } = { ...relay, ...changed };
  await client.apply({ ...relay, ...changed }, null, never);
  const deadline = Date.now() + 2_000;
  while (presence === "live") {
    // Words alone do not show that zooid has loaded it.
    const shown = await client.look(host, never);
    if (typeof shown === "object" && shown.supports.has("BUD-01") === blossom) break;
    if (Date.now() > deadline) throw new Error("it was never loaded");
  }
  looked.length = 0;
}
const lose = (relay: VirtualRelay | undefined) => write(relay, { presence: "absent" });

/** Over NIP-86, as the owner's client does. */
async function rename(relay: VirtualRelay | undefined, name: string): Promise<void> {
  const { host = "" } = relay ?? {};
  const url = `http://${host}`;
  const body = JSON.stringify({ method: "changerelayname", params: [name] });
  await fetch(zooid.url, {
    ...{ method: "POST", body },
    headers: {
      ...{ host, "content-type": "application/nostr+json+rpc" },
      authorization: signHttpAuth(ownerKey, { url, method: "POST", body }),
    },
  });
  const deadline = Date.now() + 2_000;
  for (;;) {
    const shown = await client.look(host, never);
    if (shown === "odd" || (shown !== "nothing" && shown.info.name === name)) break;
    if (Date.now() > deadline) throw new Error("it was never renamed");
  }
  looked.length = 0;
}

const beat = (isIn: (relay: VirtualRelay) => boolean): Beat => {
  const all = () => [...relays.values()].filter(isIn);
  return {
    after: async (id, limit) =>
      all()
        .filter((relay) => relay.id > id)
        .slice(0, limit),
    count: async () => all().length,
  };
};

function patrolOf(options: Partial<PatrolOptions> = {}): Patrol {
  const patrol = createPatrol({
    zooid: client,
    pulse,
    served: beat(({ presence }) => presence === "live"),
    dark: beat(({ presence }) => presence !== "live"),
    async wanted(id) {
      const relay = relays.get(id);
      if (!relay) return null;
      const { presence, owner, blossom, name, description, icon, secret } = relay;
      const self = getPublicKey(hexToBytes(secret));
      return { presence, owner, blossom, self, words: { name, description, icon } };
    },
    onDrift: (id) => drifted.push(id),
    onNews: (id, info, over) => news.push({ id, info, over }),
    recheckMs: 20,
    ...options,
  });
  patrols.push(patrol);
  return patrol;
}

const ids = (some: VirtualRelay[]) => some.map(({ id }) => id);

describe("how many the patrol looks at", () => {
  const seconds = (count: number, within: "minute" | "hour") =>
    (count / batchOf(count, 5_000, within)) * 5;

  test("brings it to each within a minute, in a fleet of up to 1,000", () => {
    for (const count of [1, 2, 12, 13, 100, 999, 1_000])
      expect(seconds(count, "minute")).toBeLessThanOrEqual(60);
  });

  test("brings it to each within an hour in any, and to what must not be served", () => {
    for (const count of [1_001, 10_000, 100_000, 1_000_000])
      for (const within of ["minute", "hour"] as const)
        expect(seconds(count, within)).toBeLessThanOrEqual(3_600);
  });

  test("does not grow faster than the fleet", () => {
    expect(batchOf(100_000, 5_000, "minute")).toBeLessThan(200);
    expect(batchOf(0, 5_000, "minute")).toBe(0);
  });
});

describe("the patrol", () => {
  test("reports nothing while zooid serves what it should", async () => {
    await create(3);
    await create(2, { presence: "inactive" });
    await patrolOf().round(never);
    expect([drifted, news]).toEqual([[], []]);
    expect(looked).toHaveLength(5);
    expect([...pulse.troubled]).toEqual([]);
  });

  test("comes to everyone in turn", async () => {
    const hosts = (await create(5)).map(({ host }) => host);
    const patrol = patrolOf({ intervalMs: 20_000 });
    await patrol.tick(never);
    expect(looked.sort()).toEqual(hosts.slice(0, 3));
    await patrol.tick(never);
    expect(looked.sort()).toEqual(hosts);
    await patrol.tick(never);
    expect(looked).toHaveLength(8);
  });

  test("finds everything that a wiped zooid lost as soon as it finds one", async () => {
    const all = await create(12);
    zooid.wipe();
    await patrolOf().tick(never);
    expect([...new Set(drifted)].sort()).toEqual(ids(all));
    expect(pulse.troubleOf(all[3]?.id ?? "", true)).toMatchObject({ code: "zooid_not_live" });
  });

  test("reports only what is missing", async () => {
    const all = await create(6);
    await lose(all[1]);
    await lose(all[4]);
    await patrolOf().round(never);
    expect(drifted.sort()).toEqual(ids(all).filter((_, n) => n === 1 || n === 4));
  });

  test("finds what came back with an old backup, all of it as soon as one", async () => {
    const dark = await create(4, { presence: "inactive" });
    await create(1);
    for (const relay of dark) await write(relay, { presence: "live" });
    await patrolOf().tick(never);
    expect([...new Set(drifted)].sort()).toEqual(ids(dark));
  });

  test("lets another relay have the host of one that is gone", async () => {
    const [gone] = await create(1, { presence: "absent" });
    await client.apply(newRelay({ host: gone?.host ?? "" }), null, never);
    await patrolOf().round(never);
    expect(drifted).toEqual([]);
  });

  test.each([
    ["another owner", { owner: getPublicKey(generateSecretKey()) }],
    ["files that the plan lacks", { blossom: true }],
  ])("finds that zooid has %s", async (_, changed) => {
    const [relay] = await create(1);
    await write(relay, changed);
    const patrol = patrolOf();
    await patrol.round(never);
    expect(drifted).toEqual(ids([...relays.values()]));
    // What writing it does not change is not written again and again.
    await patrol.round(never);
    expect(drifted).toHaveLength(1);
    await write(relay, {});
    await patrol.round(never);
    await write(relay, changed);
    await patrol.round(never);
    expect(drifted).toHaveLength(2);
  });

  test("brings what the owner changed, and what it was", async () => {
    const [relay] = await create(2);
    await rename(relay, "Lake");
    await patrolOf().round(never);
    const over = { name: "frogs0", description: "", icon: "" };
    expect(news).toEqual([{ id: relay?.id ?? "", info: { ...over, name: "Lake" }, over }]);
    expect(drifted).toEqual([]);
  });

  test.each([
    ["cannot be kept as they are", "La\u0007ke"],
    ["nobody can read, and goes on", "x".repeat(100_000)],
  ])("has words written again that %s", async (_, name) => {
    const all = await create(3);
    await rename(all[0], name);
    await lose(all[2]);
    await patrolOf().round(never);
    expect(drifted).toEqual(ids(all).filter((__, n) => n !== 1));
    expect(news).toEqual([]);
  });

  test("leaves alone what is being applied", async () => {
    const all = await create(2);
    zooid.wipe();
    await patrolOf({ wanted: async () => null }).round(never);
    expect(drifted).toEqual([]);
    expect(all).toHaveLength(2);
  });

  test("comes to those whose owners look, wherever it is", async () => {
    const all = await create(40);
    const watched = all.slice(37);
    await patrolOf({ intervalMs: 1_000, watched: async () => watched }).tick(never);
    for (const { host } of watched) expect(looked).toContain(host);
  });

  test("takes no 404 for a loss that is gone when it looks again", async () => {
    await zooid.stop();
    await start({ liveDelayMs: 150 });
    const relay = newRelay();
    const creating = client.apply(relay, null, never);
    const patrol = patrolOf({ recheckMs: 400 });
    while (zooid.relays().length === 0) await Bun.sleep(2);
    expect(await client.look(relay.host, never)).toBe("nothing");
    await patrol.tick(never);
    await creating;
    expect(drifted).toEqual([]);
  });

  test("takes an unreachable zooid for no loss at all, and says that it is unreachable", async () => {
    const all = await create(3);
    zooid.wipe();
    zooid.setMode("down");
    await patrolOf().tick(never);
    expect(drifted).toEqual([]);
    expect(pulse.troubleOf(all[0]?.id ?? "", true)).toMatchObject({ code: "zooid_down" });
    zooid.setMode("ok");
    await patrolOf().tick(never);
    expect([...new Set(drifted)].sort()).toEqual(ids(all));
    expect(pulse.outage()?.code).not.toBe("zooid_down");
  });

  test("sees an unreachable zooid although there is no relay to look at", async () => {
    zooid.setMode("down");
    await patrolOf().tick(never);
    expect(pulse.trouble()).toMatchObject({ code: "zooid_down" });
  });

  test("asks whether zooid's API lets us in", async () => {
    await patrolOf().tick(never);
    expect(pulse.trouble()).toBeNull();
    const stranger = createZooid({
      ...{ apiUrl: zooid.url, relayUrl: zooid.url, pulse },
      secretKey: generateSecretKey(),
    });
    await patrolOf({ zooid: stranger }).tick(never);
    expect(pulse.trouble()).toMatchObject({ code: "zooid_forbidden" });
  });

  test("has one tick at a time", async () => {
    await create(3);
    const patrol = patrolOf({ intervalMs: 60_000 });
    const first = patrol.tick(never);
    expect(patrol.tick(never)).toBe(first);
    await first;
    expect(looked).toHaveLength(3);
    const second = patrol.tick(never);
    expect(second).not.toBe(first);
    await second;
  });

  test("goes by itself once started, until it is stopped", async () => {
    const all = await create(2);
    const patrol = patrolOf({ intervalMs: 10, recheckMs: 1 });
    patrol.start();
    patrol.start();
    await lose(all[1]);
    const deadline = Date.now() + 2_000;
    while (drifted.length === 0 && Date.now() < deadline) await Bun.sleep(5);
    await patrol.stop();
    expect([...new Set(drifted)]).toEqual([String(all[1]?.id)]);
    const before = looked.length;
    await Bun.sleep(50);
    expect(looked.length).toBe(before);
  });

  test("tells of what is no outage, and goes on", async () => {
    const errors: unknown[] = [];
    const broken = new Error("the database is closed");
    const patrol = patrolOf({
      served: {
        after: async () => [],
        count() {
          throw broken;
        },
      },
      intervalMs: 5,
      onError: (error) => errors.push(error),
    });
    patrol.start();
    const deadline = Date.now() + 2_000;
    while (errors.length < 2 && Date.now() < deadline) await Bun.sleep(5);
    expect(errors.slice(0, 2)).toEqual([broken, broken]);
  });
});
