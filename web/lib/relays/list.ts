/** My relays as a list: what is due, what is looked for, in which order. All of them are here already. */
import { statusOf } from "../../../machines/describe.ts";
import { type PlanId, plans } from "../../../machines/plans.ts";
import type { TenantContext } from "../../../machines/tenant/context.ts";
import { byDue, type InvoiceNow, type Next, nextOf, type RelayNow, type TillNow } from "./next.ts";

export type Row = { id: string; status: string; relay: RelayNow; next: Next };
export type Order = "recent" | "name" | "due";
export type Wish = {
  q: string;
  state: string;
  plan: string;
  order: Order;
  /** What is in the archive, in place of what is in the list. */
  isArchive: boolean;
};

export const rowsOf = (
  relays: readonly RelayNow[],
  till: TillNow | undefined,
  invoice: InvoiceNow,
  nowMs: number,
): Row[] =>
  relays.map((relay) => ({
    id: relay.context.id,
    status: statusOf(relay.value),
    relay,
    next: nextOf(relay, till, invoice, nowMs),
  }));

/** Every word has to be in its name, its subdomain or its description. */
export function chosen(rows: readonly Row[], { q, state, plan, order, isArchive }: Wish): Row[] {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  const found = rows.filter(({ status, relay: { context: c } }) => {
    const text = `${c.name} ${c.subdomain} ${c.description}`.toLowerCase();
    return (
      isArchived(c) === isArchive &&
      (state === "" || status === state) &&
      (plan === "" || c.plan === plan) &&
      words.every((word) => text.includes(word))
    );
  });
  return found.sort(ORDERS[order]);
}

/** Whether it is in its owner's archive. */
export const isArchived = ({ archivedAt }: RelayNow["context"]): boolean => archivedAt !== null;

const recent = (a: Row, b: Row): number =>
  b.relay.context.createdAt - a.relay.context.createdAt || (a.id < b.id ? 1 : -1);
/** What is switched off pushes nothing down that runs, or is to. */
const offLast = (a: Row, b: Row): number => Number(isOff(a)) - Number(isOff(b));
const isOff = ({ status }: Row): boolean => status === "deactivated";
const ORDERS: Record<Order, (a: Row, b: Row) => number> = {
  recent: (a, b) => offLast(a, b) || recent(a, b),
  name: (a, b) => a.relay.context.name.localeCompare(b.relay.context.name) || recent(a, b),
  due: (a, b) => offLast(a, b) || byDue(a.next, b.next) || recent(a, b),
};

/** What somebody must pay so that nothing goes dark, or is lit again: by invoice, the most urgent first. */
export function dues(rows: readonly Row[], till: TenantContext | undefined) {
  const owed = rows
    .filter(({ status, next }) => isOwed(status, next))
    .sort((a, b) => byDue(a.next, b.next));
  const invoices = [...new Set(owed.map(({ next }) => next.invoice as string))].map((id) => ({
    id,
    sats: till?.open[id]?.dueSats ?? 0,
  }));
  const dark = owed.filter(({ status }) => status === "suspended");
  const ends = owed.flatMap(({ status, next }) =>
    status === "grace" && next.atMs ? [next.atMs] : [],
  );
  return {
    rows: owed,
    dark,
    invoices,
    sats: invoices.reduce((sum, invoice) => sum + invoice.sats, 0),
    soonestMs: ends.length === 0 ? null : Math.min(...ends),
  };
}
export type Dues = ReturnType<typeof dues>;

/** A wallet that is paying is left to it. */
const isOwed = (status: string, next: Next): boolean =>
  next.invoice !== null && (status === "suspended" || (status === "grace" && !next.isPaying));

/** What all that runs costs a month at the prices agreed. */
export const monthlySats = (rows: readonly Row[]): number =>
  rows
    .filter(({ status }) => status === "active" || status === "grace")
    .reduce((sum, { relay }) => sum + relay.context.priceSats, 0);

export const planName = (id: PlanId): string => plans[id].name;
