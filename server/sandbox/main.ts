/** `bun run sandbox [--json] [--port N] [--data DIR]`: everything on one machine, without real money. */
import { parseArgs } from "node:util";
import { launcherGone } from "./launcher.ts";
import { type SandboxInfo, startSandbox } from "./sandbox.ts";

try {
  const { json, port, data } = readArguments();
  // Before anything is started, so that nothing can be left behind.
  const asked = new Promise<null>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => resolve(null));
  });
  const orphaned = launcherGone();
  const sandbox = await startSandbox({ port, dataDir: data ?? null });
  console.log(json ? JSON.stringify(sandbox.info) : welcome(sandbox.info, data));
  const why = await Promise.race([asked, orphaned, sandbox.ended]);
  if (why !== null) console.error(`sandbox: ${why}`);
  await sandbox.stop();
  process.exit(why === null ? 0 : 1);
} catch (error) {
  console.error(`sandbox: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}

/** @throws Error naming the option that is wrong. */
function readArguments(): { json: boolean; port: number; data: string | undefined } {
  const { values } = parseArgs({
    options: {
      json: { type: "boolean", default: false },
      port: { type: "string", default: "3000" },
      data: { type: "string" },
    },
  });
  const { json, data } = values;
  const port = Number(values.port);
  if (!/^\d{1,5}$/.test(values.port) || port > 65_535)
    throw new Error(`--port must be 0 to 65535, not ${values.port}`);
  if (data === "") throw new Error("--data must name a directory");
  return { json, port, data };
}

function welcome(info: SandboxInfo, data: string | undefined): string {
  return `
  Berth is at  ${info.url}

  tenant key   ${info.tenant_nsec}
  admin key    ${info.admin_nsec}
  API          ${info.url}/openapi.json
  relays at    <subdomain>.${info.relay_domain}
  Nostr relay  ${info.relay_url}
  wallet       ${info.tenant_nwc_url}

  No real money, and only real protocols. ${data ? `Kept in ${data}.` : "Nothing is kept; --data DIR keeps it."}
  Move time    curl -X POST ${info.url}/sandbox/clock -H 'content-type: application/json' -d '{"advance_seconds":86400}'
  Ctrl-C ends it.
`;
}
