/**
 * How what an earlier version of a machine stored is read by the present one. Pure, one step for each
 * version; what was stored then stands in `tests/machines/snapshots/`.
 */
import { GRACE_MS } from "./billing/calendar.ts";

/** @param version - the one that stored it. @throws where nothing leads from there. */
export type Migrate = <S extends { value: unknown; context: unknown }>(
  snapshot: S,
  version: string,
) => S;

type Context = Record<string, unknown>;
/** What a context lacks or has otherwise in the next version, by the version that stored it. */
type Steps = Record<string, (context: Context) => Context>;
/** The regions that a state has in the next version, where there are more. */
type Regions = Record<string, object>;

const inSteps =
  (steps: Steps, regions: Regions = {}): Migrate =>
  (snapshot, version) => {
    if (!(version in steps)) throw new Error(`nothing leads here from version ${version}`);
    let { value } = snapshot;
    let context = snapshot.context as Context;
    for (let from = Number(version), step = steps[from]; step; step = steps[++from]) {
      context = { ...context, ...step(context) };
      if (regions[from]) value = { ...(value as object), ...regions[from] };
    }
    return { ...snapshot, value, context };
  };

type SeatBefore = { is: string; grace: object | null };
type ItemBefore = { relay: string; kind: string; from: number; to: number };

const eachSeat = (seats: unknown, change: (relay: string, seat: SeatBefore) => object) =>
  Object.fromEntries(
    Object.entries(seats as Record<string, SeatBefore>).map(([relay, seat]) => [
      relay,
      { ...seat, ...change(relay, seat) },
    ]),
  );
const unshortened = (items: readonly ItemBefore[]) => items.map((item) => ({ ...item, usedMs: 0 }));

/** What a dark relay owes by the renewal that led there. */
function owedBy(item: ItemBefore | undefined): object | null {
  if (!item) return null;
  const { relay: _relay, kind: _kind, from, to, ...bill } = item;
  return { ...bill, lengthMs: to - from, suspendedAt: from + GRACE_MS };
}

/** What is past due is billed apart from what runs: a renewal of dark relays alone becomes that invoice. */
function apart(context: Context): Context {
  const renewal = context.renewal as { invoice: string; items: ItemBefore[] } | null;
  const items = renewal?.items ?? [];
  const before = context.seats as Record<string, SeatBefore>;
  const isDark = items.length > 0 && items.every(({ relay }) => before[relay]?.is === "dark");
  const seats = eachSeat(before, (relay, { is, grace }) => {
    const item = items.find((one) => one.relay === relay);
    const owed = is === "dark" ? owedBy(item) : null;
    return {
      grace: grace && { ...grace, isCounting: item !== undefined && is === "on" },
      ...{ runsSince: null, servedMs: 0, owed, suspensions: 0 },
    };
  });
  const open = renewal && { ...renewal, items: unshortened(items) };
  const standing = { renewal: isDark ? null : open, pastDue: isDark ? open : null };
  return { seats, ...standing, spent: { ...(context.spent as object), unused: [] } };
}

export const steps = {
  tenant: inSteps(
    {
      // Days of grace that were counting then go on in the relay; the tenant counts from the next bill on.
      1: ({ seats }) => ({ seats: eachSeat(seats, () => ({ grace: null })) }),
      2: apart,
      // What was paid before has no number: the first after it is the first.
      3: () => ({ receipts: 0 }),
    },
    { 2: { pastDue: "settled" } },
  ),
  relay: inSteps({
    // It is told when its days of grace end, and was not then. What billed one that is off counts no more.
    1: ({ closedAt }) => ({
      heldInGrace: false,
      ...(closedAt === null ? {} : { invoice: null, graceEnds: null }),
    }),
    2: ({ id, schema, wanted, createdAt }) => ({
      // zooid dies of such a schema, so that this relay never ran and has nothing under it. Its id is one
      // that zooid takes, and that nobody else has.
      ...(/^sqlite/i.test(schema as string) ? { schema: id } : {}),
      // When it was served was not kept; a name is rather kept too long than lost.
      servedSince: wanted === 0 ? null : createdAt,
    }),
    3: ({ wanted, closedAt }) => ({ archivedAt: wanted === 0 ? closedAt : null }),
  }),
  invoice: inSteps({
    1: () => ({ grace: {} }),
    2: ({ items, grace }) => ({
      items: unshortened(items as ItemBefore[]),
      unused: [],
      grace: Object.fromEntries(
        Object.entries(grace as object).map(([relay, g]) => [relay, { ...g, isCounting: true }]),
      ),
    }),
    3: () => ({ receiptNumber: null }),
  }),
  notice: inSteps({ 1: () => ({ about: null, writtenAt: null }) }),
  community: inSteps({}),
};
