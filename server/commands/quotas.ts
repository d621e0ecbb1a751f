import type { Queries } from "../../db/index.ts";
import { DAY_MS, HOUR_MS } from "../../machines/billing.ts";
import type { Clock } from "../clock.ts";
import { AppError } from "../errors.ts";
import { toSeconds } from "../projections/seconds.ts";

/** What each tenant may have made, counted by what is stored, and so by logical time. */
export type Quotas = {
  creationsPerDay: number;
  /** Invoices that may be written for one relay: each change of an unpaid plan writes another. */
  invoicesPerRelayAndHour: number;
};

type Parts = { queries: Queries; quotas: Quotas; clock: Clock };

/** @throws AppError 429 `creation_limit` */
export function assertCreationDue({ queries, quotas, clock }: Parts, tenant: string): void {
  const { creationsPerDay: max } = quotas;
  const made = queries.relays.created(tenant, toSeconds(clock.now() - DAY_MS));
  if (made.length < max) return;
  throw new AppError(
    "creation_limit",
    429,
    `you have created ${max} relays within a day; create the next one tomorrow`,
    { retryAfterSeconds: waitSeconds(made[max - 1], DAY_MS, clock.now()) },
  );
}

/** Before an owner's wish writes another invoice for a relay. @throws AppError 429 `invoice_limit` */
export function assertInvoiceDue(
  { queries, quotas, clock }: Parts,
  tenant: string,
  relay: string,
): void {
  const { invoicesPerRelayAndHour: max } = quotas;
  const made = queries.invoices.writtenFor(relay, tenant, toSeconds(clock.now() - HOUR_MS));
  if (made.length < max) return;
  throw new AppError(
    "invoice_limit",
    429,
    `this relay was given ${max} invoices within the hour; pay the one that is open, or change the plan later`,
    { field: "plan", retryAfterSeconds: waitSeconds(made[max - 1], HOUR_MS, clock.now()) },
  );
}

/** Until what was made at `at` (unix seconds) no longer counts. */
const waitSeconds = (at = 0, spanMs: number, nowMs: number): number => at + (spanMs - nowMs) / 1000;
