import { randomBytes } from "node:crypto";
import { generateSecretKey } from "nostr-tools/pure";
import { bytesToHex } from "nostr-tools/utils";
import { idempotency, secrets } from "../../db/schema.ts";
import { invoiceActor, relayActor, tenantActor } from "../../machines/addresses.ts";
import {
  FREE_RELAYS_MAX,
  orderRefusal,
  RELAYS_MAX,
  RESERVATIONS_MAX,
} from "../../machines/billing/quote.ts";
import { isCovered, type Seat } from "../../machines/billing/seats.ts";
import { type PlanId, plans } from "../../machines/plans.ts";
import type { Settings } from "../../machines/relay/context.ts";
import { reopenedAs } from "../../machines/tenant/orders.ts";
import { isAlonePastDue, planOfReturn } from "../../machines/tenant/past-due.ts";
import { AppError } from "../errors.ts";
import type { Tx } from "../host/host.ts";
import { toSeconds } from "../projections/seconds.ts";
import { assertAvailable, assignSchema } from "./claims.ts";
import type { Asker, CommandParts, Ordered } from "./index.ts";
import { assertCreationDue, assertInvoiceDue } from "./quotas.ts";
import { ensureActiveTenant } from "./tenant.ts";
import { cleanTexts } from "./text.ts";

export const newId = (prefix: "r" | "i"): string => prefix + randomBytes(12).toString("hex");

/**
 * Orders a relay: reserves its name, gives it a schema and a secret of its own, and, for a paid plan,
 * writes the invoice. All of it or nothing.
 *
 * @throws AppError 403 `tenant_suspended`, 409 or 422 for the name, 429 `free_relay_limit`,
 * `reservation_limit`, `relay_limit` or `creation_limit`, 503 `billing_not_configured` or `billing_unavailable`, 422 `idempotency_key_reused`
 */
export function orderRelay(
  parts: CommandParts,
  asker: Asker,
  wish: Settings & { plan: PlanId },
): Promise<Ordered> {
  const { host, vault } = parts;
  const order = cleanTexts(wish);
  return host.transact(asker.pubkey, async (tx) => {
    const prior = await replayed(parts, asker);
    if (prior) return prior;
    const till = ensureActiveTenant(tx, asker.pubkey);
    assertBillable(parts, order.plan);
    if (Object.keys(till.seats).length >= RELAYS_MAX)
      throw new AppError(
        "relay_limit",
        429,
        `you have had ${RELAYS_MAX} relays, deactivated ones included; bring one of them back instead`,
      );
    await assertCreationDue(parts, asker.pubkey, tx.now);
    assertRoom(till.seats, order.plan);
    await assertAvailable(parts, order.subdomain, asker.pubkey, tx.now);
    const relay = newId("r");
    const invoice = newId("i");
    const schema = await assignSchema(parts, tx, order.subdomain, relay);
    const secretId = relayActor(relay);
    const secret = vault.seal(bytesToHex(generateSecretKey()), secretId);
    tx.put(secrets, { id: secretId, sealed: Buffer.from(secret) });
    const event = { type: "ORDER" as const, relay, invoice, schema, ...order };
    tx.send(tenantActor(asker.pubkey), event, { cause: "http", by: asker.pubkey });
    const isPaid = plans[order.plan].priceSats > 0;
    return remembered(tx, asker, { relay, invoice: isPaid ? invoice : null });
  });
}

/**
 * Brings a relay back that its owner deactivated or let lapse, or that was suspended for non-payment:
 * at once within what is paid or for free, else by a new invoice. A suspended one that alone is past due is
 * given that invoice, and one of several an invoice of its own, unless another plan is wanted.
 *
 * @throws AppError 404, 409 `relay_not_deactivated`, `closed_by_operator`, `invoice_still_open`,
 * `paid_time_left`, 429 `invoice_limit`, and what {@link orderRelay} throws
 */
export function reactivateRelay(
  parts: CommandParts,
  asker: Asker,
  relay: string,
  wanted?: PlanId,
): Promise<Ordered> {
  const { host } = parts;
  return host.transact(asker.pubkey, async (tx) => {
    const prior = await replayed(parts, asker);
    if (prior) return prior;
    const till = ensureActiveTenant(tx, asker.pubkey);
    const row = await ownRelay(parts, asker.pubkey, relay);
    const seat = till.seats[relay];
    if (seat?.is === "shut" || seat?.is === "held")
      throw new AppError(
        "closed_by_operator",
        409,
        "the operator closed this relay; only the operator can bring it back",
      );
    if (seat?.is !== "off" && seat?.is !== "dark")
      throw new AppError("relay_not_deactivated", 409, `this relay is ${row.status}`);
    const own = planOfReturn(till, relay, seat, tx.now);
    const plan = wanted ?? own;
    // Where the past-due invoice bills it alone, that is the one; else it gets one of its own. What was
    // deactivated owes nothing: that invoice may be open yet, but is about to be closed.
    if (seat.is === "dark" && till.pastDue && isAlonePastDue(till, relay) && plan === own)
      return remembered(tx, asker, {
        relay,
        invoice: reissued(tx, asker, till.pastDue.invoice),
      });
    if (seat.is === "dark" && seat.invoice !== null && planBilled(tx, seat.invoice) === plan)
      return remembered(tx, asker, { relay, invoice: reissued(tx, asker, seat.invoice) });
    if (seat.invoice !== null)
      throw new AppError(
        "invoice_still_open",
        409,
        "an invoice for this relay is still open; pay it, or try again once it has run out",
      );
    assertNoPaidTimeLost(seat, plan, tx.now);
    const isFree = plans[plan].priceSats === 0;
    const covered = isFree || (plan === seat.plan && isCovered(seat, tx.now));
    if (!covered) assertBillable(parts, plan);
    if (!covered) await assertInvoiceDue(parts, asker.pubkey, relay, tx.now);
    const lasting = reopenedAs(seat, plan, tx.now);
    if (lasting !== null) assertRoom(till.seats, lasting, relay);
    if (seat.is === "off") await assertAvailable(parts, row.subdomain, asker.pubkey, tx.now);
    const invoice = newId("i");
    const event = { type: "REACTIVATE" as const, relay, plan, invoice };
    tx.send(tenantActor(asker.pubkey), event, { cause: "http", by: asker.pubkey });
    const isBilled = tx.read(invoiceActor(invoice)) !== null;
    return remembered(tx, asker, { relay, invoice: isBilled ? invoice : null });
  });
}

/** What is paid is not thrown away for another plan, be it free. @throws AppError 409 `paid_time_left` */
export function assertNoPaidTimeLost(seat: Seat, plan: PlanId, nowMs: number): void {
  if (seat.priceSats === 0 || !isCovered(seat, nowMs) || plan === seat.plan) return;
  throw new AppError(
    "paid_time_left",
    409,
    `this relay is still paid for on the ${plans[seat.plan].name} plan; bring it back on that, then change its plan`,
    { field: "plan" },
  );
}

/** The plan that an invoice of one relay is for. */
const planBilled = (tx: Tx, invoice: string): PlanId | undefined =>
  tx.read(invoiceActor(invoice))?.persisted.context.items[0]?.plan;

/** Gives an unpaid invoice without a bolt11, or whose bolt11 ran out, a new one. */
function reissued(tx: Tx, { pubkey }: Asker, invoice: string): string {
  const value = tx.read(invoiceActor(invoice))?.persisted.value as { pending?: unknown };
  if (value?.pending === "dormant")
    tx.send(invoiceActor(invoice), { type: "REISSUE" }, { cause: "http", by: pubkey });
  return invoice;
}

/**
 * A new bolt11 for an invoice of this tenant whose last one ran out. One that can still be paid is
 * left as it is. @throws AppError 404, 409 `invoice_not_open`, 403 `tenant_suspended`
 */
export function reissueInvoice(parts: CommandParts, asker: Asker, id: string): Promise<void> {
  return parts.host.transact(asker.pubkey, async (tx) => {
    const row = await parts.queries.invoices.get(id);
    if (row?.tenant !== asker.pubkey)
      throw new AppError("invoice_not_found", 404, "you have no such invoice");
    ensureActiveTenant(tx, asker.pubkey);
    if (row.status !== "pending")
      throw new AppError("invoice_not_open", 409, `this invoice is ${row.status}`);
    reissued(tx, asker, id);
  });
}

/**
 * Has the tenant's connected wallet pay an open invoice now.
 * @throws AppError 404, 409 `invoice_not_open`, `no_wallet`, or `not_allowed_now` while it is being asked,
 * 403 `tenant_suspended`
 */
export function payByWallet(parts: CommandParts, { pubkey }: Asker, id: string): Promise<void> {
  const { host, queries } = parts;
  return host.transact(pubkey, async (tx) => {
    const row = await queries.invoices.get(id);
    if (row?.tenant !== pubkey)
      throw new AppError("invoice_not_found", 404, "you have no such invoice");
    ensureActiveTenant(tx, pubkey);
    if (row.status !== "pending")
      throw new AppError("invoice_not_open", 409, `this invoice is ${row.status}`);
    if ((await queries.tenants.get(pubkey))?.wallet !== "connected")
      throw new AppError("no_wallet", 409, "connect a wallet first, or pay by hand");
    tx.send(invoiceActor(id), { type: "PAY_BY_WALLET" }, { cause: "http", by: pubkey });
  });
}

/** A relay of this tenant. @throws AppError 404 for anyone else's, as for none. */
export async function ownRelay({ queries }: CommandParts, pubkey: string, id: string) {
  const row = await queries.relays.get(id);
  if (row?.tenant !== pubkey) throw new AppError("relay_not_found", 404, "you have no such relay");
  return row;
}

/** @throws AppError 503 `billing_not_configured`, or `billing_unavailable` while our wallet is at fault */
export function assertBillable({ canBill }: CommandParts, plan: PlanId): void {
  if (plans[plan].priceSats === 0) return;
  const can = canBill();
  if (can === "not_configured")
    throw new AppError(
      "billing_not_configured",
      503,
      "this operator cannot take payments yet; choose the free plan",
      { field: "plan" },
    );
  if (can === "not_now")
    throw new AppError(
      "billing_unavailable",
      503,
      "payments cannot be taken at the moment; the operator has been told. Try again later, or choose the free plan",
      { field: "plan", retryAfterSeconds: 300 },
    );
}

export function assertRoom(
  seats: Readonly<Record<string, Seat>>,
  plan: PlanId,
  except?: string,
): void {
  const others = Object.entries(seats).filter(([relay]) => relay !== except);
  const refusal = orderRefusal(Object.fromEntries(others), plan);
  if (refusal === "free_relay_limit")
    throw new AppError(
      refusal,
      429,
      `you have ${FREE_RELAYS_MAX} free relays; deactivate one or choose a paid plan`,
      { field: "plan" },
    );
  if (refusal === "reservation_limit")
    throw new AppError(
      refusal,
      429,
      `you have ${RESERVATIONS_MAX} unpaid relays; pay or deactivate one first`,
      { field: "plan" },
    );
}

/** What the same request made before. @throws AppError 422 where the key came with another request. */
export async function replayed(
  { queries }: Pick<CommandParts, "queries">,
  { pubkey, once }: Asker,
): Promise<Ordered | null> {
  if (!once) return null;
  const prior = await queries.idempotency.get(pubkey, once.key);
  if (prior && prior.request !== once.request)
    throw new AppError(
      "idempotency_key_reused",
      422,
      "this Idempotency-Key was used for another request; use a new one",
      { field: "Idempotency-Key" },
    );
  return prior;
}

export function remembered(tx: Tx, { pubkey, once }: Asker, made: Ordered): Ordered {
  if (once) {
    const createdAt = toSeconds(tx.now);
    tx.append(idempotency, { tenant: pubkey, ...once, ...made, createdAt });
  }
  return made;
}
