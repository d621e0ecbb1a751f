/** What holds between the till, its relays and its invoices after every event. */
import { creditPays, type Seat } from "../../machines/billing.ts";
import { dueSats } from "../../machines/invoice.ts";
import { invoiceActor, relayActor } from "../../machines/messages.ts";
import type { TenantContext } from "../../machines/tenant.ts";
import { restOf } from "./model.ts";
import { TILL, type World } from "./star-world.ts";

/**
 * What the till may think of a relay, by where the relay is. `dark` stays until a relay that comes
 * back from a suspension is active again: only `on` makes it the till's business.
 */
export const SEATS: Record<string, readonly Seat["is"][]> = {
  pending: ["new", "dark"],
  provisioning: ["new", "dark"],
  active: ["on"],
  suspended: ["dark"],
  "deactivated.byOwner": ["off"],
  "deactivated.lapsed": ["off"],
  "deactivated.byAdmin": ["shut"],
};

const seatsFor = (rest: string): readonly Seat["is"][] =>
  SEATS[rest] ?? SEATS[rest.split(".")[0] ?? ""] ?? [];

/** @returns what is wrong, in words. */
export function violations(world: World): string[] {
  const { star } = world;
  const wrong: string[] = [];
  const claim = (holds: boolean, otherwise: string): void => {
    if (!holds) wrong.push(otherwise);
  };
  const till = star.actor(TILL).context as TenantContext;
  const isTenantActive = (star.actor(TILL).value as { status: string }).status === "active";

  const pending = new Map<string, string[]>();
  let paidMonthsSats = 0;
  claim(star.balance(TILL) === till.creditSats, `the till holds ${star.balance(TILL)}`);
  claim(till.creditSats >= 0, `credit is ${till.creditSats}`);
  claim(creditPays(till.open, till.creditSats).length === 0, "credit covers an open invoice");

  for (const id of world.invoices()) {
    const c = world.invoice(id);
    const rest = restOf(star.actor(invoiceActor(id)).value);
    const isPending = rest.startsWith("pending");
    const holds = star.balance(invoiceActor(id));
    claim(holds === (isPending ? c.creditSats : 0), `${id} is ${rest} and holds ${holds}`);
    const isOwed = isPending && c.closing !== "cancelled";
    claim(isOwed === id in till.open, `${id} is ${rest}; open: ${Object.keys(till.open)}`);
    if (isPending) {
      const due = till.open[id]?.dueSats ?? dueSats(c);
      claim(due === dueSats(c), `${id} is due ${dueSats(c)}, the till thinks ${due}`);
      for (const { relay } of c.items) pending.set(relay, [...(pending.get(relay) ?? []), id]);
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

  for (const id of world.relays()) {
    const c = world.relay(id);
    const rest = restOf(star.actor(relayActor(id)).value, "status");
    const seat = till.seats[id];
    if (!seat) {
      wrong.push(`${id} has no seat`);
      continue;
    }
    const at = `${id} is ${rest}`;
    const isOff = rest.startsWith("deactivated");
    claim(seatsFor(rest).includes(seat.is), `${at}, its seat ${seat.is}`);
    claim(seat.plan === c.plan && seat.priceSats === c.priceSats, `${at}: plans differ`);
    if (!isOff) {
      claim(seat.paidThrough === c.paidThrough, `${at}: ${seat.paidThrough} ≠ ${c.paidThrough}`);
      claim((seat.prepaid !== null) === c.prepaid, `${at}: prepaid ${seat.prepaid}`);
    }
    const purchases = pending.get(id) ?? [];
    claim(purchases.length <= 1, `${at} and has open purchases ${purchases}`);
    claim((seat.invoice ?? undefined) === purchases[0], `${at}, waits for ${seat.invoice}`);
    if (rest === "pending") claim(purchases.length === 1, `${at} for nothing`);
    if (rest === "active") {
      claim(seat.priceSats === 0 || seat.paidThrough !== null, `${at} and was never paid for`);
      claim(seat.prepaid === null, `${at} and its month has not begun`);
    }
    const runs = rest === "active" || rest.startsWith("provisioning");
    if (runs) {
      claim(isTenantActive, `${at}, its tenant suspended`);
      claim(!world.suspended.has(id), `${at} though an admin suspended it`);
    }
    claim(c.wanted >= c.applied, `${at}: applied ${c.applied} of ${c.wanted}`);
    if (seat.prepaid !== null) paidMonthsSats += seat.priceSats;
  }

  const begunTo = new Map<string, number>();
  for (const { output } of star.outputs) {
    if (output.type !== "tell") continue;
    const event = output.tell.event as { type: string; why?: string };
    claim(!event.why?.startsWith("not needed"), `credit was given to no purpose: ${event.why}`);
    if (event.type !== "STARTED") continue;
    const { relay, to } = event as unknown as { relay: string; to: number };
    paidMonthsSats += till.seats[relay]?.priceSats ?? 0;
    begunTo.set(relay, to);
  }
  for (const [relay, to] of begunTo) {
    const paidThrough = till.seats[relay]?.paidThrough ?? null;
    claim(paidThrough === null || paidThrough === to, `${relay}: its invoice says ${to}`);
  }
  const revenue = star.balance("revenue");
  claim(revenue === paidMonthsSats, `revenue is ${revenue}, months sold for ${paidMonthsSats}`);

  const reported = world.issued.filter((one) => one.isReported);
  const receivedSats = reported.reduce((sum, one) => sum + (one.paidSats ?? 0), 0);
  claim(star.balance("wallet") === -receivedSats, `the wallet gave ${star.balance("wallet")}`);

  for (const [id, { snapshot }] of star.actors) {
    const children = Object.keys((JSON.parse(snapshot) as { children: object }).children);
    const open = [...star.work.values()].filter(({ actor }) => actor === id);
    claim(
      children.sort().join() ===
        open
          .map(({ invoke }) => invoke)
          .sort()
          .join(),
      `${id} waits for ${children}, but ${open.map(({ src }) => src)} is open`,
    );
  }
  return wrong;
}
