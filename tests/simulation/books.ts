/** Money: every account against what its actor says, and every instant of a relay against what was paid for it. */
import type { Db } from "../../db/database.ts";
import { invoiceActor, tenantActor } from "../../machines/addresses.ts";
import {
  addMonths,
  DAY_MS,
  GRACE_MS,
  LEAD_MS,
  lastAnchor,
  nextAnchor,
  prorate,
  wholeSecond,
} from "../../machines/billing/calendar.ts";
import type { Item, Seat } from "../../machines/billing/seats.ts";
import { statusOf } from "../../machines/describe.ts";
import { type InvoiceContext, outcomeOf } from "../../machines/invoice/context.ts";
import type { TenantContext } from "../../machines/tenant/context.ts";
import { iso } from "./iso.ts";
import { PaidPlans } from "./plans-paid.ts";
import type { Seen, Step } from "./watcher.ts";

type Line = {
  seq: number;
  tenant: string;
  from: string;
  to: string;
  amount: number;
  why: string;
};
type Span = { from: number; to: number; invoice: string };

export class Books {
  readonly #newLines;
  #lastSeq = 0;
  readonly #balances = new Map<string, number>();
  /** Per tenant: what came in, and what it became. */
  /** By what it says of itself: `paid <invoice>`. */
  readonly #revenue = new Map<string, number>();
  readonly #sides = new Map<string, Record<string, number>>();
  /** The anchor by which each invoice was prorated. */
  readonly #anchors = new Map<string, number>();
  readonly #spans = new Map<string, Span[]>();
  readonly #plans = new PaidPlans();
  /** The price of a span that was paid and has not begun, by relay. */
  readonly #prepaid = new Map<string, number>();
  /** Since when each till is as it is. */
  readonly #since = new Map<string, number>();

  constructor(db: Db) {
    this.#newLines = db.sqlite.prepare<Line, [number]>(
      `SELECT seq, tenant, from_account AS "from", to_account AS "to", amount, why
       FROM ledger WHERE seq > ? ORDER BY seq`,
    );
  }

  /** Takes in the lines that a commit wrote. @returns accounts that moved. */
  read(): Set<string> {
    const moved = new Set<string>();
    for (const { seq, tenant, from, to, amount, why } of this.#newLines.all(this.#lastSeq)) {
      if (to === "revenue") this.#revenue.set(why, (this.#revenue.get(why) ?? 0) + amount);
      this.#lastSeq = seq;
      this.#balances.set(from, this.balance(from) - amount);
      this.#balances.set(to, this.balance(to) + amount);
      moved.add(from).add(to);
      const sides = this.#sides.get(tenant) ?? {};
      sides[from] = (sides[from] ?? 0) - amount;
      sides[to] = (sides[to] ?? 0) + amount;
      this.#sides.set(tenant, sides);
    }
    return moved;
  }

  balance(account: string): number {
    return this.#balances.get(account) ?? 0;
  }

  /** Every account that moved holds what its actor says. */
  *checkAccounts(moved: Iterable<string>, seen: ReadonlyMap<string, Seen>): Generator<string> {
    for (const account of moved) {
      const actor = seen.get(account);
      if (actor) {
        const says = heldSats(actor);
        const holds = this.balance(account);
        if (says !== holds) yield `${account} holds ${holds} sats and says ${says}`;
      }
    }
  }

  /** received + granted (+ by the operator) = applied + credit + held + refunded. */
  *checkTenant(pubkey: string, tenant: TenantContext, settledSats: number): Generator<string> {
    const sides = this.#sides.get(pubkey) ?? {};
    const of = (account: string) => sides[account] ?? 0;
    if (-of("wallet") !== settledSats)
      yield `the ledger has ${-of("wallet")} sats from the wallet, and ${settledSats} were settled`;
    let held = 0;
    for (const [account, sats] of Object.entries(sides))
      if (account.startsWith("invoice/")) {
        held += sats;
        if (sats < 0) yield `${account} gave away ${-sats} sats that it never had`;
      }
    const aside = of(`refund/${pubkey}`);
    if (aside !== (tenant.refund?.sats ?? 0)) yield `${aside} sats are set aside for a refund`;
    const came = -of("wallet") - of("granted") - of("operator");
    const became = of("revenue") + of(tenantActor(pubkey)) + held + aside + of("refunded");
    if (came !== became) yield `${came} sats came in and ${became} are accounted for`;
    if (tenant.creditSats < 0) yield `credit is ${tenant.creditSats}`;
  }

  /** What each item says became of its sats is what the ledger says. */
  *checkOutcomes(actors: Iterable<Seen>): Generator<string> {
    for (const { machine, value, context } of actors) {
      if (machine !== "invoice") continue;
      const c = context as InvoiceContext;
      const appliedSats = c.items
        .filter((item) => outcomeOf(c, item, statusOf(value)) === "applied")
        .reduce((sum, { sats }) => sum + sats, 0);
      const revenueSats = this.#revenue.get(`paid ${c.id}`) ?? 0;
      if (appliedSats !== revenueSats)
        yield `${c.id} says that ${appliedSats} sats were applied, and ${revenueSats} are revenue`;
    }
  }

  /** Which items a payment bought time with, said by the seats alone; and no instant twice. */
  *checkPaid({ actor, before, after, event, at }: Step): Generator<string> {
    const c = after.context as TenantContext;
    const was = before?.context as TenantContext;
    if (c.draft && c.anchor !== null && !this.#anchors.has(c.draft.id))
      this.#anchors.set(c.draft.id, c.anchor);
    yield* this.#checkPlans(was?.seats ?? {}, this.#since.get(actor) ?? at, at);
    this.#since.set(actor, at);
    if (event.type === "PAID") {
      const { items, invoice } = event as unknown as { items: Item[]; invoice: string };
      let revenue = 0;
      for (const item of items) {
        const [old, now] = [was.seats[item.relay], c.seats[item.relay]];
        const isBought = old && now && bought(old) !== bought(now);
        if (isBought === c.spent.unused.includes(item.relay))
          yield `what was paid for ${item.relay} was ${isBought ? "" : "not "}used, and its invoice learns otherwise`;
        if (!old || !now || !isBought) continue;
        revenue += item.sats;
        const { priceSats } = item;
        if (item.kind === "upgrade") {
          const anchor = this.#anchors.get(invoice) ?? Number.NaN;
          const sats = surcharge(anchor, old.priceSats, item);
          if (sats !== item.sats)
            yield `the upgrade of ${item.relay} cost ${item.sats}, not ${sats}`;
          if (item.to !== old.paidThrough)
            yield `the upgrade of ${item.relay} does not end where its period does`;
          this.#plans.add(item.relay, { from: item.from, to: item.to, priceSats, invoice });
        } else if (now.prepaid === null) {
          const from = item.kind === "renewal" ? item.from : wholeSecond(at);
          const to = now.paidThrough ?? 0;
          if (item.kind !== "renewal") yield* checkLength(item.relay, old, now, "month", from);
          else if ((old.paidThrough ?? 0) <= at && now.servedMs > 0)
            yield `${item.relay} paid in grace and has still served ${now.servedMs}`;
          yield* this.#charge(item.relay, { from, to, invoice });
          this.#plans.add(item.relay, { from, to, priceSats, invoice });
          if (item.kind === "renewal" && now.paidThrough !== item.to)
            yield `${item.relay} paid to ${iso(item.to)} and has ${iso(now.paidThrough)}`;
        } else if (now.prepaid.invoice === invoice) this.#prepaid.set(item.relay, priceSats);
      }
      if (revenue !== c.spent.revenueSats)
        yield `${c.spent.revenueSats} sats were taken for time that costs ${revenue}`;
    }
    for (const [relay, now] of Object.entries(c.seats)) {
      const old = was?.seats[relay];
      if (!old) continue;
      if (old.is === "on" && now.is !== "on") yield* checkServed(relay, was, now, at);
      if (event.type === "SEAT" && old.prepaid && !now.prepaid) {
        const { invoice } = old.prepaid;
        const from = Math.max(wholeSecond(at), old.paidThrough ?? 0);
        const to = now.paidThrough ?? 0;
        yield* checkLength(relay, old, now, old.prepaid.lengthMs, from);
        yield* this.#charge(relay, { from, to, invoice });
        // The plan is there at once, be it in time that an operator gave before the span begins.
        const priceSats = this.#prepaid.get(relay) ?? 0;
        this.#plans.add(relay, { from: wholeSecond(at), to, priceSats, invoice });
      } else if (old.prepaid && !now.prepaid && now.priceSats > 0)
        yield `${relay} lost a span that was paid for, by ${event.type}`;
      if (old.paidThrough !== null && old.paidThrough > at && now.priceSats > 0)
        if (now.paidThrough === null || now.paidThrough < old.paidThrough)
          yield `${relay} lost paid time, by ${event.type}: ${iso(old.paidThrough)} → ${iso(now.paidThrough)}`;
    }
  }

  /** The plans of what ran from the till's last transition to this one, where time went by. */
  *#checkPlans(seats: TenantContext["seats"], from: number, to: number): Generator<string> {
    if (to <= from) return;
    for (const [relay, { is, priceSats }] of Object.entries(seats)) {
      if (is !== "on") continue;
      yield* this.#plans.check(relay, priceSats, from);
      yield* this.#plans.check(relay, priceSats, to - 1);
    }
  }

  *#charge(relay: string, span: Span): Generator<string> {
    const spans = this.#spans.get(relay) ?? [];
    if (span.to <= span.from) yield `${relay} paid for nothing: ${words(span)}`;
    for (const other of spans)
      if (span.from < other.to && other.from < span.to)
        yield `${relay} is charged twice: ${words(span)} and ${words(other)}`;
    spans.push(span);
    this.#spans.set(relay, spans);
  }
}

/** What was paid for is as long as it was sold, less what was served unpaid, and a day at least. */
function* checkLength(
  relay: string,
  old: Seat,
  now: Seat,
  lengthMs: number | "month",
  from: number,
): Generator<string> {
  const soldMs = (lengthMs === "month" ? addMonths(from, 1) : from + lengthMs) - from;
  const spentMs = old.servedMs - now.servedMs;
  const leastMs = Math.min(soldMs, DAY_MS);
  const hasMs = (now.paidThrough ?? 0) - from;
  if (hasMs !== soldMs - spentMs || hasMs !== Math.max(leastMs, soldMs - old.servedMs))
    yield `${relay} was sold ${soldMs}, had served ${old.servedMs}, and got ${hasMs}`;
}

/** Whoever stops running past their date has the days that they ran unpaid, seven at most. */
function* checkServed(
  relay: string,
  { seats, anchor }: TenantContext,
  now: Seat,
  at: number,
): Generator<string> {
  const old = seats[relay];
  if (!old || old.priceSats === 0 || old.paidThrough === null || anchor === null) return;
  const addedMs = now.servedMs - old.servedMs;
  const from = Math.max(old.paidThrough, lastAnchor(anchor, at), old.runsSince ?? 0);
  const ranMs = Math.min(GRACE_MS, Math.max(0, at - from));
  // In the hour in which the next period is written the one before is over.
  const isNext = nextAnchor(anchor, at) - at <= LEAD_MS && ranMs === GRACE_MS;
  if (addedMs < 0 || addedMs > GRACE_MS || (!isNext && ranMs - addedMs >= 1000))
    yield `${relay} ran unpaid for ${ranMs}, and ${addedMs} follow it`;
}

/** What paying may change of a seat. */
const bought = (seat: TenantContext["seats"][string]): string =>
  JSON.stringify([seat.plan, seat.priceSats, seat.paidThrough, seat.prepaid]);

const surcharge = (anchor: number, oldPriceSats: number, { priceSats, from, to }: Item): number =>
  prorate(priceSats, anchor, from, to) - prorate(oldPriceSats, anchor, from, to);

/** What an actor says that it holds: credit, and an invoice's only while it is pending. */
function heldSats({ machine, value, context }: Seen): number {
  if (machine === "tenant") return (context as TenantContext).creditSats;
  if (machine === "invoice" && statusOf(value) === "pending")
    return (context as InvoiceContext).creditSats;
  return 0;
}

const words = ({ from, to, invoice }: Span): string =>
  `${iso(from)}..${iso(to)} (${invoiceActor(invoice)})`;
