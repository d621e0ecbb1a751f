import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DatabaseLocked, lockDatabase } from "../../db/lock.ts";
import { type Child, startChild } from "./child.ts";
import { nsecOf, pubkeyOf, type SandboxKeys, sandboxKeys } from "./keys.ts";

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
  /** Resolves when the sandbox has ended, with why. */
  ended: Promise<string>;
  stop(): Promise<void>;
};

/** A Berth that ends by itself so soon after its start does not work. */
const SHORT_LIFE_MS = 2_000;
const SHORT_LIVES_MAX = 3;
const RESTART_PAUSE_MS = 200;

/**
 * Starts a world and a Berth, each a process of its own. A Berth that dies is started again on the
 * same port and data; a world that dies ends the sandbox.
 *
 * @param options.port - 0 is free-chosen. @param options.dataDir - null keeps nothing.
 * @param options.env - what Berth's environment has besides
 * @throws Error when the port is taken or another sandbox works on the data; nothing is left running
 */
export async function startSandbox(options: {
  port: number;
  dataDir: string | null;
  env?: Record<string, string>;
}): Promise<Sandbox> {
  const isKept = options.dataDir !== null;
  const dataDir = resolve(options.dataDir ?? mkdtempSync(`${tmpdir()}/berth-sandbox-`));
  const keys = sandboxKeys(dataDir);
  const unlock = lockData(dataDir);
  const children: Child[] = [];
  async function close(): Promise<void> {
    // Berth first: it still has something to say to the world when it ends.
    for (const child of children.toReversed()) await child.stop();
    unlock();
    if (!isKept) rmSync(dataDir, { recursive: true, force: true });
  }

  try {
    const world = startChild(
      "world.ts",
      ["--data", `${dataDir}/world`, "--platform-pubkey", pubkeyOf(keys.platform)],
      { SANDBOX_CONTROL_TOKEN: keys.control },
    );
    children.push(world);
    const outside = (await world.ready) as Record<string, string>;
    const startBerth = (port: number): Child => {
      const own = environment(dataDir, port, keys, outside);
      const berth = startChild("berth.ts", [], { ...own, ...options.env });
      children[1] = berth;
      return berth;
    };
    let berth = startBerth(options.port);
    const url = String((await berth.ready).url);
    let isStopping = false;

    async function supervise(): Promise<string> {
      let shortLives = 0;
      for (let startedAt = performance.now(); ; startedAt = performance.now()) {
        const { signal } = await berth.exited;
        if (isStopping) return "stopped";
        const isShort = performance.now() - startedAt < SHORT_LIFE_MS;
        // Killed from outside is not broken: that it comes back each time is what is to be seen.
        shortLives = isShort && signal !== "SIGKILL" ? shortLives + 1 : 0;
        if (shortLives >= SHORT_LIVES_MAX)
          return `Berth does not stay up: ${await berth.ready.then(() => "it ended by itself", String)}`;
        await sleep(shortLives * RESTART_PAUSE_MS);
        if (isStopping) return "stopped";
        berth = startBerth(Number(new URL(url).port));
      }
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
      ended: Promise.race([
        supervise(),
        world.exited.then(() => (isStopping ? "stopped" : "the world has ended")),
      ]),
      stop() {
        isStopping = true;
        return close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** @throws Error when another sandbox works on this data. @returns what gives it back. */
function lockData(dataDir: string): () => void {
  try {
    return lockDatabase(`${dataDir}/sandbox`);
  } catch (cause) {
    if (!(cause instanceof DatabaseLocked)) throw cause;
    throw new Error(`another sandbox works on ${dataDir}; end it, or choose another directory`, {
      cause,
    });
  }
}

/** All the configuration that Berth gets: the world's addresses, and the keys of this sandbox. */
const environment = (
  dataDir: string,
  port: number,
  keys: SandboxKeys,
  outside: Record<string, string>,
): Record<string, string> => ({
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
  SANDBOX_TENANT_NSEC: nsecOf(keys.tenant),
  SANDBOX_ADMIN_NSEC: nsecOf(keys.admin),
  SANDBOX_TENANT_NWC_URL: outside.tenant_nwc_url ?? "",
});
