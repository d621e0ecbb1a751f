import { createInterface } from "node:readline";
import { Readable } from "node:stream";

/** A process of the sandbox, which ends when we close its stdin, and so cannot outlive us. */
export type Child = {
  pid: number;
  /** The first line that it wrote, which says that it is ready. Rejects when it ends before. */
  ready: Promise<Record<string, unknown>>;
  /** How it ended: `signal` names what killed it, null when it ended by itself. */
  exited: Promise<{ code: number; signal: Bun.Subprocess["signalCode"] }>;
  /** Lets it end in good order, for at most five seconds. */
  stop(): Promise<void>;
};

const STOP_MS = 5_000;

/** Starts `bun <file>` with exactly this environment; no `.env` of the working directory counts. */
export function startChild(file: string, args: string[], env: Record<string, string>): Child {
  const { PATH = "", HOME = "", TMPDIR } = process.env;
  const path = `${import.meta.dir}/${file}`;
  const child = Bun.spawn([process.execPath, "--no-env-file", path, ...args], {
    env: { PATH, HOME, ...(TMPDIR ? { TMPDIR } : {}), ...env },
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const exited = child.exited.then((code) => ({ code, signal: child.signalCode }));
  const lines = createInterface({ input: Readable.fromWeb(child.stdout as never) });
  const first = new Promise<string>((resolve) => lines.once("line", resolve));
  const ready = Promise.race([first, exited]).then((line) => {
    if (typeof line !== "string")
      throw new Error(
        `${file} ended with ${line.signal ?? `code ${line.code}`} before it was ready`,
      );
    const said = JSON.parse(line) as Record<string, unknown>;
    if (typeof said.error === "string") throw new Error(said.error);
    return said;
  });
  // Whoever waits for it is told; when nobody does, its end says enough.
  ready.catch(() => {});
  return {
    pid: child.pid,
    ready,
    exited,
    async stop() {
      await child.stdin.end();
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      await child.exited;
      clearTimeout(timer);
    },
  };
}
