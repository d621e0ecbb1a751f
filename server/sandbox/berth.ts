/**
 * Berth inside the sandbox, as a process of its own: the same composition as in production, on a
 * clock that can be moved, with routes that control the world. Ends when its stdin closes.
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DatabaseLocked } from "../../db/lock.ts";
import { type Berth, createBerth, type Tuning } from "../berth.ts";
import { readConfig } from "../config.ts";
import { noLimits } from "../http/limits.ts";
import { logTroubleOnly } from "../log.ts";
import { Advance } from "./advance.ts";
import { MovableClock } from "./clock.ts";
import { sandboxRoutes } from "./routes.ts";
import { worldControl } from "./world-control.ts";

const FORMER_END_MS = 5_000;

async function start(): Promise<{ berth: Berth; url: string }> {
  logTroubleOnly();
  const { SANDBOX_CONTROL_URL = "", SANDBOX_CONTROL_TOKEN = "", ...env } = process.env;
  const { SANDBOX_TENANT_NSEC = "", SANDBOX_ADMIN_NSEC = "", SANDBOX_TENANT_NWC_URL = "" } = env;
  const access = {
    tenant_nsec: SANDBOX_TENANT_NSEC,
    admin_nsec: SANDBOX_ADMIN_NSEC,
    tenant_nwc_url: SANDBOX_TENANT_NWC_URL,
  };
  const config = readConfig(env);
  const control = worldControl(SANDBOX_CONTROL_URL, SANDBOX_CONTROL_TOKEN);
  // A former process may have died while it held the world's clock.
  const { offset_ms } = await control.release();
  const clock = new MovableClock(offset_ms);
  const berth = await createAfterFormer({
    clock,
    network: "bcrt",
    allowLoopback: true,
    payTimeoutMs: 3_000,
    relayScheme: "ws",
    limits: noLimits,
    backoffCapMs: 2_000,
    walletTimeoutMs: 1_500,
    zooidTimeoutMs: 1_500,
    zooidSettleMs: 100,
    webDirectory: join(import.meta.dir, "../../dist/sandbox"),
    // Whoever watches sees the clock move, also when somebody else moves it.
    heartbeatMs: 1_000,
  });
  const advance = new Advance(berth, clock, control);
  berth.app.use(sandboxRoutes({ control, advance, clock, config, access }));
  try {
    return { berth, url: await berth.start() };
  } catch (error) {
    if ((error as { code?: unknown }).code !== "EADDRINUSE") throw error;
    throw new Error(`port ${config.port} is taken; choose another, or 0 for a free one`);
  }

  /** The Berth of a sandbox that was killed may still be ending on the same data. */
  async function createAfterFormer(tuning: Tuning): Promise<Berth> {
    for (const deadline = performance.now() + FORMER_END_MS; ; await sleep(50)) {
      try {
        return await createBerth(config, tuning);
      } catch (error) {
        if (!(error instanceof DatabaseLocked) || performance.now() > deadline) throw error;
      }
    }
  }
}

try {
  const { berth, url } = await start();
  process.stdout.write(`${JSON.stringify({ url })}\n`);

  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
    berth.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  for (const name of ["end", "close", "error"]) process.stdin.on(name, stop);
  process.stdin.resume();
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stdout.write(`${JSON.stringify({ error: message })}\n`, () => process.exit(1));
}
