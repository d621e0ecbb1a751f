/**
 * Till, relays and invoices together, under random commands, settlements, refusals and time jumps.
 * One seed again: SEED=123 bun test tests/machines/star/star.test.ts; more of them: SEEDS=5000.
 */
import { expect, test } from "bun:test";
import { relayActor } from "../../../machines/addresses.ts";
import type { MachineName } from "../../../machines/index.ts";
import { restOf } from "../model.ts";
import { Random } from "../random.ts";
import { SEATS, violations } from "./invariants.ts";
import { settle, step } from "./walk.ts";
import { World } from "./world.ts";

const STEPS = 140;
const REGIONS: Partial<Record<MachineName, string>> = { tenant: "billing", relay: "status" };

const seeds = process.env.SEED
  ? [Number(process.env.SEED)]
  : Array.from({ length: Number(process.env.SEEDS ?? 300) }, (_, n) => n + 1);

/** @throws what was violated, with the seed and the last steps that led there. */
function walk(seed: number, seen: Set<string>): void {
  const random = new Random(seed);
  const world = new World();
  const taken: string[] = [];
  const prove = (): void => {
    const wrong = violations(world);
    if (wrong.length > 0) throw new Error(wrong.join("\n  "));
    for (const { machine, value } of world.star.actors.values())
      seen.add(`${machine} ${restOf(value, REGIONS[machine])}`);
  };
  try {
    for (let n = 0; n < STEPS; n++) {
      taken.push(step(world, random));
      // What is due now happens before anyone looks.
      world.star.advance(0);
      prove();
    }
    taken.push("everything answers");
    settle(world, random);
    prove();
    for (const id of world.relays()) {
      const rest = restOf(world.star.actor(relayActor(id)).value, "status");
      const { wanted, applied } = world.relay(id);
      if (rest.startsWith("provisioning") || wanted !== applied)
        throw new Error(`${id} is ${rest}, zooid holds ${applied} of ${wanted}`);
    }
  } catch (error) {
    const last = taken.slice(-8).join(", ");
    throw new Error(
      `SEED=${seed}, step ${taken.length} (${last}):\n  ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
}

test("no walk of the star breaks what its actors tell each other", () => {
  const seen = new Set<string>();
  for (const seed of seeds) walk(seed, seen);
  if (seeds.length === 1) return;
  const rests = Object.keys(SEATS).filter(
    (rest) => ![...seen].some((s) => s.startsWith(`relay ${rest}`)),
  );
  expect(rests).toEqual([]);
  for (const rest of [
    "relay grace.unbilled",
    "relay grace.counting",
    "relay grace.lastCall",
    "relay grace.stuck",
    "tenant catchingUp",
    "tenant closing",
    ...["paid", "expired", "void"].map((end) => `invoice ${end}`),
    ...["blocked", "dormant", "lastCall", "minting"].map((state) => `invoice pending.${state}`),
    ...["idle", "asking", "charging", "confirming"].map((s) => `invoice pending.payable.${s}`),
  ])
    expect([...seen]).toContain(rest);
}, 60_000);
