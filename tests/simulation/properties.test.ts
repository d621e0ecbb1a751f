/** The arithmetic of time and money, for any anchor, span, split and change of plan. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import {
  addMonths,
  HOUR_MS,
  lastAnchor,
  nextAnchor,
  prorate,
} from "../../machines/billing/calendar.ts";
import { quote } from "../../machines/billing/quote.ts";
import { dueItems, renewalEnd } from "../../machines/billing/schedule.ts";
import type { Seat } from "../../machines/billing/seats.ts";
import type { InvoiceInput } from "../../machines/invoice/context.ts";
import { type PlanId, planIds, plans } from "../../machines/plans.ts";
import { renews, type TenantContext } from "../../machines/tenant/context.ts";
import { tenantMachine } from "../../machines/tenant/machine.ts";
import { type Decision, decide, decideFirst, hydrate } from "../../server/host/xstate.ts";
import { aSeat } from "../machines/build.ts";

setDefaultTimeout(60_000);

const MONTHS = 48;
const RUNS = { numRuns: 10_000 };

/** Any second of four years, February 2028 among them. */
const second = fc
  .integer({ min: Date.UTC(2026, 0, 1) / 1000, max: Date.UTC(2030, 0, 1) / 1000 })
  .map((s) => s * 1000);
const price = fc.oneof(
  fc.constantFrom(...planIds.map((id) => plans[id].priceSats)),
  fc.integer({ min: 0, max: 1_000_000 }),
);

describe("calendar", () => {
  /** What a calendar says, with no arithmetic of ours. */
  const onCalendar = (day: number, month: number): number => {
    const [y, m] = [2026 + Math.floor(month / 12), month % 12];
    const lengths = [31, y % 4 === 0 ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    const clamped = Math.min(day, lengths[m] ?? 0);
    const two = (n: number) => String(n).padStart(2, "0");
    return Date.parse(`${y}-${two(m + 1)}-${two(clamped)}T12:34:56Z`);
  };

  test("1,488 periods are contiguous and come back to the anchor's day, with no drift", () => {
    let periods = 0;
    for (let day = 1; day <= 31; day++) {
      const anchor = onCalendar(day, 0);
      // Each period as it is billed, from where the last one ended.
      let paidThrough = anchor;
      for (let k = 0; k < MONTHS; k++) {
        const end = onCalendar(day, k + 1);
        expect(addMonths(anchor, k + 1)).toBe(end);
        expect(nextAnchor(anchor, paidThrough)).toBe(end);
        expect(lastAnchor(anchor, end - 1)).toBe(paidThrough);
        const now = paidThrough - HOUR_MS;
        const seats = { r: seatOf({ paidThrough }) };
        const [item] = dueItems(seats, anchor, now);
        expect(item).toMatchObject({ from: paidThrough, to: end, sats: plans.basic.priceSats });
        paidThrough = end;
        periods++;
      }
    }
    expect(periods).toBe(1_488);
  });
});

describe("proration", () => {
  const cuts = fc.array(fc.integer({ min: 0, max: 31 * 86_400 }), { maxLength: 12 });

  test("a month costs its price however it is split, and no part is negative", () => {
    fc.assert(
      fc.property(price, second, fc.nat(47), cuts, (sats, anchor, k, at) => {
        const [from, to] = [addMonths(anchor, k), addMonths(anchor, k + 1)];
        const inside = at.map((s) => from + s * 1000).filter((t) => t < to);
        const points = [from, ...inside.sort((a, b) => a - b), to];
        let sum = 0;
        for (const [i, end] of points.slice(1).entries()) {
          const start = points[i]!;
          const part = prorate(sats, anchor, start, end);
          expect(part).toBeGreaterThanOrEqual(0);
          expect(Math.abs(part - (sats * (end - start)) / (to - from))).toBeLessThanOrEqual(1);
          sum += part;
        }
        expect(sum).toBe(sats);
      }),
      RUNS,
    );
  });

  test("a span over many months costs what its parts do", () => {
    const offsets = fc.array(fc.integer({ min: -400 * 86_400, max: 800 * 86_400 }), {
      minLength: 2,
      maxLength: 12,
    });
    fc.assert(
      fc.property(price, second, offsets, (sats, anchor, at) => {
        const points = at.map((s) => anchor + s * 1000).sort((a, b) => a - b);
        const whole = prorate(sats, anchor, points[0]!, points.at(-1)!);
        const parts = points.slice(1).map((end, i) => prorate(sats, anchor, points[i]!, end));
        for (const part of parts) expect(part).toBeGreaterThanOrEqual(0);
        expect(parts.reduce((a, b) => a + b, 0)).toBe(whole);
      }),
      RUNS,
    );
  });

  test("what is left of the old plan and the upgrade cost what is left of the new one", () => {
    fc.assert(
      fc.property(second, fc.nat(31 * 86_400), fc.nat(47), (anchor, into, k) => {
        const end = addMonths(anchor, k + 1);
        const now = Math.min(addMonths(anchor, k) + into * 1000, end - 1000);
        const seat = seatOf({ paidThrough: end });
        const quoted = quote(seat, "growth", now, { anchor, isRenewing: false });
        expect(quoted).toMatchObject({ change: "upgrade", from: now, to: end });
        const rest = (plan: PlanId) => prorate(plans[plan].priceSats, anchor, now, end);
        expect(Math.abs(rest("basic") + quoted.amountSats - rest("growth"))).toBeLessThanOrEqual(1);
        expect(quoted.amountSats).toBeGreaterThanOrEqual(0);
      }),
      RUNS,
    );
  });

  test("relays that end apart are aligned by one renewal, each from its own date", () => {
    const aparts = fc.array(fc.integer({ min: 0, max: 31 * 86_400 }), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(second, fc.integer({ min: 1, max: 40 }), aparts, (anchor, k, apart) => {
        const now = addMonths(anchor, k) - HOUR_MS;
        const to = renewalEnd(anchor, now);
        const seats = Object.fromEntries(
          apart.map((s, i) => [`r${i}`, seatOf({ paidThrough: addMonths(anchor, k) + s * 1000 })]),
        );
        const items = dueItems(seats, anchor, now);
        for (const { relay, from, to: end, sats } of items) {
          expect([from, end]).toEqual([seats[relay]!.paidThrough!, to]);
          expect(sats).toBe(prorate(plans.basic.priceSats, anchor, from, to));
        }
        const due = Object.values(seats).filter((seat) => seat.paidThrough! < to);
        expect(items.length).toBe(due.length);
      }),
      RUNS,
    );
  });
});

describe("changes of plan", () => {
  const seat = fc.record({
    plan: fc.constantFrom(...planIds),
    is: fc.constantFrom("new" as const, "on" as const, "dark" as const, "off" as const),
    leftSeconds: fc.integer({ min: -10 * 86_400, max: 40 * 86_400 }),
    isRenewing: fc.boolean(),
  });
  type Sketch = typeof seat extends fc.Arbitrary<infer S> ? S : never;

  test("what is quoted is what is charged", () => {
    const told = new Map<string, number>();
    fc.assert(
      fc.property(seat, second, fc.constantFrom(...planIds), (sketch, now, plan) => {
        const c = tillOf(sketch, now);
        const seat = c.seats.r!;
        const till = { anchor: c.anchor, isRenewing: renews(c, "r") };
        const quoted = quote(seat, plan, now, till);
        told.set(quoted.change, (told.get(quoted.change) ?? 0) + 1);
        const change = { type: "CHANGE", relay: "r", plan, invoice: "i1" };
        const after = take(c, change, now);
        const written = createdOf(after);
        if (quoted.applies !== "when_paid" || seat.is !== "on") return;
        const [invoice] = written;
        if (quoted.change === "renewal") {
          // Written once the open one has closed, or at once.
          const closed = written.length > 0 ? after : closeRenewal(after, now);
          const renewal = createdOf(closed).find(({ purpose }) => purpose === "renewal");
          if (!renewal) throw new Error("no renewal was written");
          const [item] = renewal.items;
          expect(item).toMatchObject({ plan, sats: quoted.amountSats });
          expect([item?.from, item?.to]).toEqual([quoted.from!, quoted.to!]);
        } else {
          expect(invoice?.items.reduce((sum, { sats }) => sum + sats, 0)).toBe(quoted.amountSats);
          expect([invoice?.items[0]?.from, invoice?.items[0]?.to]).toEqual([
            quoted.from!,
            quoted.to!,
          ]);
        }
      }),
      RUNS,
    );
    expect([...told.keys()]).toEqual(
      expect.arrayContaining(["upgrade", "downgrade", "renewal", "purchase", "free", "none"]),
    );
  });

  test("scheduling a downgrade and cancelling it changes nothing", () => {
    fc.assert(
      fc.property(
        second,
        fc.integer({ min: 2 * 3600, max: 40 * 86_400 }),
        fc.constantFrom(...planIds),
        (now, leftSeconds, plan) => {
          const sketch = { plan: "growth" as const, is: "on" as const, leftSeconds };
          const c = tillOf({ ...sketch, isRenewing: false }, now);
          if (plan === "growth") return;
          const change = (to: PlanId) => ({ type: "CHANGE", relay: "r", plan: to, invoice: "i1" });
          const scheduled = take(c, change(plan), now);
          expect(contextOf(scheduled).seats.r?.next?.plan).toBe(plan);
          const cancelled = take(contextOf(scheduled), change("growth"), now);
          expect(contextOf(cancelled)).toEqual(c);
          expect([...scheduled.outputs, ...cancelled.outputs]).toEqual([]);
        },
      ),
      RUNS,
    );
  });

  /** A till with one relay, `leftSeconds` before its date; its anchor is that day. */
  function tillOf({ plan, is, leftSeconds, isRenewing }: Sketch, now: number): TenantContext {
    const { priceSats } = plans[plan];
    const isPaid = priceSats > 0;
    const paidThrough = isPaid && is !== "new" ? now + leftSeconds * 1000 : null;
    const isWaiting = is === "new" && isPaid;
    const seat = seatOf({ plan, priceSats, is, paidThrough, invoice: isWaiting ? "i0" : null });
    const anchor = is === "on" ? paidThrough : null;
    const c: TenantContext = {
      ...(contextOf(decideFirst(tenantMachine, { pubkey: "7e".repeat(32) }, now)) as TenantContext),
      anchor,
      nextAnchor: anchor === null ? null : renewalEnd(anchor, now),
      seats: { r: seat },
      open: isWaiting ? { i0: { dueSats: priceSats } } : {},
    };
    const items = anchor === null || !isRenewing ? [] : dueItems(c.seats, anchor, now);
    return items.length === 0 ? c : { ...c, renewal: { invoice: "i0", items } };
  }

  const blank = JSON.parse(decideFirst(tenantMachine, { pubkey: "7e".repeat(32) }, 0).snapshot);
  const take = (context: TenantContext, event: { type: string }, now: number): Decision =>
    decide(
      tenantMachine,
      hydrate(tenantMachine, JSON.stringify({ ...blank, context })),
      event,
      now,
    );
  const contextOf = ({ persisted }: Decision) => persisted.context as TenantContext;
  const createdOf = ({ outputs }: Decision): InvoiceInput[] =>
    outputs.flatMap((output) =>
      output.type === "create" && output.create.machine === "invoice"
        ? [output.create.input as InvoiceInput]
        : [],
    );

  /** The open renewal says that it closed, or the alarm that writes the first one fires. */
  function closeRenewal(decision: Decision, now: number): Decision {
    const snapshot = hydrate(tenantMachine, decision.snapshot);
    const { renewal } = contextOf(decision);
    if (renewal) {
      const event = { type: "CLOSED", invoice: renewal.invoice, items: renewal.items, sats: 0 };
      return decide(tenantMachine, snapshot, event, now);
    }
    const fired = decide(
      tenantMachine,
      snapshot,
      { type: "xstate.after.renewal.tenant.billing.waiting" },
      now,
    );
    const caught = { type: "xstate.done.actor.catchUp", output: null, actorId: "catchUp" };
    return decide(tenantMachine, hydrate(tenantMachine, fired.snapshot), caught, now);
  }
});

const seatOf = (set: Partial<Seat>): Seat => aSeat("basic", set);
