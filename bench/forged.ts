/** What headers with forged signatures from one address cost the only thread. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import {
  finalizeEvent,
  generateSecretKey,
  getEventHash,
  type VerifiedEvent,
} from "nostr-tools/pure";
import { bytesToHex } from "nostr-tools/utils";
import { createBerth } from "../server/berth.ts";
import { systemClock } from "../server/clock.ts";
import { readConfig } from "../server/config.ts";
import { productionLimits } from "../server/http/limits.ts";
import { tinySecp256k1 } from "../server/nostr/tiny-secp256k1.ts";
import { type Row, times } from "./row.ts";

const REQUESTS = 5_000;
const CONNECTIONS = 32;
const TARGET = "/tenant/relays";

/** A token that is right in all but its signature, which is another event's. */
function forgedHeader(url: string, of: VerifiedEvent): string {
  const tags = [
    ["u", `${url}${TARGET}`],
    ["method", "GET"],
  ];
  const { kind, created_at, pubkey, sig } = of;
  const event = { kind, created_at, pubkey, content: crypto.randomUUID(), tags };
  const signed = { ...event, id: getEventHash(event), sig };
  return `Nostr ${Buffer.from(JSON.stringify(signed)).toString("base64")}`;
}

/** CPU µs of the server per request. */
async function cost(failedAuthPerMinute: number): Promise<number> {
  const dir = mkdtempSync(`${tmpdir()}/berth-bench-`);
  const config = readConfig({
    DATABASE_URL: `sqlite://${dir}/hosting.db`,
    PORT: "0",
    PLATFORM_SECRET: bytesToHex(generateSecretKey()),
    ZOOID_API_URL: "http://127.0.0.1:9",
  });
  const berth = await createBerth(config, {
    clock: systemClock,
    limits: { ...productionLimits, failedAuthPerMinute },
    network: "bcrt",
    allowLoopback: true,
    relayScheme: "ws",
    verifier: tinySecp256k1,
  });
  const url = await berth.start();
  try {
    const { host, port } = new URL(url);
    const created_at = Math.floor(Date.now() / 1000);
    const draft = { kind: 27_235, created_at, tags: [], content: "" };
    const another = finalizeEvent(draft, generateSecretKey());
    const lines = Array.from({ length: REQUESTS }, () =>
      JSON.stringify(
        `GET ${TARGET} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: ${forgedHeader(url, another)}\r\n\r\n`,
      ),
    );
    const before = process.cpuUsage();
    const load = Bun.spawn(
      [process.execPath, `${import.meta.dir}/load.child.ts`, port, String(CONNECTIONS)],
      { stdin: new Blob([lines.join("\n")]), stdout: "pipe" },
    );
    const { requests, refused } = JSON.parse(await new Response(load.stdout).text());
    if (refused !== requests) throw new Error("a forged header was accepted");
    const { user, system } = process.cpuUsage(before);
    return (user + system) / requests;
  } finally {
    await berth.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

export async function benchForged(): Promise<Row[]> {
  const unit = "µs CPU per request";
  const checked = await cost(1e9);
  const limited = await cost(productionLimits.failedAuthPerMinute);
  return [
    { name: "a forged header whose signature is checked", value: checked, unit },
    {
      name: "a forged header from an address that has failed too often",
      value: limited,
      unit,
      note: times(limited, checked, "a checked one"),
    },
  ];
}

if (import.meta.main) {
  console.table(await benchForged());
  process.exit(0);
}
