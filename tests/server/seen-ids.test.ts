import { Database } from "bun:sqlite";
import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir, uptime } from "node:os";
import { join } from "node:path";
import { openSeenIds } from "../../server/nostr/seen-ids.ts";

let folder = "";
let files = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "berth-seen-ids-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const newPath = () => join(folder, `${++files}`, "seen.db");

const nowMs = 1_800_000_000_000;
const nowSeconds = nowMs / 1000;
const id = (index: number) => index.toString(16).padStart(64, "0");
const firstBoot = { bootId: "boot-1", bootedAtMs: nowMs - 10_000, now: () => nowMs };
const secondBoot = { bootId: "boot-2", bootedAtMs: nowMs + 30_000, now: () => nowMs + 40_000 };
const secondBootSeconds = secondBoot.bootedAtMs / 1000;

/** What a machine that lost power finds: the last commits of the write-ahead log are gone. */
function losePower(path: string, walBytes: number): string {
  const found = `${path}.found`;
  copyFileSync(path, found);
  copyFileSync(`${path}-wal`, `${found}-wal`);
  truncateSync(`${found}-wal`, walBytes);
  return found;
}

test("an id is fresh once", () => {
  const seenIds = openSeenIds(":memory:");
  expect(seenIds.claim(id(1), nowSeconds)).toBe("fresh");
  expect(seenIds.claim(id(1), nowSeconds)).toBe("seen");
  expect(seenIds.claim(id(2), nowSeconds)).toBe("fresh");
  seenIds.close();
});

test("an id is still seen after a close and a reopening, also in another boot", () => {
  const path = newPath();
  const first = openSeenIds(path, firstBoot);
  expect(first.claim(id(1), nowSeconds)).toBe("fresh");
  first.close();
  first.close();
  for (const boot of [firstBoot, secondBoot]) {
    const next = openSeenIds(path, boot);
    expect(next.claim(id(1), nowSeconds)).toBe("seen");
    expect(next.claim(id(boot.bootedAtMs), nowSeconds)).toBe("fresh");
    next.close();
  }
});

test("a second process cannot use the file at the same time", () => {
  const path = newPath();
  const seenIds = openSeenIds(path);
  const other = new Database(path);
  expect(() => other.query("SELECT * FROM seen").all()).toThrow("locked");
  other.close();
  seenIds.close();
});

test("nothing can be claimed after close", () => {
  const seenIds = openSeenIds(":memory:");
  seenIds.close();
  expect(() => seenIds.claim(id(1), nowSeconds)).toThrow();
});

test("SIGKILL at any moment loses no id that was acknowledged", async () => {
  const path = newPath();
  const acknowledged: [id: string, createdAtSeconds: number][] = [];
  for (const [prefix, wanted] of Object.entries({ a: 300, b: 1_700, c: 700, d: 1_100 })) {
    const child = Bun.spawn(
      [process.execPath, join(import.meta.dir, "seen-ids.child.ts"), path, prefix],
      { stdout: "pipe", stderr: "inherit" },
    );
    const decoder = new TextDecoder();
    let printed = "";
    let lines = 0;
    for await (const chunk of child.stdout) {
      const text = decoder.decode(chunk, { stream: true });
      printed += text;
      lines += text.split("\n").length - 1;
      if (lines >= wanted) child.kill("SIGKILL");
    }
    await child.exited;
    expect(child.signalCode).toBe("SIGKILL");
    expect(lines).toBeGreaterThanOrEqual(wanted);
    const whole = printed.split("\n").slice(0, -1);
    for (const line of whole) {
      const [createdAtSeconds = "", claimed = ""] = line.split(" ");
      acknowledged.push([claimed, Number(createdAtSeconds)]);
    }
  }
  const seenIds = openSeenIds(path);
  const lost = acknowledged.filter(([claimed, at]) => seenIds.claim(claimed, at) !== "seen");
  expect(lost).toEqual([]);
  expect(acknowledged.length).toBeGreaterThan(800);
  seenIds.close();
}, 30_000);

test("a kill in the same boot refuses no event for its date", () => {
  const path = newPath();
  const killed = openSeenIds(path, firstBoot);
  const walBytes = statSync(`${path}-wal`).size;
  const next = openSeenIds(losePower(path, walBytes), firstBoot);
  expect(next.claim(id(1), nowSeconds - 60)).toBe("fresh");
  next.close();
  killed.close();
});

test("after a boot that cut the file off, events dated before it + 60 s are refused", () => {
  const path = newPath();
  const cutOff = openSeenIds(path, firstBoot);
  const walBytes = statSync(`${path}-wal`).size;
  const farthest = nowSeconds + 60;
  expect(cutOff.claim(id(1), farthest)).toBe("fresh");
  const next = openSeenIds(losePower(path, walBytes), secondBoot);
  expect(next.claim(id(1), farthest)).toBe("too_early_after_boot");
  expect(next.claim(id(2), secondBootSeconds + 59)).toBe("too_early_after_boot");
  expect(next.claim(id(3), secondBootSeconds + 60)).toBe("fresh");
  expect(next.claim(id(3), secondBootSeconds + 60)).toBe("seen");
  next.close();
  cutOff.close();
});

test("later processes of that boot refuse them too, however the first one ended", () => {
  const path = newPath();
  const cutOff = openSeenIds(path, firstBoot);
  const found = losePower(path, statSync(`${path}-wal`).size);
  const first = openSeenIds(found, secondBoot);
  const killed = losePower(found, statSync(`${found}-wal`).size);
  first.close();
  for (const path of [found, killed]) {
    const later = openSeenIds(path, secondBoot);
    expect(later.claim(id(1), secondBootSeconds + 59)).toBe("too_early_after_boot");
    expect(later.claim(id(2), secondBootSeconds + 60)).toBe("fresh");
    later.close();
  }
  cutOff.close();
});

test("where boots have no id, their times tell them apart", () => {
  const path = newPath();
  const cutOff = openSeenIds(path, { ...firstBoot, bootId: null });
  const copies = [losePower(path, statSync(`${path}-wal`).size), `${path}.other`] as const;
  copyFileSync(copies[0], copies[1]);
  copyFileSync(`${copies[0]}-wal`, `${copies[1]}-wal`);
  const jitter = { ...firstBoot, bootId: null, bootedAtMs: firstBoot.bootedAtMs + 1_500 };
  const sameBoot = openSeenIds(copies[0], jitter);
  expect(sameBoot.claim(id(1), nowSeconds - 60)).toBe("fresh");
  sameBoot.close();
  const otherBoot = openSeenIds(copies[1], { ...secondBoot, bootId: null });
  expect(otherBoot.claim(id(1), secondBootSeconds + 59)).toBe("too_early_after_boot");
  otherBoot.close();
  cutOff.close();
});

test("by default the boot is the system's: an unclean file of another boot guards its first minute", () => {
  const path = newPath();
  const cutOff = openSeenIds(path, firstBoot);
  const found = losePower(path, statSync(`${path}-wal`).size);
  const seenIds = openSeenIds(found);
  const bootSeconds = Date.now() / 1000 - uptime();
  expect(seenIds.claim(id(1), Math.floor(bootSeconds + 57))).toBe("too_early_after_boot");
  expect(seenIds.claim(id(2), Math.ceil(bootSeconds + 63))).toBe("fresh");
  seenIds.close();
  cutOff.close();
});

test("ids are removed 150 s after their date, and not before", () => {
  const path = newPath();
  let clockMs = nowMs;
  const seenIds = openSeenIds(path, { ...firstBoot, now: () => clockMs });
  for (let index = 0; index < 5_000; index += 1) seenIds.claim(id(index), nowSeconds);
  clockMs += 150_000;
  seenIds.claim(id(5_000), nowSeconds + 150);
  expect(seenIds.claim(id(0), nowSeconds)).toBe("seen");
  clockMs += 11_000;
  for (let index = 6_000; index < 9_000; index += 1) seenIds.claim(id(index), nowSeconds + 160);
  seenIds.close();
  const file = new Database(path, { readonly: true });
  const rows = file.query<{ count: number }, []>("SELECT count(*) AS count FROM seen").get();
  file.close();
  expect(rows?.count).toBe(3_001);
});

test("a file that is not a database is an error at opening, not an empty memory", () => {
  const path = join(folder, "garbage.db");
  writeFileSync(path, "x".repeat(8192));
  expect(() => openSeenIds(path)).toThrow();
  expect(existsSync(path)).toBe(true);
});
