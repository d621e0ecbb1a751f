/** Till, relay and invoice together: the stories that a tenant would tell. */
import { expect, test } from "bun:test";
import { invoiceActor, relayActor } from "../../machines/addresses.ts";
import { addMonths } from "../../machines/billing/calendar.ts";
import type { TenantContext } from "../../machines/tenant/context.ts";
import { errorEvent } from "../../server/host/xstate.ts";
import { DAY_MS, HOUR_MS, order, T0 } from "./build.ts";
import { restOf } from "./model.ts";
import { Random } from "./random.ts";
import { violations } from "./star/invariants.ts";
import { TILL, World } from "./star/world.ts";

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
const reactivate = (world: World, invoice: string) =>
  world.star.send(TILL, { type: "REACTIVATE", relay: "r1", plan: "basic", invoice } as never);

test("a purchase: ordered, paid, active, and the month begins only then", () => {
  const world = ordered();
  expect([relay(world), invoice(world)]).toEqual(["pending", "pending.payable.idle"]);
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
  expect([relay(world), invoice(world, "i3")]).toEqual(["pending", "pending.payable.idle"]);
  pay(world, 1);
  answer(world);
  expect(relay(world)).toBe("active");
  expect(world.relay("r1").paidThrough).toBe(addMonths(world.star.nowMs, 1));
});

test("what passed its date while suspended is suspended for non-payment, and bought back", () => {
  const world = ordered();
  pay(world);
  answer(world);
  world.star.send(TILL, { type: "admin.suspend", reason } as never);
  world.star.advance(40 * DAY_MS);
  world.star.send(TILL, { type: "admin.unsuspend", reason } as never);
  answer(world);
  expect(relay(world)).toBe("suspended.unpaid");
  expect(world.invoices()).toEqual(["i1"]);
  expect(reactivate(world, "i2")).toBe(true);
  answer(world);
  pay(world, 1);
  answer(world);
  expect(relay(world)).toBe("active");
  expect(world.relay("r1").paidThrough).toBe(addMonths(world.star.nowMs, 1));
});

/** A world whose relay is active, at the moment when its renewal has been written. */
function renewed(wallet?: "wallet"): { world: World; renewal: string } {
  const world = ordered();
  pay(world);
  answer(world);
  if (wallet) world.star.send(TILL, { type: "WALLET_SET" });
  world.star.advance(addMonths(T0, 1) - HOUR_MS - T0);
  const [catchUp] = [...world.star.work.values()];
  world.perform(catchUp!, new Random(1), 0);
  world.star.finish(catchUp!);
  return { world, renewal: till(world).renewal?.invoice ?? "" };
}
const notices = (world: World): string[] =>
  [...world.star.actors.keys()].flatMap((id) => id.match(/^notice\/[^/]*\/([^/]*)/)?.[1] ?? []);

test("a renewal that is paid in grace keeps the dates, and one that is not leads to suspension", () => {
  for (const isPaid of [true, false]) {
    const { world, renewal } = renewed();
    answer(world);
    expect([relay(world), invoice(world, renewal)]).toEqual(["active", "pending.payable.idle"]);
    world.star.advance(HOUR_MS + 6 * DAY_MS);
    expect(relay(world)).toBe("grace.counting");
    if (isPaid) pay(world, 1);
    world.star.advance(DAY_MS);
    answer(world);
    expect(relay(world)).toBe(isPaid ? "active" : "suspended.unpaid");
    if (isPaid) expect(world.relay("r1").paidThrough).toBe(addMonths(T0, 2));
    expect(notices(world)).toEqual(
      isPaid
        ? ["due", "three_days_left", "one_day_left"]
        : ["due", "three_days_left", "one_day_left", "suspended"],
    );
  }
});

test("a suspended relay is back as soon as what is past due is paid, and its dark days are not billed", () => {
  const { world, renewal } = renewed();
  answer(world);
  world.star.advance(HOUR_MS + 7 * DAY_MS);
  answer(world);
  world.star.advance(15 * DAY_MS);
  answer(world);
  const pastDue = till(world).pastDue?.invoice ?? "";
  expect([relay(world), invoice(world, renewal), invoice(world, pastDue)]).toEqual([
    ...["suspended.unpaid", "expired", "pending.dormant"],
  ]);
  world.star.send(invoiceActor(pastDue), { type: "REISSUE" } as never);
  answer(world);
  pay(world, 2);
  expect(relay(world)).toBe("provisioning.prompt");
  answer(world);
  const span = addMonths(T0, 2) - addMonths(T0, 1) - 7 * DAY_MS;
  expect(relay(world)).toBe("active");
  expect(world.relay("r1").paidThrough).toBe(world.star.nowMs + span);
  expect(notices(world)).toContain("reactivated");
});

test("money that arrived in time saves a relay at the end of its grace", () => {
  const { world } = renewed();
  answer(world);
  const [, issued] = world.issued;
  world.pay(issued!, issued!.sats);
  world.star.advance(HOUR_MS + 7 * DAY_MS);
  expect(relay(world)).toBe("grace.lastCall");
  answer(world);
  expect(relay(world)).toBe("active");
});

test("while our wallet makes no bolt11 a relay runs on, for as long as that takes", () => {
  const { world, renewal } = renewed();
  const mint = next(world)!;
  mint.answer = errorEvent(mint.invoke, "restricted");
  world.star.finish(mint);
  world.star.advance(30 * DAY_MS);
  expect([relay(world), invoice(world, renewal)]).toEqual(["grace.unbilled", "pending.blocked"]);
  world.star.send(invoiceActor(renewal), { type: "admin.retry", reason } as never);
  answer(world);
  expect(relay(world)).toBe("grace.counting");
  expect(world.relay("r1").graceEnds).toBe(world.star.nowMs + 7 * DAY_MS);
});

test("a tenant whose wallet pays never sees grace, and hears of nothing but the receipt", () => {
  const { world, renewal } = renewed("wallet");
  // The wallet's first answer of those there are: it pays and says so.
  const pays = new Random(1);
  pays.pick = (from) => from[0]!;
  for (let work = next(world); work; work = next(world)) {
    world.perform(work, pays, 0);
    world.star.finish(work);
    world.star.advance(0);
  }
  expect([relay(world), invoice(world, renewal)]).toEqual(["active", "paid"]);
  world.star.advance(HOUR_MS + 8 * DAY_MS);
  expect(relay(world)).toBe("active");
  expect(world.relay("r1").paidThrough).toBe(addMonths(T0, 2));
  expect(notices(world)).toEqual(["receipt"]);
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

test("a change of plan every two days does not begin the days of grace anew", () => {
  const { world } = renewed();
  answer(world);
  world.star.advance(HOUR_MS);
  const ends = addMonths(T0, 1) + 7 * DAY_MS;
  for (const [index, plan] of ["growth", "basic", "growth"].entries()) {
    world.star.advance(2 * DAY_MS);
    world.star.send(TILL, { type: "CHANGE", relay: "r1", plan, invoice: `x${index}` } as never);
    answer(world);
    expect([relay(world), world.relay("r1").graceEnds]).toEqual(["grace.counting", ends]);
    expect(till(world).renewal?.items[0]?.plan).toBe(plan as never);
  }
  world.star.advance(DAY_MS);
  answer(world);
  expect(relay(world)).toBe("suspended.unpaid");
  expect(notices(world)).toContain("suspended");
});

test("a bill that is written anew on the last day leaves a day to pay it, once", () => {
  const { world } = renewed();
  answer(world);
  const change = (plan: string) => {
    world.star.send(TILL, { type: "CHANGE", relay: "r1", plan, invoice: `x${plan}` } as never);
    answer(world);
  };
  world.star.advance(HOUR_MS + 7 * DAY_MS - 60_000);
  change("growth");
  const ends = world.star.nowMs + DAY_MS;
  expect(world.relay("r1").graceEnds).toBe(ends);
  world.star.advance(DAY_MS - 60_000);
  change("basic");
  expect([relay(world), world.relay("r1").graceEnds]).toEqual(["grace.counting", ends]);
  world.star.advance(60_000);
  answer(world);
  expect(relay(world)).toBe("suspended.unpaid");
});

test("a tenant suspended in grace has what is left of it when that is lifted", () => {
  const { world } = renewed();
  answer(world);
  world.star.advance(HOUR_MS + DAY_MS);
  world.star.send(TILL, { type: "admin.suspend", reason } as never);
  answer(world);
  expect([relay(world), till(world).renewal]).toEqual(["suspended.held", null]);
  world.star.advance(DAY_MS);
  world.star.send(TILL, { type: "admin.unsuspend", reason } as never);
  answer(world);
  world.star.advance(0);
  answer(world);
  const ends = addMonths(T0, 1) + 7 * DAY_MS;
  expect([relay(world), world.relay("r1").graceEnds]).toEqual(["grace.counting", ends]);
  const { renewal } = till(world);
  pay(
    world,
    world.issued.findIndex((one) => one.invoice === renewal?.invoice),
  );
  answer(world);
  expect(relay(world)).toBe("active");
});

test("a voided purchase is billed again, and pays with the credit that comes back", () => {
  const world = new World();
  world.star.send(TILL, order("growth", "r2", "i2"));
  answer(world);
  world.pay(world.issued[0]!, 4_000);
  world.report(world.issued[0]!);
  expect(till(world).creditSats).toBe(4_000);
  world.star.send(TILL, order("basic"));
  expect(till(world).creditSats).toBe(0);
  world.star.send(invoiceActor("i1"), { type: "admin.void", reason } as never);
  const fresh = till(world).seats.r1?.invoice ?? "";
  expect([relay(world), invoice(world), invoice(world, fresh)]).toEqual([
    "pending",
    "void",
    "pending.minting",
  ]);
  expect(world.invoice(fresh)).toMatchObject({ purpose: "purchase", creditSats: 4_000 });
  answer(world);
  pay(
    world,
    world.issued.findIndex((one) => one.invoice === fresh),
  );
  answer(world);
  expect([relay(world), till(world).creditSats]).toEqual(["active", 0]);
});

test("money for a voided purchase pays the one that was written after it", () => {
  const world = ordered();
  world.star.send(invoiceActor("i1"), { type: "admin.void", reason } as never);
  const fresh = till(world).seats.r1?.invoice ?? "";
  answer(world);
  pay(world);
  expect([invoice(world, fresh), relay(world)]).toEqual(["paid", "provisioning.prompt"]);
  expect(till(world).creditSats).toBe(0);
});

test("a voided purchase of a relay that is deactivated is not billed again, and still lapses unpaid", () => {
  const gone = ordered();
  deactivate(gone);
  gone.star.send(invoiceActor("i1"), { type: "admin.void", reason } as never);
  expect([relay(gone), gone.invoices()]).toEqual(["deactivated.byOwner", ["i1"]]);
  const world = ordered();
  world.star.send(invoiceActor("i1"), { type: "admin.void", reason } as never);
  answer(world);
  world.star.advance(DAY_MS);
  answer(world);
  expect([relay(world), world.invoices().length]).toEqual(["deactivated.lapsed", 2]);
});
