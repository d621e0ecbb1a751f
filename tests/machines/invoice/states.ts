/** Renewals brought to the states that tests begin from. */
import { bolt11, DAY_MS, renewalInput } from "../build.ts";
import { anInvoice } from "../lone-actor.ts";

export type Invoice = ReturnType<typeof anInvoice>;

/** Our wallet issues a bolt11 that lasts nine days. */
export const mint = (invoice: Invoice, n = 1): Invoice =>
  invoice.answers("mint", bolt11(10_000, invoice.nowMs, n, 9 * DAY_MS));

/** A renewal, and its bolt11 unless that is not made yet. */
export const renewal = (
  over: Parameters<typeof renewalInput>[0] = {},
  isMinted = true,
): Invoice => {
  const invoice = anInvoice(renewalInput(over));
  return isMinted ? mint(invoice) : invoice;
};

/** Stages of which notices were made since this was last asked, up to `untilMs`. */
export function madeNotices(invoice: Invoice, untilMs: number): string[] {
  const before = seen.get(invoice) ?? 0;
  const all = invoice
    .wait(untilMs - invoice.nowMs)
    .allCreated.map(({ id }) => id.split("/").at(-1));
  seen.set(invoice, all.length);
  return [...new Set(all.slice(before))].flatMap((stage) => stage ?? []);
}
const seen = new WeakMap<Invoice, number>();
