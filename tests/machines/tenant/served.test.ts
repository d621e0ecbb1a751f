/** Days served unpaid: they follow the relay, and shorten what is paid next. */
import { describe, expect, test } from "bun:test";
import { invoiceActor, relayActor } from "../../../machines/addresses.ts";
import { paidSpan } from "../../../machines/billing/seats.ts";
import { type PlanId, plans } from "../../../machines/plans.ts";
import { itemOfReturn } from "../../../machines/tenant/past-due.ts";
import { DAY_MS, order } from "../build.ts";
import { restOf } from "../model.ts";
import { answerAll, payOpen, till } from "../star/acts.ts";
import { TILL, World } from "../star/world.ts";

const utc = (text: string): number => Date.parse(`2026-${text}Z`);

/** A basic relay that runs since 1 February and is paid through 1 March. */
function running(plan: PlanId = "basic"): World {
  const world = new World();
  world.star.advance(utc("02-01T00:00") - world.star.nowMs);
  world.star.send(TILL, order(plan));
  answerAll(world);
  payOpen(world);
  answerAll(world);
  expect(world.relay("r1").paidThrough).toBe(utc("03-01T00:00"));
  return world;
}
/** Time passes to an instant, and everything that is waited for is answered as it falls due. */
function until(world: World, text: string): World {
  while (world.star.nowMs < utc(text)) {
    const next = Math.min(
      ...[...world.star.actors.values()].flatMap((a) => [...a.alarms.values()]),
    );
    world.star.advance(Math.min(utc(text), Math.max(next, world.star.nowMs)) - world.star.nowMs);
    answerAll(world);
  }
  return world;
}
const status = (world: World): string =>
  restOf(world.star.actor(relayActor("r1")).value, "status").split(".")[0] ?? "";
const deactivate = (world: World) => world.star.send(relayActor("r1"), { type: "DEACTIVATE" });
const reactivate = (world: World, plan: PlanId = "basic") => {
  world.star.send(TILL, { type: "REACTIVATE", relay: "r1", plan, invoice: "i9" } as never);
  answerAll(world);
};
const change = (world: World, plan: PlanId, invoice: string) => {
  world.star.send(TILL, { type: "CHANGE", relay: "r1", plan, invoice } as never);
  answerAll(world);
};
const pastDue = (world: World): string => till(world).pastDue?.invoice ?? "";
const payPastDue = (world: World) => {
  world.star.send(invoiceActor(pastDue(world)), { type: "REISSUE" });
  answerAll(world);
  payOpen(world);
  answerAll(world);
};

describe("days served unpaid", () => {
  test("shorten a renewal that is paid after suspension: seven of thirty-one", () => {
    const world = until(running(), "03-08T00:00");
    expect([status(world), till(world).seats.r1?.servedMs]).toEqual(["suspended", 7 * DAY_MS]);
    until(world, "03-08T00:10");
    const id = pastDue(world);
    payPastDue(world);
    expect(status(world)).toBe("active");
    expect(world.relay("r1").paidThrough).toBe(utc("04-01T00:10"));
    expect(till(world).seats.r1?.servedMs).toBe(0);
    const [item] = world.invoice(id).items;
    expect(item).toMatchObject({
      ...{ sats: 10_000, from: utc("03-08T00:10"), to: utc("04-01T00:10"), usedMs: 7 * DAY_MS },
    });
  });

  test("shorten the month that brings a relay back which was switched off in grace", () => {
    const world = until(running(), "03-05T00:00");
    deactivate(world);
    answerAll(world);
    until(world, "03-20T12:00");
    const item = itemOfReturn(till(world), "r1", "basic", world.star.nowMs);
    reactivate(world);
    payOpen(world);
    answerAll(world);
    expect(world.relay("r1").paidThrough).toBe(utc("04-16T12:00"));
    // As it was quoted.
    expect(item).toMatchObject({ sats: 10_000, to: utc("04-16T12:00"), usedMs: 4 * DAY_MS });
  });

  test("are the same for one that turned free in grace and is bought", () => {
    const world = until(running(), "03-05T00:00");
    change(world, "free", "i8");
    until(world, "03-20T12:00");
    change(world, "basic", "i9");
    expect(world.invoice("i9").items).toMatchObject([
      { to: utc("04-16T12:00"), usedMs: 4 * DAY_MS },
    ]);
    payOpen(world);
    answerAll(world);
    expect(world.relay("r1").paidThrough).toBe(utc("04-16T12:00"));
    expect(world.invoice("i9").items).toMatchObject([
      { from: utc("03-20T12:00"), to: utc("04-16T12:00"), usedMs: 4 * DAY_MS },
    ]);
  });

  for (const silence of ["issued", "all"] as const)
    test(`count from the anchor that passed while our wallet was silent (${silence}): what was before is forgiven`, () => {
      const world = running();
      until(world, "02-27T00:00");
      world.silence = silence;
      until(world, "04-10T00:00");
      world.silence = "none";
      answerAll(world);
      expect(till(world).renewal?.items).toMatchObject([
        { from: utc("04-01T00:00"), to: utc("05-01T00:00"), sats: 10_000 },
      ]);
      // Nothing was minted for what is over.
      expect(world.issued.slice(1)).toMatchObject([{ invoice: till(world).renewal?.invoice }]);
      until(world, "04-17T00:00");
      expect([status(world), till(world).seats.r1?.servedMs]).toEqual(["suspended", 7 * DAY_MS]);
      until(world, "04-20T00:00");
      payPastDue(world);
      expect(world.relay("r1").paidThrough).toBe(utc("05-13T00:00"));
    });

  test("are bought once: paying after each suspension costs what it would without", () => {
    const world = running();
    let from = utc("02-01T00:00");
    let ranMs = 0;
    for (let month = 0; month < 7; month++) {
      while (status(world) !== "suspended") {
        const to = new Date(world.star.nowMs + DAY_MS).toISOString().slice(5, 16);
        until(world, to);
      }
      ranMs += (till(world).seats.r1?.owed?.suspendedAt ?? 0) - from;
      world.star.advance(60_000);
      payPastDue(world);
      expect(status(world)).toBe("active");
      from = world.star.nowMs;
    }
    const days = (ranMs + (world.relay("r1").paidThrough ?? 0) - from) / DAY_MS;
    const paidSats = world.issued.reduce((sum, issued) => sum + (issued.paidSats ?? 0), 0);
    expect(days).toBeGreaterThan(7 * 28);
    expect(days).toBeLessThanOrEqual((paidSats / plans.basic.priceSats) * 31);
  });

  test("are paid for by whoever pays in grace, and given by an operator who extends", () => {
    const world = until(running(), "03-05T00:00");
    world.star.send(TILL, { type: "admin.suspend", reason: "spam" } as never);
    answerAll(world);
    expect(till(world).seats.r1?.servedMs).toBe(4 * DAY_MS);
    world.star.advance(30 * 60_000);
    world.star.send(TILL, { type: "admin.unsuspend", reason: "spam" } as never);
    answerAll(world);
    until(world, "03-06T00:00");
    payOpen(world);
    expect([status(world), till(world).seats.r1?.servedMs]).toEqual(["active", 0]);

    const given = until(running(), "03-09T00:00");
    const to = utc("03-12T00:00");
    given.star.send(TILL, { type: "admin.extend", relay: "r1", to, reason: "sorry" } as never);
    answerAll(given);
    expect(till(given).seats.r1).toMatchObject({ servedMs: 0, owed: null, paidThrough: to });
    expect([status(given), till(given).pastDue]).toEqual(["active", null]);
  });

  test("do not grow while an operator holds the relay", () => {
    const world = until(running(), "03-03T00:00");
    world.star.send(relayActor("r1"), { type: "admin.suspend", reason: "spam" } as never);
    answerAll(world);
    until(world, "03-05T00:00");
    world.star.send(relayActor("r1"), { type: "admin.unsuspend", reason: "spam" } as never);
    answerAll(world);
    until(world, "03-08T00:00");
    expect(status(world)).toBe("suspended");
    expect(till(world).seats.r1?.servedMs).toBe(5 * DAY_MS);
  });
});

describe("a length that is paid", () => {
  test("is a day at least, and what is left to be made up for stays", () => {
    const from = utc("03-08T00:00");
    expect(paidSpan(5 * DAY_MS, 7 * DAY_MS, from)).toEqual({
      ...{ from, to: from + DAY_MS, usedMs: 4 * DAY_MS },
    });
    expect(paidSpan("month", 0, from)).toEqual({ from, to: utc("04-08T00:00"), usedMs: 0 });
    expect(paidSpan(DAY_MS / 2, 7 * DAY_MS, from)).toMatchObject({ usedMs: 0 });
  });
});
