import { expect, test } from "bun:test";
import { statusOf } from "../../machines/describe.ts";
import { relayLife } from "../../web/pages/home/walk.ts";

const DAY_MS = 86_400_000;
const start = Date.UTC(2027, 0, 31, 12);
const scenes = relayLife(start);
const sceneOf = (status: string) => scenes.find(({ value }) => statusOf(value) === status);

test("the life on the marketing page is what the machine does", () => {
  expect(scenes.map(({ value }) => statusOf(value))).toEqual([
    "pending",
    "provisioning",
    "active",
    "grace",
    "suspended",
    "provisioning",
    "active",
  ]);
  expect(sceneOf("grace")?.value).toMatchObject({ status: { grace: "counting" } });
  expect(sceneOf("suspended")?.value).toMatchObject({ status: { suspended: "unpaid" } });
});

test("its dates are those of a month, clamped, and of seven days of grace", () => {
  const paidThrough = sceneOf("active")?.context.paidThrough ?? 0;
  expect(new Date(paidThrough).toISOString().slice(0, 10)).toBe("2027-02-28");
  expect(sceneOf("grace")?.atMs).toBe(paidThrough);
  expect(sceneOf("grace")?.context.graceEnds).toBe(paidThrough + 7 * DAY_MS);
  expect(sceneOf("suspended")?.atMs).toBe(paidThrough + 7 * DAY_MS);
});

test("what was dark is not billed: the month after it begins when the relay is back", () => {
  const back = scenes.at(-1);
  const paidThrough = new Date(back?.context.paidThrough ?? 0);
  expect(back?.atMs).toBeGreaterThan(sceneOf("suspended")?.atMs ?? 0);
  expect(paidThrough.getUTCDate()).toBe(new Date(back?.atMs ?? 0).getUTCDate());
  expect(back?.context.graceEnds).toBeNull();
});
