/** `bun run sandbox [--json] [--port N] [--data DIR]`: everything on one machine, without real money. */
import { parseArgs } from "node:util";
import { startSandbox } from "./sandbox.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    port: { type: "string", default: "3000" },
    data: { type: "string" },
  },
});
const port = Number(values.port);
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  console.error(`--port must be 0 to 65535, not ${values.port}`);
  process.exit(1);
}

try {
  const sandbox = await startSandbox({ port, dataDir: values.data ?? null });
  let isStopping = false;
  const stop = (code: number) => async (): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    await sandbox.stop();
    process.exit(code);
  };
  process.on("SIGINT", stop(0));
  process.on("SIGTERM", stop(0));
  if (values.json) console.log(JSON.stringify(sandbox.info));
  else console.log(welcome(sandbox.info, values.data));
  console.error(`sandbox: ${await sandbox.ended}`);
  await stop(1)();
} catch (error) {
  console.error(`sandbox: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}

function welcome(info: Awaited<ReturnType<typeof startSandbox>>["info"], data?: string): string {
  return `
  Berth is at  ${info.url}

  tenant key   ${info.tenant_nsec}
  admin key    ${info.admin_nsec}
  API          ${info.url}/openapi
  relays at    <subdomain>.${info.relay_domain}
  Nostr relay  ${info.relay_url}
  wallet       ${info.tenant_nwc_url}

  No real money, and only real protocols. ${data ? `Kept in ${data}.` : "Nothing is kept; --data DIR keeps it."}
  Move time    curl -X POST ${info.url}/sandbox/clock -H 'content-type: application/json' -d '{"advance_seconds":86400}'
  Ctrl-C ends it.
`;
}
