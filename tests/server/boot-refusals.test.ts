import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hexToBytes } from "nostr-tools/utils";
import { createBerth } from "../../server/berth.ts";
import { readConfig } from "../../server/config.ts";
import { createVault } from "../../server/secrets.ts";

const directory = mkdtempSync(join(tmpdir(), "boot-"));
afterAll(() => rmSync(directory, { recursive: true }));
const [OURS, OTHER] = ["1".repeat(64), "2".repeat(64)];

const berthOn = (path: string, secret = OURS) =>
  createBerth(readConfig({ DATABASE_URL: `sqlite://${path}`, PLATFORM_SECRET: secret }));

/** A database that a Berth has worked on, changed by `change`. */
async function former(name: string, change = ""): Promise<string> {
  const path = join(directory, name);
  await (await berthOn(path)).stop();
  const database = new Database(path);
  database.run(change || "SELECT 1");
  database.close();
  return path;
}

test("another PLATFORM_SECRET refuses to start, and names file and advice", async () => {
  const path = await former("secret");
  await expect(berthOn(path, OTHER)).rejects.toThrow(
    `${path}: PLATFORM_SECRET is not the one that this database was written under. Set the former one`,
  );
  // Nothing was changed, and nothing is kept open.
  await (await berthOn(path)).stop();
});

test("a database of before the probe is proved by a secret that it has, and then has one", async () => {
  const path = await former("before");
  const database = new Database(path);
  const probes = () => database.query("SELECT id FROM secrets").all();
  const sealed = createVault(hexToBytes(OURS)).seal("a relay's", "relay/r1");
  database.run("DELETE FROM secrets");
  database.query("INSERT INTO secrets VALUES ('relay/r1', ?)").run(sealed);
  await expect(berthOn(path, OTHER)).rejects.toThrow("PLATFORM_SECRET is not the one");
  expect(probes()).toEqual([{ id: "relay/r1" }]);
  await (await berthOn(path)).stop();
  expect(probes()).toEqual([{ id: "platform" }, { id: "relay/r1" }]);
  database.close();
});

test("an actor of a newer version refuses to start, and is named", async () => {
  const path = await former(
    "actor",
    `INSERT INTO actors (id, machine, version, scope, rev, at, snapshot)
     VALUES ('notice/n1', 'notice', '99', 's', 0, 0, '{}')`,
  );
  await expect(berthOn(path)).rejects.toThrow(
    new RegExp(
      `^${path}: notice/n1: nothing leads here from version 99\\. Start the version of Berth that wrote it`,
    ),
  );
});

test("a second Berth refuses to start, and every file is its owner's alone", async () => {
  const path = join(directory, "twice");
  const first = await berthOn(path);
  await expect(berthOn(path)).rejects.toThrow(
    `${path}: another process works on this database. Stop it first`,
  );
  for (const end of ["", ".lock", ".seen", "-wal", "-shm", ".seen-wal"])
    expect([end, (statSync(path + end).mode & 0o777).toString(8)]).toEqual([end, "600"]);
  await first.stop();
});
