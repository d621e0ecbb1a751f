import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const LOOK_MS = 500;
/** `bun run` is our parent; above it npx and the shell that npx starts. */
const GENERATIONS = 3;

/**
 * Resolves when the npx that started us is gone. Whoever ends npx by a signal ends neither the shell in
 * between nor us: the sandbox would stay, on its port, without an owner. Never resolves when we were not
 * started by npx, or where there is no /proc.
 */
export async function launcherGone(): Promise<null> {
  const isUnderNpx = process.env.npm_config_user_agent?.startsWith("npm/") ?? false;
  const launchers = ancestors().join();
  while (!isUnderNpx || ancestors().join() === launchers)
    await sleep(LOOK_MS, null, { ref: false });
  return null;
}

/** Process ids, nearest first. */
function ancestors(): number[] {
  const found: number[] = [];
  for (let pid = process.pid; found.length < GENERATIONS; found.push(pid)) pid = parentOf(pid);
  return found;
}

/** 0 where it cannot be known. */
function parentOf(pid: number): number {
  try {
    // The name in brackets may hold anything; state and parent follow the last bracket.
    const [, parent = "0"] =
      /.*\) \S (\d+) /s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
    return Number(parent);
  } catch {
    return 0;
  }
}
