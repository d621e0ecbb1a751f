import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startFixture } from "../api/berth-fixture.ts";
import { activeRelay } from "../api/orders.ts";

const directory = mkdtempSync(join(tmpdir(), "replay-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** `bun run replay` with nothing in its environment but where the database is. */
async function replay(path: string) {
  const file = join(import.meta.dir, "../../server/replay.ts");
  const child = Bun.spawn([process.execPath, "--no-env-file", file], {
    cwd: directory,
    env: { PATH: process.env.PATH ?? "", DATABASE_URL: `sqlite://${path}` },
    stdout: "pipe",
    stderr: "pipe",
  });
  const said = await Promise.all([child.stdout, child.stderr].map((s) => new Response(s).text()));
  return { code: await child.exited, said: said.join("").trim() };
}

test("a copy is proved with neither a secret nor pages, and what differs is named", async () => {
  const fixture = await startFixture();
  await activeRelay(fixture.tenant());
  const copy = join(directory, "copy.db");
  new Database(fixture.databasePath).run("VACUUM INTO ?", [copy]);
  await fixture.stop();
  expect(await replay(copy)).toEqual({ code: 0, said: "3 actors replayed, 0 differences" });
  const database = new Database(copy);
  database.run("UPDATE journal SET patch = '{}' WHERE actor LIKE 'relay/%' AND rev = 1");
  database.close();
  const { code, said } = await replay(copy);
  expect([code, said]).toEqual([1, expect.stringContaining("#1 is not what its event makes")]);
});

test("where there is no database none is made", async () => {
  const path = join(directory, "none.db");
  expect(await replay(path)).toEqual({
    code: 1,
    said: `${path}: there is no database. Check DATABASE_URL`,
  });
  expect(existsSync(path)).toBe(false);
});
