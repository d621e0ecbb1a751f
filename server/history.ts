import type { RelayRow } from "../db/relays.ts";
import { relayActor } from "../machines/addresses.ts";
import type { PlanId } from "../machines/plans.ts";
import type { Cause } from "../machines/relay/context.ts";
import { causeOf, relayStatusOf } from "../machines/relay/status.ts";
import type { Host } from "./host/host.ts";
import { toSeconds, toSecondsOrNull } from "./projections/seconds.ts";
import { changeInWords, type Revision } from "./relay-words.ts";

/** One thing that happened to a relay, and what it was after that. Times in unix seconds. */
export type HistoryEntry = {
  at: number;
  what: string;
  /** Never which key of the operator's, and never why: that is the operator's own note. */
  by: "owner" | "operator" | null;
  status: RelayRow["status"];
  cause: Cause | null;
  plan: PlanId;
  paid_through: number | null;
};

/** Older entries are kept, but not looked through: an owner who edits all day cannot make this slow. */
export const REVISIONS_MAX = 2_000;

/**
 * A relay's journal in words, newest first, without what nobody would care about.
 * @returns a page of it, and how many entries there are in all
 */
export async function relayHistory(
  host: Host,
  id: string,
  { limit, offset }: { limit: number; offset: number },
): Promise<{ items: HistoryEntry[]; total: number }> {
  const journal = await host.store.actorJournalTail(relayActor(id), REVISIONS_MAX);
  const revisions = journal.map(({ snapshot }) => JSON.parse(snapshot) as Revision);
  const entries = journal.flatMap((entry, index) => {
    const { type } = JSON.parse(entry.event) as { type: string };
    const [after, before = null] = [revisions[index], revisions[index + 1]];
    // The first that was read is compared with nothing, and only the very first was an order.
    if (!after || (before === null && entry.rev > 0)) return [];
    const what = changeInWords(type, before, after);
    return what === null ? [] : [{ entry, what, after }];
  });
  const items = entries.slice(offset, offset + limit).map(
    ({ entry, what, after: { context, value } }): HistoryEntry => ({
      at: toSeconds(entry.at),
      what,
      by: entry.by === entry.scope ? "owner" : entry.by === null ? null : "operator",
      status: relayStatusOf(value),
      cause: causeOf(value),
      plan: context.plan,
      paid_through: toSecondsOrNull(context.paidThrough),
    }),
  );
  return { items, total: entries.length };
}
