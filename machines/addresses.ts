/** Where actors are, and what is said to them: an address knows what its actor hears and keeps. */
import type { CommunityContext, CommunityEvent } from "./community/context.ts";
import type { Address } from "./durable.ts";
import type { InvoiceContext, InvoiceEvent } from "./invoice/context.ts";
import type { Stage, ToCommunity, ToInvoice, ToRelay, ToTenant } from "./messages.ts";
import type { NoticeContext, NoticeEvent } from "./notice.ts";
import type { RelayContext, RelayEvent } from "./relay/context.ts";
import type { TenantContext, TenantEvent } from "./tenant/context.ts";

/** A tenant's id is its pubkey. */
export const tenantActor = (pubkey: string) =>
  `tenant/${pubkey}` as Address<TenantEvent, TenantContext>;
export const relayActor = (id: string) => `relay/${id}` as Address<RelayEvent, RelayContext>;
export const communityActor = (relay: string) =>
  `community/${relay}` as Address<CommunityEvent, CommunityContext>;
export const invoiceActor = (id: string) =>
  `invoice/${id}` as Address<InvoiceEvent, InvoiceContext>;
export const noticeActor = (id: string) => `notice/${id}` as Address<NoticeEvent, NoticeContext>;

/** Builders that check the message against its receiver. */
export const tellTenant = (pubkey: string, event: ToTenant, sats?: number) =>
  sats === undefined
    ? { to: tenantActor(pubkey), event }
    : { to: tenantActor(pubkey), event, sats };
export const tellRelay = (id: string, event: ToRelay) => ({ to: relayActor(id), event });
export const tellCommunity = (relay: string, event: ToCommunity) => ({
  to: communityActor(relay),
  event,
});
export const tellInvoice = (id: string, event: ToInvoice, sats?: number) =>
  sats === undefined ? { to: invoiceActor(id), event } : { to: invoiceActor(id), event, sats };

/**
 * A message to the tenant. Its id says invoice and stage, so that there is only ever one.
 * @param about - ids of the relays that it is about, where that is not all of the invoice's.
 */
export const createNotice = (
  tenant: string,
  invoice: string,
  stage: Stage,
  validUntil: number | null,
  about: string[] | null = null,
) => ({
  id: noticeActor(`${invoice}/${stage}`),
  machine: "notice",
  once: true as const,
  input: { id: `${invoice}/${stage}`, tenant, invoice, stage, validUntil, about },
});

/** The same of one relay, by how often that happened to it. @param invoice - the one that led there. */
export const createRelayNotice = (
  tenant: string,
  relay: string,
  invoice: string,
  stage: Stage,
  n: number,
) => ({
  id: `notice/${relay}/${stage}/${n}`,
  machine: "notice",
  once: true as const,
  input: { id: `${relay}/${stage}/${n}`, tenant, invoice, stage, validUntil: null, about: [relay] },
});
