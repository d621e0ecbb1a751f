import type { Queries } from "../db/index.ts";
import { invoiceActor } from "../machines/addresses.ts";
import type { Host } from "./host/host.ts";
import type { Settlement } from "./wallet/wallet.ts";

/**
 * Takes in what our wallet says has arrived, from a notification or a look-up: once per payment hash,
 * for ever, however often it is told.
 *
 * @returns whether it was news; `foreign` for money that no invoice of ours asked for.
 */
export function createSettlements(host: Host, queries: Queries) {
  return async function report(settlement: Settlement): Promise<"news" | "known" | "foreign"> {
    const { paymentHash, settledAt, preimage } = settlement;
    const issued = await queries.invoices.bolt11(paymentHash);
    if (!issued) return "foreign";
    if (issued.settledAt !== null) return "known";
    const sats = settlement.amountSats ?? issued.amount;
    const event = { type: "SETTLED" as const, paymentHash, sats, settledAt, preimage };
    const { changed } = await host.send(invoiceActor(issued.invoice), event, {
      cause: "wallet",
      dedup: `settled:${paymentHash}`,
    });
    return changed ? "news" : "known";
  };
}
