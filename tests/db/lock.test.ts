import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "../../db/database.ts";
import { DatabaseLocked, lockDatabase } from "../../db/lock.ts";

const directory = mkdtempSync(join(tmpdir(), "lock-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** Another process that wants the lock. @returns it, and its first word: locked or refused. */
async function contender(path: string) {
  const child = Bun.spawn(["bun", join(import.meta.dir, "hold-lock.child.ts"), path], {
    stdin: "pipe",
    stdout: "pipe",
  });
  const { value } = await child.stdout.getReader().read();
  return { child, word: new TextDecoder().decode(value).trim() };
}

describe("the lock of a database", () => {
  test("refuses a second process while the first lives", async () => {
    const path = join(directory, "first");
    const { child, word } = await contender(path);
    expect(word).toBe("locked");
    expect(() => lockDatabase(path)).toThrow(DatabaseLocked);
    const second = await contender(path);
    expect(second.word).toBe("refused");
    await second.child.exited;
    child.kill();
    await child.exited;
  });

  test("does not outlive a process that is killed", async () => {
    const path = join(directory, "killed");
    const { child, word } = await contender(path);
    expect(word).toBe("locked");
    child.kill("SIGKILL");
    await child.exited;
    const unlock = lockDatabase(path);
    expect((await contender(path)).word).toBe("refused");
    unlock();
    const next = await contender(path);
    expect(next.word).toBe("locked");
    next.child.kill();
    await next.child.exited;
  });

  test("refuses a second taker in the same process, until it is given back", () => {
    const path = join(directory, "same");
    const unlock = lockDatabase(path);
    expect(() => lockDatabase(path)).toThrow(DatabaseLocked);
    unlock();
    lockDatabase(path)();
  });

  test("is one, whatever link the database is named by", () => {
    const path = join(directory, "linked");
    openDatabase(path).close();
    mkdirSync(join(directory, "elsewhere"));
    const [link, folder] = [join(directory, "elsewhere/link"), join(directory, "folder")];
    symlinkSync(path, link);
    symlinkSync(directory, folder);
    const unlock = lockDatabase(link);
    for (const name of [path, join(folder, "linked")])
      expect(() => lockDatabase(name)).toThrow(
        `${name}: another process works on this database. Stop it first`,
      );
    unlock();
    expect(statSync(`${path}.lock`).mode & 0o777).toBe(0o600);
  });

  test("does not stand in the way of the database itself", () => {
    const path = join(directory, "beside");
    const unlock = lockDatabase(path);
    const db = openDatabase(path);
    expect(db.sqlite.query("SELECT count(*) AS n FROM actors").get()).toEqual({ n: 0 });
    db.close();
    unlock();
  });

  test("that cannot be taken for another reason says so", async () => {
    const path = join(directory, "broken");
    await Bun.write(`${path}.lock`, "something else ".repeat(500));
    const taking = () => lockDatabase(path);
    expect(taking).toThrow("not a database");
    expect(taking).not.toThrow(DatabaseLocked);
  });

  test("is not needed in memory", () => {
    lockDatabase(":memory:");
    lockDatabase(":memory:")();
  });
});
