/** What holds between the till, its relays and its invoices after every event. */

import { invoiceActor, relayActor } from "../../../machines/addresses.ts";
import { DAY_MS } from "../../../machines/billing/calendar.ts";
import { isCovered, type Seat } from "../../../machines/billing/seats.ts";
import { dueSats } from "../../../machines/invoice/context.ts";
import type { RelayContext } from "../../../machines/relay/context.ts";
import type { TenantContext } from "../../../machines/tenant/context.ts";
import { creditPays } from "../../../machines/tenant/credit.ts";
import { restOf } from "../model.ts";
import type { Moved } from "./star.ts";
import { TILL, type World } from "./world.ts";

/**
 * What the till may think of a relay, by where the relay is. One that comes back from a suspension is
 * the till's business when it is active again: only `on` ends `dark` and `held`.
 */
export const SEATS: Record<string, readonly Seat["is"][]> = {
  pending: ["new", "held"],
  provisioning: ["new", "dark", "held"],
  active: ["on"],
  grace: ["on"],
  "suspended.unpaid": ["dark"],
  "suspended.held": ["held"],
  "suspended.byAdmin": ["held"],
  "suspended.heldByAdmin": ["held"],
  "deactivated.byOwner": ["off"],
  "deactivated.lapsed": ["off"],
  "deactivated.byAdmin": ["shut"],
};

const seatsFor = (rest: string): readonly Seat["is"][] =>
  SEATS[rest] ?? SEATS[rest.split(".")[0] ?? ""] ?? [];

type Claim = (holds: boolean, otherwise: string) => void;

/** @returns what is wrong, in words. */
export function violations(world: World): string[] {
  const { star } = world;
  const wrong: string[] = [];
  const claim: Claim = (holds, otherwise) => {
    if (!holds) wrong.push(otherwise);
  };
  const till = star.actor(TILL).context as TenantContext;
  claim(star.balance(TILL) === till.creditSats, `the till holds ${star.balance(TILL)}`);
  claim(till.creditSats >= 0, `credit is ${till.creditSats}`);
  claim(creditPays(till.open, till.creditSats).length === 0, "credit covers an open invoice");
  const setAside = star.balance(`refund/${till.pubkey}`);
  claim(setAside === (till.refund?.sats ?? 0), `${setAside} sats are set aside`);
  claim((till.anchor === null) === (till.nextAnchor === null), "half an anchor");

  const pending = checkInvoices(world, till, claim);
  for (const id of world.relays()) checkRelay(world, till, id, pending.get(id) ?? [], claim);
  for (const moved of star.moves.slice(world.provedMoves)) checkMove(world, moved, claim);
  world.provedMoves = star.moves.length;

  for (const { output } of star.outputs) {
    if (output.type !== "tell") continue;
    const { why } = output.tell.event as { why?: string };
    claim(!why?.startsWith("not needed"), `credit was given to no purpose: ${why}`);
  }
  const reported = world.issued.filter((one) => one.isReported);
  const receivedSats = reported.reduce((sum, one) => sum + (one.paidSats ?? 0), 0);
  claim(star.balance("wallet") === -receivedSats, `the wallet gave ${star.balance("wallet")}`);
  checkWork(world, claim);
  return wrong;
}

/** @returns the open purchases, upgrades and reactivations of each relay. */
function checkInvoices(world: World, till: TenantContext, claim: Claim): Map<string, string[]> {
  const { star } = world;
  const pending = new Map<string, string[]>();
  const renewals: string[] = [];
  const pastDue: string[] = [];
  for (const id of world.invoices()) {
    const c = world.invoice(id);
    const rest = restOf(star.actor(invoiceActor(id)).value);
    const isPending = rest.startsWith("pending");
    const holds = star.balance(invoiceActor(id));
    claim(holds === (isPending ? c.creditSats : 0), `${id} is ${rest} and holds ${holds}`);
    const isWithdrawn = c.closing === "cancelled" || c.closing === "superseded";
    const isOwed = isPending && !isWithdrawn;
    claim(isOwed === id in till.open, `${id} is ${rest}; open: ${Object.keys(till.open)}`);
    if (isPending) {
      const due = till.open[id]?.dueSats ?? dueSats(c);
      claim(due === dueSats(c), `${id} is due ${dueSats(c)}, the till thinks ${due}`);
      if (c.purpose === "renewal") renewals.push(id);
      else if (c.purpose === "past_due") pastDue.push(id);
      else for (const { relay } of c.items) pending.set(relay, [...(pending.get(relay) ?? []), id]);
    }
    if (rest === "expired") {
      const askedTurn = world.askedTurn.get(id) ?? 0;
      const inTime = world.issued.filter(
        (one) => one.invoice === id && one.paidTurn < askedTurn && (one.paidSats ?? 0) >= one.sats,
      );
      claim(inTime.length === 0, `${id} expired though it was paid in time`);
      claim(askedTurn > 0, `${id} expired and nobody asked the wallet`);
    }
  }
  const [renewal = null, ...more] = renewals;
  claim(more.length === 0, `renewals ${renewals} are open at once`);
  claim((till.renewal?.invoice ?? null) === renewal, `${renewal} is not the till's renewal`);
  claim(pastDue.length <= 1, `past-due invoices ${pastDue} are open at once`);
  claim(
    (till.pastDue?.invoice ?? null) === (pastDue[0] ?? null),
    `${pastDue[0]} is not the till's past-due invoice`,
  );
  return pending;
}

function checkRelay(
  world: World,
  till: TenantContext,
  id: string,
  purchases: readonly string[],
  claim: Claim,
): void {
  const { star } = world;
  const c = world.relay(id);
  const rest = restOf(star.actor(relayActor(id)).value, "status");
  const at = `${id} is ${rest}`;
  const seat = till.seats[id];
  claim(seat !== undefined, `${id} has no seat`);
  if (!seat) return;
  claim(seatsFor(rest).includes(seat.is), `${at}, its seat ${seat.is}`);
  claim(seat.plan === c.plan && seat.priceSats === c.priceSats, `${at}: plans differ`);
  if (!rest.startsWith("deactivated")) {
    claim(seat.paidThrough === c.paidThrough, `${at}: ${seat.paidThrough} ≠ ${c.paidThrough}`);
    claim((seat.prepaid !== null) === c.prepaid, `${at}: prepaid ${seat.prepaid}`);
  }
  claim(purchases.length <= 1, `${at} and has open purchases ${purchases}`);
  claim((seat.invoice ?? undefined) === purchases[0], `${at}, waits for ${seat.invoice}`);
  checkDebt(till, id, star.nowMs, claim);
  if (rest === "pending") claim(purchases.length === 1, `${at} for nothing`);
  const isCoveredNow = isCovered(c, star.nowMs);
  if (rest === "active") {
    claim(isCoveredNow, `${at} and is paid through ${c.paidThrough}`);
    claim(seat.prepaid === null, `${at} and its month has not begun`);
  }
  if (rest.startsWith("grace") || rest === "suspended.unpaid") claim(!isCoveredNow, `${at}, paid`);
  if (rest === "grace.unbilled") claim(c.graceEnds === null, `${at} and its grace ends`);
  if (/^(active|grace|provisioning)/.test(rest)) {
    const { status } = star.actor(TILL).value as { status: string };
    claim(status === "active", `${at}, its tenant suspended`);
    claim(!world.suspended.has(id), `${at} though an admin suspended it`);
  }
  claim(c.wanted >= c.applied, `${at}: applied ${c.applied} of ${c.wanted}`);
}

/** What a dark relay owes is billed by one open invoice, and by no renewal of what runs. */
function checkDebt(till: TenantContext, id: string, nowMs: number, claim: Claim): void {
  const seat = till.seats[id];
  if (!seat) return;
  claim(seat.servedMs >= 0, `${id} has served ${seat.servedMs}`);
  claim(
    seat.owed === null || seat.is === "dark" || seat.is === "held",
    `${id} owes and is ${seat.is}`,
  );
  const isMoving = till.renewal?.items.some((item) => item.relay === id) ?? false;
  if (seat.is !== "dark" || isMoving || till.pastDue === null) return;
  const isBilled = till.pastDue.items.some((item) => item.relay === id);
  const isClosing = !(till.pastDue.invoice in till.open);
  const isOwing = seat.owed !== null && seat.invoice === null && !isCovered(seat, nowMs);
  claim(isClosing || isBilled === isOwing, `${id} owes, and past due is ${till.pastDue.invoice}`);
}

/** Nobody is suspended before grace is over, a bill could be paid for all of it, and the wallet spoke. */
function checkMove(world: World, { id, before, after }: Moved, claim: Claim): void {
  if (after.machine !== "relay" || before?.machine !== "relay") return;
  const [from, to] = [restOf(before.value, "status"), restOf(after.value, "status")];
  if (to !== "suspended.unpaid" || !from.startsWith("grace")) return;
  const c = after.context as RelayContext;
  const billed = world.issued.find(({ invoice }) => invoice === c.invoice);
  const paidThrough = c.paidThrough ?? 0;
  /** All that ever billed this date: the first began the days of grace. */
  const bills = world.issued.filter(({ invoice }) =>
    world
      .invoice(invoice)
      .items.some((i) => i.relay === c.id && i.kind === "renewal" && i.from >= paidThrough),
  );
  const firstAt = Math.min(...bills.map(({ issuedAt }) => issuedAt));
  claim(from === "grace.lastCall", `${id} was suspended out of ${from}`);
  claim(after.at >= paidThrough + 7 * DAY_MS, `${id} was suspended before seven days`);
  claim(billed !== undefined, `${id} was suspended for ${c.invoice}, which nobody could pay`);
  claim(after.at >= firstAt + 7 * DAY_MS, `${id} had less than seven days to pay`);
  // A bill that was written anew leaves a day, once.
  const isAgain = new Set(bills.map(({ invoice }) => invoice)).size > 2;
  claim(
    isAgain || after.at >= (billed?.issuedAt ?? 0) + DAY_MS,
    `${id} had less than a day to pay ${c.invoice}`,
  );
  claim((world.askedTurn.get(c.invoice ?? "") ?? 0) > 0, `${id} was suspended and nobody asked`);
}

/** What an actor waits for is being done, and nothing else is. */
function checkWork({ star }: World, claim: Claim): void {
  for (const [id, { snapshot }] of star.actors) {
    const children = Object.keys((JSON.parse(snapshot) as { children: object }).children);
    const open = [...star.work.values()].flatMap(({ actor, invoke }) =>
      actor === id ? [invoke] : [],
    );
    claim(
      children.sort().join() === open.sort().join(),
      `${id} waits for ${children}, not ${open}`,
    );
  }
}
