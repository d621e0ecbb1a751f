import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { type Child, startChild } from "./child.ts";
import { nsecOf, pubkeyOf, sandboxKeys } from "./keys.ts";

/** What one needs to use a sandbox: the line that `--json` prints. */
export type SandboxInfo = {
  url: string;
  relay_url: string;
  zooid_url: string;
  zooid_api_url: string;
  relay_domain: string;
  tenant_nsec: string;
  admin_nsec: string;
  tenant_nwc_url: string;
  platform_pubkey: string;
};

export type Sandbox = {
  info: SandboxInfo;
  /** The process ids of the two halves; Berth's changes when it is started again. */
  pids(): { berth: number; world: number };
  /** Resolves when the sandbox has ended by itself, with why. */
  ended: Promise<string>;
  stop(): Promise<void>;
};

const QUICK_DEATH_MS = 2_000;
const QUICK_DEATHS_MAX = 3;

/**
 * Starts a world and a Berth, each a process of its own. A Berth that dies is started again on the
 * same port and data; a world that dies ends the sandbox.
 *
 * @param options.port - 0 is free-chosen. @param options.dataDir - null keeps nothing.
 */
export async function startSandbox(options: {
  port: number;
  dataDir: string | null;
}): Promise<Sandbox> {
  const dataDir = options.dataDir ?? mkdtempSync(`${tmpdir()}/berth-sandbox-`);
  const keys = sandboxKeys(dataDir);
  const world = await startChild(
    "world.ts",
    ["--data", `${dataDir}/world`, "--platform-pubkey", pubkeyOf(keys.platform)],
    { SANDBOX_CONTROL_TOKEN: keys.control },
  );
  const outside = world.ready as Record<string, string>;
  const startBerth = (port: number): Promise<Child> =>
    startChild("berth.ts", [], {
      DATABASE_URL: `sqlite://${dataDir}/hosting.db`,
      HOST: "127.0.0.1",
      PORT: String(port),
      PLATFORM_SECRET: keys.platform,
      HOSTING_ADMIN_PUBKEYS: pubkeyOf(keys.admin),
      ZOOID_API_URL: outside.zooid_api_url ?? "",
      ZOOID_RELAY_URL: outside.zooid_url ?? "",
      RELAY_DOMAIN: outside.relay_domain ?? "",
      NWC_URL: outside.receiving_nwc_url ?? "",
      NOSTR_INDEXER_RELAYS: outside.relay_url ?? "",
      SANDBOX_CONTROL_URL: outside.control_url ?? "",
      SANDBOX_CONTROL_TOKEN: keys.control,
    });

  let berth: Child;
  try {
    berth = await startBerth(options.port);
  } catch (error) {
    await world.stop();
    throw error;
  }
  const url = String(berth.ready.url);
  let isStopping = false;

  async function supervise(): Promise<string> {
    for (let quickDeaths = 0; ; ) {
      const startedAt = performance.now();
      await berth.exited;
      if (isStopping) return "stopped";
      quickDeaths = performance.now() - startedAt < QUICK_DEATH_MS ? quickDeaths + 1 : 0;
      if (quickDeaths >= QUICK_DEATHS_MAX) return "Berth does not start any more";
      try {
        berth = await startBerth(Number(new URL(url).port));
      } catch {
        quickDeaths++;
      }
    }
  }

  async function stop(): Promise<void> {
    isStopping = true;
    await berth.stop();
    await world.stop();
    if (options.dataDir === null) rmSync(dataDir, { recursive: true, force: true });
  }

  return {
    info: {
      url,
      relay_url: outside.relay_url ?? "",
      zooid_url: outside.zooid_url ?? "",
      zooid_api_url: outside.zooid_api_url ?? "",
      relay_domain: outside.relay_domain ?? "",
      tenant_nsec: nsecOf(keys.tenant),
      admin_nsec: nsecOf(keys.admin),
      tenant_nwc_url: outside.tenant_nwc_url ?? "",
      platform_pubkey: pubkeyOf(keys.platform),
    },
    pids: () => ({ berth: berth.pid, world: world.pid }),
    ended: Promise.race([supervise(), world.exited.then(() => "the world has ended")]),
    stop,
  };
}
