/** Our wallet is silent for long: what comes of it hangs on dates, and not on which answer comes first. */
import { describe, expect, test } from "bun:test";
import { invoiceActor, relayActor } from "../../machines/addresses.ts";
import { addMonths } from "../../machines/billing/calendar.ts";
import type { InvoiceContext } from "../../machines/invoice/context.ts";
import { DAY_MS, HOUR_MS, order, T0 } from "./build.ts";
import { restOf } from "./model.ts";
import { Random } from "./random.ts";
import { answerAll, payOpen, till } from "./star/acts.ts";
import { violations } from "./star/invariants.ts";
import { TILL, World } from "./star/world.ts";

const END = addMonths(T0, 1);

/** Two relays of one anchor, the second bought some days after the first. */
function running(): World {
  const world = new World();
  world.star.send(TILL, order("basic"));
  answerAll(world);
  payOpen(world);
  answerAll(world);
  world.star.advance(5 * DAY_MS);
  world.star.send(TILL, order("growth", "r2", "i2"));
  answerAll(world);
  payOpen(world);
  answerAll(world);
  return world;
}

/** Time passes; what can be answered is, in an order that the seed says. */
function advance(world: World, untilMs: number, random: Random): void {
  for (;;) {
    shuffled(world, random);
    const alarms = [...world.star.actors.values()].flatMap((a) => [...a.alarms.values()]);
    const next = Math.min(untilMs, ...alarms);
    if (world.star.nowMs >= untilMs) break;
    world.star.advance(Math.max(next, world.star.nowMs) - world.star.nowMs);
  }
}
function shuffled(world: World, random: Random): void {
  for (;;) {
    const able = [...world.star.work.values()].filter((work) => world.answers(work));
    if (able.length === 0) break;
    const work = random.pick(able);
    if (!work.answer) world.perform(work, fixed(), 0);
    if (random.chance(0.7)) world.star.finish(work);
  }
  expect(violations(world)).toEqual([]);
}
const fixed = () => {
  const random = new Random(1);
  random.chance = () => false;
  random.pick = (from) => from[0]!;
  return random;
};

/** What a tenant sees of it: states, what is owed, and until when. Ids are the till's own count. */
function outcome(world: World): unknown {
  const { seats, renewal, pastDue } = till(world);
  return {
    relays: Object.entries(seats).map(([id, seat]) => [
      restOf(world.star.actor(relayActor(id)).value, "status"),
      ...[seat.paidThrough, seat.servedMs, seat.owed, seat.plan],
    ]),
    renewal: renewal?.items,
    pastDue: pastDue?.items.map(({ relay, sats }) => [relay, sats]),
    written: [renewal, pastDue].map((standing) => {
      const actor = standing && world.star.actor(invoiceActor(standing.invoice));
      const c = actor?.context as InvoiceContext | undefined;
      return [actor?.value, c?.closesAt, c?.creditSats, c?.billedAt];
    }),
    due: Object.values(till(world).open)
      .map(({ dueSats }) => dueSats)
      .sort(),
  };
}
type Begin = { name: string; fromMs: number; asks?: "growth" };
const begins: Begin[] = [
  { name: "before the renewal was written", fromMs: END - 2 * HOUR_MS },
  { name: "in grace", fromMs: END + 3 * DAY_MS },
  { name: "in grace, after a change of plan", fromMs: END + 3 * DAY_MS, asks: "growth" },
  { name: "when one relay was suspended, and one in grace", fromMs: END + 8 * DAY_MS },
];

for (const { name, fromMs, asks } of begins)
  describe(`our wallet is silent from ${name}`, () => {
    for (const days of [1, 8, 40, 61, 70])
      test(`for ${days} days: the outcome is the same in whichever order it answers`, () => {
        const outcomes = new Set<string>();
        for (let seed = 1; seed <= 12; seed++) {
          const world = running();
          advance(world, fromMs, new Random(99));
          world.silence = "all";
          if (asks)
            world.star.send(TILL, {
              ...{ type: "CHANGE", relay: "r1", plan: asks, invoice: "i9" },
            } as never);
          advance(world, fromMs + days * DAY_MS, new Random(seed));
          world.silence = "none";
          advance(world, world.star.nowMs, new Random(seed));
          outcomes.add(JSON.stringify(outcome(world)));
          // And whoever is suspended by it may pay for it, for 60 days.
          const { seats, pastDue } = till(world);
          for (const [id, seat] of Object.entries(seats))
            if (seat.is === "dark" && seat.owed !== null)
              expect(pastDue?.items.map(({ relay }) => relay)).toContain(id);
        }
        expect([...outcomes]).toHaveLength(1);
      });
  });
