/**
 * How what an earlier version of a machine stored is read by the present one. Pure, one step for each
 * version; what was stored then stands in `tests/machines/snapshots/`.
 */
import type { MachineName } from "./index.ts";

/** @param version - the one that stored it. @throws where nothing leads from there. */
type Migrate = <S extends { context: unknown }>(snapshot: S, version: string) => S;

/** Adds to a context of version 1 what it lacks. */
const fromFirst =
  (lacks: (context: Record<string, unknown>) => object): Migrate =>
  (snapshot, version) => {
    if (version !== "1") throw new Error(`nothing leads here from version ${version}`);
    const context = snapshot.context as Record<string, unknown>;
    return { ...snapshot, context: { ...context, ...lacks(context) } };
  };

export const migrations: Record<MachineName, Migrate> = {
  // Days of grace that were counting then go on in the relay; the till counts from the next bill on.
  tenant: fromFirst(({ seats }) => ({
    seats: Object.fromEntries(
      Object.entries(seats as Record<string, object>).map(([relay, seat]) => [
        relay,
        { ...seat, grace: null },
      ]),
    ),
  })),
  // It is told when its days of grace end, and was not then. What billed one that is off counts no more.
  relay: fromFirst(({ closedAt }) => ({
    heldInGrace: false,
    ...(closedAt === null ? {} : { invoice: null, graceEnds: null }),
  })),
  invoice: fromFirst(() => ({ grace: {} })),
  notice: fromFirst(() => ({ about: null, writtenAt: null })),
};
