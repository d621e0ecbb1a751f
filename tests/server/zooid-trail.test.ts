import { describe, expect, test } from "bun:test";
import { foldTrail, inOrderOfJoining, lossesOf } from "../../server/zooid/people/trail.ts";
import { newKey } from "../sandbox/zooid-client.ts";

const [a, b, self] = [newKey().pubkey, newKey().pubkey, newKey().pubkey];
const entry = (kind: number, pubkey: string, created_at: number) => ({
  kind,
  created_at,
  tags: [["-"], ["p", pubkey]],
});
const seen = (part: Partial<Parameters<typeof lossesOf>[0]>) =>
  lossesOf({
    ...{ listed: new Set<string>(), banned: new Set<string>(), words: new Map(), mirror: [], self },
    ...part,
  });

describe("the trail", () => {
  test("the newest word on somebody counts, in whatever order it came", () => {
    const words = foldTrail([entry(8001, a, 30), entry(8000, a, 10), entry(8000, b, 20)]);
    expect(words.get(a)).toEqual({ is: "removed", at: 30, since: null });
    expect(words.get(b)).toEqual({ is: "added", at: 20, since: 20 });
  });

  test("who was added again while a member joined when they first were", () => {
    const words = foldTrail([entry(8000, a, 10), entry(8000, a, 50)]);
    expect(words.get(a)).toEqual({ is: "added", at: 50, since: 10 });
  });

  test("coming and going within one second says nothing", () => {
    const words = foldTrail([entry(8000, a, 10), entry(8001, a, 10)]);
    expect(words.get(a)?.is).toBe("unclear");
    expect(seen({ words })).toEqual({ add: [], remove: [] });
    expect(seen({ words, listed: new Set([a]) })).toEqual({ add: [], remove: [] });
  });

  test("what is no entry of it is passed over", () => {
    const odd = [entry(1, a, 1), entry(8000, "zz", 1), { kind: 8000, created_at: 1, tags: [] }];
    expect(foldTrail(odd).size).toBe(0);
  });
});

describe("what was lost", () => {
  const added = foldTrail([entry(8000, a, 10)]);
  const removed = foldTrail([entry(8000, a, 10), entry(8001, a, 20)]);

  test("who was added and is not listed comes back, unless banned", () => {
    expect(seen({ words: added }).add).toEqual([a]);
    expect(seen({ words: added, banned: new Set([a]) }).add).toEqual([]);
    expect(seen({ words: added, listed: new Set([a]) }).add).toEqual([]);
  });

  test("who left and is still listed goes", () => {
    expect(seen({ words: removed, listed: new Set([a]) }).remove).toEqual([a]);
  });

  test("whom the mirror alone knows comes back, and nobody whom the trail sent away", () => {
    expect(seen({ mirror: [a, b, self], words: removed }).add).toEqual([b]);
  });
});

test("members are in the order in which they joined, those without a trail first", () => {
  const words = foldTrail([entry(8000, a, 20)]);
  expect(inOrderOfJoining([a, b], words)).toEqual([
    { pubkey: b, since: null },
    { pubkey: a, since: 20 },
  ]);
});
