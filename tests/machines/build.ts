/** What the tests of machines are made of: inputs, events and moments with ordinary values. */
import { addMonths, DAY_MS, HOUR_MS } from "../../machines/billing/calendar.ts";
import { type Item, monthOf, type Seat } from "../../machines/billing/seats.ts";
import type { Bolt11, InvoiceInput, Settled } from "../../machines/invoice/context.ts";
import type { NoticeInput } from "../../machines/notice.ts";
import { type PlanId, plans } from "../../machines/plans.ts";
import type { Applied, RelayInput } from "../../machines/relay/context.ts";
import type { Order } from "../../machines/tenant/context.ts";

export { DAY_MS, HOUR_MS };

/** A 31st, so that months are clamped. */
export const T0 = Date.UTC(2026, 0, 31, 12);
export const TENANT = "7e".repeat(32);
const WALLET = "a1".repeat(32);

export const relayInput = (plan: PlanId, over: Partial<RelayInput> = {}): RelayInput => ({
  id: "r1",
  tenant: TENANT,
  name: "Frogs",
  subdomain: "frogs",
  schema: "frogs",
  description: "All about frogs.",
  plan,
  priceSats: plans[plan].priceSats,
  ...over,
});

export const invoiceInput = (over: Partial<InvoiceInput> = {}): InvoiceInput => ({
  id: "i1",
  tenant: TENANT,
  purpose: "purchase",
  items: [monthOf("r1", "purchase", "basic", T0)],
  creditSats: 0,
  closesAt: null,
  auto: false,
  grace: {},
  ...over,
});

/** The seat of a relay that runs. */
export const aSeat = (plan: PlanId, over: Partial<Seat> = {}): Seat => ({
  plan,
  priceSats: plans[plan].priceSats,
  is: "on",
  paidThrough: null,
  prepaid: null,
  invoice: null,
  grace: null,
  next: null,
  instead: null,
  runsSince: null,
  servedMs: 0,
  owed: null,
  suspensions: 0,
  ...over,
});

/** A month that begins an hour after its renewal was written. */
export const renewalItem = (relay = "r1"): Item => ({
  ...monthOf(relay, "purchase", "basic", T0),
  kind: "renewal",
  from: T0 + HOUR_MS,
  to: addMonths(T0 + HOUR_MS, 1),
});
export const renewalInput = (over: Partial<InvoiceInput> = {}): InvoiceInput =>
  invoiceInput({ purpose: "renewal", items: [renewalItem()], ...over });

export const order = (plan: PlanId, relay = "r1", invoice = "i1"): Order => ({
  type: "ORDER",
  relay,
  invoice,
  plan,
  name: "Frogs",
  subdomain: `frogs-${relay}`,
  schema: `frogs_${relay}`,
  description: "All about frogs.",
});

export const bolt11 = (sats: number, atMs: number, n = 1, lifeMs = DAY_MS): Bolt11 => ({
  paymentHash: n.toString(16).padStart(64, "0"),
  bolt11: `lnbcrt${n}`,
  sats,
  wallet: WALLET,
  issuedAt: atMs,
  expiresAt: atMs + lifeMs,
});

export const settled = (sats: number, atMs: number, n = 1): Settled => ({
  type: "SETTLED",
  paymentHash: n.toString(16).padStart(64, "0"),
  sats,
  preimage: "5e".repeat(32),
  settledAt: atMs,
});

/** zooid holds revision `applied` and says over NIP-11 what it was told. */
export const applied = (
  revision: number,
  said: { name: string; description: string } = relayInput("free"),
  read = said,
): Applied => ({
  applied: revision,
  info: { name: said.name, description: said.description, icon: "" },
  read: { name: read.name, description: read.description },
});

export const noticeInput = (over: Partial<NoticeInput> = {}): NoticeInput => ({
  id: "i1/due",
  tenant: TENANT,
  invoice: "i1",
  stage: "due",
  validUntil: null,
  about: null,
  ...over,
});
