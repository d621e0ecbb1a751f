/** What holds after every step of every machine, whatever the step was. */
import { expect } from "bun:test";
import type { AnyMachineSnapshot, AnyStateMachine } from "xstate";
import { HOUR_MS } from "../../machines/billing/calendar.ts";
import type { InvoiceContext } from "../../machines/invoice/context.ts";
import type { NoticeContext } from "../../machines/notice.ts";
import { plans } from "../../machines/plans.ts";
import type { RelayContext } from "../../machines/relay/context.ts";
import type { TenantContext } from "../../machines/tenant/context.ts";
import { answer, type Decision, deadlines, type Output } from "../../server/host/xstate.ts";
import type { ModelEvent, Step } from "./model.ts";

/** Each named delay is this field of context, said here once more and independently. */
const DEADLINES: Record<string, (context: never) => number | null> = {
  lateAt: (c: RelayContext) => c.lateAt,
  closesAt: (c: InvoiceContext) => c.closesAt,
  bolt11Ends: (c: InvoiceContext) => c.bolt11?.expiresAt ?? null,
  chargeAt: (c: InvoiceContext) => c.chargeAt,
  remindAt: (c: InvoiceContext) => first(c.reminders.map(({ at }) => at)),
  paidThrough: (c: RelayContext) => (c.priceSats > 0 && !c.prepaid ? c.paidThrough : null),
  graceEnds: (c: RelayContext) => c.graceEnds,
  /** Its relays' next period is billed from then on. */
  outdatedAt: ({ purpose, items }: InvoiceContext) =>
    purpose === "renewal" ? Math.min(...items.map(({ to }) => to)) - HOUR_MS : null,
  validUntil: (c: NoticeContext) => c.validUntil,
  renewal: renewalDue,
  planSwitch: switchDue,
};

const first = (times: number[]): number | null => (times.length > 0 ? Math.min(...times) : null);

/** Of a plan that is paid for, or no dearer and due before the date. */
function switchDue(c: TenantContext): number | null {
  const due = Object.values(c.seats).flatMap(({ is, next, paidThrough, priceSats }) => {
    if (is !== "on" || next === null || paidThrough === null) return [];
    const isPaid = next.at < paidThrough - 1;
    const isDearer = plans[next.plan].priceSats > priceSats;
    return next.at < paidThrough && (isPaid || !isDearer) ? [next.at] : [];
  });
  return first(due);
}

/** An hour before the next anchor, or before the end of a relay that is to be renewed sooner. */
function renewalDue(c: TenantContext): number | null {
  if (c.nextAnchor === null) return null;
  const renewed = Object.entries(c.seats).filter(
    ([relay, { is, priceSats, next, grace, paidThrough }]) =>
      is === "on" &&
      // Its last call is out: what it owes is known when that was answered.
      !(grace?.isCounting && grace.paidThrough === paidThrough) &&
      priceSats > 0 &&
      (next === null || plans[next.plan].priceSats > 0) &&
      !c.renewal?.items.some((item) => item.relay === relay),
  );
  const ends = renewed.flatMap(([, { paidThrough }]) => paidThrough ?? []);
  return Math.min(c.nextAnchor, ...ends) - HOUR_MS;
}

/** The alarms that the states which an actor is in ask for. */
export function alarmsAskedFor(snapshot: AnyMachineSnapshot): Map<string, number> {
  const due = new Map<string, number>();
  for (const node of snapshot._nodes)
    for (const { delay, eventType } of node.after) {
      const deadline = DEADLINES[String(delay)];
      if (!deadline) throw new Error(`nobody knows deadline '${delay}'`);
      const dueAt = deadline(snapshot.context as never);
      if (dueAt !== null) due.set(eventType, dueAt);
    }
  return due;
}

/** Sats that actor `id` gives away in a decision, by tells, creates and lines of the ledger. */
export function givenSats({ outputs }: Decision, id: string): number {
  let sats = 0;
  for (const output of outputs) {
    if (output.type === "tell") sats += output.tell.sats ?? 0;
    else if (output.type === "create") sats += output.create.sats ?? 0;
    else if (output.post.fact === "ledger" && output.post.from === id) sats += output.post.sats;
  }
  return sats;
}

/** Sats that actor `id` takes in by lines of the ledger of its own. */
export function postedSats({ outputs }: Decision, id: string): number {
  let sats = 0;
  for (const output of outputs)
    if (output.type === "post" && output.post.fact === "ledger" && output.post.to === id)
      sats += output.post.sats;
  return sats;
}

/** What an actor says it holds: credit, and an invoice's only while it is pending. */
export function heldSats(machine: string, snapshot: AnyMachineSnapshot): number {
  if (machine === "tenant") return (snapshot.context as TenantContext).creditSats;
  if (machine === "invoice" && snapshot.matches("pending"))
    return (snapshot.context as InvoiceContext).creditSats;
  return 0;
}

function satsOf(output: Output): number {
  if (output.type === "tell") return output.tell.sats ?? 0;
  if (output.type === "create") return output.create.sats ?? 0;
  return "sats" in output.post ? output.post.sats : 0;
}

/** Deadlines, storage, tells and sats of one step. */
export function checkStep(
  machine: AnyStateMachine,
  tells: readonly string[],
  examplesOf: (type: string) => readonly ModelEvent[],
  { event, at, after, decision }: Step,
): void {
  expect(decision.persisted.status).toBe("active");
  expect(JSON.stringify(machine.getPersistedSnapshot(after))).toBe(decision.snapshot);
  expect(deadlines(machine, after)).toEqual(decision.alarms);
  expect(alarmsAskedFor(after)).toEqual(decision.alarms);
  if (event.at !== undefined && decision.alarms.get(event.type) === event.at)
    throw new Error(`${event.type} fired and its deadline still stands`);
  for (const tell of tells)
    for (const event of examplesOf(tell)) {
      const said = answer(machine, after, event, at);
      if (said === "unanswered")
        throw new Error(`${tell} is not answered in ${JSON.stringify(after.value)}`);
    }
  for (const output of decision.outputs) {
    const sats = satsOf(output);
    expect(Number.isSafeInteger(sats) && sats >= 0).toBe(true);
  }
}
