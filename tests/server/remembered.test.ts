import { expect, test } from "bun:test";
import { Remembered } from "../../server/remembered.ts";

/** What counts its loads, on a clock that moves. */
function counting(options: { maxWeight?: number; weigh?: (value: string) => number } = {}) {
  const clock = { now: 0 };
  const loads: string[] = [];
  const remembered = new Remembered<string>({
    ttlMs: 100,
    maxWeight: 3,
    now: () => clock.now,
    ...options,
  });
  const get = (key: string, value = key) =>
    remembered.get(key, async () => {
      loads.push(key);
      return value;
    });
  return { clock, loads, remembered, get };
}

test("what was loaded is given until its time is over, and then loaded anew", async () => {
  const { clock, loads, get } = counting();
  expect([await get("a", "1"), await get("a", "2")]).toEqual(["1", "1"]);
  clock.now = 99;
  expect(await get("a", "3")).toBe("1");
  clock.now = 100;
  expect(await get("a", "4")).toBe("4");
  expect(loads).toEqual(["a", "a"]);
});

test("the same asked for at once is loaded once", async () => {
  const { loads, get } = counting();
  expect(await Promise.all([get("a"), get("a"), get("b"), get("a")])).toEqual(["a", "a", "b", "a"]);
  expect(loads).toEqual(["a", "b"]);
});

test("the oldest make room, by weight", async () => {
  const { loads, get } = counting({ maxWeight: 10, weigh: (value) => value.length });
  for (const key of ["aaaa", "bbbb", "cc"]) await get(key);
  await get("aaaa");
  expect(loads).toHaveLength(3);
  await get("ddd");
  await get("bbbb");
  expect(loads).toEqual(["aaaa", "bbbb", "cc", "ddd"]);
  await get("aaaa");
  expect(loads.at(-1)).toBe("aaaa");
});

test("what is heavier than all there is room for is given, not kept, and displaces nothing", async () => {
  const { loads, get } = counting({ maxWeight: 4, weigh: (value) => value.length });
  await get("aaaa");
  expect(await get("bbbbb")).toBe("bbbbb");
  await get("bbbbb");
  await get("aaaa");
  expect(loads).toEqual(["aaaa", "bbbbb", "bbbbb"]);
});

test("what failed fails for all who waited, and is tried again", async () => {
  const { remembered, get } = counting();
  const fail = () => remembered.get("a", () => Promise.reject(new Error("no")));
  const answers = await Promise.allSettled([fail(), fail()]);
  expect(answers.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(await get("a")).toBe("a");
});

test("what is forgotten while it is loaded is not kept", async () => {
  const { remembered, get, loads } = counting();
  const slow = Promise.withResolvers<string>();
  const old = remembered.get("a", () => slow.promise);
  remembered.forget("a");
  const fresh = get("a", "new");
  slow.resolve("old");
  expect([await old, await fresh, await get("a")]).toEqual(["old", "new", "new"]);
  expect(loads).toEqual(["a"]);
  remembered.forget("a");
  expect(await get("a", "newer")).toBe("newer");
});
