import { expect, test } from "bun:test";
import { hasRoom } from "../../../machines/community/context.ts";
import { aCommunity } from "../lone-actor.ts";

test("a seat is taken when it is asked for, and there are as many as the plan has", () => {
  const community = aCommunity(2).send({ type: "SEAT" });
  expect(community.context).toMatchObject({ taken: 2, asked: 1, done: 0 });
  expect(hasRoom(community.context)).toBe(false);
  expect(community.allows({ type: "SEAT" })).toBe(false);
});

test("a waiting list on which nobody stands is told to the operator, not asked about for ever", () => {
  const community = aCommunity(1).send({ type: "QUEUE" });
  expect(community.waitsFor).toEqual([]);
  community.send({ type: "ROOM", limit: 2, isServed: true });
  expect(community.waitsFor).toEqual(["next"]);
  community.answers("next", { turn: community.context.turn, people: [] });
  expect(community.waitsFor).toEqual([]);
  expect(community.attention).toBe("stuck_community");
});
