/** Authenticated requests per second, by what verifies the signature. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { generateSecretKey } from "nostr-tools/pure";
import { bytesToHex } from "nostr-tools/utils";
import { createBerth } from "../server/berth.ts";
import { systemClock } from "../server/clock.ts";
import { readConfig } from "../server/config.ts";
import { noLimits } from "../server/http/limits.ts";
import { signHttpAuth } from "../server/nostr/keys.ts";
import { openLibsecp256k1 } from "../server/nostr/libsecp256k1.ts";
import type { Schnorr } from "../server/nostr/schnorr.ts";
import { tinySecp256k1 } from "../server/nostr/tiny-secp256k1.ts";
import { apiClient } from "../server/sandbox/api.ts";
import { nobleCurves } from "../tests/vectors/noble-curves.ts";
import { type Row, times } from "./row.ts";

const REQUESTS = 6_000;
const CONNECTIONS = 32;
const TARGET = "/tenant/relays";

type Verifier = Pick<Schnorr, "verify">;
const trusting: Verifier = { verify: () => true };

/** Requests per second of GET /tenant/relays by one verifier, over real HTTP from another process. */
async function rate(verifier: Verifier): Promise<number> {
  const dir = mkdtempSync(`${tmpdir()}/berth-bench-`);
  const config = readConfig({
    DATABASE_URL: `sqlite://${dir}/hosting.db`,
    PORT: "0",
    PLATFORM_SECRET: bytesToHex(generateSecretKey()),
    ZOOID_API_URL: "http://127.0.0.1:9",
  });
  const berth = await createBerth(config, {
    clock: systemClock,
    limits: noLimits,
    network: "bcrt",
    allowLoopback: true,
    relayScheme: "ws",
    verifier,
  });
  const url = await berth.start();
  try {
    const key = generateSecretKey();
    const api = apiClient(url, key);
    for (const name of ["one", "two", "three"])
      await api.post(TARGET, { name, subdomain: `${name}-relay`, plan: "free" });
    const { host, port } = new URL(url);
    const lines = Array.from({ length: REQUESTS }, () => {
      const authorization = signHttpAuth(key, { url: `${url}${TARGET}`, method: "GET" });
      return JSON.stringify(
        `GET ${TARGET} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: ${authorization}\r\n\r\n`,
      );
    });
    const load = Bun.spawn(
      [process.execPath, `${import.meta.dir}/load.child.ts`, port, String(CONNECTIONS)],
      { stdin: new Blob([lines.join("\n")]), stdout: "pipe" },
    );
    const { requests, refused, ms } = JSON.parse(await new Response(load.stdout).text());
    if (refused > 0) throw new Error(`${refused} of ${requests} requests were refused`);
    return requests / (ms / 1000);
  } finally {
    await berth.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

export async function benchAuth(): Promise<Row[]> {
  const unit = "requests/s";
  const pure = await rate(nobleCurves);
  const wasm = await rate(tinySecp256k1);
  const none = await rate(trusting);
  const rows: Row[] = [
    { name: "GET /tenant/relays, signatures in JavaScript", value: pure, unit },
    {
      name: "GET /tenant/relays, signatures in WebAssembly",
      value: wasm,
      unit,
      note: times(wasm, pure, "JavaScript"),
    },
    {
      name: "GET /tenant/relays, no signature check",
      value: none,
      unit,
      note: times(none, pure, "JavaScript"),
    },
  ];
  const library = openLibsecp256k1();
  if (!library) return rows;
  const fast = await rate(library);
  const note = times(fast, pure, "JavaScript");
  return [
    ...rows,
    { name: "GET /tenant/relays, signatures by libsecp256k1", value: fast, unit, note },
  ];
}

if (import.meta.main) {
  console.table(await benchAuth());
  process.exit(0);
}
