/** Every command that README and operations name is run, as it stands there, and does what it is for. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import manifest from "../../package.json";
import { apiClient } from "../../server/sandbox/api.ts";
import type { SandboxInfo } from "../../server/sandbox/sandbox.ts";
import { until } from "../sandbox/relay-socket.ts";
import { keyOf } from "../sandbox/sandbox-run.ts";
import { documentedCommands, root } from "./documented.ts";

setDefaultTimeout(240_000);

const directory = mkdtempSync(join(tmpdir(), "commands-"));
const database = join(directory, "data/hosting.db");
const env = {
  DATABASE_URL: `sqlite://${database}`,
  PLATFORM_SECRET: "1".repeat(64),
  PORT: "0",
};
const groups = new Set<number>();
afterAll(() => {
  for (const group of groups) process.kill(-group, "SIGKILL");
  rmSync(directory, { recursive: true, force: true });
});

/** Begins a command in a process group of its own, as a shell does. */
function begin(command: string, more = "") {
  const child = Bun.spawn(["sh", "-c", `exec ${command} ${more}`], {
    cwd: root,
    env: { ...process.env, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    detached: true,
  });
  groups.add(child.pid);
  void child.exited.then(() => groups.delete(child.pid));
  return child;
}

/** Runs a command to its end, with arguments that make it short. */
async function run(command: string, more = ""): Promise<string> {
  const child = begin(command, more);
  const said = await Promise.all([child.stdout, child.stderr].map((s) => new Response(s).text()));
  expect([command, await child.exited, said.join("").slice(-2_000)]).toEqual([
    ...[command, 0, expect.any(String)],
  ]);
  return said.join("");
}

/** The first line that holds `word`. What comes after it is read too: nobody writes into a closed pipe. */
function lineWith(stream: ReadableStream<Uint8Array>, word: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  void read(stream, word, resolve).then(reject);
  return promise;
}

async function read(
  stream: ReadableStream<Uint8Array>,
  word: string,
  found: (line: string) => void,
): Promise<Error> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    const line = text.split("\n").find((each, n, all) => n < all.length - 1 && each.includes(word));
    if (line) found(line);
  }
  return new Error(`ended without '${word}': ${text}`);
}

/** Ends a command and all that it started, and waits for it. */
async function end(child: ReturnType<typeof begin>) {
  process.kill(-child.pid, "SIGTERM");
  await gone(child);
}

async function gone(child: ReturnType<typeof begin>) {
  await child.exited;
  await until(() => {
    try {
      return !process.kill(-child.pid, 0);
    } catch {
      return true;
    }
  });
}

const healthOf = async (url: string) => (await fetch(`${url}/healthz`)).json();

async function sandbox(command: string, meanwhile: (info: SandboxInfo) => Promise<void>) {
  const child = begin(command, "--json --port 0");
  const info = JSON.parse(await lineWith(child.stdout, "tenant_nsec")) as SandboxInfo;
  expect(await healthOf(info.url)).toEqual({ status: "ok" });
  await meanwhile(info);
  await end(child);
}

/** A curl of README, against a sandbox at another address. */
async function curl(command: string, { url }: SandboxInfo, bolt11 = "") {
  const there = command.replace("localhost:3000", new URL(url).host).replace("lnbcrt…", bolt11);
  return JSON.parse(await run(there, "--silent --show-error --fail-with-body 2>/dev/null"));
}

const start = async () => {
  const child = begin("bun run start");
  const { url } = JSON.parse(await lineWith(child.stderr, "Berth is ready"));
  // There is no zooid, which it may know already.
  expect(await healthOf(url)).toEqual({ status: expect.stringMatching(/^(?:ok|degraded)$/) });
  return child;
};

const curls: string[] = [];
const tests: Record<string, (command: string) => Promise<unknown>> = {
  "npx -y bun run sandbox": (command) => sandbox(command, async () => {}),
  "bun run sandbox": (command) =>
    sandbox(command, async (info) => {
      const api = apiClient(info.url, keyOf(info.tenant_nsec));
      const order = { name: "Commands", subdomain: "commands", plan: "basic" };
      const { body } = await api.post<{ invoice: { invoice: string } }>("/tenant/relays", order);
      for (const each of curls) {
        const said = await curl(each, info, body.invoice.invoice);
        expect([each, said]).toEqual([each, expect.any(Object)]);
      }
      expect(curls).toHaveLength(4);
    }),
  "npx -y bun run test": async () => {
    expect(await run("npx -y bun", "--version")).toContain(Bun.version);
  },
  // This is it: it runs this very file. That its parts are there is all that can be asked here.
  "bun run test": async () => {
    const parts = manifest.scripts.test.split(" && ");
    expect(parts.at(-1)).toBe("bun test --parallel=2 ./tests");
    for (const part of parts.slice(0, -1))
      expect(Object.keys(manifest.scripts)).toContain(part.replace("bun run ", ""));
  },
  "bun run tour": (command) => run(command, "--json"),
  "bun run sim --seeds 500": async (command) => {
    const said = await run(command, "--seeds 1 --months 1 --tenants 3");
    expect(said).toContain("0 violated");
  },
  "bun run test:dates": async (command) => {
    const said = await run(
      command,
      "--at 2028-02-29T12:00Z tests/machines/billing/calendar.test.ts",
    );
    expect(said).toContain("1 of 1 days are green");
  },
  "bun run build": async (command) => expect(await run(command)).toContain("pages/home.tsx"),
  "bun run screenshots": async (command) => {
    const out = join(directory, "screenshots");
    await run(command, `--only login-address --out ${relative(root, out)}`);
    expect(readdirSync(out).length).toBeGreaterThanOrEqual(2);
  },
  "bun run bench": (command) => run(command, "mint"),
  "bun run start": async () => {
    const child = await start();
    await end(child);
    // It gave the database back: one that is cut off leaves this behind.
    expect(existsSync(`${database}-wal`)).toBe(false);
  },
  "kill -9": async (command) => {
    const killed = await start();
    await run(command, `-- -${killed.pid}`);
    await gone(killed);
    await end(await start());
  },
  "bun run backup copy.db": async (command) => {
    const child = await start();
    const copy = join(directory, "copy.db");
    await run(command.replace("copy.db", copy));
    await end(child);
    expect(statSync(copy).mode & 0o777).toBe(0o600);
  },
  "bun run doctor": async (command) => {
    const child = begin(command);
    const said = await new Response(child.stdout).text();
    // There is neither zooid nor a wallet here.
    expect(said).toMatch(/^WRONG +zooid/m);
    expect(await child.exited).toBe(1);
  },
  "bun run replay": async (command) => {
    mkdirSync(join(directory, "data"), { recursive: true });
    await end(await start());
    expect(await run(command)).toContain("0 actors replayed, 0 differences");
    expect(existsSync(database)).toBe(true);
  },
};

const documented = await documentedCommands();
curls.push(...documented.filter((command) => command.startsWith("curl ")));
const others = documented.filter((command) => !command.startsWith("curl "));

test("no command is documented that is not run here, and none is run that is not", () => {
  expect(Object.keys(tests).sort()).toEqual(others);
});

for (const command of others)
  test(`${command} does what it is for`, async () => {
    await tests[command]?.(command);
  });
