/** What an operator is told of a deployment before it is started. */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkUp, type Finding } from "../../server/check-up.ts";
import { readConfig } from "../../server/config.ts";
import { newKey } from "../sandbox/zooid-client.ts";
import { type Fixture, startFixture } from "./berth-fixture.ts";

setDefaultTimeout(30_000);

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.stop());

const environment = () => ({
  DATABASE_URL: `sqlite://${fixture.databasePath}`,
  PLATFORM_SECRET: fixture.platform.secretHex,
  ZOOID_API_URL: fixture.world.zooidApiUrl,
  RELAY_DOMAIN: fixture.world.relayDomain,
  NWC_URL: fixture.world.receivingNwcUrl,
  NOSTR_INDEXER_RELAYS: fixture.world.relayUrl,
});

async function findings(changed: Record<string, string> = {}, network: "bc" | "bcrt" = "bcrt") {
  const config = readConfig({ ...environment(), ...changed });
  const timeouts = { walletTimeoutMs: 1_000, zooidTimeoutMs: 1_000 };
  const found: Finding[] = [];
  for await (const finding of checkUp(config, { network, allowLoopback: true, ...timeouts }))
    found.push(finding);
  return found;
}
const wrong = (found: Finding[]) =>
  found.filter(({ is }) => is === "wrong").map(({ about, words }) => `${about}: ${words}`);

test("a deployment that is well is said to be, each part by itself", async () => {
  const found = await findings();
  expect(wrong(found)).toEqual([]);
  const well = found.filter(({ is }) => is === "well").map(({ about }) => about);
  expect(well).toEqual(["database", "zooid", "wallet", "indexers"]);
  expect(found.find(({ about }) => about === "zooid")?.words).toContain(fixture.platform.pubkey);
  expect(found.find(({ about }) => about === "database")?.words).toContain("works on it now");
});

test("what a start would refuse of a database is told, and nothing of it is changed", async () => {
  const folder = mkdtempSync(join(tmpdir(), "check-up-"));
  const at = async (name: string, sql: string) => {
    const path = join(folder, name);
    const database = new Database(path);
    database.run(sql);
    database.close();
    const before = readFileSync(path);
    const [said] = wrong(await findings({ DATABASE_URL: `sqlite://${path}` }));
    expect(readFileSync(path)).toEqual(before);
    return said?.replace(path, "FILE");
  };
  expect(await at("empty", "VACUUM")).toStartWith("database: FILE: the database is empty. ");
  expect(await at("other", "CREATE TABLE songs (id)")).toStartWith(
    "database: FILE: the database is not Berth's. ",
  );
  expect(
    await at(
      "newer",
      `CREATE TABLE actors (id); CREATE TABLE __drizzle_migrations (hash, created_at);
       INSERT INTO __drizzle_migrations VALUES ('h', 99999999999999)`,
    ),
  ).toStartWith("database: FILE: it was written by a newer version of Berth. ");
  // A whole database of ours, in which one actor is of a version that is yet to come.
  const copy = join(folder, "actor");
  const ours = new Database(fixture.databasePath, { readonly: true });
  ours.run("VACUUM INTO ?", [copy]);
  ours.close();
  expect(
    await at(
      "actor",
      `INSERT INTO actors (id, machine, version, scope, rev, at, snapshot)
       VALUES ('notice/n1', 'notice', '99', 's', 0, 0, '{}')`,
    ),
  ).toStartWith("database: FILE: notice/n1: nothing leads here from version 99. Start the version");
  writeFileSync(join(folder, "text"), "no database at all ".repeat(50));
  expect(wrong(await findings({ DATABASE_URL: `sqlite://${join(folder, "text")}` }))[0]).toContain(
    "the file is not a database",
  );
  const [secret] = wrong(await findings({ PLATFORM_SECRET: newKey().secretHex }));
  expect(secret).toContain("PLATFORM_SECRET is not the one that this database was written under");
  rmSync(folder, { recursive: true });
});

test("a key that zooid does not know is named, for its whitelist", async () => {
  const stranger = newKey();
  const [, said] = wrong(await findings({ PLATFORM_SECRET: stranger.secretHex }));
  expect(said).toContain(`Add ${stranger.pubkey} to its API_WHITELIST`);
});

test("a URL that is not zooid's is told from a zooid that is down", async () => {
  const elsewhere = fixture.url;
  expect(wrong(await findings({ ZOOID_API_URL: elsewhere }))[0]).toContain("(404)");
  await fixture.world.setFaults({ zooid: "down" });
  expect(wrong(await findings())[0]).toContain("zooid does not answer");
  await fixture.world.setFaults({ zooid: "ok" });
});

test("a wallet of another network, one that can pay, and a silent one are told", async () => {
  expect(wrong(await findings({}, "bc"))[0]).toContain("is a wallet of another network (regtest");
  const paying = await findings({ NWC_URL: fixture.world.tenantNwcUrl });
  expect(paying.filter(({ is }) => is === "warning").map(({ words }) => words)).toContainEqual(
    expect.stringContaining("NWC_URL can pay"),
  );
  await fixture.world.setFaults({ wallet: "down" });
  expect(wrong(await findings())[0]).toContain("does not answer, or does not let us in");
  await fixture.world.setFaults({ wallet: "ok" });
});

test("indexers that do not answer are told", async () => {
  expect(wrong(await findings({ NOSTR_INDEXER_RELAYS: "ws://127.0.0.1:1" }))[0]).toContain(
    "None of NOSTR_INDEXER_RELAYS answers",
  );
});

test("the command says it all, secrets apart, and ends with 1", async () => {
  const doctor = Bun.spawn([process.execPath, join(import.meta.dir, "../../server/doctor.ts")], {
    env: { ...environment(), PLATFORM_SECRET: newKey().secretHex },
    stdout: "pipe",
  });
  const said = await new Response(doctor.stdout).text();
  expect(await doctor.exited).toBe(1);
  expect(said).toMatch(/^WRONG {3}zooid: zooid does not know our key/m);
  expect(said).toMatch(/^WRONG {3}wallet: .*of another network/m);
  expect(said).toMatch(/^ok {6}indexers: /m);
  for (const secret of [
    fixture.platform.secretHex,
    new URL(fixture.world.receivingNwcUrl).searchParams.get("secret") ?? "?",
  ])
    expect(said).not.toContain(secret);
});

test("settings that are wrong are all named by the command", async () => {
  const doctor = Bun.spawn([process.execPath, join(import.meta.dir, "../../server/doctor.ts")], {
    env: { PORT: "http", LIVEKIT_SHARED: "perhaps" },
    stdout: "pipe",
  });
  const said = await new Response(doctor.stdout).text();
  expect(await doctor.exited).toBe(1);
  for (const name of ["PLATFORM_SECRET", "PORT", "LIVEKIT_SHARED"])
    expect(said).toContain(`WRONG   settings: ${name} `);
});
