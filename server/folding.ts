import type { Queries } from "../db/index.ts";
import { DAY_MS } from "../machines/billing/calendar.ts";
import type { Clock } from "./clock.ts";
import type { Host } from "./host/host.ts";
import { hydrate } from "./host/xstate.ts";

/** How long the journal of what has ended is kept as it was written. Logical time. */
const KEPT_MS = 90 * DAY_MS;
/** Real time between turns, and how many actors each looks at: a few ms. */
const TURN_MS = 20_000;
const LOOKED_AT_MAX = 300;

/**
 * Folds, little by little, the journals of invoices and notices that ended 90 days ago into one row each.
 * Which these are, their machines say by the tag `ended`.
 */
export function createFolding(o: {
  host: Pick<Host, "registered">;
  queries: Pick<Queries, "journals">;
  clock: Clock;
  onError: (error: unknown) => void;
}) {
  let after = "";
  let timer: ReturnType<typeof setInterval> | undefined;

  const hasEnded = (name: string, snapshot: string): boolean => {
    const { machine } = o.host.registered(name);
    return hydrate(machine, snapshot).hasTag("ended");
  };

  /** Looks at the next few. @returns how many were folded, and whether all have been looked at */
  async function turn(): Promise<{ folded: number; isRound: boolean }> {
    const before = o.clock.now() - KEPT_MS;
    const { folded, last } = await o.queries.journals.fold({
      ...{ after, limit: LOOKED_AT_MAX, before, hasEnded },
    });
    after = last ?? "";
    return { folded, isRound: last === null };
  }

  return {
    turn,
    start(): void {
      timer = setInterval(() => void turn().catch(o.onError), TURN_MS);
    },
    stop(): void {
      clearInterval(timer);
    },
  };
}
