/**
 * `bun run test:dates`: the tests that know dates, run as of days on which calendars are odd. Each
 * process believes that it is that day (`shift.ts`). Prints what fails and the command that repeats it.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";

const root = join(import.meta.dir, "../..");

/** Days whose month has no next of the same number, and changes to and from summer time. */
const DAYS: readonly [at: string, zone: string][] = [
  ["2027-01-31T12:00Z", "UTC"],
  ["2027-02-28T12:00Z", "UTC"],
  ["2028-02-29T12:00Z", "UTC"],
  ["2027-04-30T12:00Z", "UTC"],
  ["2027-05-31T12:00Z", "UTC"],
  ["2026-11-30T23:59Z", "UTC"],
  ["2026-12-31T23:59Z", "UTC"],
  ["2027-03-28T00:59Z", "Europe/Berlin"],
  ["2027-11-07T05:59Z", "America/New_York"],
];
/** Where time is read off a real clock: authentication, the sandbox's processes, browsers. */
const APART = /^tests\/(?:crash|dates|e2e|sandbox|simulation)\//;

/** The tests in this process that know of dates, by their words. */
async function knowing(): Promise<string[]> {
  const files = await Array.fromAsync(new Bun.Glob("tests/**/*.test.ts").scan({ cwd: root }));
  const words = /addMonths|anchor|advance|paidThrough|paid_through/;
  const found: string[] = [];
  for (const file of files.sort())
    if (!APART.test(file) && words.test(await Bun.file(join(root, file)).text())) found.push(file);
  return found;
}

const { values, positionals } = parseArgs({
  options: {
    /** One day alone, and its zone. */
    at: { type: "string" },
    zone: { type: "string", default: "UTC" },
  },
  allowPositionals: true,
});
const days = values.at === undefined ? DAYS : ([[values.at, values.zone]] as const);
const suites = positionals.length > 0 ? positionals : await knowing();

let failed = 0;
for (const [at, zone] of days) {
  const shiftMs = Date.parse(at) - Date.now();
  if (Number.isNaN(shiftMs)) throw new Error(`--at ${at} is no instant, such as 2027-01-31T12:00Z`);
  console.error(`\n── as of ${at} in ${zone}`);
  const child = Bun.spawn([process.execPath, "test", "--parallel=2", ...suites], {
    cwd: root,
    env: {
      ...process.env,
      TZ: zone,
      SHIFT_MS: String(shiftMs),
      // Processes that tests start read it too.
      BUN_OPTIONS: `--preload=${join(import.meta.dir, "shift.ts")}`,
    },
    stdio: ["ignore", "inherit", "inherit"],
  });
  if ((await child.exited) === 0) continue;
  failed++;
  console.error(`red: bun run test:dates --at ${at} --zone ${zone} ${positionals.join(" ")}`);
}
console.error(`\n${days.length - failed} of ${days.length} days are green`);
process.exit(failed > 0 ? 1 : 0);
