import type { RelayContext } from "../../../machines/relay/context.ts";
import { renews, type TenantContext } from "../../../machines/tenant/context.ts";
import { isAlonePastDue, isPastDue } from "../../../machines/tenant/past-due.ts";

type Till = TenantContext | undefined;

/** The invoice by which a relay that runs no more, or soon will not, can be paid for; null for none. */
export function openInvoiceOf({ id }: RelayContext, till: Till): string | null {
  if (!till) return null;
  const standing = renews(till, id) ? till.renewal : isPastDue(till, id) ? till.pastDue : null;
  return till.seats[id]?.invoice ?? standing?.invoice ?? null;
}

/** The invoice that brings this relay back and no other; null where it is given one when it is wanted. */
export function invoiceOfReturn({ id }: RelayContext, till: Till): string | null {
  const pastDue = till && isAlonePastDue(till, id) ? till.pastDue : null;
  return till?.seats[id]?.invoice ?? pastDue?.invoice ?? null;
}
