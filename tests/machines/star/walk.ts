/** One random step of the star: a person, an admin, the wallet, the relay server, or time. */

import { invoiceActor, relayActor } from "../../../machines/addresses.ts";
import { addMonths, DAY_MS } from "../../../machines/billing/calendar.ts";
import { planIds } from "../../../machines/plans.ts";
import { order } from "../build.ts";
import type { Random } from "../random.ts";
import { TILL, type World } from "./world.ts";

const JUMPS_MS = [1 / 1440, 1 / 24, 0.5, 1.1, 4, 8, 27, 31].map((days) => days * DAY_MS);
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
      const n = world.newId();
      world.star.send(TILL, order(random.pick(planIds), `r${n}`, `i${n}`));
    },
  ],
  [
    8,
    "reactivate",
    (world, random) =>
      some(world.relays(), random, (relay) => {
        const invoice = `i${world.newId()}`;
        // Mostly as it was, as its page suggests.
        const plan = random.chance(0.7) ? world.relay(relay).plan : random.pick(planIds);
        world.star.send(TILL, { type: "REACTIVATE", relay, plan, invoice } as never);
      }),
  ],
  [
    5,
    "change of plan",
    (world, random) =>
      some(world.relays(), random, (relay) => {
        const invoice = `i${world.newId()}`;
        const plan = random.pick(planIds);
        world.star.send(TILL, { type: "CHANGE", relay, plan, invoice } as never);
      }),
  ],
  [2, "reissue", toInvoice("REISSUE")],
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
  [3, "deactivate", toRelay("DEACTIVATE")],
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
  [
    1,
    "admin extends",
    (world, random) =>
      some(world.relays(), random, (relay) => {
        const to = addMonths(world.star.nowMs, random.pick([1, 2]));
        world.star.send(TILL, { type: "admin.extend", relay, to, reason } as never);
      }),
  ],
  [
    1,
    "admin grants credit",
    (w) => w.star.send(TILL, { type: "admin.credit", sats: 7_000, reason } as never),
  ],
  [
    1,
    "admin refunds",
    (world, random) => {
      const sats = 1 + Math.floor(random.next() * 5_000);
      const refund = { type: "admin.refund", sats, bolt11: "lnbcrt0", reason };
      const ends = random.pick(["admin.refunded", "admin.refundCancelled"]);
      world.star.send(TILL, random.pick([refund, { type: ends, reason }]) as never);
    },
  ],
  [1, "admin marks paid", toInvoice("admin.markPaid")],
  [3, "wallet set", (w) => w.star.send(TILL, { type: "WALLET_SET" })],
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
    45,
    "work",
    (world, random) => {
      const open = [...world.star.work.values()];
      if (open.length === 0) return;
      const work = random.pick(open);
      if (!work.answer) world.perform(work, random, 0.15);
      // An answer may be long on its way, and find its state left.
      if (random.chance(0.8)) world.star.finish(work);
    },
  ],
  [14, "time", (world, random) => world.star.advance(random.pick(JUMPS_MS))],
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
  world.star.send(TILL, { type: "WALLET_CLEARED" });
  for (let rounds = 0; world.star.work.size > 0; rounds++) {
    if (rounds > 100) throw new Error("work never ends");
    for (const work of [...world.star.work.values()]) {
      if (!work.answer) world.perform(work, random, 0);
      world.star.finish(work);
    }
    world.star.advance(0);
  }
}
