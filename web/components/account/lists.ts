/** The two histories, kept while other parts of the account are looked at. */
import { createMemo } from "solid-js";
import { api, ask } from "../../lib/api/api.ts";
import { type Bill, type BillStatus, billOfReplica, billOfWire } from "../../lib/billing/bill.ts";
import { type Live, useLive } from "../../lib/live/live.ts";
import {
  type Message,
  messageOfReplica,
  messageOfWire,
  type NoticeStatus,
} from "../../lib/notices/message.ts";
import { createHistory, type Filter, type History } from "../../lib/relays/history.ts";

/** What the server's search looks at: the id, and the names of its relays. */
function isFound(bill: Bill, q: string, live: Live): boolean {
  const wanted = q.toLowerCase();
  const texts = bill.items.flatMap(({ relay }) => [
    live.nameOf(relay),
    live.relay(relay)?.context.subdomain ?? "",
  ]);
  return [bill.id, ...texts].some((text) => text.toLowerCase().includes(wanted));
}

/** @param filter - null while the list is not shown */
export const createInvoices = (
  filter: () => Filter<BillStatus> | null,
  live: Live,
): History<Bill> =>
  createHistory<BillStatus, Bill>({
    filter,
    async ask({ q, status }, page) {
      const query = { ...page, ...(q ? { q } : {}), ...(status ? { status } : {}) };
      const { items, total } = await ask(api.tenant.invoices.get({ query }));
      return { items: items.map(billOfWire), total };
    },
    live(id) {
      const replica = live.invoice(id);
      return replica && billOfReplica(replica);
    },
    arrived: ({ q, status }) =>
      live
        .invoices()
        .map(billOfReplica)
        .filter((bill) => (status === null || bill.status === status) && isFound(bill, q, live)),
  });

/** @param filter - null while the list is not shown */
export function createMessages(filter: () => Filter<NoticeStatus> | null): History<Message> {
  const live = useLive();
  const known = createMemo(
    () => new Map(live.notices().map((notice) => [notice.context.id, notice])),
  );
  return createHistory<NoticeStatus, Message>({
    filter,
    async ask({ status }, page) {
      const query = { ...page, ...(status ? { status } : {}) };
      const { items, total } = await ask(api.tenant.notices.get({ query }));
      return { items: items.map(messageOfWire), total };
    },
    live(id) {
      const replica = known().get(id);
      return replica && messageOfReplica(replica);
    },
    arrived: ({ status }) =>
      live
        .notices()
        .map(messageOfReplica)
        .filter((message) => status === null || message.status === status),
  });
}
