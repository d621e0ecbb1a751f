/** Two months of one tenant, killed at every commit and around every outbound call in turn. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "../../db/database.ts";
import { incarnate } from "./incarnation.ts";
import { incarnateApart } from "./incarnation-apart.ts";
import { difference, twoMonths } from "./two-months.ts";

const KILLS = 20;
const dataDir = mkdtempSync(join(tmpdir(), "berth-two-months-"));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

/** In this process, which only pretends to die, at the `fatal`-th point or never. */
async function pretended(fatal: number | null) {
  const db = openDatabase(":memory:");
  let points = 0;
  const dies = (): boolean => ++points === fatal;
  const life = await twoMonths(async (world) => incarnate(db, world, dies));
  db.close();
  return { ...life, points };
}

/** In processes of their own, of which the first ends by SIGKILL, at its `fatal`-th point or never. */
async function real(fatal: number | null) {
  const path = join(dataDir, `${fatal}.db`);
  const signals: unknown[] = [];
  const life = await twoMonths((world, isFirst) =>
    incarnateApart(path, world, isFirst ? fatal : null, (signal) => signals.push(signal)),
  );
  return { ...life, signals };
}

test("however the process dies, the end is the same", async () => {
  const { state, points, wrong } = await pretended(null);
  expect(wrong).toEqual([]);
  for (const word of ["suspended/1", "reactivated", "receipt", "due"])
    expect(state).toContain(`/${word}"`);
  let deaths = 0;
  for (let fatal = 1; fatal <= points; fatal++) {
    const end = await pretended(fatal);
    expect([fatal, end.wrong]).toEqual([fatal, []]);
    deaths += end.deaths;
    if (end.state !== state)
      throw new Error(`killed at point ${fatal} of ${points}:\n${difference(state, end.state)}`);
  }
  // Which deliveries share a commit differs a little from run to run: the last may not be there.
  expect(deaths).toBeGreaterThan(points - 10);
  console.log(`died at ${deaths} points: every commit, and before and after every outbound call`);
}, 240_000);

test(`${KILLS} times it is a real kill -9, and the end is the same`, async () => {
  const { state, points, wrong, signals } = await real(null);
  expect([wrong, signals]).toEqual([[], []]);
  expect(difference((await pretended(null)).state, state)).toBe("");
  const kills: string[] = [];
  // How commits are shared differs a little from run to run: the last points may not be there.
  const last = Math.floor(points * 0.9);
  for (let n = 0; n < KILLS; n++) {
    const fatal = 1 + Math.floor((n * (last - 1)) / (KILLS - 1));
    const end = await real(fatal);
    expect([fatal, end.wrong, end.signals]).toEqual([fatal, [], ["SIGKILL"]]);
    if (end.state !== state)
      throw new Error(`kill -9 at point ${fatal} of ${points}:\n${difference(state, end.state)}`);
    kills.push(`${fatal}`);
  }
  console.log(`kill -9 at ${kills.length} of ${points} points: ${kills.join(", ")}`);
}, 240_000);
