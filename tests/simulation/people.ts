/** What tenants and admins do: everything that is possible, in any order, at any time. */

import { invoiceActor, relayActor, tenantActor } from "../../machines/addresses.ts";
import { LEAD_MS, nextAnchor } from "../../machines/billing/calendar.ts";
import { quote } from "../../machines/billing/quote.ts";
import { isOverdue, type Seat } from "../../machines/billing/seats.ts";
import { statusOf } from "../../machines/describe.ts";
import type { InvoiceContext } from "../../machines/invoice/context.ts";
import { type PlanId, planIds } from "../../machines/plans.ts";
import type { RelayContext } from "../../machines/relay/context.ts";
import { renews, type TenantContext } from "../../machines/tenant/context.ts";
import { changeRefusal } from "../../machines/tenant/orders.ts";
import { itemOfReturn, planOfReturn } from "../../machines/tenant/past-due.ts";
import type { Simulation } from "./run.ts";
import type { Seen } from "./watcher.ts";
import { DAY_MS, HOUR_MS, walletMoods } from "./world.ts";

/** What kind of customer somebody is. */
export type Person = {
  pubkey: string;
  /** How likely they pay what can be paid, each time they think of it. */
  pays: number;
  /** How often they think of it. */
  everyMs: number;
  /** Connects a good wallet at once, and leaves it. */
  isFaithful: boolean;
  relaysMax: number;
  /** Pays no renewal, and changes the plan of what is overdue instead, again and again. */
  isDodger?: true;
  /** Is there whenever a month ends: asks for plans, pays ahead, asks for others, asks for a few days more. */
  isPunctual?: true;
};

const temperaments: Omit<Person, "pubkey">[] = [
  { pays: 1, everyMs: 4 * DAY_MS, isFaithful: true, relaysMax: 4 },
  { pays: 0.9, everyMs: DAY_MS, isFaithful: false, relaysMax: 4 },
  { pays: 0.3, everyMs: 3 * DAY_MS, isFaithful: false, relaysMax: 6 },
  { pays: 0.1, everyMs: 5 * DAY_MS, isFaithful: false, relaysMax: 3 },
  { pays: 0, everyMs: 7 * DAY_MS, isFaithful: false, relaysMax: 3 },
  { pays: 0.6, everyMs: 2 * DAY_MS, isFaithful: false, relaysMax: 6 },
  { pays: 1, everyMs: DAY_MS, isFaithful: false, relaysMax: 2, isDodger: true },
  { pays: 0.7, everyMs: 2 * DAY_MS, isFaithful: false, relaysMax: 3, isPunctual: true },
];

export function person({ random }: Simulation): Person {
  return { pubkey: random.hex(64), ...random.pick(temperaments) };
}

const wishes = {
  order: 3,
  pay: 14,
  change: 5,
  reactivate: 4,
  deactivate: 1,
  reissue: 2,
  connect: 1.5,
  disconnect: 0.6,
  mood: 2,
  edit: 1,
  beg: 0,
};
const punctual: typeof wishes = { ...wishes, change: 20, deactivate: 0.5, beg: 1 };

/** The minutes about a month's end: before its renewal is written, while it can be paid ahead, and after. */
const AROUND_MS = HOUR_MS / 6;

/** When they think of it again. Who is punctual thinks of little else about the end of a month. */
export function nextThought({ random, world, watcher }: Simulation, who: Person): number {
  const nowMs = world.agenda.now();
  const at = nowMs + (random.chance(0.25) ? 0 : random.wait(who.everyMs));
  if (!who.isPunctual) return at;
  const { anchor, seats } = watcher.tenant(who.pubkey);
  if (anchor === null) return at;
  const ahead = (date: number | null): number[] =>
    date !== null && date > nowMs - AROUND_MS ? [date] : [];
  const dates = Object.values(seats).flatMap((s) => (s.is === "on" ? ahead(s.paidThrough) : []));
  const opens = Math.min(nextAnchor(anchor, nowMs - AROUND_MS), ...dates) - LEAD_MS - AROUND_MS;
  return opens <= nowMs
    ? nowMs + random.wait(AROUND_MS)
    : Math.min(at, opens + random.wait(AROUND_MS));
}

/** One thing that a tenant does now. */
export async function act(sim: Simulation, who: Person): Promise<void> {
  const { random, world } = sim;
  const till = tenantActor(who.pubkey);
  const c = sim.watcher.tenant(who.pubkey);
  const seats = Object.entries(c.seats);
  const send = (event: { type: string } & Record<string, unknown>) =>
    sim.command(till, event, who.pubkey);
  const wallet = world.walletOf(who.pubkey);
  const overdue = seats.filter(([, s]) => s.is === "on" && isOverdue(s, world.agenda.now()));
  if (who.isDodger && overdue.length > 0 && random.chance(0.9)) {
    const [relay, seat] = random.pick(overdue);
    const plan = (seat.next ?? seat).plan === "basic" ? "growth" : "basic";
    return change(sim, c, relay, seat, plan, till, who.pubkey);
  }
  const wish = seats.length === 0 ? "order" : random.weighted(who.isPunctual ? punctual : wishes);
  switch (wish) {
    case "order": {
      if (seats.length >= who.relaysMax) return;
      const relay = `r${random.hex(24)}`;
      const plan = random.weighted({ free: 1, basic: 3, growth: 2 });
      const words = { name: "n", description: "", subdomain: relay, schema: relay };
      await send({ type: "ORDER", relay, plan, invoice: newInvoice(sim), ...words });
      if (who.isFaithful && !wallet.isConnected) await connect(sim, who);
      return;
    }
    case "pay":
      return payOpen(sim, who, who.pays);
    case "change": {
      const paid = seats.filter(([, s]) => s.is === "on" && s.priceSats > 0);
      const [relay, seat] = random.pick(who.isPunctual && paid.length > 0 ? paid : seats);
      return change(sim, c, relay, seat, random.pick(planIds), till, who.pubkey);
    }
    case "reactivate": {
      const down = seats.filter(([, s]) => s.is === "off" || s.is === "dark");
      if (down.length === 0) return;
      const [relay, seat] = random.pick(down);
      const nowMs = world.agenda.now();
      const own = planOfReturn(c, relay, seat, nowMs);
      const plan = random.chance(0.6) ? own : random.pick(planIds);
      const invoice = newInvoice(sim);
      const { sats, from, to, usedMs } = itemOfReturn(c, relay, plan, nowMs);
      const told = { amountSats: sats, from, to, usedMs, at: null };
      if (!(await sim.isDue()))
        sim.expected.quotes.set(invoice, {
          ...{ ...told, relay, plan, change: "reactivation", applies: "when_paid" },
        });
      await send({ type: "REACTIVATE", relay, plan, invoice });
      return;
    }
    case "deactivate":
      await sim.command(relayActor(random.pick(seats)[0]), { type: "DEACTIVATE" }, who.pubkey);
      return;
    case "reissue": {
      const open = Object.keys(c.open);
      if (open.length > 0)
        await sim.command(invoiceActor(random.pick(open)), { type: "REISSUE" }, who.pubkey);
      return;
    }
    case "beg": {
      const running = seats.filter(([, s]) => s.is === "on" && s.paidThrough !== null);
      if (running.length === 0) return;
      const [relay, { paidThrough }] = random.pick(running);
      const from = Math.max(paidThrough ?? 0, world.agenda.now());
      const to = from + random.wait(random.pick([HOUR_MS, 5 * DAY_MS]));
      await sim.command(till, { type: "admin.extend", relay, to, reason } as never, ADMIN);
      return;
    }
    case "connect":
      return connect(sim, who);
    case "disconnect":
      if (who.isFaithful) return;
      wallet.isConnected = false;
      await send({ type: "WALLET_CLEARED" });
      return;
    case "mood":
      if (who.isFaithful) return;
      wallet.mood = random.chance(0.4) ? "pays" : random.pick(walletMoods);
      return;
    case "edit":
      await sim.command(
        relayActor(random.pick(seats)[0]),
        { type: "EDIT", name: random.hex(4) } as { type: string },
        who.pubkey,
      );
      return;
  }
}

async function connect(sim: Simulation, who: Person): Promise<void> {
  const wallet = sim.world.walletOf(who.pubkey);
  wallet.isConnected = true;
  await sim.command(tenantActor(who.pubkey), { type: "WALLET_SET" }, who.pubkey);
  if (who.isFaithful && !sim.expected.faithful.has(who.pubkey))
    sim.expected.faithful.set(who.pubkey, sim.world.agenda.now());
}

/** Pays by hand whatever they ever saw a bolt11 of and that can still be paid. */
export function payOpen(sim: Simulation, who: Person, probability: number): void {
  const { random, world } = sim;
  for (const payable of world.lightning.payables.values()) {
    if (!payable.isShown || payable.isAccepted || payable.expiresAt <= world.agenda.now()) continue;
    const invoice = sim.watcher.invoice(payable.invoice);
    if (!invoice || (invoice.context as InvoiceContext).tenant !== who.pubkey) continue;
    if (who.isDodger && (invoice.context as InvoiceContext).purpose === "renewal") continue;
    // What is over is paid only by mistake.
    const isOpen = statusOf(invoice.value) === "pending";
    if (!random.chance(isOpen ? probability : probability * 0.1)) continue;
    world.lightning.pay(payable, random.chance(0.03) ? random.between(1, 5000) : 0);
  }
}

async function change(
  sim: Simulation,
  c: TenantContext,
  relay: string,
  seat: Seat,
  plan: PlanId,
  till: string,
  by: string,
): Promise<void> {
  const invoice = newInvoice(sim);
  const nowMs = sim.world.agenda.now();
  const quoted = quote(seat, plan, nowMs, { anchor: c.anchor, isRenewing: renews(c, relay) });
  const isCertain = !(await sim.isDue());
  const isTaken = await sim.command(till, { type: "CHANGE", relay, plan, invoice } as never, by);
  if (!isCertain) return;
  const refusal = quoted.change === "none" ? "none" : changeRefusal(seat, quoted.change);
  const isSuspended = statusOf(sim.watcher.seen.get(till)?.value) === "suspended";
  if (isTaken !== (refusal === null) && !isSuspended)
    sim.violate(
      `quoted ${quoted.change} of ${seat.plan} to ${plan} (${refusal}), and it was ${isTaken ? "" : "not "}taken`,
      c.pubkey,
    );
  if (!isTaken) return;
  if (quoted.change === "renewal") sim.expected.renewals.set(relay, quoted);
  else sim.expected.renewals.delete(relay);
  if (quoted.change === "upgrade" || quoted.change === "purchase")
    sim.expected.quotes.set(invoice, { ...quoted, relay });
}

const ADMIN = "ad".repeat(32);
const reason = "because";

const decisions = {
  suspend: 1,
  unsuspend: 3,
  suspendRelay: 1,
  unsuspendRelay: 3,
  deactivateRelay: 0.3,
  void: 1,
  markPaid: 1,
  extend: 1.5,
  credit: 1,
  refund: 1,
  retryInvoice: 2,
  retryRelay: 2,
  retryNotice: 0.5,
};

/** One thing that an admin does with a tenant now. */
export async function administer(sim: Simulation, who: Person): Promise<void> {
  const { random, world } = sim;
  const till = tenantActor(who.pubkey);
  const c = sim.watcher.tenant(who.pubkey);
  const relays = Object.keys(c.seats);
  const open = Object.keys(c.open);
  const send = (actor: string, event: { type: string } & Record<string, unknown>) =>
    sim.command(actor, { ...event, reason } as { type: string }, ADMIN);
  const relay = relays.length > 0 ? random.pick(relays) : null;
  const invoice = open.length > 0 ? random.pick(open) : null;
  switch (random.weighted(decisions)) {
    case "suspend":
      await send(till, { type: "admin.suspend" });
      world.agenda.in(random.wait(3 * DAY_MS), () =>
        sim.isUp ? send(till, { type: "admin.unsuspend" }).then(() => {}) : undefined,
      );
      return;
    case "unsuspend":
      await send(till, { type: "admin.unsuspend" });
      return;
    case "suspendRelay":
      if (relay) await send(relayActor(relay), { type: "admin.suspend" });
      return;
    case "unsuspendRelay":
      for (const id of relays) await send(relayActor(id), { type: "admin.unsuspend" });
      return;
    case "deactivateRelay":
      if (relay) await send(relayActor(relay), { type: "admin.deactivate" });
      return;
    case "void":
      if (invoice) await send(invoiceActor(invoice), { type: "admin.void" });
      return;
    case "markPaid":
      if (invoice) await send(invoiceActor(invoice), { type: "admin.markPaid" });
      return;
    case "extend": {
      if (!relay) return;
      const from = Math.max(c.seats[relay]?.paidThrough ?? 0, world.agenda.now());
      await send(till, { type: "admin.extend", relay, to: from + random.wait(10 * DAY_MS) });
      return;
    }
    case "credit":
      await send(till, { type: "admin.credit", sats: random.between(1, 60_000) });
      return;
    case "refund":
      if (c.creditSats === 0) return;
      await send(till, {
        type: "admin.refund",
        sats: random.between(1, Math.ceil(c.creditSats * 1.1)),
        bolt11: "lnrefund",
      });
      world.agenda.in(random.wait(2 * DAY_MS), async () => {
        if (!sim.isUp) return;
        if (random.chance(0.7)) await send(till, { type: "admin.refunded", preimage: "00" });
        else await send(till, { type: "admin.refundCancelled" });
      });
      return;
    case "retryInvoice":
      if (invoice) await send(invoiceActor(invoice), { type: "admin.retry" });
      return;
    case "retryRelay":
      for (const id of relays)
        if (needsOperator(sim.watcher.relay(id)!))
          await send(relayActor(id), { type: "admin.retry" });
      return;
    case "retryNotice":
      for (const actor of sim.watcher.seen.values())
        if (actor.machine === "notice" && actor.scope === who.pubkey && random.chance(0.2))
          await send(actor.id, { type: "admin.retry" });
      return;
  }
}

/** Something stands still until the operator says so. */
export const needsOperator = ({ machine, value, context }: Seen): boolean => {
  if (machine === "relay" && (context as RelayContext).refused !== null) return true;
  return /"(?:stuck|blocked)"/.test(JSON.stringify(value));
};

const newInvoice = ({ random }: Simulation): string => `i${random.hex(24)}`;
