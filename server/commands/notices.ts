import { noticeActor } from "../../machines/addresses.ts";
import type { CommandParts } from "./index.ts";

const LOOKED_AT_MAX = 100;

/**
 * Sends anew what could not be sent because its recipient named no inbox: of each invoice that is
 * still open the last notice, as long as it matters. What was paid since needs no reminder.
 */
export function retryNotices({ host, queries }: CommandParts, pubkey: string): Promise<void> {
  return host.transact(pubkey, async (tx) => {
    const filter = { status: null, limit: LOOKED_AT_MAX, offset: 0 };
    const seen = new Set<string>();
    const { items } = await queries.notices.list(pubkey, filter);
    for (const { id, invoice, status } of items) {
      const isLast = !seen.has(invoice);
      seen.add(invoice);
      if (!isLast || status !== "no_inbox") continue;
      if ((await queries.invoices.get(invoice))?.status !== "pending") continue;
      const actor = noticeActor(id);
      const validUntil = tx.read(actor)?.persisted.context.validUntil;
      if (validUntil == null || validUntil <= tx.now) continue;
      const retry = { type: "admin.retry" as const, reason: "its recipient named an inbox" };
      tx.send(actor, retry, { cause: "http", by: pubkey });
    }
  });
}
