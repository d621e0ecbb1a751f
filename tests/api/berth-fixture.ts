import { Database } from "bun:sqlite";
import { expect } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Berth, createBerth, type Tuning } from "../../server/berth.ts";
import { readConfig } from "../../server/config.ts";
import { type LimitOptions, noLimits } from "../../server/http/limits.ts";
import { type OpenApi, openApiDocument } from "../../server/routes/openapi.ts";
import { Advance } from "../../server/sandbox/advance.ts";
import { type Api, apiClient } from "../../server/sandbox/api.ts";
import { MovableClock } from "../../server/sandbox/clock.ts";
import { startWorld } from "../../server/sandbox/world.ts";
import { worldControl } from "../../server/sandbox/world-control.ts";
import { type Key, newKey } from "../sandbox/zooid-client.ts";
import { documented } from "./documented.ts";

/** A tenant's signed client, and the key that it signs with. */
export type TenantApi = Api & { key: Key };

export type Fixture = Awaited<ReturnType<typeof startFixture>>;

/**
 * A Berth and a world of its own, both in this process, over real sockets, on clocks that move.
 *
 * @param options.env - variables set otherwise, given what the world turned out to be
 * @param options.tuning - what is to be otherwise than other tests have it
 */
export async function startFixture(
  options: {
    limits?: LimitOptions;
    env?: (world: { relayDomain: string; relayUrl: string }) => Record<string, string>;
    tuning?: Partial<Tuning>;
  } = {},
) {
  const platform = newKey();
  const dataDir = mkdtempSync(join(tmpdir(), "berth-api-"));
  const databasePath = join(dataDir, "hosting.db");
  const world = await startWorld({
    dataDir: null,
    platformPubkey: platform.pubkey,
    clock: new MovableClock(),
  });
  const control = worldControl(world.controlUrl, world.controlToken);
  let port = 0;
  let running = await startBerth();
  port = running.berth.app.server?.port ?? 0;

  async function startBerth() {
    const config = readConfig({
      DATABASE_URL: `sqlite://${databasePath}`,
      HOST: "127.0.0.1",
      PORT: String(port),
      PLATFORM_SECRET: platform.secretHex,
      ZOOID_API_URL: world.zooidApiUrl,
      ZOOID_RELAY_URL: world.zooidUrl,
      RELAY_DOMAIN: world.relayDomain,
      NWC_URL: world.receivingNwcUrl,
      NOSTR_INDEXER_RELAYS: world.relayUrl,
      ...options.env?.(world),
    });
    const { offset_ms } = await control.release();
    const clock = new MovableClock(offset_ms);
    const berth: Berth = await createBerth(config, {
      clock,
      network: "bcrt",
      allowLoopback: true,
      payTimeoutMs: 800,
      relayScheme: "ws",
      limits: options.limits ?? noLimits,
      backoffCapMs: 200,
      walletTimeoutMs: 1_000,
      zooidTimeoutMs: 1_000,
      zooidSettleMs: 20,
      ...options.tuning,
    });
    const advance = new Advance(berth, clock, control);
    return { berth, clock, advance, publicUrl: await berth.start() };
  }

  let described: OpenApi | undefined;
  const document = (): OpenApi => {
    described ??= openApiDocument(running.berth.app);
    return described;
  };

  return {
    world,
    platform,
    databasePath,
    get berth(): Berth {
      return running.berth;
    },
    get clock(): MovableClock {
      return running.clock;
    },
    /** Where Berth listens. */
    get url(): string {
      return `http://127.0.0.1:${port}`;
    },
    get anonymous(): Api {
      return documented(apiClient(`http://127.0.0.1:${port}`, null), document);
    },
    /** A client of `key`, or of a tenant whom nobody knows yet. */
    tenant(key: Key = newKey()): TenantApi {
      return { ...documented(apiClient(running.publicUrl, key.secret), document), key };
    },
    /** Moves time, here and in the world, until everything that is due has happened. */
    async advance(ms: number): Promise<void> {
      expect(await running.advance.by(ms)).toMatchObject({ complete: true });
    },
    /** The rows of a query, as the file holds them now. */
    rows<Row = Record<string, unknown>>(sql: string, ...bound: (string | number)[]): Row[] {
      const database = new Database(databasePath, { readonly: true });
      try {
        return database.query<Row, (string | number)[]>(sql).all(...bound);
      } finally {
        database.close();
      }
    },
    /** Ends Berth and starts it again on the same database and port. */
    async restart(meanwhile: () => void = () => {}): Promise<void> {
      await running.berth.stop();
      meanwhile();
      running = await startBerth();
    },
    async stop(): Promise<void> {
      await running.berth.stop();
      await world.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
