import { expect, test } from "bun:test";
import { switchedOff } from "../../machines/plans.ts";

const ALL = { calls: true, payments: true };

test("what is switched off is what the plan before had here, and the next has not", () => {
  expect(switchedOff("growth", "basic", ALL)).toEqual(["more than 100 members"]);
  expect(switchedOff("growth", "free", ALL)).toEqual([
    "file hosting (Blossom)",
    "calls (LiveKit)",
    "more than 10 members",
  ]);
  expect(switchedOff("free", "growth", ALL)).toEqual([]);
});

test("calls are not switched off where this operator has none", () => {
  expect(switchedOff("basic", "free", { ...ALL, calls: false })).toEqual([
    "file hosting (Blossom)",
    "more than 10 members",
  ]);
});
