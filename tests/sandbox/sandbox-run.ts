import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decode } from "nostr-tools/nip19";
import { type Api, apiClient } from "../../server/sandbox/api.ts";
import type { SandboxInfo } from "../../server/sandbox/sandbox.ts";

const MAIN = join(import.meta.dir, "../../server/sandbox/main.ts");

/** A sandbox as its user starts it: `bun run sandbox --json` with these arguments. */
export type Run = {
  process: Bun.Subprocess<"ignore", "pipe", "pipe">;
  info: SandboxInfo;
  /** Berth and the world. */
  children: number[];
  /** Signs as the tenant. */
  api: Api;
  /** Does not sign. */
  anyone: Api;
  /** Everything it wrote on stdout; resolves when it has ended. */
  output: Promise<string>;
};

const running = new Set<Bun.Subprocess>();

export const COMMAND = [process.execPath, MAIN, "--json"];
type Surroundings = { cwd?: string; TMPDIR?: string };

export function spawnSandbox(
  args: string[],
  { cwd = process.cwd(), ...env }: Surroundings = {},
): Bun.Subprocess<"ignore", "pipe", "pipe"> {
  const child = Bun.spawn([...COMMAND, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  running.add(child);
  return child;
}

/** Starts a sandbox on a free port, unless `args` name one, and waits until it is ready. */
export async function runSandbox(args: string[] = [], around: Surroundings = {}): Promise<Run> {
  const child = spawnSandbox(args.includes("--port") ? args : ["--port", "0", ...args], around);
  const { firstLine, all: output } = readLines(child.stdout);
  const info = JSON.parse(await firstLine) as SandboxInfo;
  const api = apiClient(info.url, keyOf(info.tenant_nsec));
  const anyone = apiClient(info.url, null);
  return { process: child, info, children: childrenOf(child.pid), api, anyone, output };
}

/** Ends whatever a test left running, and waits for it. */
export async function endSandboxes(): Promise<void> {
  for (const child of running) child.kill("SIGTERM");
  await Promise.all([...running].map((child) => child.exited));
  running.clear();
}

export function keyOf(nsec: string): Uint8Array {
  const decoded = decode(nsec);
  if (decoded.type !== "nsec") throw new Error("not an nsec");
  return decoded.data;
}

/** Whether a process is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie has ended, and only waits for whoever is to hear of it.
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/** The processes that a process has started, and that are still there. */
export function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    (readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").match(/\d+/g) ?? []).map(Number),
  );
}

/** The first line of a stream as soon as it is there, and in the end all of it. */
export function readLines(stream: ReadableStream<Uint8Array>): {
  firstLine: Promise<string>;
  all: Promise<string>;
} {
  const first = Promise.withResolvers<string>();
  const decoder = new TextDecoder();
  const read = async (): Promise<string> => {
    let text = "";
    for await (const chunk of stream) {
      text += decoder.decode(chunk, { stream: true });
      if (text.includes("\n")) first.resolve(text.slice(0, text.indexOf("\n")));
    }
    first.reject(new Error(`the sandbox ended before it was ready: ${text}`));
    return text;
  };
  return { firstLine: first.promise, all: read() };
}
