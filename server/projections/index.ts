/** Snapshots and facts → rows of the nouns. Pure; the snapshot is the truth. */
import { type Put, put } from "../../db/put.ts";
import { invoiceItems, invoices, notices, quarantine, relays, tenants } from "../../db/schema.ts";
import type { Change } from "../host/rules.ts";
import { factPuts } from "./facts.ts";
import { invoiceRows } from "./invoice.ts";
import { noticeRow } from "./notice.ts";
import { quarantineRows, relayRow } from "./relay.ts";
import { tenantRow } from "./tenant.ts";

/** The rows that go with a transition, for the host to write with it. */
export const project = (change: Change): Put[] => [...rowPuts(change), ...factPuts(change)];

/** The rows that follow from a snapshot alone. @throws for a machine that has no rows. */
export function rowPuts({ machine, snapshot }: Pick<Change, "machine" | "snapshot">): Put[] {
  switch (machine) {
    case "tenant":
      return [put(tenants, tenantRow(snapshot))];
    case "relay":
      return [
        put(relays, relayRow(snapshot)),
        ...quarantineRows(snapshot).map((row) => put(quarantine, row)),
      ];
    case "invoice": {
      const { invoice, items } = invoiceRows(snapshot);
      return [put(invoices, invoice), ...items.map((item) => put(invoiceItems, item))];
    }
    case "community":
      // Its people are rows of their own, written with each act.
      return [];
    case "notice":
      return [put(notices, noticeRow(snapshot))];
    default:
      throw new Error(`nothing is known of machine '${machine}'`);
  }
}
