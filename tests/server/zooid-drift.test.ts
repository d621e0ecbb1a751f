import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { generateSecretKey, getPublicKey } from "nostr-tools/pure";
import { bytesToHex } from "nostr-tools/utils";
import { startZooid, type Zooid } from "../../server/sandbox/zooid/zooid.ts";
import { createZooid, type ZooidClient } from "../../server/zooid/client.ts";
import { createPatrol, type Patrol } from "../../server/zooid/drift.ts";
import type { VirtualRelay } from "../../server/zooid/virtual-relay.ts";

const secretKey = generateSecretKey();
const never = new AbortController().signal;
let zooid: Zooid;
let client: ZooidClient;
let relays: VirtualRelay[];
let probed: string[];
let drifted: string[];
let patrols: Patrol[];

beforeEach(async () => {
  await start({});
});
afterEach(async () => {
  await Promise.all(patrols.map((patrol) => patrol.stop()));
  await zooid.stop();
});

async function start(options: { liveDelayMs?: number }): Promise<void> {
  zooid = await startZooid({ whitelist: [getPublicKey(secretKey)], ...options });
  [relays, probed, drifted, patrols] = [[], [], [], []];
  const counting = async (input: string | URL | Request, init?: RequestInit) => {
    if (init?.method === "GET") probed.push(new Headers(init.headers).get("host") ?? "");
    return await fetch(input, init);
  };
  client = createZooid({
    apiUrl: zooid.url,
    relayUrl: zooid.url,
    secretKey,
    timeoutMs: 500,
    fetch: Object.assign(counting, { preconnect: fetch.preconnect }),
  });
}

function newRelay(): VirtualRelay {
  const name = `frogs${relays.length}`;
  const relay: VirtualRelay = {
    id: `r${relays.length.toString(16).padStart(24, "0")}`,
    host: `${name}.${zooid.relayDomain}`,
    schema: name,
    secret: bytesToHex(generateSecretKey()),
    owner: getPublicKey(secretKey),
    name,
    description: "",
    icon: "",
    blossom: false,
    livekit: null,
    presence: "live",
  };
  relays.push(relay);
  return relay;
}

async function create(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await client.apply(newRelay(), null, never);
  probed.length = 0;
}

async function lose(relay: VirtualRelay | undefined): Promise<void> {
  if (!relay) throw new Error("no such relay");
  await client.apply({ ...relay, presence: "absent" }, null, never);
  probed.length = 0;
}

function patrolOf(options: { batch?: number; recheckMs?: number; intervalMs?: number } = {}) {
  const patrol = createPatrol({
    zooid: client,
    hosts: () => relays,
    onDrift: (id) => drifted.push(id),
    recheckMs: 20,
    ...options,
  });
  patrols.push(patrol);
  return patrol;
}

const ids = () => relays.map(({ id }) => id);

describe("the patrol", () => {
  test("reports nothing while zooid serves everything", async () => {
    await create(3);
    await patrolOf().tick(never);
    expect(drifted).toEqual([]);
    expect(probed).toHaveLength(3);
  });

  test("probes a batch at each tick, and everyone in turn", async () => {
    await create(5);
    const patrol = patrolOf({ batch: 2 });
    const hosts = relays.map(({ host }) => host);
    await patrol.tick(never);
    expect(probed.sort()).toEqual(hosts.slice(0, 2));
    for (let tick = 0; tick < 2; tick++) await patrol.tick(never);
    expect(probed.sort()).toEqual(hosts);
    await patrol.tick(never);
    expect(probed).toHaveLength(7);
  });

  test("finds everything that a wiped zooid lost as soon as it finds one", async () => {
    await create(12);
    zooid.wipe();
    await patrolOf({ batch: 2 }).tick(never);
    expect(drifted.sort()).toEqual(ids());
  });

  test("reports only what is missing", async () => {
    await create(6);
    await lose(relays[1]);
    await lose(relays[4]);
    await patrolOf({ batch: 2 }).tick(never);
    expect(drifted.sort()).toEqual([ids()[1], ids()[4]].map(String));
  });

  test("takes no 404 for a loss that is gone when it looks again", async () => {
    await zooid.stop();
    await start({ liveDelayMs: 150 });
    const creating = client.apply(newRelay(), null, never);
    const patrol = patrolOf({ recheckMs: 400 });
    while (zooid.relays().length === 0) await Bun.sleep(2);
    expect(await client.look(relays[0]?.host ?? "", never)).toBe("nothing");
    await patrol.tick(never);
    await creating;
    expect(drifted).toEqual([]);
  });

  test("takes an unreachable zooid for no loss at all", async () => {
    await create(3);
    zooid.wipe();
    zooid.setMode("down");
    await patrolOf().tick(never);
    expect(drifted).toEqual([]);
    zooid.setMode("ok");
    await patrolOf().tick(never);
    expect(drifted.sort()).toEqual(ids());
  });

  test("has one tick at a time", async () => {
    await create(3);
    const patrol = patrolOf();
    const first = patrol.tick(never);
    expect(patrol.tick(never)).toBe(first);
    await first;
    expect(probed).toHaveLength(3);
    const second = patrol.tick(never);
    expect(second).not.toBe(first);
    await second;
  });

  test("goes by itself once started, until it is stopped", async () => {
    await create(2);
    const patrol = patrolOf({ intervalMs: 10, recheckMs: 1 });
    patrol.start();
    patrol.start();
    await lose(relays[1]);
    const deadline = Date.now() + 2_000;
    while (drifted.length === 0 && Date.now() < deadline) await Bun.sleep(5);
    await patrol.stop();
    expect([...new Set(drifted)]).toEqual([String(ids()[1])]);
    const before = probed.length;
    await Bun.sleep(50);
    expect(probed.length).toBe(before);
  });

  test("tells of what is no outage, and goes on", async () => {
    const errors: unknown[] = [];
    const broken = new Error("the database is closed");
    const patrol = createPatrol({
      zooid: client,
      hosts() {
        throw broken;
      },
      onDrift: (id) => drifted.push(id),
      intervalMs: 5,
      onError: (error) => errors.push(error),
    });
    patrols.push(patrol);
    patrol.start();
    const deadline = Date.now() + 2_000;
    while (errors.length < 2 && Date.now() < deadline) await Bun.sleep(5);
    expect(errors.slice(0, 2)).toEqual([broken, broken]);
  });
});
