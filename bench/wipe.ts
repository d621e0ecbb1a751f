/** How long 1,000 communities are away when zooid loses its config directory. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateSecretKey, getPublicKey } from "nostr-tools/pure";
import { createBerth } from "../server/berth.ts";
import { systemClock } from "../server/clock.ts";
import { readConfig } from "../server/config.ts";
import { noLimits } from "../server/http/limits.ts";
import { apiClient } from "../server/sandbox/api.ts";
import { startZooid } from "../server/sandbox/zooid/zooid.ts";
import type { Row } from "./row.ts";

const RELAYS = 1_000;
const PER_TENANT = 2;
/** As measured on zooid itself, which parses every file at each write. */
const writeCostMs = (files: number): number => 4 + files * 0.053;

const seconds = (sinceMs: number): number => Math.round((performance.now() - sinceMs) / 100) / 10;

export async function benchWipe(): Promise<Row[]> {
  const secret = generateSecretKey();
  const dir = mkdtempSync(join(tmpdir(), "berth-wipe-"));
  const zooid = await startZooid({ whitelist: [getPublicKey(secret)], writeCostMs });
  const config = readConfig({
    PLATFORM_SECRET: Buffer.from(secret).toString("hex"),
    DATABASE_URL: `sqlite://${join(dir, "hosting.db")}`,
    PORT: "0",
    ZOOID_API_URL: zooid.url,
    RELAY_DOMAIN: zooid.relayDomain,
  });
  const berth = await createBerth(config, {
    clock: systemClock,
    network: "bcrt",
    relayScheme: "ws",
    limits: noLimits,
  });
  const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
    while (!(await isSo())) await Bun.sleep(50);
  };
  const served = () => berth.queries.relays.served.count();
  const isWell = () => zooid.relays().length === RELAYS && berth.pulse.troubled.size === 0;
  try {
    const url = await berth.start();
    for (let n = 0; n < RELAYS; n += PER_TENANT) {
      const tenant = apiClient(url, generateSecretKey());
      for (let i = 0; i < PER_TENANT; i++) {
        const subdomain = `wipe-${randomBytes(8).toString("hex")}`;
        await tenant.post("/tenant/relays", { name: "Relay", subdomain, plan: "free" });
      }
    }
    await until(async () => (await served()) === RELAYS && isWell());
    const wipedAtMs = performance.now();
    zooid.wipe();
    await until(() => berth.pulse.troubled.size > 0);
    const seen = seconds(wipedAtMs);
    await until(isWell);
    const healed = seconds(wipedAtMs);
    const note = `${RELAYS} relays, zooid's writes as slow as measured`;
    return [
      { name: "wipe of zooid, until it is seen", value: seen, unit: "s", note },
      { name: "wipe of zooid, until all are back", value: healed, unit: "s", note },
    ];
  } finally {
    await berth.stop();
    await zooid.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  console.table(await benchWipe());
  process.exit(0);
}
