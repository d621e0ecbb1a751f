import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "./relay-socket.ts";
import {
  COMMAND,
  childrenOf,
  endSandboxes,
  isAlive,
  readLines,
  runSandbox,
  spawnSandbox,
} from "./sandbox-run.ts";

// Each starts processes, which a busy machine may take seconds for.
setDefaultTimeout(30_000);

const directories: string[] = [];
function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "berth-process-"));
  directories.push(directory);
  return directory;
}
afterEach(async () => {
  await endSandboxes();
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

const BASIC = { name: "Quiet Harbour", subdomain: "quiet-harbour", plan: "basic" };
type Ordered = { relay: { id: string }; invoice: { id: string; invoice: string } };
type State = { pid: number; now: number; ahead_seconds: number };

/** Children may end a moment after their parent. */
const allGone = (pids: number[]) => until(() => pids.every((pid) => !isAlive(pid)));

describe("a sandbox's process", () => {
  test("says in one line where everything is, and nothing else", async () => {
    const { process, info, output } = await runSandbox();
    expect(info).toEqual({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      relay_url: expect.stringMatching(/^ws:\/\/127\.0\.0\.1:\d+$/),
      zooid_url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      zooid_api_url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      relay_domain: expect.stringMatching(/^localhost:\d+$/),
      tenant_nsec: expect.stringMatching(/^nsec1/),
      admin_nsec: expect.stringMatching(/^nsec1/),
      tenant_nwc_url: expect.stringMatching(/^nostr\+walletconnect:\/\/[0-9a-f]{64}\?/),
      platform_pubkey: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    process.kill("SIGTERM");
    expect(await process.exited).toBe(0);
    expect(await output).toBe(`${JSON.stringify(info)}\n`);
    expect(await new Response(process.stderr).text()).toBe("");
  });

  for (const [signal, code] of [
    ["SIGTERM", 0],
    ["SIGINT", 0],
    ["SIGKILL", 137],
  ] as const)
    test(`takes both of its halves along on ${signal}`, async () => {
      const { process, children } = await runSandbox();
      expect(children.map(isAlive)).toEqual([true, true]);
      process.kill(signal);
      expect(await process.exited).toBe(code);
      await allGone(children);
    });

  test("without --data leaves no file behind", async () => {
    const directory = newDirectory();
    const { process } = await runSandbox([], { TMPDIR: directory });
    expect(readdirSync(directory)).toHaveLength(1);
    process.kill("SIGTERM");
    await process.exited;
    expect(readdirSync(directory)).toEqual([]);
  });

  test("asked to end while it starts, ends, and leaves nothing behind", async () => {
    const directory = newDirectory();
    const process = spawnSandbox(["--port", "0"], { TMPDIR: directory });
    const [world] = await until(() => {
      const children = childrenOf(process.pid);
      return children.length > 0 && readdirSync(directory).length > 0 ? children : null;
    });
    process.kill("SIGTERM");
    expect(await process.exited).toBe(0);
    await allGone([world!]);
    expect(readdirSync(directory)).toEqual([]);
  });

  test("takes nothing from a .env file of the directory it is started in", async () => {
    const cwd = newDirectory();
    writeFileSync(join(cwd, ".env"), "PUBLIC_URL=https://berth.example\nLIVEKIT_URL=nonsense\n");
    const { api, info } = await runSandbox([], { cwd });
    expect(info.url).toStartWith("http://127.0.0.1:");
    expect((await api.get("/tenant")).status).toBe(200);
  });

  test("with --data finds again relays, invoices, keys, addresses and the time", async () => {
    const data = newDirectory();
    const first = await runSandbox(["--data", data]);
    const { body: ordered } = await first.api.post<Ordered>("/tenant/relays", BASIC);
    await first.anyone.post("/sandbox/clock", { advance_seconds: 3600 });
    const relays = (await first.api.get("/tenant/relays")).body;
    const invoices = (await first.api.get("/tenant/invoices")).body;
    const { now } = (await first.anyone.get<State>("/sandbox")).body;
    first.process.kill("SIGTERM");
    await first.process.exited;

    const second = await runSandbox(["--data", data, "--port", new URL(first.info.url).port]);
    expect(second.info).toEqual(first.info);
    expect((await second.api.get("/tenant/relays")).body).toEqual(relays);
    expect((await second.api.get("/tenant/invoices")).body).toEqual(invoices);
    const state = (await second.anyone.get<State>("/sandbox")).body;
    expect(state.now).toBeGreaterThanOrEqual(now);
    expect(state.ahead_seconds).toBeWithin(3599, 3602);
    // And it goes on: the invoice of the first run is paid in the second.
    await second.anyone.post("/sandbox/pay", { bolt11: ordered.invoice.invoice });
    await until(async () => {
      const { body } = await second.api.get(`/tenant/relays/${ordered.relay.id}`);
      return body.status === "active";
    });
  });

  test("killed and started on the same data at once waits for what still ends there", async () => {
    const data = newDirectory();
    const first = await runSandbox(["--data", data]);
    first.process.kill("SIGKILL");
    await first.process.exited;
    const second = await runSandbox(["--data", data, "--port", new URL(first.info.url).port]);
    expect(second.info).toEqual(first.info);
    await allGone(first.children);
    expect((await second.anyone.get("/healthz")).status).toBe(200);
  });

  test("starts a Berth that was killed again, on the same port, however often", async () => {
    const { process, info, anyone, children } = await runSandbox();
    const pidOfBerth = () => anyone.get<State>("/sandbox").then(({ body }) => body.pid);
    const world = children.filter(isAlive);
    for (let kill = 0; kill < 5; kill++) {
      const killed = await pidOfBerth();
      global.process.kill(killed, "SIGKILL");
      const next = await until(() => pidOfBerth().catch(() => null));
      expect(next).not.toBe(killed);
    }
    expect(process.exitCode).toBeNull();
    expect(world.filter(isAlive)).toHaveLength(1);
    expect((await fetch(`${info.url}/healthz`)).status).toBe(200);
  });

  test("ends, and says why, when its world is killed", async () => {
    const { process, anyone, children } = await runSandbox();
    const { pid } = (await anyone.get<State>("/sandbox")).body;
    const world = children.find((child) => child !== pid)!;
    global.process.kill(world, "SIGKILL");
    expect(await process.exited).toBe(1);
    expect(await new Response(process.stderr).text()).toContain("the world has ended");
    await allGone(children);
  });
});

describe("a sandbox whose launcher is killed", () => {
  let orphan: number | null = null;
  afterEach(() => {
    if (orphan !== null && isAlive(orphan)) process.kill(orphan, "SIGTERM");
    orphan = null;
  });

  /** Starts it as npx and `bun run` do, by a shell of a shell, whose death nobody tells it of. */
  async function launched(userAgent: string) {
    const inner = `${[...COMMAND, "--port", "0"].join(" ")}; true`;
    const launcher = Bun.spawn(["sh", "-c", `sh -c '${inner}'; true`], {
      env: { ...process.env, npm_config_user_agent: userAgent },
      stdout: "pipe",
    });
    const { url } = JSON.parse(await readLines(launcher.stdout).firstLine) as { url: string };
    const [sandbox] = childrenOf(launcher.pid).flatMap(childrenOf);
    orphan = sandbox!;
    const pids = [orphan, ...childrenOf(orphan)];
    expect(pids.filter(isAlive)).toHaveLength(3);
    launcher.kill("SIGKILL");
    return { url, pids };
  }

  test("ends with it where that is npx", async () => {
    const { pids } = await launched("npm/11.0.0 node/v20.0.0 linux x64");
    await allGone(pids);
  });

  test("stays where it was left to run on its own", async () => {
    const { url, pids } = await launched("bun/1.4.5");
    await Bun.sleep(1_200);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    process.kill(orphan!, "SIGTERM");
    await allGone(pids);
  });
});

describe("a second sandbox", () => {
  /** Its code and what it said; and whether it took everything that it started along. */
  async function refusal(args: string[]): Promise<{ code: number; said: string; out: string }> {
    const child = spawnSandbox(args);
    const [said, out] = await Promise.all([
      // Its children hold the same stderr: this ends when the last of them has.
      new Response(child.stderr).text(),
      new Response(child.stdout).text(),
    ]);
    return { code: await child.exited, said, out };
  }

  test("on a port that is taken says so and leaves nothing behind", async () => {
    const first = await runSandbox();
    const { port } = new URL(first.info.url);
    expect(await refusal(["--port", port])).toEqual({
      code: 1,
      said: `sandbox: port ${port} is taken; choose another, or 0 for a free one\n`,
      out: "",
    });
    expect((await first.anyone.get("/healthz")).status).toBe(200);
  });

  test("on the same data says so and leaves the first alone", async () => {
    const data = newDirectory();
    const first = await runSandbox(["--data", data]);
    expect(await refusal(["--port", "0", "--data", data])).toEqual({
      code: 1,
      said: `sandbox: another sandbox works on ${data}; end it, or choose another directory\n`,
      out: "",
    });
    expect((await first.anyone.get("/healthz")).status).toBe(200);
    expect(first.children.map(isAlive)).toEqual([true, true]);
  });

  for (const args of [["--port", "70000"], ["--port=-1"], ["--port", ""], ["--nonsense"]])
    test(`called with ${args.join(" ")} names what is wrong`, async () => {
      const { code, said } = await refusal(args);
      expect(code).toBe(1);
      expect(said).toContain(args[0]!.slice(0, 6));
      expect(said.trim().split("\n")).toHaveLength(1);
    });
});
