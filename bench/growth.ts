/**
 * How a database grows: lives months of a few tenants on a file, with the product's machines and rows, folds
 * what ended 90 days before the end, and takes the difference between a short and a long life. What is
 * kept for a while only, such as the outbox, is in both and cancels out.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "../db/database.ts";
import { createQueries } from "../db/index.ts";
import { sqliteStore } from "../db/sqlite-store.ts";
import { DAY_MS } from "../machines/billing/calendar.ts";
import { machines } from "../machines/index.ts";
import { hydrate } from "../server/host/xstate.ts";
import { liveMonths } from "../tests/server/months.ts";
import type { Row } from "./row.ts";

const TENANTS = 8;
const [SHORT, LONG] = [6, 18];
const SEEDS = [1, 2, 3];
/** What is projected. */
const PROJECTED = { tenants: 100_000, months: 36 };

async function sizeAfter(months: number, seed: number, dir: string): Promise<number> {
  const path = join(dir, `${months}-${seed}.db`);
  const db = openDatabase(path);
  await liveMonths(sqliteStore(db), { seed, months, tenants: TENANTS });
  const one = (sql: string): number =>
    db.sqlite.query<{ value: number }, []>(sql).get()?.value ?? 0;
  const before = one("SELECT max(at) AS value FROM actors") - 90 * DAY_MS;
  const hasEnded = (machine: string, snapshot: string): boolean =>
    hydrate(machines[machine as keyof typeof machines], snapshot).hasTag("ended" as never);
  const { journals } = createQueries(db);
  await journals.fold({ after: "", limit: 1_000_000, before, hasEnded });
  const whole = join(dir, `${months}-${seed}.whole`);
  db.sqlite.run("VACUUM INTO ?", [whole]);
  db.close();
  return statSync(whole).size;
}

export async function benchGrowth(): Promise<Row[]> {
  const dir = mkdtempSync(join(tmpdir(), "growth-"));
  try {
    let bytes = 0;
    for (const seed of SEEDS)
      bytes += (await sizeAfter(LONG, seed, dir)) - (await sizeAfter(SHORT, seed, dir));
    const each = bytes / (SEEDS.length * TENANTS * (LONG - SHORT));
    const note = `${SEEDS.length * TENANTS} tenants who order, change, pay and let lapse, month ${SHORT} to ${LONG}`;
    const { tenants, months } = PROJECTED;
    return [
      { name: "growth per tenant and month", value: each / 1000, unit: "kB", note },
      {
        name: `${tenants} tenants after ${months} months`,
        value: (each * tenants * months) / 1e9,
        unit: "GB",
        note: "projected",
      },
    ];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
