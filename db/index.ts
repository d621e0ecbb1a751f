/** All queries over the nouns, prepared once for one open database. */
import type { Db } from "./database.ts";
import { idempotencyQueries } from "./idempotency.ts";
import { invoiceQueries } from "./invoices.ts";
import { ledgerQueries } from "./ledger.ts";
import { relayQueries } from "./relays.ts";
import { secretQueries } from "./secrets.ts";
import { tenantQueries } from "./tenants.ts";

export type Queries = ReturnType<typeof createQueries>;

export const createQueries = (db: Db) => ({
  tenants: tenantQueries(db),
  relays: relayQueries(db),
  invoices: invoiceQueries(db),
  ledger: ledgerQueries(db),
  secrets: secretQueries(db),
  idempotency: idempotencyQueries(db),
});
