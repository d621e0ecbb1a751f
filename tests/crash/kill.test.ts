import { expect, test } from "bun:test";
import { killRun } from "./kill.ts";

const KILLS = 50;
const COMMANDS = 2_000;
/** Some 40 s on two cores; more where others work on them too. */
const PATIENCE_MS = 300_000;

test(
  `${KILLS} kills over ${COMMANDS} acknowledged commands lose nothing and double nothing`,
  async () => {
    const seed = Number(process.env.SEED ?? Date.now() % 1e9);
    console.log(`kill: seed ${seed}`);
    const { wrong, ...report } = await killRun({
      kills: KILLS,
      commands: COMMANDS,
      tenants: 8,
      seed,
    });
    console.log(`kill: ${JSON.stringify(report)}`);
    expect(wrong).toEqual([]);
    expect(report.kills).toBeGreaterThanOrEqual(KILLS);
    expect(report.acknowledged).toBeGreaterThanOrEqual(COMMANDS);
    // It did die in the middle of things, and there was something to lose.
    expect(report.unanswered).toBeGreaterThan(KILLS);
    expect(report.books.paid).toBeGreaterThan(100);
    expect(report.replay).toBe(`${report.books.actors} actors replayed, 0 differences`);
  },
  PATIENCE_MS,
);
