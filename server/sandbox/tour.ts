/**
 * `bun run tour [--json]`: the main job, step by step, against a sandbox of its own that keeps nothing.
 * Exit 1 where a step fails.
 */
import { parseArgs } from "node:util";
import { type Sandbox, startSandbox } from "./sandbox.ts";
import type { Step } from "./tour-step.ts";
import { jsonReporter, terminalReporter } from "./tour-terminal.ts";
import { walk } from "./tour-walk.ts";

/** The whole of it takes about two seconds; a step that takes this long is stuck. */
const STEP_MS = 10_000;

const { values } = parseArgs({ options: { json: { type: "boolean", default: false } } });
const write = (text: string) => process.stdout.write(text);
const reporter = values.json ? jsonReporter(write) : terminalReporter(process.stdout);
const startedAt = performance.now();
let sandbox: Sandbox | null = null;
let failed: string | null = null;

const step: Step = async (id, title, run) => {
  const begunAt = performance.now();
  const elapsedMs = () => performance.now() - begunAt;
  reporter.begins(title);
  try {
    const { value, say, data } = await inTime(run());
    reporter.ends(id, title, elapsedMs(), say, data);
    return value;
  } catch (error) {
    failed = id;
    const message = error instanceof Error ? error.message : String(error);
    reporter.fails(id, title, elapsedMs(), message);
    throw error;
  }
};

/** Ends the sandbox, and with it everything that was made. */
async function leave(code: number): Promise<never> {
  await sandbox?.stop();
  process.exit(code);
}
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)
  process.on(signal, () => void leave(code));

try {
  const started = await step("sandbox", "Start a sandbox of its own", async () => {
    sandbox = await startSandbox({ port: 0, dataDir: null });
    const { url } = sandbox.info;
    return { value: sandbox, say: [`Berth is at ${url}. Nothing is kept.`], data: { url } };
  });
  await walk(started, step);
} catch (error) {
  // What failed between two steps has no line of its own yet.
  if (failed === null) reporter.fails("tour", "The tour", 0, String(error));
  failed ??= "tour";
}
reporter.closes(performance.now() - startedAt, failed);
await leave(failed === null ? 0 : 1);

/** @throws Error when it takes longer than {@link STEP_MS}. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new Error(`not done within ${STEP_MS / 1000} s`));
  }, STEP_MS);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
