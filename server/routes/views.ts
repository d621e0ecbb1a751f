/** Rows → what goes over the wire. */
import type { InvoiceWithItems } from "../../db/invoices.ts";
import type { NoticeRow } from "../../db/notices.ts";
import type { RelayRow } from "../../db/relays.ts";
import type { TenantRow } from "../../db/tenants.ts";
import { relayActor, tenantActor } from "../../machines/addresses.ts";
import { renews, type TenantContext } from "../../machines/tenant/context.ts";
import { switchesByItself } from "../../machines/tenant/orders.ts";
import { isPastDue } from "../../machines/tenant/past-due.ts";
import { AppError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import { type Profile, profileOf } from "../nostr/profile.ts";
import { toSeconds } from "../projections/seconds.ts";
import type { Pulse } from "../zooid/pulse.ts";
import type { Invoice, Relay } from "./shapes.ts";

/** How the outside reaches a relay. */
export type RelayAddress = { scheme: "ws" | "wss"; relayDomain: string };

export const viewTenant = (row: TenantRow) => ({
  pubkey: row.pubkey,
  status: row.status,
  anchor: row.anchor,
  credit: row.credit,
  refund: row.refund === null ? null : { amount: row.refund, bolt11: row.refundBolt11 ?? "" },
  wallet: row.wallet,
  created_at: row.createdAt,
});

/** What it takes to say how a relay is reached, and what keeps it from being applied. */
type RelayViewParts = {
  host: Host;
  address: RelayAddress;
  closedLanes: () => string[];
  pulse: Pulse;
};

/** The till of a tenant, which knows what no relay does: read once for all of a list. */
export const tillOf = async ({ host }: Pick<RelayViewParts, "host">, tenant: string) =>
  (await host.read(tenantActor(tenant)))?.persisted.context;

export async function viewRelay(
  parts: RelayViewParts,
  row: RelayRow,
  known?: TenantContext,
): Promise<Relay> {
  const { address } = parts;
  const till = known ?? (await tillOf(parts, row.tenant));
  return {
    id: row.id,
    tenant: row.tenant,
    name: row.name,
    subdomain: row.subdomain,
    schema: row.schema,
    description: row.description,
    icon: row.icon,
    plan: row.plan,
    price: row.price,
    status: row.status,
    cause: row.cause,
    url: `${address.scheme}://${row.subdomain}.${address.relayDomain}`,
    paid_through: row.paidThrough,
    grace_ends: row.graceEnds,
    ...viewSeat(till, row),
    created_at: row.createdAt,
    archived_at: row.archivedAt,
    problem: await problemOf(parts, row),
  };
}

/** What only the till knows of a relay. */
function viewSeat(till: TenantContext | undefined, row: RelayRow) {
  const seat = till?.seats[row.id];
  const next = seat?.next && {
    plan: seat.next.plan,
    at: switchesByItself(seat) ? toSeconds(seat.next.at) : null,
  };
  const renewal = till && renews(till, row.id) ? till.renewal : null;
  const pastDue = till && isPastDue(till, row.id) ? till.pastDue : null;
  const standing = (renewal ?? pastDue)?.invoice ?? null;
  return { next_plan: next ?? null, open_invoice: seat?.invoice ?? standing };
}

/** Why it is not what it should be: what hinders its being applied, else what was seen at the relay itself. */
async function problemOf(parts: RelayViewParts, row: RelayRow): Promise<Relay["problem"]> {
  if (row.wanted > row.applied) {
    if (row.refused !== null) return { code: row.refused, attempts: 1 };
    const hindrance = await hindranceOf(parts, row);
    if (hindrance !== null) return hindrance;
  }
  const runs = RUNNING.has(row.status);
  const trouble = parts.pulse.troubleOf(row.id, runs);
  return trouble && { code: trouble.code, attempts: 0 };
}

/** What zooid's silence concerns. */
const RUNNING: ReadonlySet<RelayRow["status"]> = new Set(["provisioning", "active", "grace"]);

async function hindranceOf(
  { host, closedLanes }: RelayViewParts,
  row: RelayRow,
): Promise<Relay["problem"]> {
  const [work] = await host.store.openWork(relayActor(row.id));
  if (!work) return null;
  // While one relay's work probes for zooid, that of the others has not been tried at all.
  // What was said stands after the code, and is the operator's.
  const code =
    work.error?.split(":")[0] ?? (closedLanes().includes(work.lane) ? `${work.lane}_down` : null);
  return code === null ? null : { code, attempts: work.attempt };
}

export const viewInvoice = (row: InvoiceWithItems): Invoice => ({
  id: row.id,
  tenant: row.tenant,
  purpose: row.purpose,
  amount: row.amount,
  credit: row.credit,
  status: row.status,
  created_at: row.createdAt,
  closes_at: row.closesAt,
  paid_at: row.paidAt,
  invoice: row.invoice,
  expires_at: row.expiresAt,
  payment_hash: row.paymentHash,
  preimage: row.preimage,
  receipt_number: row.receiptNumber,
  items: row.items.map((item) => ({
    id: item.id,
    invoice: item.invoice,
    relay: item.relay,
    amount: item.amount,
    period_start: item.periodStart,
    period_end: item.periodEnd,
    kind: item.kind,
    used: item.used,
    outcome: item.outcome,
  })),
});

export const viewNotice = (row: NoticeRow) => ({
  id: row.id,
  invoice: row.invoice,
  stage: row.stage,
  status: row.status,
  subject: row.subject,
  text: row.text,
  relays: JSON.parse(row.relays) as string[],
  created_at: row.createdAt,
  sent_at: row.sentAt,
});

/** The 404 of a noun that there is not, or that is somebody else's. */
export const notFound = (noun: "relay" | "invoice" | "tenant"): AppError =>
  new AppError(`${noun}_not_found`, 404, `there is no such ${noun}`);

export const viewProfile = ({ inboxRelays, publishedAt, ...said }: Profile) => ({
  is_configured: true,
  ...said,
  inbox_relays: inboxRelays,
  published_at: {
    profile: publishedAt.profile,
    relays: publishedAt.relays,
    inbox_relays: publishedAt.inboxRelays,
  },
});

/** Of everybody, where there are no indexer relays to look on. */
export const UNKNOWN_PROFILE = {
  ...viewProfile(profileOf([], { allowLoopback: false })),
  is_configured: false,
};
