/** A part of `bun run sim`, small enough for every run of the tests. */
import { describe, expect, test } from "bun:test";
import { type Result, run, type Scenario } from "./run.ts";

/** A year of a few, and many springs of two: weather and people are the seed's. */
const scenarios: Scenario[] = [
  ...Array.from({ length: 10 }, (_, n) => ({ seed: 1 + n, months: 12, tenants: 4 })),
  ...Array.from({ length: 45 }, (_, n) => ({ seed: 101 + n, months: 4, tenants: 2 })),
];

const told = ({ seed, months, tenants }: Scenario, { violations, story, step }: Result): string =>
  violations.length === 0
    ? ""
    : [
        ...story.slice(-30),
        ...violations.map(({ what }) => `VIOLATION ${what}`),
        `step ${step}: bun run sim --seed ${seed} --months ${months} --tenants ${tenants}`,
      ].join("\n");

describe("no sat and no relay is lost", () => {
  for (const scenario of scenarios) {
    const { seed, months, tenants } = scenario;
    test(`in ${months} months of ${tenants} tenants, seed ${seed}`, async () => {
      expect(told(scenario, await run(scenario))).toBe("");
    }, 60_000);
  }

  test("the same seed is the same run", async () => {
    const scenario = { seed: 7, months: 3, tenants: 2 };
    const [once, again] = [await run(scenario), await run(scenario)];
    expect(again).toEqual(once);
  });
});
