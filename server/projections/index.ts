/** Snapshots and facts → rows of the nouns. Idempotent; the snapshot is the truth. */
import type { Queries } from "../../db/index.ts";
import type { Change } from "../host/host.ts";
import { projectFacts } from "./facts.ts";
import { invoiceRows } from "./invoice.ts";
import { noticeRow } from "./notice.ts";
import { quarantineRows, relayRow } from "./relay.ts";
import { tenantRow } from "./tenant.ts";

/** What the host calls inside the transaction of every transition. */
export const createProjection =
  (queries: Queries) =>
  (change: Change): void => {
    projectRows(queries, change);
    projectFacts(queries, change);
  };

/** The rows that follow from a snapshot alone. @throws for a machine that has no rows. */
export function projectRows(
  queries: Queries,
  { machine, snapshot }: Pick<Change, "machine" | "snapshot">,
): void {
  switch (machine) {
    case "tenant":
      queries.tenants.upsert(tenantRow(snapshot));
      break;
    case "relay":
      queries.relays.upsert(relayRow(snapshot));
      for (const row of quarantineRows(snapshot)) queries.relays.quarantine(row);
      break;
    case "invoice": {
      const { invoice, items } = invoiceRows(snapshot);
      queries.invoices.upsert(invoice);
      for (const item of items) queries.invoices.upsertItem(item);
      break;
    }
    case "notice":
      queries.notices.upsert(noticeRow(snapshot));
      break;
    default:
      throw new Error(`nothing is known of machine '${machine}'`);
  }
}
