import { createInterface } from "node:readline";
import { Readable } from "node:stream";

/** A process of the sandbox, which ends when we close its stdin, and so cannot outlive us. */
export type Child = {
  pid: number;
  /** The first line that it wrote, which says that it is ready. */
  ready: Record<string, unknown>;
  exited: Promise<number>;
  stop(): Promise<void>;
};

const STOP_MS = 5_000;

/** Starts `bun <file>` with exactly this environment. @throws when it ends before it is ready. */
export async function startChild(
  file: string,
  args: string[],
  env: Record<string, string>,
): Promise<Child> {
  const { PATH = "", HOME = "", TMPDIR } = process.env;
  const child = Bun.spawn([process.execPath, `${import.meta.dir}/${file}`, ...args], {
    env: { PATH, HOME, ...(TMPDIR ? { TMPDIR } : {}), ...env },
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const lines = createInterface({ input: Readable.fromWeb(child.stdout as never) });
  const first = new Promise<string>((resolve) => lines.once("line", resolve));
  const line = await Promise.race([first, child.exited.then((code) => code)]);
  if (typeof line !== "string")
    throw new Error(`${file} ended with code ${line} before it was ready`);
  return {
    pid: child.pid,
    ready: JSON.parse(line) as Record<string, unknown>,
    exited: child.exited,
    async stop() {
      await child.stdin.end();
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      await child.exited;
      clearTimeout(timer);
    },
  };
}
