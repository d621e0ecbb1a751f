import type { RelayContext } from "../../../machines/relay.ts";
import { renews, type TenantContext } from "../../../machines/tenant.ts";

/** The invoice by which a relay that runs no more, or soon will not, can be paid for; null for none. */
export function openInvoiceOf(relay: RelayContext, till: TenantContext | undefined): string | null {
  const own = till?.seats[relay.id]?.invoice;
  if (own) return own;
  return till?.renewal && renews(till, relay.id) ? till.renewal.invoice : null;
}
