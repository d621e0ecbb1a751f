/** `bun run sim --seeds 500`: simulated years of billing; exit 1 on the first violation. */
import { parseArgs } from "node:util";
import { run } from "./run.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "50" },
    seed: { type: "string" },
    months: { type: "string", default: "12" },
    tenants: { type: "string", default: "20" },
    all: { type: "boolean", default: false },
    counts: { type: "boolean", default: false },
    from: { type: "string", default: "1" },
  },
});
const [months, tenants] = [Number(values.months), Number(values.tenants)];
const first = Number(values.seed ?? values.from);
const last = values.seed ? first : first + Number(values.seeds) - 1;
const startedAt = performance.now();
let [steps, transitions, crashes] = [0, 0, 0];
const counts: Record<string, number> = {};
let failed = 0;
for (let seed = first; seed <= last; seed++) {
  const result = await run({ seed, months, tenants });
  steps += result.step;
  transitions += result.transitions;
  crashes += result.crashes;
  for (const [key, count] of Object.entries(result.counts))
    counts[key] = (counts[key] ?? 0) + count;
  if (result.violations.length > 0) {
    failed++;
    if (!values.all) console.error(result.story.join("\n"));
    for (const { what } of result.violations.slice(0, 5)) console.error(`VIOLATION ${what}`);
    console.error(
      `seed ${seed}, step ${result.step}: bun run sim --seed ${seed} --months ${months} --tenants ${tenants}`,
    );
    if (!values.all) break;
  }
}
const seconds = (performance.now() - startedAt) / 1000;
if (values.counts) console.log(JSON.stringify(counts, null, 1));
console.log(
  `${last - first + 1} seeds, ${steps} steps, ${transitions} transitions, ${crashes} crashes in ${seconds.toFixed(1)} s`,
);
process.exit(failed > 0 ? 1 : 0);
