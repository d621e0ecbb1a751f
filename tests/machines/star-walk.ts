/** One random step of the star: a person, an admin, the wallet, the relay server, or time. */
import { DAY_MS, HOUR_MS } from "../../machines/billing.ts";
import { invoiceActor, relayActor } from "../../machines/messages.ts";
import { planIds } from "../../machines/plans.ts";
import { order } from "./build.ts";
import type { Random } from "./random.ts";
import { TILL, type World } from "./star-world.ts";

const JUMPS_MS = [60_000, 60_000, HOUR_MS, HOUR_MS, 12 * HOUR_MS, 25 * HOUR_MS, 32 * DAY_MS];
const reason = "spam";

type Choice = [weight: number, name: string, act: (world: World, random: Random) => void];

const some = (ids: string[], random: Random, act: (id: string) => void): void => {
  if (ids.length > 0) act(random.pick(ids));
};
const toRelay =
  (type: string) =>
  (world: World, random: Random): void =>
    some(world.relays(), random, (id) =>
      world.star.send(relayActor(id), { type, reason } as never),
    );
const toInvoice =
  (type: string) =>
  (world: World, random: Random): void =>
    some(world.invoices(), random, (id) =>
      world.star.send(invoiceActor(id), { type, reason } as never),
    );

const choices: Choice[] = [
  [
    6,
    "order",
    (world, random) => {
      const n = world.star.actors.size;
      world.star.send(TILL, order(random.pick(planIds), `r${n}`, `i${n}`));
    },
  ],
  [
    8,
    "reactivate",
    (world, random) =>
      some(world.relays(), random, (relay) => {
        const invoice = `i${world.star.actors.size}`;
        world.star.send(TILL, { type: "REACTIVATE", relay, invoice } as never);
      }),
  ],
  [
    4,
    "edit",
    (world, random) =>
      some(world.relays(), random, (id) => {
        const edit = random.chance(0.5)
          ? { name: `Name ${random.next()}` }
          : { subdomain: `name-${Math.floor(random.next() * 1e6)}` };
        world.star.send(relayActor(id), { type: "EDIT", ...edit } as never);
      }),
  ],
  [5, "deactivate", toRelay("DEACTIVATE")],
  [1, "drift", toRelay("DRIFTED")],
  [
    2,
    "admin suspends relay",
    (world, random) =>
      some(world.relays(), random, (id) => {
        const isDone = world.star.send(relayActor(id), { type: "admin.suspend", reason } as never);
        if (isDone) world.suspended.add(id);
      }),
  ],
  [
    3,
    "admin releases relay",
    (world, random) =>
      some(world.relays(), random, (id) => {
        const isDone = world.star.send(relayActor(id), {
          type: "admin.unsuspend",
          reason,
        } as never);
        if (isDone) world.suspended.delete(id);
      }),
  ],
  [1, "admin deactivates relay", toRelay("admin.deactivate")],
  [3, "admin retries relay", toRelay("admin.retry")],
  [1, "admin voids invoice", toInvoice("admin.void")],
  [4, "admin retries invoice", toInvoice("admin.retry")],
  [
    2,
    "admin suspends tenant",
    (w) => w.star.send(TILL, { type: "admin.suspend", reason } as never),
  ],
  [
    4,
    "admin releases tenant",
    (w) => w.star.send(TILL, { type: "admin.unsuspend", reason } as never),
  ],
  [1, "wallet set", (w) => w.star.send(TILL, { type: "WALLET_SET" })],
  [1, "wallet cleared", (w) => w.star.send(TILL, { type: "WALLET_CLEARED" })],
  [
    10,
    "money arrives",
    (world, random) => {
      const open = world.issued.filter((one) => one.expiresAt > world.star.nowMs);
      if (open.length === 0) return;
      const one = random.pick(open);
      world.pay(one, paidFor(one.sats, random));
    },
  ],
  [
    3,
    "money arrives late and is reported",
    (world, random) => {
      if (world.issued.length === 0) return;
      const one = random.pick(world.issued);
      world.pay(one, paidFor(one.sats, random));
      world.report(one);
    },
  ],
  [
    10,
    "wallet notifies",
    (world, random) => {
      const paid = world.issued.filter((one) => one.paidSats !== null);
      if (paid.length > 0) world.report(random.pick(paid));
    },
  ],
  [
    30,
    "work",
    (world, random) => {
      const open = [...world.star.work.values()];
      if (open.length === 0) return;
      const work = random.pick(open);
      if (!work.answer) world.perform(work, random, 0.1);
      // An answer may be long on its way, and find its state left.
      if (random.chance(0.8)) world.star.finish(work);
    },
  ],
  [8, "time", (world, random) => world.star.advance(random.pick(JUMPS_MS))],
];
const totalWeight = choices.reduce((sum, [weight]) => sum + weight, 0);

/** Mostly what was asked for, sometimes less, sometimes far more. */
const paidFor = (sats: number, random: Random): number =>
  random.pick([sats, sats, sats, sats, sats - 1, sats + 7, sats * 3]) || 1;

/** Takes one step. @returns what it was. */
export function step(world: World, random: Random): string {
  let left = random.next() * totalWeight;
  const choice = choices.find(([weight]) => {
    left -= weight;
    return left < 0;
  });
  const [, name, act] = choice ?? choices[0]!;
  act(world, random);
  return name;
}

/** Everything answers well until nothing is waited for. */
export function settle(world: World, random: Random): void {
  for (const one of world.issued) world.report(one);
  for (const id of world.relays()) world.star.send(relayActor(id), { type: "admin.retry" });
  for (const id of world.invoices()) world.star.send(invoiceActor(id), { type: "admin.retry" });
  for (let rounds = 0; world.star.work.size > 0; rounds++) {
    if (rounds > 100) throw new Error("work never ends");
    for (const work of [...world.star.work.values()]) {
      if (!work.answer) world.perform(work, random, 0);
      world.star.finish(work);
    }
  }
}
