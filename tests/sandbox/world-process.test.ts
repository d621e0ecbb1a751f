import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NWCClient } from "@getalby/sdk/nwc";
import { openSqlite } from "../../server/sandbox/sqlite.ts";
import { worldControl } from "../../server/sandbox/world-control.ts";
import { until } from "./relay-socket.ts";

const WORLD = join(import.meta.dir, "../../server/sandbox/world.ts");
const TOKEN = "token-of-the-test";
const PUBKEY = "ab".repeat(32);
const command = (dataDir: string) => [
  ...[process.execPath, WORLD, "--data", dataDir],
  ...["--platform-pubkey", PUBKEY, "--control-token", TOKEN],
];

type Ready = Record<string, string> & { control_url: string; receiving_nwc_url: string };

let dataDir: string;
const running = new Set<Bun.Subprocess>();
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "berth-world-"));
});
afterEach(async () => {
  for (const child of running) child.kill("SIGKILL");
  await Promise.all([...running].map((child) => child.exited));
  running.clear();
  rmSync(dataDir, { recursive: true });
});

function spawnWorld() {
  const child = Bun.spawn(command(dataDir), { stdin: "pipe", stdout: "pipe", stderr: "pipe" });
  running.add(child);
  return child;
}

/** The first line of a stream; what follows stays unread. */
async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes("\n")) return text.slice(0, text.indexOf("\n"));
  }
  throw new Error("the stream ended before its first line");
}

const readyOf = async (stream: ReadableStream<Uint8Array>): Promise<Ready> =>
  JSON.parse(await firstLine(stream));

const isGone = (url: string): Promise<boolean> =>
  fetch(url).then(
    () => false,
    () => true,
  );

describe("a world's process", () => {
  test("says in one line where everything is, and ends with its stdin", async () => {
    const child = spawnWorld();
    const output = new Response(child.stdout).text();
    await until(async () => (await Bun.file(join(dataDir, "world.json")).exists()) || null);
    await child.stdin.end();
    expect(await child.exited).toBe(0);
    const lines = (await output).split("\n");
    expect(lines).toHaveLength(2);
    const ready = JSON.parse(lines[0]!);
    expect(Object.keys(ready)).toEqual([
      ...["control_url", "relay_url", "zooid_url", "zooid_api_url", "relay_domain"],
      ...["receiving_nwc_url", "tenant_nwc_url", "offset_ms"],
    ]);
    expect(await new Response(child.stderr).text()).toBe("");
    expect(await isGone(ready.control_url)).toBe(true);
  });

  test("is controlled and used from another", async () => {
    const { control_url, receiving_nwc_url } = await readyOf(spawnWorld().stdout);
    const control = worldControl(control_url, TOKEN);
    const wallet = new NWCClient({ nostrWalletConnectUrl: receiving_nwc_url });
    const { invoice, payment_hash } = await wallet.makeInvoice({ amount: 21_000 });
    expect((await control.pay(invoice)).payment_hash).toBe(payment_hash);
    expect((await wallet.lookupInvoice({ payment_hash })).state).toBe("settled");
    wallet.close();
  });

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    test(`ends in good order on ${signal}`, async () => {
      const child = spawnWorld();
      await readyOf(child.stdout);
      child.kill(signal);
      expect(await child.exited).toBe(0);
    });
  }

  test("ends when its parent is killed", async () => {
    const script = `
      const child = Bun.spawn(${JSON.stringify(command(dataDir))}, { stdin: "pipe", stdout: "inherit" });
      await child.exited;`;
    const parent = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
    running.add(parent);
    const { control_url } = await readyOf(parent.stdout);
    expect(await isGone(control_url)).toBe(false);
    parent.kill("SIGKILL");
    await until(() => isGone(control_url));
    // Its last act is to let go of the data.
    openSqlite(join(dataDir, "ledger.sqlite")).close();
  });

  test("that is killed has lost nothing, and the next one has its addresses", async () => {
    const first = spawnWorld();
    const before = await readyOf(first.stdout);
    const wallet = new NWCClient({ nostrWalletConnectUrl: before.receiving_nwc_url });
    const { invoice } = await wallet.makeInvoice({ amount: 21_000 });
    wallet.close();
    await worldControl(before.control_url, TOKEN).pay(invoice);
    first.kill("SIGKILL");
    const after = await readyOf(spawnWorld().stdout);
    expect(after).toEqual(before);
    const state = await worldControl(after.control_url, TOKEN).state();
    expect(state).toMatchObject({ receiving_balance_sats: 21, invoices: { issued: 1, paid: 1 } });
  });

  test("started on the data of one that is still there waits for it, then has its addresses", async () => {
    const first = spawnWorld();
    const before = await readyOf(first.stdout);
    const second = spawnWorld();
    const ready = readyOf(second.stdout);
    expect(await Promise.race([ready, Bun.sleep(300)])).toBeUndefined();
    await first.stdin.end();
    expect(await ready).toEqual(before);
  });

  test("refuses a platform key that is none", async () => {
    const child = Bun.spawn([process.execPath, WORLD, "--platform-pubkey", "npub1"], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
    });
    running.add(child);
    expect(await child.exited).toBe(1);
    expect(await new Response(child.stdout).text()).toBe("");
    expect(await new Response(child.stderr).text()).toContain("--platform-pubkey");
  });
});
