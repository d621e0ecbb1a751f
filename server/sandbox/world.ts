import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { MovableClock } from "./clock.ts";
import { startControlServer } from "./control-server.ts";
import { type WorldCommands, worldCommands } from "./world-commands.ts";
import { openWorldStore } from "./world-file.ts";
import { startParts, type WorldParts } from "./world-parts.ts";

/** A running world: everything outside of Berth, on 127.0.0.1, with real protocols and no real money. */
export type World = WorldParts &
  WorldCommands & {
    controlUrl: string;
    controlToken: string;
    /** The public relay, ws://. */
    relayUrl: string;
    zooidUrl: string;
    zooidApiUrl: string;
    /** Relays live at `<subdomain>.<relayDomain>`. */
    relayDomain: string;
    clock: MovableClock;
  };

/**
 * Starts a world.
 *
 * @param options.dataDir - keeps keys, ports, clock offset, ledger, relay events and zooid's configs
 *   from one run to the next; null keeps everything in memory.
 * @param options.platformPubkey - 64 lower-case hex: who may manage zooid.
 * @param options.clock - moved on to the stored offset when it is behind.
 * @param options.controlToken - a random one when absent.
 * @throws Error when the data is another running world's, or cannot be read.
 */
export async function startWorld(options: {
  dataDir: string | null;
  platformPubkey: string;
  clock: MovableClock;
  controlToken?: string | undefined;
}): Promise<World> {
  const { clock, controlToken = randomBytes(32).toString("hex") } = options;
  const store = openWorldStore(options.dataDir);
  clock.offsetMs = Math.max(clock.offsetMs, store.file.offset_ms);
  const parts = await startParts(store, clock, options.platformPubkey);
  const { relay, zooid } = parts;
  const commands = worldCommands(parts, clock, (offset_ms) =>
    store.update({ ...store.file, offset_ms }),
  );
  const control = await startControlServer({
    port: store.file.ports.control,
    token: controlToken,
    commands,
  });
  const ports = { relay: relay.port, zooid: zooid.port, control: control.port };
  store.update({ ...store.file, ports });
  return {
    ...parts,
    ...commands,
    clock,
    controlToken,
    controlUrl: `http://127.0.0.1:${control.port}`,
    relayUrl: relay.url(),
    zooidUrl: zooid.url,
    zooidApiUrl: zooid.url,
    relayDomain: zooid.relayDomain,
    async stop() {
      await control.stop();
      await parts.stop();
    },
  };
}

/** Resolves when the parent is gone (stdin closes) or asks for the end by SIGTERM or SIGINT. */
function askedToEnd(): Promise<void> {
  return new Promise((resolve) => {
    for (const name of ["end", "close", "error"]) process.stdin.on(name, () => resolve());
    process.stdin.resume();
    for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => resolve());
  });
}

const STOP_DEADLINE_MS = 2000;

/** Runs a world as a process of its own: one line of JSON when it is ready, and no longer than its parent. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: "string" },
      "platform-pubkey": { type: "string" },
      "control-token": { type: "string" },
    },
  });
  const platformPubkey = values["platform-pubkey"] ?? "";
  if (!/^[0-9a-f]{64}$/.test(platformPubkey)) {
    throw new Error("--platform-pubkey must be 64 lower-case hex characters");
  }
  const ended = askedToEnd();
  const clock = new MovableClock();
  // By environment rather than by argument: arguments show in every process list.
  const controlToken = values["control-token"] ?? process.env.SANDBOX_CONTROL_TOKEN;
  const dataDir = values.data ?? null;
  const world = await startWorld({ dataDir, platformPubkey, clock, controlToken });
  const ready = {
    control_url: world.controlUrl,
    relay_url: world.relayUrl,
    zooid_url: world.zooidUrl,
    zooid_api_url: world.zooidApiUrl,
    relay_domain: world.relayDomain,
    receiving_nwc_url: world.receivingNwcUrl,
    tenant_nwc_url: world.tenantNwcUrl,
    offset_ms: clock.offsetMs,
    // Who has given a token knows it.
    ...(controlToken === undefined && { control_token: world.controlToken }),
  };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  await ended;
  // A peer that does not let go must not keep the world alive; everything is committed by now.
  setTimeout(() => process.exit(0), STOP_DEADLINE_MS);
  await world.stop();
  process.exit(0);
}

if (import.meta.main) {
  await main().catch((error: unknown) => {
    console.error(`world: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  });
}
