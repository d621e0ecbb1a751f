import { expect, test } from "bun:test";
import { Places } from "../../server/outbound/places.ts";

const busy = () => new Error("busy");

/** Work that ends when it is told to, in the order it was begun. */
function workshop() {
  const begun: { asker: string; end: () => void }[] = [];
  const work = (asker: string) => () =>
    new Promise<string>((resolve) => begun.push({ asker, end: () => resolve(asker) }));
  return { begun, work };
}

test("an asker has at most a share at once, and gets the next place when one of theirs is free", async () => {
  const places = new Places({ total: 3, share: 2, waiting: 1 });
  const { begun, work } = workshop();
  const mine = Array.from({ length: 3 }, () => places.run("me", work("me"), busy));
  await expect(places.run("me", work("me"), busy)).rejects.toThrow("busy");
  const yours = places.run("you", work("you"), busy);
  expect(begun.map(({ asker }) => asker)).toEqual(["me", "me", "you"]);
  await expect(places.run("they", work("they"), busy)).rejects.toThrow("busy");
  begun[0]?.end();
  await mine[0];
  expect(begun.map(({ asker }) => asker)).toEqual(["me", "me", "you", "me"]);
  for (const { end } of begun) end();
  expect(await Promise.all([...mine, yours])).toEqual(["me", "me", "me", "you"]);
});

test("work that fails gives its place back", async () => {
  const places = new Places({ total: 1, share: 1, waiting: 0 });
  const fail = () => Promise.reject(new Error("failed"));
  for (let n = 0; n < 3; n++)
    await expect(places.run(`${n}`, fail, busy)).rejects.toThrow("failed");
});
