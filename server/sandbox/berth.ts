/**
 * Berth inside the sandbox, as a process of its own: the same composition as in production, on a
 * clock that can be moved, with routes that control the world. Ends when its stdin closes.
 */
import { createBerth, type Tuning } from "../berth.ts";
import { readConfig } from "../config.ts";
import { Advance } from "./advance.ts";
import { MovableClock } from "./clock.ts";
import { sandboxRoutes } from "./routes.ts";
import { worldControl } from "./world-control.ts";

const { SANDBOX_CONTROL_URL = "", SANDBOX_CONTROL_TOKEN = "", ...env } = process.env;
const control = worldControl(SANDBOX_CONTROL_URL, SANDBOX_CONTROL_TOKEN);
// A former process may have died while it held the world's clock.
const { offset_ms } = await control.release();
const clock = new MovableClock(offset_ms);
const config = readConfig(env);
const tuning: Tuning = {
  clock,
  network: "bcrt",
  relayScheme: "ws",
  limits: { publicPerMinute: 1e6, failedAuthPerMinute: 1e6, newTenantsPerHour: 1e6 },
  backoffCapMs: 2_000,
  walletTimeoutMs: 1_500,
  zooidTimeoutMs: 1_500,
};
const berth = await createBerth(config, tuning);
const advance = new Advance(berth, clock, control);
berth.app.use(sandboxRoutes({ control, advance, clock, config }));
const url = berth.start();
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
