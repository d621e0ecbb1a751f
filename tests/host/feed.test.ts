import { describe, expect, test } from "bun:test";
import { Feed } from "../../server/host/feed.ts";
import { openStage } from "./stage.ts";

const open = async () => {
  const stage = openStage();
  const feed = new Feed(stage.host);
  await stage.create("a", {}, "me");
  await stage.create("b", {}, "you");
  const rung: string[] = [];
  const off = feed.subscribe("me", () => rung.push("me"));
  return { stage, feed, rung, off };
};
const DO = { type: "DO", say: "x" } as const;

describe("the bell", () => {
  test("rings for its scope alone, once a commit, until it is let go", async () => {
    const { stage, rung, off } = await open();
    await stage.send("b", DO);
    expect(rung).toEqual([]);
    await Promise.all([stage.send("a", DO), stage.send("a", DO)]);
    expect(rung).toEqual(["me"]);
    off();
    await stage.send("a", DO);
    expect(rung).toEqual(["me"]);
    await stage.close();
  });

  test("does not ring for what was taken back", async () => {
    const { stage, rung } = await open();
    const failing = stage.send("a", { ...DO, tells: [stage.tell("nobody", "y")] });
    await failing.catch(() => {});
    expect(rung).toEqual([]);
    await stage.close();
  });
});

describe("the query", () => {
  test("present is every actor of the scope, and since goes on from there", async () => {
    const { stage, feed } = await open();
    await stage.send("a", DO);
    const { seq, entries } = await feed.present("me");
    expect(entries).toMatchObject([{ actor: "a", machine: "puppet", version: "1", rev: 1, seq }]);
    expect(await feed.since("me", seq)).toEqual([]);
    await stage.send("b", DO);
    await stage.send("a", DO);
    const since = await feed.since("me", seq);
    expect(since).toMatchObject([{ actor: "a", machine: "puppet", version: "1", rev: 2 }]);
    expect(since[0]?.seq).toBeGreaterThan(seq);
    expect((await feed.since("me", 0)).map(({ rev }) => rev)).toEqual([2]);
    await stage.close();
  });

  test("an entry is value and context, and nothing of who or why of the operator's", async () => {
    const { stage, feed } = await open();
    const next = async () => (await feed.since("me", 0))[0];
    await stage.host.send("a", DO, { cause: "http", by: "me", reason: "mine" });
    const mine = await next();
    await stage.host.send("a", DO, { cause: "http", by: "secret key", reason: "secret reason" });
    const theirs = await next();
    await stage.send("a", { type: "WORK", input: "in the children" });
    const nobodys = await next();
    expect([mine?.by, theirs?.by, nobodys?.by]).toEqual(["me", "operator", null]);
    expect(Object.keys(mine ?? {}).sort()).toEqual(
      ["actor", "at", "by", "machine", "rev", "seq", "snapshot", "version"].sort(),
    );
    expect(Object.keys(nobodys?.snapshot ?? {}).sort()).toEqual(["context", "value"]);
    expect(JSON.stringify([await feed.since("me", 0), await feed.present("me")])).not.toMatch(
      /secret|children/,
    );
    await stage.close();
  });

  test("comes in pages", async () => {
    const { stage, feed } = await open();
    await Promise.all(Array.from({ length: 250 }, (_, n) => stage.create(`${n}`, {}, "me")));
    await stage.send("a", DO);
    const first = await feed.since("me", 0);
    const second = await feed.since("me", first.at(-1)?.seq ?? 0);
    expect([first.length, second.length]).toEqual([200, 51]);
    expect(second.at(-1)).toMatchObject({ actor: "a", rev: 1 });
    await stage.close();
  });
});
