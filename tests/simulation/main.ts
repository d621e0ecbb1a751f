/**
 * `bun run sim --seeds 500`: simulated years of billing. Prints what is wrong, how it came to it, and
 * the one command that repeats it; exit 1 where anything is.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { run } from "./run.ts";

const { values } = parseArgs({
  options: {
    /** How many, from `from` on; or `seed` alone. */
    seeds: { type: "string", default: "50" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    months: { type: "string", default: "12" },
    tenants: { type: "string", default: "20" },
    jobs: { type: "string", default: String(availableParallelism()) },
    /** Goes on after a violation, and tells no stories. */
    all: { type: "boolean", default: false },
    /** Prints how often every transition was taken. */
    taken: { type: "boolean", default: false },
  },
});

type Tally = { seeds: number; steps: number; transitions: number; crashes: number; failed: number };

const [months, tenants] = [Number(values.months), Number(values.tenants)];
const first = Number(values.seed ?? values.from);
const count = values.seed ? 1 : Number(values.seeds);
const jobs = values.taken ? 1 : Math.min(Number(values.jobs), count);
const startedAt = performance.now();
const total = jobs > 1 ? await shared(jobs) : await alone();
const seconds = (performance.now() - startedAt) / 1000;
const { seeds, steps, transitions, crashes, failed } = total;
console.log(
  `${seeds} seeds of ${months} months and ${tenants} tenants: ${steps} steps, ${transitions} transitions, ` +
    `${crashes} crashes, ${failed} violated, in ${seconds.toFixed(1)} s`,
);
process.exit(failed > 0 ? 1 : 0);

async function alone(): Promise<Tally> {
  const tally: Tally = { seeds: 0, steps: 0, transitions: 0, crashes: 0, failed: 0 };
  const taken: Record<string, number> = {};
  for (let seed = first; seed < first + count; seed++) {
    const result = await run({ seed, months, tenants });
    tally.seeds++;
    tally.steps += result.step;
    tally.transitions += result.transitions;
    tally.crashes += result.crashes;
    for (const [key, n] of Object.entries(result.taken)) taken[key] = (taken[key] ?? 0) + n;
    if (result.violations.length === 0) continue;
    tally.failed++;
    if (!values.all) for (const line of result.story) console.error(line);
    for (const { what } of result.violations.slice(0, 5)) console.error(`VIOLATION ${what}`);
    console.error(
      `seed ${seed}, step ${result.step}: bun run sim --seed ${seed} --months ${months} --tenants ${tenants}`,
    );
    if (!values.all) break;
  }
  if (values.taken)
    for (const [key, n] of Object.entries(taken).sort(([a], [b]) => (a < b ? -1 : 1)))
      console.log(`${String(n).padStart(8)} ${key}`);
  return tally;
}

/** The seeds in as many processes. Each tells its tally in its last line. */
async function shared(processes: number): Promise<Tally> {
  const tallies = await Promise.all(
    Array.from({ length: processes }, async (_, index) => {
      const from = first + Math.floor((count * index) / processes);
      const to = first + Math.floor((count * (index + 1)) / processes);
      const args = ["--jobs", "1", "--from", `${from}`, "--seeds", `${to - from}`];
      const all = values.all ? ["--all"] : [];
      const child = Bun.spawn(
        [process.execPath, import.meta.path, ...args, "--months", `${months}`, ...all].concat(
          "--tenants",
          `${tenants}`,
        ),
        { stdout: "pipe", stderr: "inherit" },
      );
      const [last = ""] = (await new Response(child.stdout).text()).trim().split("\n").slice(-1);
      const [seeds = 0, , , steps = 0, transitions = 0, crashes = 0, failed = 0] = [
        ...last.matchAll(/\d+/g),
      ].map(Number);
      return { seeds, steps, transitions, crashes, failed };
    }),
  );
  return tallies.reduce((sum, tally) => ({
    seeds: sum.seeds + tally.seeds,
    steps: sum.steps + tally.steps,
    transitions: sum.transitions + tally.transitions,
    crashes: sum.crashes + tally.crashes,
    failed: sum.failed + tally.failed,
  }));
}
