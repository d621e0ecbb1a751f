/** Which plan of a relay was paid for, at every instant: by the items of paid invoices alone. */
import { iso } from "./iso.ts";

/** What an item bought: a plan by its monthly price, from and to when. */
export type Bought = { from: number; to: number; priceSats: number; invoice: string };

/** A plan that ends with a month ends this much sooner, so that a relay that turns free sees no grace. */
const EARLY_MS = 1;

/**
 * A relay that runs has the plan that was paid for. At no instant is it dearer than the dearest item that
 * covers the instant; where none does, in grace and in time that an operator gave, than the item that
 * ended last. And at no instant is it cheaper than an item that covers it: nothing that an owner may ask
 * for takes a plan away that is paid for, short of switching the relay off.
 */
export class PaidPlans {
  readonly #bought = new Map<string, Bought[]>();

  add(relay: string, bought: Bought): void {
    const all = this.#bought.get(relay) ?? [];
    all.push(bought);
    this.#bought.set(relay, all);
  }

  /** Of a relay that ran at this price at this instant. */
  *check(relay: string, priceSats: number, at: number): Generator<string> {
    const all = this.#bought.get(relay) ?? [];
    const ran = `${relay} ran at ${priceSats} sats a month at ${iso(at)}`;
    const most =
      dearest(all.filter((b) => b.from - EARLY_MS <= at && at < b.to)) ?? lastOf(all, at);
    if (priceSats > (most?.priceSats ?? 0)) yield `${ran}, and paid for is ${words(most)}`;
    const least = dearest(all.filter((b) => b.from <= at && at < b.to - EARLY_MS));
    if (least && priceSats < least.priceSats) yield `${ran}, though paid for is ${words(least)}`;
  }
}

const dearest = (all: readonly Bought[]): Bought | undefined =>
  all.toSorted((a, b) => b.priceSats - a.priceSats)[0];

/** What ended last; of several that ended together, an upgrade and what it is of, the dearest. */
function lastOf(all: readonly Bought[], at: number): Bought | undefined {
  const over = all.filter((b) => b.to <= at);
  const end = Math.max(...over.map((b) => b.to));
  return dearest(over.filter((b) => b.to === end));
}

const words = (bought: Bought | undefined): string =>
  bought
    ? `${bought.priceSats}, ${iso(bought.from)}..${iso(bought.to)} (invoice/${bought.invoice})`
    : "nothing";
