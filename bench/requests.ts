/**
 * What a request costs a whole Berth: CPU of its process, and bytes to disk. In alternating rounds, the
 * first of which only warms up, by what verifies and signs; clients, relay and zooid are other processes.
 */
import { Database } from "bun:sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { generateSecretKey } from "nostr-tools/pure";
import { signHttpAuth } from "../server/nostr/keys.ts";
import { openLibsecp256k1 } from "../server/nostr/libsecp256k1.ts";
import { apiClient } from "../server/sandbox/api.ts";
import { type Sandbox, startSandbox } from "../server/sandbox/sandbox.ts";
import { difference, type Used, usedBy, verifyInJavaScript } from "./measured.ts";
import { percentile, type Row } from "./row.ts";

const ROUNDS = 4;
const GETS = 600;
const TENANTS = 20;
/** What one tenant may have. */
const FREE_RELAYS = 3;
const CONNECTIONS = 16;
const TARGET = "/tenant/relays";

type Figure = Used & { perSecond: number };
type Round = { get: Figure; command: Figure; active: Figure };
type Contender = { name: string; sandbox: Sandbox; dir: string; rounds: Round[]; serial: number };

async function contender(name: string, env: Record<string, string>): Promise<Contender> {
  const dir = mkdtempSync(`${tmpdir()}/berth-bench-`);
  const { LD_LIBRARY_PATH } = process.env;
  const found = LD_LIBRARY_PATH ? { LD_LIBRARY_PATH } : {};
  const sandbox = await startSandbox({ port: 0, dataDir: dir, env: { ...found, ...env } });
  return { name, sandbox, dir, rounds: [], serial: 0 };
}

/** Sends requests from another process, and says what each cost. `ended` is waited for too. */
async function cost(
  { sandbox }: Contender,
  requests: readonly string[],
  ended?: () => Promise<void>,
): Promise<Figure> {
  const { port } = new URL(sandbox.info.url);
  const before = usedBy(sandbox.pids().berth);
  const begun = performance.now();
  const load = Bun.spawn(
    [process.execPath, `${import.meta.dir}/load.child.ts`, port, String(CONNECTIONS)],
    { stdin: new Blob([requests.map((text) => JSON.stringify(text)).join("\n")]), stdout: "pipe" },
  );
  const { refused, ms } = JSON.parse(await new Response(load.stdout).text());
  if (refused > 0) throw new Error(`${refused} of ${requests.length} requests were refused`);
  await ended?.();
  const elapsedMs = ended ? performance.now() - begun : ms;
  const { cpu, bytes } = difference(usedBy(sandbox.pids().berth), before);
  const each = (value: number): number => value / requests.length;
  return { cpu: each(cpu), bytes: each(bytes), perSecond: (requests.length * 1000) / elapsedMs };
}

function request(url: string, key: Uint8Array, body?: object): string {
  const text = body && JSON.stringify(body);
  const method = body ? "POST" : "GET";
  const signed = { url: `${url}${TARGET}`, method, ...(text ? { body: text } : {}) };
  const head = [
    `${method} ${TARGET} HTTP/1.1`,
    `Host: ${new URL(url).host}`,
    `Authorization: ${signHttpAuth(key, signed)}`,
    ...(text ? ["Content-Type: application/json", `Content-Length: ${text.length}`] : []),
  ];
  return `${head.join("\r\n")}\r\n\r\n${text ?? ""}`;
}

async function newTenants({ sandbox }: Contender): Promise<Uint8Array[]> {
  const keys = Array.from({ length: TENANTS }, generateSecretKey);
  for (const key of keys) await apiClient(sandbox.info.url, key).get("/tenant");
  return keys;
}

const orders = (of: Contender, keys: readonly Uint8Array[]): string[] =>
  keys.flatMap((key) =>
    Array.from({ length: FREE_RELAYS }, () => {
      const subdomain = `bench-${of.serial++}`;
      return request(of.sandbox.info.url, key, { name: "Bench", subdomain, plan: "free" });
    }),
  );

const setZooid = ({ sandbox }: Contender, zooid: "ok" | "down") =>
  apiClient(sandbox.info.url, null).post("/sandbox/faults", { zooid });

/** Resolves when no relay waits for zooid any more. Looks into the file, so that Berth does nothing for it. */
async function allActive({ dir }: Contender): Promise<void> {
  const db = new Database(`${dir}/hosting.db`, { readonly: true });
  const waiting = db.prepare<{ n: number }, []>(
    "SELECT count(*) AS n FROM relays WHERE status IN ('pending', 'provisioning')",
  );
  while ((waiting.get()?.n ?? 0) > 0) await sleep(10);
  db.close();
}

async function round(of: Contender): Promise<Round> {
  const { url } = of.sandbox.info;
  const active = await cost(of, orders(of, await newTenants(of)), () => allActive(of));
  const [reader = generateSecretKey(), ...others] = await newTenants(of);
  await setZooid(of, "down");
  const command = await cost(of, orders(of, [reader, ...others]));
  await setZooid(of, "ok");
  await allActive(of);
  const get = await cost(
    of,
    Array.from({ length: GETS }, () => request(url, reader)),
  );
  return { get, command, active };
}

export async function benchRequests(): Promise<Row[]> {
  const contenders = [await contender("tiny-secp256k1", { NATIVE_SIGNATURES: "off" })];
  if (openLibsecp256k1()) contenders.push(await contender("libsecp256k1", {}));
  const verified: number[] = [];
  try {
    for (let n = 0; n <= ROUNDS; n++)
      for (const of of contenders) {
        const measured = await round(of);
        if (n === 0) continue;
        of.rounds.push(measured);
        verified.push(verifyInJavaScript());
      }
    return rowsOf(contenders, percentile(verified, 50));
  } finally {
    for (const { sandbox, dir } of contenders) {
      await sandbox.stop();
      rmSync(dir, { recursive: true, force: true });
    }
  }
}

function rowsOf(contenders: readonly Contender[], verify: number): Row[] {
  const named = {
    get: `GET ${TARGET}`,
    command: `POST ${TARGET}, the command alone`,
    active: `POST ${TARGET}, until active`,
  };
  const rows: Row[] = [
    {
      name: "one verification in JavaScript",
      value: verify,
      unit: "µs CPU",
      note: "the yardstick",
    },
  ];
  for (const { name, rounds } of contenders)
    for (const what of ["get", "command", "active"] as const) {
      const middle = (key: keyof Figure): number =>
        percentile(
          rounds.map((measured) => measured[what][key]),
          50,
        );
      const cpu = middle("cpu");
      const disk = what === "get" ? "" : `, ${Math.round(middle("bytes") / 1000)} kB to disk`;
      const note = `${(cpu / verify).toFixed(2)} × yardstick, ${Math.round(middle("perSecond"))}/s${disk}`;
      rows.push({ name: `${named[what]}, ${name}`, value: cpu, unit: "µs CPU", note });
    }
  return rows;
}

if (import.meta.main) {
  console.table(await benchRequests());
  process.exit(0);
}
