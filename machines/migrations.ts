/**
 * How what an earlier version of a machine stored is read by the present one. Pure, one step for each
 * version; what was stored then stands in `tests/machines/snapshots/`.
 */
/** @param version - the one that stored it. @throws where nothing leads from there. */
export type Migrate = <S extends { context: unknown }>(snapshot: S, version: string) => S;

type Context = Record<string, unknown>;
/** What a context lacks or has otherwise in the next version, by the version that stored it. */
type Steps = Record<string, (context: Context) => Context>;

const inSteps =
  (steps: Steps): Migrate =>
  (snapshot, version) => {
    if (!(version in steps)) throw new Error(`nothing leads here from version ${version}`);
    let context = snapshot.context as Context;
    for (let from = Number(version), step = steps[from]; step; step = steps[++from])
      context = { ...context, ...step(context) };
    return { ...snapshot, context };
  };

export const steps = {
  tenant: inSteps({
    // Days of grace that were counting then go on in the relay; the till counts from the next bill on.
    1: ({ seats }) => ({
      seats: Object.fromEntries(
        Object.entries(seats as Record<string, object>).map(([relay, seat]) => [
          relay,
          { ...seat, grace: null },
        ]),
      ),
    }),
  }),
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
  }),
  invoice: inSteps({ 1: () => ({ grace: {} }) }),
  notice: inSteps({ 1: () => ({ about: null, writtenAt: null }) }),
};
