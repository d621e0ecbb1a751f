import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { generateSecretKey } from "nostr-tools/pure";
import { bytesToHex } from "nostr-tools/utils";
import { type Berth, createBerth } from "../../server/berth.ts";
import { readConfig } from "../../server/config.ts";
import { noLimits } from "../../server/http/limits.ts";
import { Advance, type AdvanceLimits } from "../../server/sandbox/advance.ts";
import { type Api, apiClient } from "../../server/sandbox/api.ts";
import { MovableClock } from "../../server/sandbox/clock.ts";
import { pubkeyOf } from "../../server/sandbox/keys.ts";
import { startWorld, type World } from "../../server/sandbox/world.ts";
import { worldControl } from "../../server/sandbox/world-control.ts";

// Each starts processes, which a busy machine may take seconds for.
setDefaultTimeout(30_000);

const DAY_MS = 86_400_000;

let world: World;
let berth: Berth;
afterEach(async () => {
  await berth.stop();
  await world.stop();
});

/** A world and a Berth in this process, whose questions to the wallet wait for a minute. */
async function patientHouse(limits?: AdvanceLimits) {
  const platform = bytesToHex(generateSecretKey());
  const clock = new MovableClock();
  world = await startWorld({
    dataDir: null,
    platformPubkey: pubkeyOf(platform),
    clock: new MovableClock(),
  });
  const config = readConfig({
    PLATFORM_SECRET: platform,
    PORT: "0",
    ZOOID_API_URL: world.zooidApiUrl,
    RELAY_DOMAIN: world.relayDomain,
    NWC_URL: world.receivingNwcUrl,
  });
  berth = await createBerth(
    { ...config, databasePath: ":memory:" },
    {
      clock,
      network: "bcrt",
      relayScheme: "ws",
      limits: noLimits,
      walletTimeoutMs: 60_000,
    },
  );
  const control = worldControl(world.controlUrl, world.controlToken);
  const api = apiClient(await berth.start(), generateSecretKey());
  return { clock, control, api, advance: new Advance(berth, clock, control, limits) };
}

async function orderUnpaid(api: Api): Promise<string> {
  const order = { name: "Unpaid", subdomain: "unpaid", plan: "basic" };
  const { body } = await api.post<{ invoice: { id: string } }>("/tenant/relays", order);
  return body.invoice.id;
}

test("an advance that cannot settle says where it is and what is still in flight", async () => {
  const { clock, control, api, advance } = await patientHouse({ stopMs: 300, totalMs: 30_000 });
  const invoice = await orderUnpaid(api);
  await control.faults({ wallet: "silent" });
  const before = clock.now();
  const { complete, reached, open } = await advance.by(3 * DAY_MS);
  expect(complete).toBe(false);
  expect(open).toEqual([expect.stringContaining(`invoice/${invoice}#`)]);
  // It stands at the instant that asked, a day later, and time flows on from there.
  expect(reached - before).toBeWithin(DAY_MS - 1000, DAY_MS + 30_000);
  expect(clock.now()).toBeGreaterThanOrEqual(reached);
  expect(Math.abs((await control.state()).now - clock.now())).toBeLessThan(1000);
  const pinned = clock.now();
  await Bun.sleep(5);
  expect(clock.now()).toBeGreaterThan(pinned);
});

test("an advance ends when its time is up, wherever it is", async () => {
  const { clock, advance } = await patientHouse({ stopMs: 1000, totalMs: 0 });
  const before = clock.now();
  const { complete, stops, open } = await advance.by(3 * DAY_MS);
  expect({ complete, stops, open }).toEqual({ complete: false, stops: 1, open: [] });
  expect(clock.now() - before).toBeLessThan(DAY_MS);
});

test("an advance whose world is gone fails, and the next one may try", async () => {
  const { clock, advance } = await patientHouse();
  await world.stop();
  await expect(advance.by(DAY_MS)).rejects.toMatchObject({ code: "world_unreachable" });
  const stoppedAt = clock.now();
  await Bun.sleep(5);
  expect(clock.now()).toBeGreaterThan(stoppedAt);
  await expect(advance.by(DAY_MS)).rejects.toMatchObject({ code: "world_unreachable" });
});
