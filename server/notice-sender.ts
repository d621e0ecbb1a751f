import type { Queries } from "../db/index.ts";
import { invoiceActor, noticeActor, relayActor, tenantActor } from "../machines/addresses.ts";
import { PAST_DUE_MS } from "../machines/billing/calendar.ts";
import { graceEndOf } from "../machines/billing/schedule.ts";
import { brokenCode, dueSats, type InvoiceContext } from "../machines/invoice/context.ts";
import { refusalOf } from "../machines/invoice/refusal.ts";
import type { Stage } from "../machines/messages.ts";
import type { Delivered, Delivery, Written } from "../machines/notice.ts";
import type { RelayContext } from "../machines/relay/context.ts";
import { owedOf } from "../machines/tenant/past-due.ts";
import type { Clock } from "./clock.ts";
import type { EffectContext } from "./host/effect.ts";
import type { Host } from "./host/host.ts";
import { composeMessage, type Rumor } from "./nostr/direct-message.ts";
import { InboxUnreachable, type Messenger } from "./nostr/direct-message-delivery.ts";
import type { NoticeFacts } from "./notices/facts.ts";
import { noticeText } from "./notices/texts.ts";
import type { OperatorFacts } from "./operator-facts.ts";

/**
 * So often an inbox is looked for, some half an hour with the waits between, while an indexer relay that may
 * know of it does not answer. One that is dead for good must not keep word from people who have none.
 */
const UNSURE_ATTEMPTS = 12;

/** Not sent: what it says is over. Its actor notices that by itself, when the time has come to it. */
class NoticeOver extends Error {
  readonly code = "notice_over";
}

/** Writes a notice from what is true when it is first sent, and delivers it as a direct message. */
export function createNoticeSender(parts: {
  read: Host["read"];
  queries: Queries;
  clock: Clock;
  secretKey: Uint8Array;
  /** Null without NOSTR_INDEXER_RELAYS: notices stay in the dashboard. */
  messenger: Messenger | null;
  publicUrl: () => string;
  operator: OperatorFacts;
  relayUrl: (subdomain: string) => string;
}) {
  return async function deliver(
    delivery: Delivery,
    { memo, signal, attempt }: Pick<EffectContext, "memo" | "signal" | "attempt">,
  ): Promise<Delivered> {
    const notice = (await parts.read(noticeActor(delivery.notice)))?.persisted.context;
    const validUntil = notice?.validUntil ?? null;
    if (validUntil !== null && parts.clock.now() >= validUntil)
      throw new NoticeOver(delivery.notice);
    const { rumor, ...said } = await memo(() => write(parts, delivery));
    if (!parts.messenger) return { state: "no_inbox", relays: [], ...said };
    const sent = await parts.messenger.deliver(rumor, signal);
    if (sent.state === "no_inbox" && sent.isUnsure && attempt < UNSURE_ATTEMPTS)
      throw new InboxUnreachable("an indexer relay that may know of an inbox did not answer");
    if (sent.state === "no_inbox") return { state: "no_inbox", relays: [], ...said };
    const relays = sent.state === "delivered" ? sent.relays : sent.relays.map(({ url }) => url);
    return { state: sent.state, relays, ...said };
  };
}

type Parts = Parameters<typeof createNoticeSender>[0];

/**
 * Every attempt sends the same message under the same id, also one that an operator asks for after a
 * refusal: a recipient who got it twice sees it once.
 */
async function write(
  parts: Parts,
  { invoice: id, stage, about, written }: Delivery,
): Promise<Written & { rumor: Rumor }> {
  const invoice = (await parts.read(invoiceActor(id)))?.persisted.context;
  if (!invoice) throw new Error(`notice of ${id}, which does not exist`);
  const said = written ?? {
    ...noticeText(await factsOf(parts, invoice, stage, about), parts.operator),
    writtenAt: Date.now(),
  };
  const { subject, text, writtenAt } = said;
  const message = { to: invoice.tenant, subject, text, createdAt: writtenAt };
  return { ...said, rumor: composeMessage(parts.secretKey, message) };
}

/** The relays that a notice is about: those that it names, or those of its invoice. */
function aboutOf(
  parts: Parts,
  { items }: InvoiceContext,
  named: string[] | null,
): Promise<RelayContext[]> {
  const about = (named ?? items.map(({ relay }) => relay)).map(async (relay) => {
    const actor = await parts.read(relayActor(relay));
    if (!actor) throw new Error(`notice about ${relay}, which does not exist`);
    return actor.persisted.context;
  });
  return Promise.all(about);
}

/** What brings a suspended relay back, by the till; by the renewal that led there where that is over. */
async function debtOf(parts: Parts, { tenant, items }: InvoiceContext, relay: string) {
  const account = (await parts.read(tenantActor(tenant)))?.persisted.context;
  const nowMs = parts.clock.now();
  const owed = account && owedOf(account, relay, nowMs);
  const billed = items.find((item) => item.relay === relay);
  return {
    suspendedAt: owed?.suspendedAt ?? nowMs,
    amountSats: owed?.sats ?? billed?.sats ?? 0,
    payableUntil: owed ? owed.suspendedAt + PAST_DUE_MS : null,
    usedMs: account?.seats[relay]?.servedMs ?? 0,
  };
}

async function factsOf(
  parts: Parts,
  c: InvoiceContext,
  stage: Stage,
  about: string[] | null,
): Promise<NoticeFacts> {
  const contexts = await aboutOf(parts, c, about);
  const relays = contexts.map(({ name, subdomain }) => ({ name, url: parts.relayUrl(subdomain) }));
  const common = { relays, invoice: c.id, publicUrl: parts.publicUrl() };
  const { bolt11 } = c;
  const bill = {
    amountSats: dueSats(c),
    bolt11: bolt11 && { text: bolt11.bolt11, expiresAt: bolt11.expiresAt },
    refusal: refusalOf(c),
  };
  const dueAt = Math.min(...c.items.map((item) => item.from));
  const graceEndsAt = graceEndOf(c.items, c.grace, c.billedAt ?? parts.clock.now());
  const to = Math.min(...c.items.map((item) => item.to));
  const paidThrough = Math.min(...contexts.map((relay) => relay.paidThrough ?? to));
  const usedMs = Math.max(
    0,
    ...c.items.filter(({ relay }) => contexts.some(({ id }) => id === relay)).map((i) => i.usedMs),
  );
  switch (stage) {
    case "due":
      return { stage, ...common, ...bill, dueAt, graceEndsAt };
    case "three_days_left":
    case "one_day_left":
      return { stage, ...common, ...bill, graceEndsAt };
    case "suspended": {
      const relay = contexts[0]?.id ?? "";
      return { stage, ...common, relay, ...(await debtOf(parts, c, relay)) };
    }
    case "reactivated":
      return { stage, ...common, paidThrough, usedMs };
    case "receipt":
      return {
        ...{ stage, ...common, amountSats: c.amountSats, creditSats: c.creditSats },
        paidThrough: contexts.some((relay) => relay.prepaid) ? null : to,
      };
    case "wallet_broken":
      return {
        stage,
        ...common,
        ...bill,
        graceEndsAt: c.purpose === "past_due" ? null : graceEndsAt,
        reason: brokenCode(c.outcome) ?? "UNAUTHORIZED",
      };
  }
}
