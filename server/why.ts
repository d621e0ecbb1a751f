import { invoiceActor, relayActor, tenantActor } from "../machines/addresses.ts";
import { isRenewed, renewedAt } from "../machines/billing/seats.ts";
import { meaningOf, statusOf } from "../machines/describe.ts";
import { refusalOf } from "../machines/invoice/refusal.ts";
import { plans } from "../machines/plans.ts";
import { relayMachine } from "../machines/relay/machine.ts";
import { causeOf } from "../machines/relay/status.ts";
import { renews } from "../machines/tenant/context.ts";
import { switchesByItself } from "../machines/tenant/orders.ts";
import { isPastDue } from "../machines/tenant/past-due.ts";
import { REVISIONS_MAX } from "./history.ts";
import type { Host } from "./host/host.ts";
import type { PersistedSnapshot } from "./host/xstate.ts";
import { toSeconds } from "./projections/seconds.ts";
import { deadlineOf, wordsOf } from "./relay-words.ts";

/** Why something is as it is: since when, by what, and what happens next if nobody does anything. */
export type Why = {
  status: string;
  /** What the state means, in the machine's own words. */
  meaning: string;
  /** Unix seconds. */
  since: number;
  because: { at: number; what: string; by: string | null }[];
  next: { at: number; what: string }[];
};

const REASONS_MAX = 5;

type Next = Why["next"][number];

/** What a deadline of the relay itself leads to. */
const DEADLINES: Record<string, string> = {
  lateAt: "if it still does not answer, it is marked as late; we keep trying",
  paidThrough: "what is paid ends; unless it is renewed by then, it runs on in grace",
  graceEnds: "its days of grace end; our wallet is asked once more, then it is suspended",
};

/** Why a relay is in its state, from its journal and its deadlines. */
export async function whyRelay(host: Host, id: string): Promise<Why> {
  const actor = relayActor(id);
  const entries = (await host.store.actorJournalTail(actor, REVISIONS_MAX)).reverse();
  const last = entries.at(-1);
  if (!last) throw new Error(`${actor} has no journal`);
  const { value } = JSON.parse(last.snapshot) as PersistedSnapshot;
  const key = statusKey(last.snapshot);
  // Back to the entry that led into the present state.
  let first = entries.length - 1;
  while (first > 0 && statusKey(entries[first - 1]?.snapshot ?? "") === key) first--;
  const because = entries
    .slice(0, first + 1)
    .map((entry) => ({ entry, what: wordsOf(typeOf(entry.event)) }))
    .filter(({ what }, index, all) => what !== null && what !== all[index + 1]?.what)
    .slice(-REASONS_MAX)
    .map(({ entry, what }) => ({
      at: toSeconds(entry.at),
      what: what ?? "",
      by: entry.by === entry.scope ? "owner" : entry.by && "operator",
    }));
  const seat = (await tillOf(host, last.scope))?.seats[id];
  // What turns free a moment before its date never sees grace.
  const turnsFree = seat?.next != null && renewedAt(seat).priceSats === 0;
  const next = [
    ...(await nextOf(host, actor, (name) =>
      name === "paidThrough" && turnsFree ? undefined : DEADLINES[name],
    )),
    ...(await billedNext(host, id, last.scope)),
  ].sort((a, b) => a.at - b.at);
  return {
    status: statusOf(value),
    meaning: meaningOf(relayMachine, value),
    since: toSeconds(entries[first]?.at ?? last.at),
    because,
    next,
  };
}

const tillOf = async (host: Host, tenant: string) =>
  (await host.read(tenantActor(tenant)))?.persisted.context;

/** The deadlines of an actor for which there are words. */
async function nextOf(
  host: Host,
  actor: string,
  words: (name: string) => string | undefined,
): Promise<Next[]> {
  return (await host.store.alarmsOf(actor)).flatMap(({ name, due }) => {
    const what = words(deadlineOf(name));
    return what === undefined ? [] : [{ at: toSeconds(due), what }];
  });
}

/** What is next for a relay at its till, and on the invoice that bills it now. */
async function billedNext(host: Host, id: string, tenant: string): Promise<Next[]> {
  const till = await tillOf(host, tenant);
  const seat = till?.seats[id];
  if (!till || !seat) return [];
  const isToRenew = isRenewed(seat) && !renews(till, id);
  const atTill = await nextOf(host, tenantActor(tenant), (name) =>
    name === "renewal" && isToRenew ? "its renewal is written, and can be paid" : undefined,
  );
  const switching: Next[] =
    seat.next && switchesByItself(seat)
      ? [{ at: toSeconds(seat.next.at), what: `its plan becomes ${plans[seat.next.plan].name}` }]
      : [];
  const standing = renews(till, id) ? till.renewal : isPastDue(till, id) ? till.pastDue : null;
  const open = seat.invoice ?? standing?.invoice;
  const onInvoice = open ? await invoiceNext(host, open, seat.is === "new") : [];
  return [...atTill, ...switching, ...onInvoice];
}

/** @param lapses - whether the relay goes with its invoice */
async function invoiceNext(host: Host, invoice: string, lapses: boolean): Promise<Next[]> {
  const actor = await host.read(invoiceActor(invoice));
  const c = actor?.persisted.context;
  const refusal = c ? refusalOf(c) : null;
  return nextOf(host, invoiceActor(invoice), (name) => {
    if (name === "chargeAt")
      return refusal
        ? `your connected wallet is asked again; it did not pay: ${refusal.words} (${refusal.code})`
        : "your connected wallet is asked to pay";
    if (name !== "closesAt") return undefined;
    return lapses
      ? "unless it is paid by then, it is deactivated"
      : "until then the open invoice can be paid";
  });
}

const typeOf = (event: string): string => (JSON.parse(event) as { type: string }).type;

/** Status and cause: what goes on within one, such as a bill written anew in grace, does not begin it. */
function statusKey(snapshot: string): string {
  const { value } = JSON.parse(snapshot) as PersistedSnapshot;
  return `${statusOf(value)} ${causeOf(value)}`;
}
