import { Unavailable } from "../errors.ts";
import { Places } from "../outbound/places.ts";

const CHECK_MS = 10_000;
/** Of the questions that people ask, so that what must be asked (minting, last calls) goes before them. */
const CHECKS_AT_ONCE = 4;
const WAITING_MAX = 500;

/**
 * Asks our wallet about invoices because somebody wants to know. Whoever asks about the same one shares
 * the look-up under way, and few run at once. Not for deadlines, which want an answer of their own.
 *
 * @param ask - one look-up. @returns the same, shared. @throws what `ask` throws; Unavailable
 * `wallet_busy` where too many wait; a TimeoutError after 10 s of real time
 */
export function createChecks(
  ask: (invoice: string, signal: AbortSignal) => Promise<unknown>,
): (invoice: string) => Promise<void> {
  const underWay = new Map<string, Promise<void>>();
  const places = new Places({ total: CHECKS_AT_ONCE, share: CHECKS_AT_ONCE, waiting: WAITING_MAX });
  const busy = () => new Unavailable("wallet_busy", "too many invoices are being checked now");

  return (invoice) => {
    const shared = underWay.get(invoice);
    if (shared) return shared;
    const signal = AbortSignal.timeout(CHECK_MS);
    const check = places
      .run(
        "checks",
        async () => {
          signal.throwIfAborted();
          await ask(invoice, signal);
        },
        busy,
      )
      .finally(() => underWay.delete(invoice));
    underWay.set(invoice, check);
    return check;
  };
}
