/** Till, relay and invoice together: the stories that a tenant would tell. */
import { expect, test } from "bun:test";
import { addMonths } from "../../machines/billing.ts";
import { invoiceActor, relayActor } from "../../machines/messages.ts";
import type { TenantContext } from "../../machines/tenant.ts";
import { DAY_MS, HOUR_MS, order, T0 } from "./build.ts";
import { restOf } from "./model.ts";
import { Random } from "./random.ts";
import { violations } from "./star-invariants.ts";
import { TILL, World } from "./star-world.ts";

const reason = "spam";

/** A world in which a basic relay was ordered, and its bolt11 made. */
function ordered(): World {
  const world = new World();
  world.star.send(TILL, order("basic"));
  answer(world);
  return world;
}

/** Everything that is waited for is answered well. */
function answer(world: World): void {
  const random = new Random(1);
  for (let work = next(world); work; work = next(world)) {
    world.perform(work, random, 0);
    world.star.finish(work);
  }
  expect(violations(world)).toEqual([]);
}
const next = (world: World) => [...world.star.work.values()][0];

function pay(world: World, n = 0): void {
  const issued = world.issued[n]!;
  world.pay(issued, issued.sats);
  world.report(issued);
}

const relay = (world: World): string => restOf(world.star.actor(relayActor("r1")).value, "status");
const invoice = (world: World, id = "i1"): string =>
  restOf(world.star.actor(invoiceActor(id)).value);
const till = (world: World) => world.star.actor(TILL).context as TenantContext;
const deactivate = (world: World) => world.star.send(relayActor("r1"), { type: "DEACTIVATE" });
const reactivate = (world: World, id: string) =>
  world.star.send(TILL, { type: "REACTIVATE", relay: "r1", invoice: id } as never);

test("a purchase: ordered, paid, active, and the month begins only then", () => {
  const world = ordered();
  expect([relay(world), invoice(world)]).toEqual(["pending", "pending.payable"]);
  pay(world);
  expect([relay(world), invoice(world)]).toEqual(["provisioning.prompt", "paid"]);
  world.star.advance(3 * HOUR_MS);
  answer(world);
  expect(relay(world)).toBe("active");
  const [item] = world.invoice("i1").items;
  const from = T0 + 3 * HOUR_MS;
  expect(item).toMatchObject({ from, to: addMonths(from, 1) });
  expect(world.relay("r1").paidThrough).toBe(addMonths(from, 1));
  expect(world.star.balance("revenue")).toBe(10_000);
});

test("a reservation that nobody pays lapses, but only once our wallet has answered", () => {
  const world = ordered();
  world.star.advance(3 * DAY_MS);
  expect([relay(world), invoice(world)]).toEqual(["pending", "pending.lastCall"]);
  answer(world);
  expect([relay(world), invoice(world)]).toEqual(["deactivated.lapsed", "expired"]);
});

test("money that arrived in time saves a reservation, even if nobody heard of it before the end", () => {
  const world = ordered();
  const [issued] = world.issued;
  world.pay(issued!, issued!.sats);
  world.star.advance(3 * DAY_MS);
  answer(world);
  expect([relay(world), invoice(world)]).toEqual(["active", "paid"]);
});

test("deactivating an unpaid relay cancels its invoice; money that comes anyway is credit", () => {
  const world = ordered();
  deactivate(world);
  expect(invoice(world)).toBe("pending.lastCall");
  expect(reactivate(world, "i2")).toBe(false);
  answer(world);
  expect([relay(world), invoice(world)]).toEqual(["deactivated.byOwner", "expired"]);
  pay(world);
  expect(till(world).creditSats).toBe(10_000);
  // That credit is enough to bring it back without another payment.
  expect(reactivate(world, "i2")).toBe(true);
  expect(invoice(world, "i2")).toBe("paid");
  answer(world);
  expect(relay(world)).toBe("active");
  expect(till(world).creditSats).toBe(0);
});

test("back before paid-through is free and keeps the dates; after it is a purchase", () => {
  const world = ordered();
  pay(world);
  answer(world);
  const { paidThrough } = world.relay("r1");
  deactivate(world);
  answer(world);
  world.star.advance(10 * DAY_MS);
  reactivate(world, "i2");
  answer(world);
  expect(relay(world)).toBe("active");
  expect(world.relay("r1").paidThrough).toBe(paidThrough);
  expect(world.invoices()).toEqual(["i1"]);

  deactivate(world);
  world.star.advance(30 * DAY_MS);
  reactivate(world, "i3");
  answer(world);
  expect([relay(world), invoice(world, "i3")]).toEqual(["pending", "pending.payable"]);
  pay(world, 1);
  answer(world);
  expect(relay(world)).toBe("active");
  expect(world.relay("r1").paidThrough).toBe(addMonths(world.star.nowMs, 1));
});

test("what passed its date while suspended lapses on release, and can be bought again", () => {
  const world = ordered();
  pay(world);
  answer(world);
  world.star.send(TILL, { type: "admin.suspend", reason } as never);
  world.star.advance(40 * DAY_MS);
  world.star.send(TILL, { type: "admin.unsuspend", reason } as never);
  answer(world);
  expect(relay(world)).toBe("deactivated.lapsed");
  expect(reactivate(world, "i2")).toBe(true);
  answer(world);
  pay(world, 1);
  answer(world);
  expect(relay(world)).toBe("active");
});

test("an overpayment of one relay pays the open invoice of another", () => {
  const world = ordered();
  world.star.send(TILL, order("basic", "r2", "i2"));
  answer(world);
  world.pay(world.issued[0]!, 20_500);
  world.report(world.issued[0]!);
  expect([invoice(world), invoice(world, "i2")]).toEqual(["paid", "paid"]);
  expect(till(world).creditSats).toBe(500);
});

test("a voided invoice lets its reservation lapse, and credit that it held comes back", () => {
  const world = new World();
  world.star.send(TILL, order("growth", "r2", "i2"));
  answer(world);
  world.pay(world.issued[0]!, 4_000);
  world.report(world.issued[0]!);
  expect(till(world).creditSats).toBe(4_000);
  world.star.send(TILL, order("basic"));
  expect(till(world).creditSats).toBe(0);
  world.star.send(invoiceActor("i1"), { type: "admin.void", reason } as never);
  expect([relay(world), invoice(world)]).toEqual(["deactivated.lapsed", "void"]);
  expect(till(world).creditSats).toBe(4_000);
});
