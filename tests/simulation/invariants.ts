/** What must hold after every commit, whatever the world does. */
import type { Queries } from "../../db/index.ts";
import { tenantActor } from "../../machines/addresses.ts";
import { GRACE_MS, HOUR_MS, LEAD_MS, REISSUE_MS } from "../../machines/billing/calendar.ts";
import type { Quote } from "../../machines/billing/quote.ts";
import { type Item, isCovered, type Seat, totalSats } from "../../machines/billing/seats.ts";
import { statusOf } from "../../machines/describe.ts";
import { dueSats, type InvoiceContext } from "../../machines/invoice/context.ts";
import type { NoticeContext } from "../../machines/notice.ts";
import type { RelayContext } from "../../machines/relay/context.ts";
import type { TenantContext } from "../../machines/tenant/context.ts";
import { CREATED } from "../../server/host/run.ts";
import { iso } from "./iso.ts";
import type { Seen, Step, Watcher } from "./watcher.ts";

/** What people were told before they asked for it. */
export type Expected = {
  /** By the invoice that would be written. */
  quotes: Map<string, Quote & { relay: string }>;
  /** By relay: what its next renewal would bill. */
  renewals: Map<string, Quote>;
  /** Tenants whose wallet always pays, and since when. */
  faithful: Map<string, number>;
};

/** A wallet that was bad is trusted again after this: refusals are retried for days. */
const TRUST_MS = 9 * 24 * HOUR_MS;

const within = (value: unknown, top: string): string | null => {
  const found = (value as Record<string, unknown>)[top];
  return typeof found === "string" ? found : null;
};
/** `suspended.unpaid` */
const relayState = ({ value }: Seen): string => {
  const { status } = value as { status: string | Record<string, string> };
  if (typeof status === "string") return status;
  return Object.entries(status)[0]!.join(".");
};

/** What must hold of one transition. */
export function* checkStep(step: Step, watcher: Watcher): Generator<string> {
  switch (step.after.machine) {
    case "relay":
      yield* checkRelayStep(step, watcher);
      break;
    case "invoice":
      if (step.event.type === CREATED) yield* checkNewInvoice(step, watcher);
      break;
    case "notice":
      if (step.event.type === CREATED) yield* checkNewNotice(step, watcher);
      break;
  }
}

function* checkRelayStep({ before, after, at, event }: Step, watcher: Watcher): Generator<string> {
  if (!before) return;
  const [was, is] = [relayState(before), relayState(after)];
  yield* checkUnpaid(before, is, at, watcher);
  if (event.type === "LAPSED" && was === "pending" && is === "deactivated.lapsed") {
    const last = invoicesOf((after.context as RelayContext).id, after.scope, watcher).at(-1);
    const status = last && statusOf(last.value);
    if (status !== "expired") yield `lapsed with an invoice that is ${status}`;
  }
  if (was.startsWith("provisioning") && is === "active")
    watcher.activeSince.set((after.context as RelayContext).id, at);
  const c = after.context as RelayContext;
  if (was.startsWith("grace") && is === "suspended.unpaid") {
    const paidThrough = c.paidThrough ?? 0;
    if (at < paidThrough + GRACE_MS) yield `suspended ${iso(at)}, paid through ${iso(paidThrough)}`;
    const invoice = c.invoice;
    const bolt11s = ((invoice && watcher.world.lightning.byInvoice.get(invoice)) || []).filter(
      (p) => p.isShown,
    );
    const renewals = invoicesOf(c.id, after.scope, watcher).filter((seen) =>
      (seen.context as InvoiceContext).items.some(
        (i) => i.relay === c.id && i.kind === "renewal" && i.from >= paidThrough,
      ),
    );
    const issuedAt = (id: string) =>
      watcher.world.lightning.byInvoice.get(id)?.find((p) => p.isShown)?.issuedAt;
    const issued = renewals.flatMap((seen) => issuedAt((seen.context as InvoiceContext).id) ?? []);
    const [first, last] = [Math.min(...issued), bolt11s[0]?.issuedAt];
    if (last === undefined || at < first + GRACE_MS)
      yield `suspended ${iso(at)}, and the first bolt11 for its date is of ${iso(first)}`;
    else if (issued.length < 3 && at < last + REISSUE_MS)
      yield `suspended ${iso(at)}, and its bill was written anew ${iso(last)}`;
    for (const { settledAt, deniedAt, hash } of bolt11s) {
      if (deniedAt === null || deniedAt < (c.graceEnds ?? 0)) {
        if (settledAt === null)
          yield `suspended, and the wallet was last asked about ${hash} at ${iso(deniedAt)}`;
      }
      if (settledAt !== null && settledAt < (deniedAt ?? 0)) yield `suspended although paid`;
    }
  }
  if (!was.startsWith("grace") && is.startsWith("grace")) {
    const since = watcher.expected.faithful.get(c.tenant);
    // One that came back too late for its renewal to be paid in time.
    const isBack = (watcher.activeSince.get(c.id) ?? 0) > (c.paidThrough ?? 0) - LEAD_MS;
    const calmSince =
      Math.max(since ?? Number.POSITIVE_INFINITY, watcher.world.troubleAt) + TRUST_MS;
    // What our wallet refused to make a bolt11 for waits for the operator, and no wallet can pay it.
    const renewal = watcher.tenant(c.tenant).renewal?.invoice;
    const isBlocked =
      renewal && within(watcher.invoice(renewal)?.value ?? {}, "pending") === "blocked";
    if (!isBack && !isBlocked && calmSince < (c.paidThrough ?? 0) - LEAD_MS)
      yield `its tenant's wallet has paid since ${iso(since)}, and it is in grace`;
  }
}

/** Nobody runs unpaid for longer than grace and the one day more that a bill written anew may leave. */
function* checkUnpaid(before: Seen, is: string, at: number, watcher: Watcher): Generator<string> {
  const { id, paidThrough } = before.context as RelayContext;
  const key = `${id} paid through ${iso(paidThrough)}`;
  const unpaid = watcher.unpaid.get(key) ?? { ms: 0, since: null };
  if (unpaid.since !== null) unpaid.ms += at - unpaid.since;
  unpaid.since = is === "grace.counting" ? at : null;
  if (unpaid.ms > 0 || unpaid.since !== null) watcher.unpaid.set(key, unpaid);
  if (unpaid.ms > GRACE_MS + REISSUE_MS)
    yield `${key} could be paid for ${unpaid.ms / (24 * HOUR_MS)} days and was not suspended`;
}

/** Every invoice that ever billed a relay, oldest first. */
const invoicesOf = (relay: string, scope: string, watcher: Watcher): Seen[] =>
  [...watcher.seen.values()].filter(
    ({ machine, scope: of, context }) =>
      machine === "invoice" &&
      of === scope &&
      (context as InvoiceContext).items.some((item) => item.relay === relay),
  );

function* checkNewInvoice({ after }: Step, watcher: Watcher): Generator<string> {
  const c = after.context as InvoiceContext;
  if (c.amountSats !== totalSats(c.items)) yield `${c.amountSats} is not the sum of its items`;
  if (c.items.length === 0 || c.amountSats < 0) yield `an invoice over ${c.amountSats} sats`;
  for (const { from, to, sats } of c.items)
    if (to <= from || sats < 0) yield `bills ${sats} for ${iso(from)}..${iso(to)}`;
  const quote = watcher.expected.quotes.get(c.id);
  if (quote) {
    if (quote.amountSats !== c.amountSats)
      yield `quoted ${quote.amountSats} (${quote.change}), charged ${c.amountSats}`;
    const [item] = c.items;
    const isDated = quote.change === "upgrade" || quote.change === "reactivation";
    if (isDated && (item?.from !== quote.from || item?.to !== quote.to))
      yield `quoted ${iso(quote.from)}..${iso(quote.to)}, charged ${iso(item?.from)}..${iso(item?.to)}`;
  }
  if (c.purpose !== "renewal") return;
  for (const item of c.items) yield* checkRenewalQuote(item, watcher);
}

function* checkRenewalQuote(item: Item, { expected }: Watcher): Generator<string> {
  const quote = expected.renewals.get(item.relay);
  if (!quote || quote.to !== item.to || quote.from !== item.from) return;
  if (quote.plan === item.plan && quote.amountSats !== item.sats)
    yield `quoted ${quote.amountSats} for the renewal of ${item.relay}, charged ${item.sats}`;
}

function* checkNewNotice({ after, at }: Step, watcher: Watcher): Generator<string> {
  const { stage, invoice: id } = after.context as NoticeContext;
  const invoice = watcher.invoice(id);
  if (!invoice) {
    yield `is about no invoice`;
    return;
  }
  const status = statusOf(invoice.value);
  if ((stage.endsWith("_left") || stage === "due") && status !== "pending")
    yield `of an invoice that is ${status}`;
  // One that says that the wallet refused says what is due, too.
  const broken = watcher.seen.get(`notice/${id}/wallet_broken`)?.context as NoticeContext;
  if (stage === "due" && broken?.createdAt === at) yield `says again what was said just now`;
  if (stage === "receipt" && status !== "paid") yield `of an invoice that is ${status}`;
}

/** Which seats go with which state of a relay. */
const SEATS: Record<string, readonly Seat["is"][]> = {
  pending: ["new"],
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

/** What must hold of everything of one tenant. */
export function* checkScope(scope: string, watcher: Watcher): Generator<string> {
  const tenant = watcher.tenant(scope);
  const { world } = watcher;
  const nowMs = world.agenda.now();
  const open = [...(watcher.open.get(scope) ?? [])].map(
    (id) => watcher.invoice(id)!.context as InvoiceContext,
  );
  const { value } = watcher.seen.get(tenantActor(scope))!;
  yield* checkOpen(tenant, open, within(value, "billing") === "waiting");
  for (const { id } of open) {
    const payable = (world.lightning.byInvoice.get(id) ?? []).filter(
      (p) => p.isShown && p.expiresAt > nowMs && !p.isAccepted && p.settledAt === null,
    );
    if (payable.length > 1) yield `${payable.length} bolt11s of ${id} can be paid`;
  }
  let isPaidOn = false;
  for (const id of watcher.relays.get(scope) ?? []) {
    const seat = tenant.seats[id];
    const relay = watcher.relay(id)!;
    if (!seat) {
      yield `${id} has no seat`;
      continue;
    }
    if (seat.is === "on" && seat.priceSats > 0) isPaidOn = true;
    yield* checkSeat(id, seat, relay, nowMs, watcher);
  }
  if ((tenant.anchor !== null) !== isPaidOn)
    yield `anchor ${iso(tenant.anchor)}, and ${isPaidOn ? "a" : "no"} paid relay is on`;
  if ((tenant.anchor === null) !== (tenant.nextAnchor === null)) yield "half an anchor";
}

function* checkOpen(
  tenant: TenantContext,
  open: readonly InvoiceContext[],
  isWaiting: boolean,
): Generator<string> {
  const renewals = open.filter((c) => c.purpose === "renewal").map((c) => c.id);
  if (renewals.length > 1) yield `${renewals.length} renewals are open: ${renewals}`;
  if ((tenant.renewal?.invoice ?? null) !== (renewals[0] ?? null))
    yield `renewal ${renewals[0]} is open, and the till says ${tenant.renewal?.invoice}`;
  const pastDue = open.filter((c) => c.purpose === "past_due").map((c) => c.id);
  if (pastDue.length > 1) yield `${pastDue.length} past-due invoices are open: ${pastDue}`;
  if ((tenant.pastDue?.invoice ?? null) !== (pastDue[0] ?? null))
    yield `${pastDue[0]} is past due, and the till says ${tenant.pastDue?.invoice}`;
  // While it is being looked at what is due, what has changed is closed next.
  if (isWaiting) yield* checkApart(tenant);
  const others = new Map<string, string>();
  let counted = 0;
  for (const c of open) {
    // What the till itself is closing is no longer to be paid by credit.
    const isClosing = c.closing === "cancelled" || c.closing === "superseded";
    if (!isClosing) counted++;
    if (!isClosing && tenant.open[c.id]?.dueSats !== dueSats(c))
      yield `${c.id} is due ${dueSats(c)}, and the till says ${tenant.open[c.id]?.dueSats}`;
    if (c.purpose === "renewal" || c.purpose === "past_due") continue;
    for (const { relay } of c.items) {
      if (others.has(relay)) yield `${relay} has two open invoices: ${others.get(relay)}, ${c.id}`;
      others.set(relay, c.id);
    }
  }
  if (Object.keys(tenant.open).length !== counted)
    yield `${counted} invoices are open, and the till knows ${Object.keys(tenant.open)}`;
  for (const [id, seat] of Object.entries(tenant.seats))
    if (seat.invoice !== (others.get(id) ?? null))
      yield `${id} has the open invoice ${others.get(id)}, and its seat says ${seat.invoice}`;
}

/** What runs and what is suspended for non-payment are never on one invoice, unless that is being closed. */
function* checkApart({ renewal, pastDue, seats, open }: TenantContext): Generator<string> {
  for (const [standing, is] of [
    [renewal, "on"],
    [pastDue, "dark"],
  ] as const) {
    if (!standing || !(standing.invoice in open)) continue;
    for (const { relay } of standing.items)
      if (seats[relay]?.is !== is) yield `${standing.invoice} bills ${relay}, which is not ${is}`;
  }
}

function* checkSeat(
  id: string,
  seat: Seat,
  relay: Seen,
  nowMs: number,
  watcher: Watcher,
): Generator<string> {
  const state = relayState(relay);
  const c = relay.context as RelayContext;
  const key =
    state.startsWith("provisioning") || state.startsWith("grace") ? statusOf(relay.value) : state;
  if (!SEATS[key]?.includes(seat.is)) yield `${id} is ${state} and its seat is ${seat.is}`;
  if (state === "suspended.unpaid" && isCovered(c, nowMs))
    yield `${id} is paid through ${iso(c.paidThrough)} and suspended for non-payment`;
  for (let n = 1; n <= seat.suspensions; n++)
    if (!watcher.seen.has(`notice/${id}/suspended/${n}`))
      yield `${id} was suspended without a word`;
  if (seat.servedMs < 0) yield `${id} has served ${seat.servedMs}`;
  if (statusOf(relay.value) === "deactivated") return;
  if (seat.paidThrough !== c.paidThrough)
    yield `${id} is paid through ${iso(seat.paidThrough)}, and it says ${iso(c.paidThrough)}`;
  if (seat.plan !== c.plan || seat.priceSats !== c.priceSats)
    yield `${id} is on ${seat.plan}, and it says ${c.plan}`;
  if ((seat.prepaid !== null) !== c.prepaid)
    yield `${id}: ${c.prepaid ? "" : "not "}prepaid, it says`;
}

/** What must hold when nothing is under way and nothing outside is broken. */
export async function* checkQuiet(watcher: Watcher, queries: Queries): AsyncGenerator<string> {
  const { world } = watcher;
  const nowMs = world.agenda.now();
  for (const actor of watcher.seen.values()) {
    const say = (what: string): string => `${actor.id} of ${actor.scope} ${what}`;
    if (actor.machine === "tenant") {
      const billing = within(actor.value, "billing");
      if (billing !== "waiting") yield say(`is ${billing}, with nothing to wait for`);
      const { seats, pastDue } = actor.context as TenantContext;
      if (within(actor.value, "pastDue") !== "settled")
        yield say("closes what is past due for ever");
      for (const [relay, seat] of Object.entries(seats))
        if (seat.owed && seat.is === "dark" && seat.invoice === null && seat.prepaid === null)
          if (!pastDue?.items.some((item) => item.relay === relay))
            yield say(`owes for ${relay}, and no invoice says so`);
    } else if (actor.machine === "relay") {
      const state = relayState(actor);
      const c = actor.context as RelayContext;
      if (state === "grace.lastCall") yield say("is in its last call for ever");
      if (state === "grace.counting" && (c.graceEnds ?? 0) <= nowMs)
        yield say(`is overdue since ${iso(c.graceEnds)}`);
      if (state === "grace.unbilled") yield say("is in grace, and nobody bills it");
      if (statusOf(actor.value) === "provisioning" && c.refused === null)
        yield say("is being provisioned by nobody");
      if (c.refused !== null) continue;
      if (c.wanted > c.applied) yield say("is not as wanted");
      const held = world.zooid.get(c.id)?.presence ?? "absent";
      const status = statusOf(actor.value);
      const wanted = ZOOID[status] ?? "absent";
      // A zooid that lost everything serves a suspended relay as little as it should.
      if (held !== wanted && (status !== "suspended" || held === "live"))
        yield say(`is ${status}, and in zooid it is ${held}`);
    }
  }
  for (const payable of world.lightning.payables.values()) {
    if (!payable.isShown || payable.settledAt === null) continue;
    // Nobody looks for a payment for longer than 30 days after its bolt11 ended.
    const [from, to] = [payable.settledAt, payable.expiresAt + 29 * 24 * HOUR_MS];
    if (world.looks.filter((at) => at >= from && at <= to).length < LOOKS_ENOUGH) continue;
    if ((await queries.invoices.bolt11(payable.hash))?.settledAt === null)
      yield `${payable.sats} sats for ${payable.invoice} arrived ${iso(payable.settledAt)} and are lost`;
  }
  yield* watcher.books.checkOutcomes(watcher.seen.values());
  for (const [notice, events] of world.inboxes)
    if (events.size > 1) yield `${notice} was sent ${events.size} times`;
}

/** Of so many, one finds what there is, although answers get lost. */
const LOOKS_ENOUGH = 8;

const ZOOID: Record<string, string> = {
  active: "live",
  grace: "live",
  provisioning: "live",
  suspended: "inactive",
};

/** When an unpaid invoice is over: a renewal at the latest when what it bills is suspended. */
const endOf = ({ closesAt, createdAt }: InvoiceContext): number =>
  closesAt ?? createdAt + 9 * 24 * HOUR_MS;

/** What must hold when nobody has paid anything for longer than anything is waited for. */
export function* checkDesert(watcher: Watcher): Generator<string> {
  for (const { id, scope, machine, value, context } of watcher.seen.values()) {
    const isOpen = machine === "invoice" && statusOf(value) === "pending";
    if (isOpen && endOf(context as InvoiceContext) <= watcher.world.agenda.now())
      yield `${id} of ${scope} is open for ever: ${JSON.stringify(value)}`;
    if (machine === "notice" && statusOf(value) === "queued")
      yield `${id} of ${scope} is queued for ever`;
    if (machine !== "relay") continue;
    const c = context as RelayContext;
    const isOver =
      c.paidThrough === null || c.paidThrough < watcher.world.agenda.now() - 9 * 24 * HOUR_MS;
    const status = statusOf(value);
    if (c.priceSats > 0 && isOver && status !== "suspended" && status !== "deactivated")
      yield `${id} of ${scope} is ${status}, paid through ${iso(c.paidThrough)}`;
  }
}
