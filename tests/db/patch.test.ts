import { describe, expect, test } from "bun:test";
import { differenceOf, type Patch, patched, sortedJson, unfolded } from "../../db/patch.ts";
import { Random } from "../machines/random.ts";

const cases: [string, object, object, Patch][] = [
  ["nothing", { a: 1, b: { c: [1] } }, { a: 1, b: { c: [1] } }, {}],
  ["a number deep down", { a: { b: { c: 1 } } }, { a: { b: { c: 2 } } }, { set: { "/a/b/c": 2 } }],
  ["an array, whole", { a: [1, 2] }, { a: [1, 3] }, { set: { "/a": [1, 3] } }],
  ["what is gone", { a: { b: 1, c: 2 } }, { a: { c: 2 } }, { gone: ["/a/b"] }],
  ["what became undefined", { a: 1, b: 2 }, { a: undefined, b: 2 }, { gone: ["/a"] }],
  ["an object for null", { a: null }, { a: { b: 1 } }, { set: { "/a": { b: 1 } } }],
  ["keys with slashes", { a: { "x/y~": 1 } }, { a: { "x/y~": 2 } }, { set: { "/a/x~1y~0": 2 } }],
  ["an order", { a: { x: 1, y: 2 } }, { a: { y: 2, x: 1 } }, { set: { "/a": { y: 2, x: 1 } } }],
];

describe("a patch", () => {
  test.each(cases)("says %s", (_, before, after, patch) => {
    expect(differenceOf(before, after)).toEqual(patch);
    const text = JSON.stringify(before);
    expect(JSON.stringify(patched(before, patch))).toBe(JSON.stringify(after));
    expect(JSON.stringify(before)).toBe(text);
  });

  test("makes any object of any other, to the order of its keys", () => {
    const seed = Date.now() % 1e6;
    console.log(`seed ${seed}`);
    const random = new Random(seed);
    const any = (depth: number): unknown => {
      const kind = random.pick(depth > 3 ? ["leaf"] : ["leaf", "list", "tree", "tree"]);
      if (kind === "leaf") return random.pick([0, 1, "x", null, true]);
      if (kind === "list") return [any(depth + 1), any(depth + 1)];
      return tree(depth + 1);
    };
    const tree = (depth: number): object =>
      Object.fromEntries(
        Array.from({ length: random.pick([0, 1, 3, 5]) }, () => [
          random.pick(["a", "b", "c/d", "~", "e", "f"]),
          any(depth),
        ]),
      );
    for (let n = 0; n < 2_000; n++) {
      const [before, after] = [{ root: tree(1) }, { root: tree(1) }];
      const patch = JSON.parse(JSON.stringify(differenceOf(before, after))) as Patch;
      expect(JSON.stringify(patched(before, patch))).toBe(JSON.stringify(after));
    }
  });

  test("is compared without the order of keys", () => {
    expect(sortedJson({ b: 1, a: { d: [2], c: 1 } })).toBe(
      sortedJson({ a: { c: 1, d: [2] }, b: 1 }),
    );
    expect(sortedJson([1, 2])).not.toBe(sortedJson([2, 1]));
  });
});

test("revisions unfold from a whole one, each actor's by its own", () => {
  const whole = (actor: string, n: number) => ({ actor, snapshot: `{"n":${n}}`, patch: null });
  const changed = (actor: string, n: number) => ({
    actor,
    snapshot: null,
    patch: `{"set":{"/n":${n}}}`,
  });
  const rows = [whole("a", 1), whole("b", 5), changed("a", 2), changed("b", 6), changed("a", 3)];
  expect(unfolded(rows).map(({ snapshot }) => snapshot)).toEqual([
    ...['{"n":1}', '{"n":5}', '{"n":2}', '{"n":6}', '{"n":3}'],
  ]);
  expect(() => unfolded([changed("a", 2)])).toThrow("a has nothing before it");
});
