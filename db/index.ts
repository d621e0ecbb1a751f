/** All queries over the nouns, prepared once for one open database. */
import { attemptQueries } from "./attempts.ts";
import { communityQueries } from "./communities.ts";
import type { Db } from "./database.ts";
import { foldQueries } from "./folding.ts";
import { idempotencyQueries } from "./idempotency.ts";
import { invoiceQueries } from "./invoices.ts";
import { ledgerQueries } from "./ledger.ts";
import { noticeQueries } from "./notices.ts";
import { queueQueries } from "./queue.ts";
import { relayQueries } from "./relays.ts";
import { secretQueries } from "./secrets.ts";
import { tenantQueries } from "./tenants.ts";

export type Queries = ReturnType<typeof createQueries>;

export const createQueries = (db: Db) => ({
  tenants: tenantQueries(db),
  relays: relayQueries(db),
  invoices: invoiceQueries(db),
  attempts: attemptQueries(db),
  notices: noticeQueries(db),
  journals: foldQueries(db),
  ledger: ledgerQueries(db),
  queue: queueQueries(db),
  secrets: secretQueries(db),
  communities: communityQueries(db),
  idempotency: idempotencyQueries(db),
});
