import { afterAll, afterEach, beforeEach, describe, expect, spyOn, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NWCClient } from "@getalby/sdk/nwc";
import { AppError, Unavailable } from "../../server/errors.ts";
import { MovableClock } from "../../server/sandbox/clock.ts";
import { startWorld, type World } from "../../server/sandbox/world.ts";
import {
  type WorldControl,
  type WorldState,
  worldControl,
} from "../../server/sandbox/world-control.ts";
import { RelaySocket, signedEvent } from "./relay-socket.ts";
import { configOf, eventually, manage, newKey } from "./zooid-client.ts";

const NO_FAULTS: WorldState["faults"] = {
  ...({ wallet: "ok", tenant_wallet: "ok", zooid: "ok", relay: "ok" } as const),
  ...{ wallet_habits: [], tenant_wallet_habits: [] },
};

// The SDK prints every refusal; here they are asserted.
const printed = spyOn(console, "error").mockImplementation(() => {});
afterAll(() => printed.mockRestore());

const platform = newKey();
const HOUR_MS = 3_600_000;

const start = (dataDir: string | null = null, clock = new MovableClock()): Promise<World> =>
  startWorld({ dataDir, platformPubkey: platform.pubkey, clock });

/** A bolt11 of the receiving wallet. */
const issue = (world: World, amountSats: number, expirySeconds = 3600) =>
  world.network.makeInvoice(world.receivingWallet.node, {
    amountMsats: amountSats * 1000,
    expirySeconds,
  });

async function refusalOf(answer: Promise<unknown>): Promise<[number, string, string | undefined]> {
  const error = await answer.then(
    () => new Error("nothing was refused"),
    (error: unknown) => error,
  );
  if (error instanceof AppError) return [error.status, error.code, error.extra.field];
  throw error;
}

describe("a world", () => {
  let world: World;
  let control: WorldControl;
  beforeEach(async () => {
    world = await start();
    control = worldControl(world.controlUrl, world.controlToken);
  });
  afterEach(() => world.stop());

  const ask = (path: string, init: RequestInit = {}) =>
    fetch(world.controlUrl + path, {
      ...init,
      headers: { authorization: `Bearer ${world.controlToken}`, ...init.headers },
    });
  const post = (path: string, body: string) => ask(path, { method: "POST", body });

  test("starts with nothing wrong, 10,000,000 sats at the tenant's and none at ours", async () => {
    const before = Date.now();
    const state = await control.state();
    expect(state).toEqual({
      now: state.now,
      offset_ms: 0,
      faults: NO_FAULTS,
      receiving_balance_sats: 0,
      tenant_balance_sats: 10_000_000,
      relays: 0,
      zooid_crashed: null,
      invoices: { issued: 0, paid: 0 },
    });
    expect(state.now - before).toBeWithin(0, 5000);
  });

  test("answers nobody without the token, on any route, and does nothing", async () => {
    const { bolt11 } = issue(world, 21);
    const bodies = {
      "/clock": { pin_ms: Date.now() + HOUR_MS },
      "/faults": { relay: "down" },
      "/pay": { bolt11 },
    };
    const { controlToken: token } = world;
    for (const authorization of ["", "Bearer ", `Bearer ${token}x`, token, `Basic ${token}`]) {
      expect((await ask("/state", { headers: { authorization } })).status).toBe(401);
      for (const [path, body] of Object.entries(bodies)) {
        const init = { method: "POST", headers: { authorization }, body: JSON.stringify(body) };
        expect((await ask(path, init)).status).toBe(401);
      }
    }
    const { faults, invoices, offset_ms } = await control.state();
    expect({ faults, invoices, offset_ms }).toMatchObject({
      faults: { relay: "ok" },
      invoices: { paid: 0 },
      offset_ms: 0,
    });
  });

  test("has no other routes, and takes no body but small JSON", async () => {
    expect((await ask("/")).status).toBe(404);
    expect((await ask("/pay")).status).toBe(404);
    expect((await post("/state", "{}")).status).toBe(404);
    expect((await post("/faults", "{")).status).toBe(400);
    expect((await post("/pay", JSON.stringify({ bolt11: "x".repeat(20_000) }))).status).toBe(413);
  });

  test("has an NWC URL that receives and one that pays, each with its rights", async () => {
    const receiving = new NWCClient({ nostrWalletConnectUrl: world.receivingNwcUrl });
    const tenant = new NWCClient({ nostrWalletConnectUrl: world.tenantNwcUrl });
    const { invoice, payment_hash } = await receiving.makeInvoice({ amount: 21_000 });
    await expect(receiving.payInvoice({ invoice })).rejects.toMatchObject({ code: "RESTRICTED" });
    await tenant.payInvoice({ invoice });
    expect((await receiving.lookupInvoice({ payment_hash })).state).toBe("settled");
    expect(await tenant.getBudget()).toMatchObject({
      used_budget: 21_000,
      total_budget: 5_000_000_000,
    });
    const state = await control.state();
    expect(state).toMatchObject({ receiving_balance_sats: 21, tenant_balance_sats: 9_999_979 });
    receiving.close();
    tenant.close();
  });

  describe("its clock", () => {
    test("is held where it is pinned, and flows on from there", async () => {
      const at = Date.now() + 38 * 24 * HOUR_MS;
      expect(await control.pin(at)).toEqual({ now: at, offset_ms: 0 });
      expect((await control.state()).now).toBe(at);
      const { now, offset_ms } = await control.release();
      expect(now - at).toBeWithin(0, 5000);
      expect(at - Date.now() - offset_ms).toBeWithin(-5000, 1);
      expect(world.clock.offsetMs).toBe(offset_ms);
    });

    test("never goes back", async () => {
      await control.pin(Date.now() + HOUR_MS);
      expect(await refusalOf(control.pin(Date.now()))).toEqual([409, "clock_backwards", "pin_ms"]);
    });

    test("takes a pin or a release, one of them, and nothing else", async () => {
      for (const body of [
        "{}",
        "[]",
        "5",
        '{"pin_ms":1e99}',
        '{"pin_ms":"1"}',
        '{"release":false}',
        '{"release":true,"pin_ms":9e12}',
        '{"pin_ms":9e12,"x":1}',
      ]) {
        expect((await post("/clock", body)).status).toBe(422);
      }
      expect((await control.state()).offset_ms).toBe(0);
      expect(world.clock.now()).toBeLessThan(9e12);
    });
  });

  describe("faults", () => {
    test("are checked whole before any is applied, and the wrong one is named", async () => {
      for (const [body, field] of [
        [{ wallet: "down", zooid: "nope" }, "zooid"],
        [{ wallet: "empty" }, "wallet"],
        [{ wallet: "down", printer: "down" }, "printer"],
        [{ relay: "down", tenant_wallet: null }, "tenant_wallet"],
      ] as const) {
        const response = await post("/faults", JSON.stringify(body));
        expect(response.status).toBe(422);
        expect(await response.json()).toMatchObject({ error: "malformed", field });
      }
      const { faults } = await control.state();
      expect(faults).toEqual(NO_FAULTS);
    });

    test("of the relay refuse the public one and leave the wallets theirs", async () => {
      const socket = await RelaySocket.open(world.relayUrl);
      const { faults } = await control.faults({ relay: "down" });
      expect(faults.relay).toBe("down");
      await socket.closed;
      await expect(RelaySocket.open(world.relayUrl)).rejects.toThrow("refused");
      const receiving = new NWCClient({ nostrWalletConnectUrl: world.receivingNwcUrl });
      expect((await receiving.makeInvoice({ amount: 1000 })).state).toBe("pending");
      receiving.close();
      await control.faults({ relay: "ok" });
      (await RelaySocket.open(world.relayUrl)).close();
    });

    test("of one wallet leave the other and the public relay alone", async () => {
      const { faults } = await control.faults({ wallet: "down" });
      expect(faults).toEqual({ ...NO_FAULTS, wallet: "down" });
      await expect(RelaySocket.open(`${world.relayUrl}/wallet/receiving`)).rejects.toThrow();
      const tenant = new NWCClient({ nostrWalletConnectUrl: world.tenantNwcUrl });
      expect((await tenant.getBalance()).balance).toBe(10_000_000_000);
      await control.faults({ tenant_wallet: "unauthorized", wallet: "ok" });
      await expect(tenant.getBalance()).rejects.toMatchObject({ code: "UNAUTHORIZED" });
      tenant.close();
      (await RelaySocket.open(`${world.relayUrl}/wallet/receiving`)).close();
    });

    test("of zooid: down refuses connections, wiped loses the configs and reads ok", async () => {
      const { zooid } = world;
      await manage(zooid, platform, "POST", "/relay/r1", configOf("one", newKey(), newKey()));
      await eventually(() => zooid.relays().length === 1);
      expect((await control.state()).relays).toBe(1);
      expect((await control.faults({ zooid: "down" })).faults.zooid).toBe("down");
      await eventually(() =>
        fetch(world.zooidUrl).then(
          () => false,
          () => true,
        ),
      );
      expect((await control.faults({ zooid: "ok" })).relays).toBe(1);
      const wiped = await control.faults({ zooid: "wiped" });
      expect([wiped.faults.zooid, wiped.relays]).toEqual(["ok", 0]);
      expect((await fetch(world.zooidApiUrl)).status).toBeGreaterThanOrEqual(400);
    });
  });

  describe("paying", () => {
    test("works from the tenant's node whatever is wrong with its wallet", async () => {
      for (const tenant_wallet of ["down", "silent", "empty", "quota", "unauthorized"] as const) {
        await control.faults({ tenant_wallet });
        const { bolt11, paymentHash, preimage } = issue(world, 21);
        expect(await control.pay(bolt11)).toEqual({
          payment_hash: paymentHash,
          preimage,
          amount_sats: 21,
        });
      }
      const { invoices, receiving_balance_sats } = await control.state();
      expect([invoices, receiving_balance_sats]).toEqual([{ issued: 5, paid: 5 }, 105]);
    });

    test("is refused with the reason", async () => {
      const [paid, expired, dear] = [
        issue(world, 1),
        issue(world, 1, 60),
        issue(world, 10_000_001),
      ];
      await control.pay(paid.bolt11);
      const refused = (bolt11: string) => refusalOf(control.pay(bolt11));
      expect(await refused(paid.bolt11)).toEqual([409, "already_paid", "bolt11"]);
      expect(await refused(dear.bolt11)).toEqual([409, "insufficient_balance", "bolt11"]);
      expect(await refused("lnbcrt1nonsense")).toEqual([422, "malformed", "bolt11"]);
      await control.pin(expired.expiresAt * 1000);
      expect(await refused(expired.bolt11)).toEqual([409, "expired", "bolt11"]);
      const other = await start();
      expect(await refused(issue(other, 1).bolt11)).toEqual([404, "unknown", "bolt11"]);
      await other.stop();
      expect((await post("/pay", "{}")).status).toBe(422);
    });
  });

  test("whose control is gone, or is no world, is unavailable", async () => {
    const gone = worldControl("http://127.0.0.1:1", "token");
    await expect(gone.state()).rejects.toBeInstanceOf(Unavailable);
    const noWorld = worldControl(world.zooidUrl, "token");
    await expect(noWorld.state()).rejects.toBeInstanceOf(Unavailable);
    const wrongToken = worldControl(world.controlUrl, "token");
    expect(await refusalOf(wrongToken.state())).toEqual([401, "unauthorized", undefined]);
  });
});

describe("a data directory", () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), "berth-world-"));
  });
  afterEach(() => rmSync(dataDir, { recursive: true }));

  test("keeps addresses, keys, money, events, relays and the clock from run to run", async () => {
    const first = await start(dataDir);
    const [paid, open] = [issue(first, 21), issue(first, 42, 31_536_000)];
    first.pay(paid.bolt11);
    const note = signedEvent(platform.secret, { kind: 1, content: "kept" });
    const writer = await RelaySocket.open(first.relayUrl);
    await writer.publish(note);
    await manage(first.zooid, platform, "POST", "/relay/r1", configOf("one", newKey(), newKey()));
    first.moveClock({ pin_ms: Date.now() + 24 * HOUR_MS });
    first.moveClock({ release: true });
    await first.stop();

    const second = await start(dataDir);
    const addresses = ({
      controlUrl,
      relayUrl,
      zooidUrl,
      receivingNwcUrl,
      tenantNwcUrl,
    }: World) => [...[controlUrl, relayUrl, zooidUrl, receivingNwcUrl, tenantNwcUrl]];
    expect(addresses(second)).toEqual(addresses(first));
    expect(second.clock.offsetMs).toBe(first.clock.offsetMs);
    expect(second.state()).toMatchObject({ receiving_balance_sats: 21, relays: 1 });
    expect(() => second.pay(paid.bolt11)).toThrow("already paid");
    second.pay(open.bolt11);
    expect(second.state()).toMatchObject({ invoices: { issued: 2, paid: 2 } });
    const reader = await RelaySocket.open(second.relayUrl);
    expect(await reader.query({ ids: [note.id] })).toEqual([note]);
    await second.stop();
  });

  test("is readable by its owner only", async () => {
    const world = await start(dataDir);
    issue(world, 21);
    for (const name of readdirSync(dataDir)) {
      expect([name, statSync(join(dataDir, name)).mode & 0o777]).toEqual([name, 0o600]);
    }
    await world.stop();
  });

  test("gives other ports when the old ones are taken", async () => {
    const first = await start(dataDir);
    await first.stop();
    const squatters = [first.controlUrl, first.zooidUrl, first.relayUrl].map((url) =>
      Bun.serve({ hostname: "127.0.0.1", port: new URL(url).port, fetch: () => new Response() }),
    );
    const second = await start(dataDir);
    expect(second.controlUrl).not.toBe(first.controlUrl);
    expect(second.relayUrl).not.toBe(first.relayUrl);
    expect(second.zooidUrl).not.toBe(first.zooidUrl);
    expect(second.tenantNwcUrl).toContain(encodeURIComponent(second.relayUrl));
    await second.stop();
    for (const squatter of squatters) await squatter.stop(true);
  });

  test("of a world that ended while time was held does not take logical time back", async () => {
    const at = Date.now() + 24 * HOUR_MS;
    const first = await start(dataDir);
    first.moveClock({ pin_ms: at });
    await first.stop();
    const second = await start(dataDir);
    expect(second.clock.now()).toBeGreaterThanOrEqual(at);
    await second.stop();
  });

  test("whose world file cannot be understood is refused and left as it is", async () => {
    writeFileSync(join(dataDir, "world.json"), '{"keys":');
    await expect(start(dataDir)).rejects.toThrow("is not a world file");
    expect(readdirSync(dataDir)).toEqual(["world.json"]);
  });
});
