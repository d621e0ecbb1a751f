/** The process: reads the environment, starts Berth, and ends it gracefully. */
import { createBerth } from "./berth.ts";
import { ConfigError, readConfig } from "./config.ts";
import { log } from "./log.ts";

try {
  const config = readConfig(process.env);
  for (const warning of config.warnings) log("warn", warning);
  const berth = await createBerth(config);
  const url = await berth.start();
  log("info", "Berth is ready", {
    url,
    platform: berth.platformPubkey,
    signatures: berth.signatures,
  });

  let isStopping = false;
  const stop = (): void => {
    // Who signals a whole group, as a service manager does, is often heard twice: by way of `bun run` too.
    if (isStopping) return;
    isStopping = true;
    log("info", "stopping");
    berth.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
} catch (error) {
  const problems = error instanceof ConfigError ? error.problems : [];
  if (problems.length === 0) log("error", error instanceof Error ? error.message : String(error));
  for (const { variable, problem } of problems) log("error", `${variable} ${problem}`);
  process.exit(1);
}
