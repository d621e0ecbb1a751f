/** What is said of a relay is what its machines, driven for real, then do. */
import { expect, test } from "bun:test";
import { relayActor } from "../../../../machines/addresses.ts";
import { addMonths } from "../../../../machines/billing/calendar.ts";
import type { Item } from "../../../../machines/billing/seats.ts";
import type { PlanId } from "../../../../machines/plans.ts";
import { byDue, type InvoiceNow, type Next, nextOf } from "../../../../web/lib/relays/next.ts";
import { day } from "../../../../web/lib/words/format.ts";
import { DAY_MS, HOUR_MS, order, T0 } from "../../../machines/build.ts";
import { Random } from "../../../machines/random.ts";
import { TILL, World } from "../../../machines/star/world.ts";

const reason = "test";

/** Everything that is waited for is answered well. */
function answer(world: World): void {
  const random = new Random(1);
  for (let [work] = world.star.work.values(); work; [work] = world.star.work.values()) {
    world.perform(work, random, 0);
    world.star.finish(work);
  }
}
function advance(world: World, ms: number): void {
  world.star.advance(ms);
  answer(world);
}
function pay(world: World, invoice: string): void {
  const issued = world.issued.findLast((one) => one.invoice === invoice);
  if (!issued) throw new Error(`no bolt11 of ${invoice}`);
  world.pay(issued, issued.sats);
  world.report(issued);
  answer(world);
}
const till = (world: World) => world.star.actor(TILL) as never as Parameters<typeof nextOf>[1];
const renewalOf = (world: World): string => till(world)?.context.renewal?.invoice ?? "none";

function next(world: World, relay = "r1"): Next {
  const actor = (id: string) => world.star.actors.get(id);
  const invoice = ((id: string) => actor(`invoice/${id}`)) as never as InvoiceNow;
  return nextOf(actor(relayActor(relay)) as never, till(world), invoice, world.star.nowMs);
}

function ordered(plan: PlanId = "basic"): World {
  const world = new World();
  world.star.send(TILL, order(plan));
  answer(world);
  return world;
}
function running(plan: PlanId = "basic"): World {
  const world = ordered(plan);
  if (plan !== "free") pay(world, "i1");
  return world;
}
const change = (world: World, plan: PlanId, invoice = "i2") =>
  world.star.send(TILL, { type: "CHANGE", relay: "r1", plan, invoice } as never);

const END = addMonths(T0, 1);
const date = (ms: number): string => day(ms, T0);

test("a reservation waits for its payment, for as long as its invoice is open", () => {
  const world = ordered();
  advance(world, HOUR_MS);
  expect(next(world)).toEqual({
    text: "Waiting for your payment · 23 hours left",
    atMs: T0 + DAY_MS,
    tone: "waiting",
    invoice: "i1",
  });
});

test("a relay that is being set up says so, and that it takes long", () => {
  const world = new World();
  world.star.send(TILL, order("free"));
  expect(next(world)).toMatchObject({ text: "Being set up", tone: "harbour" });
  world.star.advance(2 * 60_000);
  expect(next(world)).toMatchObject({
    text: "Being set up, and it takes longer than usual",
    tone: "grace",
  });
});

test("a free relay has no end date", () => {
  expect(next(running("free"))).toEqual({
    text: "Free, no end date",
    atMs: null,
    tone: "active",
    invoice: null,
  });
});

test("a paid relay renews at its date, at what the renewal then bills", () => {
  const world = running();
  expect(next(world)).toEqual({
    text: `Renews ${date(END)} · 10,000 sats`,
    atMs: END,
    tone: "active",
    invoice: null,
  });
  advance(world, END - HOUR_MS - world.star.nowMs);
  expect(next(world)).toEqual({
    text: "Renewal can be paid · 10,000 sats",
    atMs: END,
    tone: "harbour",
    invoice: renewalOf(world),
  });
});

test("of two relays the second renews with the first, for the part of a month that it is short of", () => {
  const world = running();
  advance(world, 10 * DAY_MS);
  world.star.send(TILL, order("growth", "r2", "i2"));
  answer(world);
  pay(world, "i2");
  const before = next(world, "r2");
  expect(before.text).toStartWith("Renews");
  // It is written with the first renewal that reaches its date.
  while (!till(world)?.context.renewal?.items.some(({ relay }) => relay === "r2")) {
    const written = till(world)?.context.renewal?.invoice;
    if (written) pay(world, written);
    advance(world, HOUR_MS);
  }
  const item = till(world)?.context.renewal?.items.find(({ relay }) => relay === "r2") as Item;
  expect(before.text).toEndWith(` · ${item.sats.toLocaleString("en-US")} sats`);
  expect(item.sats).toBeLessThan(50_000);
});

test("a wallet that is connected pays, and so does credit that is enough", () => {
  const world = running();
  world.star.send(TILL, { type: "WALLET_SET" } as never);
  expect(next(world).text).toBe(`Your wallet pays on ${date(END)} · 10,000 sats`);
  world.star.send(TILL, { type: "admin.credit", sats: 10_000, reason } as never);
  expect(next(world).text).toBe(`Your credit pays on ${date(END)} · 10,000 sats`);
});

test("a change that is scheduled is what comes next", () => {
  const world = running();
  change(world, "free");
  expect(next(world)).toMatchObject({
    text: `Changes to Free on ${date(END)}`,
    atMs: END,
    invoice: null,
  });
  advance(world, END - T0);
  expect(next(world).text).toBe("Free, no end date");
});

test("a cheaper plan that is scheduled is renewed at its own price", () => {
  const world = running("growth");
  change(world, "basic");
  expect(next(world).text).toBe(`Changes to Basic on ${date(END)} · 10,000 sats`);
});

test("an upgrade waits for its payment", () => {
  const world = running();
  change(world, "growth");
  answer(world);
  expect(next(world)).toMatchObject({
    text: "Changes to Growth when you pay · 24 hours left",
    tone: "harbour",
    invoice: "i2",
  });
  pay(world, "i2");
  expect(next(world).text).toBe(`Renews ${date(END)} · 50,000 sats`);
});

test("in grace it counts down what is left, then pays to resume", () => {
  const world = running();
  advance(world, END - HOUR_MS - T0);
  advance(world, HOUR_MS + 3 * DAY_MS);
  const graceEnds = END + 7 * DAY_MS;
  expect(next(world)).toEqual({
    text: "Pay within 4 days",
    atMs: graceEnds,
    tone: "grace",
    invoice: renewalOf(world),
  });
  advance(world, 4 * DAY_MS);
  expect(next(world)).toEqual({
    text: "Pay to resume",
    tone: "suspended",
    atMs: graceEnds + 60 * DAY_MS,
    invoice: till(world)?.context.pastDue?.invoice ?? "none",
  });
  advance(world, 61 * DAY_MS);
  expect(next(world)).toEqual({
    text: "Reactivate to resume",
    atMs: null,
    tone: "suspended",
    invoice: null,
  });
});

test("grace without an invoice that can be paid has no deadline", () => {
  const world = running();
  // Nobody answers: the bolt11 of the renewal is not made.
  world.star.advance(END - T0);
  for (let [work] = world.star.work.values(); work; [work] = world.star.work.values()) {
    if (work.src === "mintBolt11") break;
    world.perform(work, new Random(1), 0);
    world.star.finish(work);
  }
  expect(next(world)).toMatchObject({
    text: "Your invoice is being made; no deadline yet",
    atMs: null,
    tone: "grace",
  });
});

test("what an operator closed only the operator brings back", () => {
  const world = running();
  world.star.send(relayActor("r1"), { type: "admin.suspend", reason } as never);
  expect(next(world).text).toBe("Suspended by the operator");
  world.star.send(TILL, { type: "admin.suspend", reason } as never);
  expect(next(world).text).toBe("Suspended by the operator");
  world.star.send(relayActor("r1"), { type: "admin.deactivate", reason } as never);
  expect(next(world).text).toBe("Switched off by the operator");
});

test("switched off it is free to bring back while it is paid for; then the name is kept, then not", () => {
  const world = running();
  advance(world, 10 * DAY_MS);
  world.star.send(relayActor("r1"), { type: "DEACTIVATE" });
  answer(world);
  expect(next(world)).toMatchObject({
    text: `Switched off; free to bring back until ${date(END)}`,
    atMs: END,
  });
  const kept = T0 + 40 * DAY_MS;
  advance(world, END - world.star.nowMs);
  expect(next(world)).toMatchObject({
    text: `Switched off; the name stays yours until ${date(kept)}`,
    atMs: kept,
  });
  advance(world, 30 * DAY_MS);
  expect(next(world)).toMatchObject({ text: "Switched off; the name is free for anyone" });
});

test("one that came back out of step by seconds renews at a price, not at nothing", () => {
  const world = running();
  advance(world, 5_000);
  world.star.send(relayActor("r1"), { type: "DEACTIVATE" });
  answer(world);
  advance(world, 10_000);
  const back = { type: "REACTIVATE", relay: "r1", plan: "basic", invoice: "i2" };
  world.star.send(TILL, back as never);
  answer(world);
  const { text, atMs } = next(world);
  expect(text).toBe(`Renews ${date(END)} · 10,000 sats`);
  // First the seconds by which it is out of step, which cost nothing; then the month.
  advance(world, END - HOUR_MS - world.star.nowMs);
  advance(world, 20_000);
  expect(next(world)).toMatchObject({ text: "Renewal can be paid · 10,000 sats", atMs });
});

test("a reservation that lapsed keeps no name", () => {
  const world = ordered();
  advance(world, 2 * DAY_MS);
  expect(next(world)).toMatchObject({ text: "Not paid in time; the name is free for anyone" });
});

test("what is dark comes before what soon will be, then what waits for money, then by date", () => {
  const line = (text: string, tone: Next["tone"], atMs: number | null, invoice: string | null) => ({
    text,
    tone,
    atMs,
    invoice,
  });
  const lines = [
    line("free", "active", null, null),
    line("later", "active", 9, null),
    line("sooner", "active", 5, null),
    line("waits", "waiting", 2, "i3"),
    line("grace", "grace", 3, "i2"),
    line("dark", "suspended", 99, "i1"),
  ];
  expect(lines.toSorted(byDue).map(({ text }) => text)).toEqual([
    "dark",
    "grace",
    "waits",
    "sooner",
    "later",
    "free",
  ]);
});

test("in grace a wallet that does not answer is not said to be paying", () => {
  const now = END + DAY_MS;
  const said = (bill: { outcome: string | null; chargeAt: number }) =>
    nextOf(
      {
        value: { status: { grace: "counting" } },
        context: { id: "r1", invoice: "i2", graceEnds: END + 7 * DAY_MS },
      } as never,
      { value: { wallet: "connected" }, context: { seats: {}, renewal: null } } as never,
      (() => ({ context: bill })) as never,
      now,
    ).text;
  expect(said({ outcome: "unknown", chargeAt: now })).toStartWith("Your wallet is paying");
  expect(said({ outcome: null, chargeAt: now + HOUR_MS })).toStartWith("Your wallet is paying");
  expect(said({ outcome: "unknown", chargeAt: now + HOUR_MS })).toBe(
    "Your wallet does not answer; it is asked again · 6 days left",
  );
});

test("before its date a wallet that refused, or is silent, is not said to be paying", () => {
  const world = running();
  world.star.send(TILL, { type: "WALLET_SET" } as never);
  const renewal = { invoice: "i2", items: [{ relay: "r1", sats: 10_000, from: END }] };
  const account = till(world) as NonNullable<ReturnType<typeof till>>;
  const seats = { r1: { ...account.context.seats.r1, is: "on" } };
  const relay = world.star.actors.get(relayActor("r1")) as never;
  const now = END - HOUR_MS / 2;
  const said = (bill: { outcome: string | null; chargeAt: number | null }) =>
    nextOf(
      relay,
      { value: account.value, context: { ...account.context, seats, renewal } } as never,
      (() => ({ context: bill })) as never,
      now,
    );
  expect(said({ outcome: null, chargeAt: now })).toMatchObject({
    text: "Your wallet is paying · 10,000 sats",
    tone: "active",
  });
  expect(said({ outcome: "QUOTA_EXCEEDED", chargeAt: END })).toMatchObject({
    text: "Your wallet refused; it is tried again · 10,000 sats",
    tone: "grace",
  });
  expect(said({ outcome: "unknown", chargeAt: END }).text).toBe(
    "Your wallet does not answer; it is asked again · 10,000 sats",
  );
  expect(said({ outcome: null, chargeAt: null }).text).toBe("Renewal can be paid · 10,000 sats");
});
