import { describe, expect, test } from "bun:test";
import { addMonths } from "../../../machines/billing/calendar.ts";
import { DAY_MS, HOUR_MS, T0 } from "../build.ts";
import {
  active,
  apply,
  billed,
  month,
  overdue,
  paid,
  type Relay,
  reason,
  seats,
  status,
  TILL,
  unpaid,
} from "./states.ts";

const END = addMonths(T0, 1);
const renewed = { ...month, paidThrough: addMonths(T0, 2) };
const settled = (is: boolean) => ({ settled: is });

describe("grace", () => {
  test("begins at the paid-through date, and nothing is written to zooid", () => {
    const relay = active().wait(END - T0 - 1);
    expect(status(relay)).toBe("active");
    relay.wait(1);
    expect(status(relay)).toBe("grace.unbilled");
    expect([relay.began, relay.told]).toEqual([[], []]);
  });

  test("has no deadline until a renewal could be paid", () => {
    const relay = overdue();
    expect(relay.alarms.size).toBe(0);
    expect(status(relay.wait(60 * DAY_MS))).toBe("grace.unbilled");
    relay.send(billed("i2", END + 67 * DAY_MS));
    expect(status(relay)).toBe("grace.counting");
    expect(relay.context.graceEnds).toBe(END + 67 * DAY_MS);
    expect(status(relay.wait(7 * DAY_MS))).toBe("grace.lastCall");
  });

  test("ends when the till says, also where the renewal was written ahead", () => {
    const relay = active()
      .wait(END - T0 - HOUR_MS)
      .send(billed());
    expect(status(relay)).toBe("active");
    relay.wait(HOUR_MS);
    expect(status(relay)).toBe("grace.counting");
    expect(relay.context.graceEnds).toBe(END + 7 * DAY_MS);
    expect(status(relay.wait(7 * DAY_MS - 1))).toBe("grace.counting");
  });

  test("has no deadline any more when its renewal is withdrawn, and only then", () => {
    const relay = overdue().send(billed());
    relay.send({ type: "UNBILLED", invoice: "i9" });
    expect(status(relay)).toBe("grace.counting");
    relay.send({ type: "UNBILLED", invoice: "i2" });
    expect(status(relay)).toBe("grace.unbilled");
    expect(relay.context).toMatchObject({ invoice: null, graceEnds: null });
  });

  test("does not count for a bill of before the relay was switched off and came back", () => {
    const relay = active().send(billed()).send({ type: "DEACTIVATE" });
    expect(relay.context).toMatchObject({ invoice: null, graceEnds: null });
    relay.send({ type: "REOPEN", covered: true });
    apply(relay);
    expect(status(relay)).toBe("active");
    expect(status(relay.wait(END - T0 + 60 * DAY_MS))).toBe("grace.unbilled");
  });

  test("is left by a payment, at once, with the dates that the till tells", () => {
    for (const make of [overdue, counting, lastCall, stuck]) {
      const relay = make().send(renewed);
      expect(status(relay)).toBe("active");
      expect(relay.context).toMatchObject({ ...dates(renewed), invoice: null, graceEnds: null });
      expect(relay.waitsFor).toEqual([]);
    }
  });

  test("is left by a change to free, which has no date", () => {
    const relay = counting().send({
      ...month,
      plan: "free",
      priceSats: 0,
      paidThrough: null,
    });
    expect(status(relay)).toBe("active");
    expect(relay.alarms.size).toBe(0);
  });

  test("goes on, with the same deadline, when the same date is told again", () => {
    const relay = counting();
    const { graceEnds } = relay.context;
    relay.send(month);
    expect(status(relay)).toBe("grace.counting");
    expect(relay.context.graceEnds).toBe(graceEnds);
  });

  test("never comes to a free relay, nor to one whose next month is prepaid", () => {
    expect(status(active("free").wait(400 * DAY_MS))).toBe("active");
    expect(
      status(
        active()
          .send(paid)
          .wait(400 * DAY_MS),
      ),
    ).toBe("active");
  });

  test("lets its owner edit and deactivate, and an admin suspend, as ever", () => {
    const relay = counting().send({ type: "EDIT", name: "Toads" });
    expect(relay.began).toEqual(["applyRelay"]);
    expect(status(relay)).toBe("grace.counting");
    expect(status(counting().send({ type: "DEACTIVATE" }))).toBe("deactivated.byOwner");
    expect(status(counting().send({ type: "admin.suspend", reason }))).toBe("suspended.byAdmin");
    expect(status(counting().send({ type: "HOLD" }))).toBe("suspended.held");
  });
});

describe("the end of grace", () => {
  test("asks our wallet about the renewal before anything happens", () => {
    const relay = counting().wait(7 * DAY_MS);
    expect(status(relay)).toBe("grace.lastCall");
    expect(relay.began).toEqual(["askWallet"]);
    expect([relay.told, relay.alarms.size]).toEqual([[], 0]);
    expect(status(relay.wait(30 * DAY_MS))).toBe("grace.lastCall");
  });

  test("suspends for non-payment once our wallet said that it is not settled", () => {
    const relay = lastCall().answers("ask", settled(false));
    expect(status(relay)).toBe("suspended.unpaid");
    expect(relay.began).toEqual(["applyRelay"]);
    expect(relay.told as unknown).toEqual([
      [TILL, { type: "SEAT", relay: "r1", is: "dark", invoice: "i2" }, 0],
    ]);
  });

  test("does not suspend what our wallet says is settled, and counts on", () => {
    expect(status(lastCall().answers("ask", settled(true)))).toBe("grace.counting");
  });

  test("waits where our wallet cannot be asked, until an operator retries", () => {
    const relay = stuck().wait(30 * DAY_MS);
    expect(status(relay)).toBe("grace.stuck");
    relay.send({ type: "admin.retry", reason });
    expect(status(relay)).toBe("grace.lastCall");
    expect(status(relay.answers("ask", settled(false)))).toBe("suspended.unpaid");
  });
});

describe("a relay that is suspended for non-payment", () => {
  test("is provisioned as soon as what it owes is paid", () => {
    const relay = unpaid().send({ ...month, prepaid: true });
    expect(status(relay)).toBe("provisioning.prompt");
    expect(relay.began).toEqual(["applyRelay"]);
    expect(status(apply(relay))).toBe("active");
    expect(seats(relay)).toEqual([[TILL, "on"]]);
  });

  test("is provisioned by a later date or a free plan too", () => {
    const comped = { ...month, paidThrough: addMonths(T0, 6) };
    const free = { ...month, plan: "free", priceSats: 0, paidThrough: null };
    for (const change of [comped, free])
      expect(status(unpaid().send(change))).toBe("provisioning.prompt");
  });

  test("stays while the till only says what it knows already", () => {
    expect(status(unpaid().send(month))).toBe("suspended.unpaid");
    for (const type of ["BILLED", "UNBILLED", "LAPSED", "RELEASE"])
      expect(status(unpaid().send({ type, invoice: "i2" }))).toBe("suspended.unpaid");
    expect(status(unpaid().send({ type: "REOPEN", covered: false }))).toBe("suspended.unpaid");
  });

  test("may be switched off by its owner, held with the account, and suspended by an admin", () => {
    const off = unpaid().send({ type: "DEACTIVATE" });
    expect([status(off), seats(off)]).toEqual(["deactivated.byOwner", [[TILL, "off"]]]);
    const held = unpaid().send({ type: "HOLD" });
    expect([status(held), seats(held)]).toEqual(["suspended.held", [[TILL, "held"]]]);
    const back = held.send({ type: "RELEASE" });
    expect([status(back), seats(back)]).toEqual(["suspended.unpaid", [[TILL, "dark"]]]);
    expect(status(unpaid().send({ type: "admin.suspend", reason }))).toBe("suspended.byAdmin");
  });

  test("stores edits, and applies them when it is back", () => {
    const relay = unpaid().send({ type: "EDIT", name: "Toads" });
    expect(relay.began).toEqual([]);
    expect(apply(relay.send(paid)).context.name).toBe("Toads");
  });
});

function counting(): Relay {
  return overdue().send(billed());
}
function lastCall(): Relay {
  return counting().wait(7 * DAY_MS);
}
function stuck(): Relay {
  return lastCall().refuses("ask", "issued_by_another_wallet");
}
function dates({ paidThrough, prepaid }: typeof month) {
  return { paidThrough, prepaid };
}
