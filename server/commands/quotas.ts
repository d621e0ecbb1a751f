import type { Queries } from "../../db/index.ts";
import { DAY_MS, HOUR_MS } from "../../machines/billing/calendar.ts";
import { AppError } from "../errors.ts";
import { toSeconds } from "../projections/seconds.ts";

/** What each tenant may have made, counted by what is stored, and so by logical time. */
export type Quotas = {
  creationsPerDay: number;
  /** Invoices that may be written for one relay: each change of an unpaid plan writes another. */
  invoicesPerRelayAndHour: number;
};

type Parts = { queries: Queries; quotas: Quotas };

/** @throws AppError 429 `creation_limit` */
export async function assertCreationDue(
  { queries, quotas }: Parts,
  tenant: string,
  nowMs: number,
): Promise<void> {
  const { creationsPerDay: max } = quotas;
  const made = await queries.relays.created(tenant, toSeconds(nowMs - DAY_MS));
  if (made.length < max) return;
  throw new AppError(
    "creation_limit",
    429,
    `you have created ${max} relays within a day; create the next one tomorrow`,
    { retryAfterSeconds: waitSeconds(made[max - 1], DAY_MS, nowMs) },
  );
}

/** Before an owner's wish writes another invoice for a relay. @throws AppError 429 `invoice_limit` */
export async function assertInvoiceDue(
  { queries, quotas }: Parts,
  tenant: string,
  relay: string,
  nowMs: number,
): Promise<void> {
  const { invoicesPerRelayAndHour: max } = quotas;
  const made = await queries.invoices.writtenFor(relay, tenant, toSeconds(nowMs - HOUR_MS));
  if (made.length < max) return;
  throw new AppError(
    "invoice_limit",
    429,
    `this relay was given ${max} invoices within the hour; pay the one that is open, or change the plan later`,
    { field: "plan", retryAfterSeconds: waitSeconds(made[max - 1], HOUR_MS, nowMs) },
  );
}

/** Until what was made at `at` (unix seconds) no longer counts. */
const waitSeconds = (at = 0, spanMs: number, nowMs: number): number => at + (spanMs - nowMs) / 1000;
