import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startZooid, type Zooid } from "../../server/sandbox/zooid/zooid.ts";
import { configOf, eventually, informationOf, manage, newKey, signed } from "./zooid-client.ts";
import { RelaySocket } from "./zooid-socket.ts";

const admin = newKey();
const owner = newKey();
const A = configOf("a", owner, newKey());
let folder: string;
let databasePath: string;
let zooid: Zooid;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "zooid-"));
  databasePath = join(folder, "zooid.sqlite");
  zooid = await startZooid({ whitelist: [admin.pubkey], databasePath });
  await create();
});
afterEach(async () => {
  await zooid.stop();
  rmSync(folder, { recursive: true });
});

async function create(): Promise<void> {
  expect((await manage(zooid, admin, "POST", "/relay/a", A)).status).toBe(201);
  await isLive();
}

const isLive = () => eventually(async () => (await informationOf(zooid, "a.test")) !== null);

async function publishNote() {
  const note = signed(owner, 1);
  await (await RelaySocket.as(owner, zooid, "a.test")).publish(note);
  return note;
}

async function notes() {
  return await (await RelaySocket.as(owner, zooid, "a.test")).request({ kinds: [1] });
}

describe("down", () => {
  test("connections are refused and open sockets cut, and ok serves on the same port again", async () => {
    const note = await publishNote();
    const { socket } = await RelaySocket.as(owner, zooid, "a.test");
    const cut = new Promise((resolve) => socket.addEventListener("close", resolve));
    zooid.setMode("down");
    expect(zooid.mode).toBe("down");
    await cut;
    await expect(fetch(zooid.url)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    zooid.setMode("ok");
    await isLive();
    expect(await notes()).toEqual([note]);
  });

  test("it can be told twice", async () => {
    zooid.setMode("down");
    zooid.setMode("down");
    zooid.setMode("ok");
    zooid.setMode("ok");
    await isLive();
  });
});

describe("wiped", () => {
  test("relays are 404 until they are created again, and then have their events", async () => {
    const note = await publishNote();
    zooid.wipe();
    expect(zooid.relays()).toEqual([]);
    expect(await informationOf(zooid, "a.test")).toBeNull();
    expect((await manage(zooid, admin, "PUT", "/relay/a", A)).status).toBe(404);
    await create();
    expect(await notes()).toEqual([note]);
  });

  test("a zooid that is down stays down and comes back empty", async () => {
    zooid.setMode("down");
    zooid.wipe();
    await expect(fetch(zooid.url)).rejects.toThrow();
    zooid.setMode("ok");
    await Bun.sleep(15);
    expect(await informationOf(zooid, "a.test")).toBeNull();
  });
});

describe("the config directory", () => {
  test("that is gone takes no file, and serves nobody", async () => {
    zooid.removeDirectory();
    expect(await informationOf(zooid, "a.test")).toBeNull();
    expect((await manage(zooid, admin, "PUT", "/relay/a", A)).status).toBe(404);
    const refused = await manage(zooid, admin, "POST", "/relay/a", A);
    expect(refused.status).toBe(409);
    expect(await refused.text()).toContain("failed to read config directory:");
  });

  test("that was made again takes files, and serves none until a restart", async () => {
    zooid.removeDirectory();
    zooid.recreateDirectory();
    expect((await manage(zooid, admin, "POST", "/relay/a", A)).status).toBe(201);
    await Bun.sleep(30);
    expect(await informationOf(zooid, "a.test")).toBeNull();
    zooid.setMode("down");
    zooid.setMode("ok");
    await isLive();
  });

  test("that an old backup is copied over serves again what was switched off", async () => {
    const files = zooid.backup();
    await manage(zooid, admin, "PATCH", "/relay/a", { inactive: true });
    await eventually(async () => (await informationOf(zooid, "a.test")) === null);
    zooid.restore(files);
    await isLive();
  });
});

test("configs, members and events survive a restart of the process", async () => {
  const note = await publishNote();
  const { port } = zooid;
  await zooid.stop();
  zooid = await startZooid({ whitelist: [admin.pubkey], databasePath, port, liveDelayMs: 300 });
  expect(zooid.port).toBe(port);
  expect(await informationOf(zooid, "a.test")).toBeNull();
  await isLive();
  expect(await notes()).toEqual([note]);
});

test("a port in use is an error", async () => {
  const { port } = zooid;
  await expect(startZooid({ whitelist: [], port })).rejects.toMatchObject({ code: "EADDRINUSE" });
});

test("management requests are recorded with their answers, the last 10,000 of them", async () => {
  expect(zooid.requests).toEqual([
    { method: "POST", id: "a", status: 201, at: expect.any(Number) },
  ]);
  for (let batch = 0; batch < 101; batch += 1) {
    await Promise.all(Array.from({ length: 100 }, () => fetch(`${zooid.url}/relay/x`)));
  }
  expect(zooid.requests).toHaveLength(10_000);
  expect(zooid.requests[0]).toMatchObject({ method: "GET", id: "x", status: 401 });
});
