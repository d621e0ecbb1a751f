/** An open invoice, as the tenant remembers it. */
export type OpenInvoice = { dueSats: number };

/**
 * Which open invoices credit pays: oldest first, each only as a whole.
 * @param open - in order of issue.
 */
export function creditPays(
  open: Readonly<Record<string, OpenInvoice>>,
  creditSats: number,
): { invoice: string; sats: number }[] {
  const paid: { invoice: string; sats: number }[] = [];
  let left = creditSats;
  for (const [invoice, { dueSats }] of Object.entries(open)) {
    if (dueSats === 0 || dueSats > left) continue;
    paid.push({ invoice, sats: dueSats });
    left -= dueSats;
  }
  return paid;
}
