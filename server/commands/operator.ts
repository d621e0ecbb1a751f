import { createHash } from "node:crypto";
import { decodeInvoice } from "@getalby/lightning-tools/bolt11";
import { DAY_MS, nextAnchor } from "../../machines/billing.ts";
import { invoiceActor, relayActor, tenantActor } from "../../machines/messages.ts";
import type { TenantContext } from "../../machines/tenant.ts";
import { AppError } from "../errors.ts";
import type { HostEvent } from "../host/xstate.ts";
import type { CommandParts } from "./index.ts";
import { cleanReason } from "./text.ts";

/** An operator's act: which admin, and why; both are journalled. `once` is its Idempotency-Key. */
export type Act = { by: string; reason: string; once: string | null };

/** No paid time is given further ahead: it would be a mistake of units, and cannot be taken back. */
const EXTENSION_MAX_MS = 5 * 366 * DAY_MS;

/** Sends an operator's event. @throws AppError 404, 409 */
function act(
  { host }: CommandParts,
  actor: string,
  event: HostEvent & Record<string, unknown>,
  { by, reason, once }: Act,
): Promise<unknown> {
  const why = cleanReason(reason);
  return host.send(actor, { ...event, reason: why } as HostEvent, {
    cause: "http",
    by,
    reason: why,
    ...(once === null ? {} : { dedup: `once:${by}:${once}` }),
  });
}

function tillOf({ host }: Pick<CommandParts, "host">, pubkey: string): TenantContext {
  const till = host.read(tenantActor(pubkey));
  if (!till) throw new AppError("tenant_not_found", 404, "there is no such tenant");
  return till.persisted.context as TenantContext;
}

/** Withdraws a bill, counts it as paid, or tries what is stuck once more. */
export const actOnInvoice = (
  parts: CommandParts,
  id: string,
  what: "void" | "markPaid" | "retry",
  by: Act,
) => act(parts, invoiceActor(id), { type: `admin.${what}` }, by);

/** Gives a relay paid time until `toMs`; later than what it has. @throws AppError 404, 409 */
export async function extendRelay(parts: CommandParts, id: string, toMs: number, by: Act) {
  const row = parts.queries.relays.get(id);
  if (!row) throw new AppError("relay_not_found", 404, "there is no such relay");
  const nowMs = parts.clock.now();
  if (toMs <= nowMs || toMs > nowMs + EXTENSION_MAX_MS)
    throw new AppError("invalid", 422, "unix seconds, ahead of now and at most five years", {
      field: "paid_through",
    });
  await act(parts, tenantActor(row.tenant), { type: "admin.extend", relay: id, to: toMs }, by);
}

/** Gives a relay its time up to the next anchor for nothing. @throws AppError 404, 409 */
export async function compRelay(parts: CommandParts, id: string, by: Act) {
  const row = parts.queries.relays.get(id);
  if (!row) throw new AppError("relay_not_found", 404, "there is no such relay");
  const till = tillOf(parts, row.tenant);
  const seat = till.seats[id];
  const from = Math.max(seat?.paidThrough ?? 0, parts.clock.now());
  await extendRelay(parts, id, nextAnchor(till.anchor ?? from, from), by);
}

/** Suspends a tenant and all relays, or lifts that. @throws AppError 404, 409 */
export const setTenantStatus = (
  parts: CommandParts,
  pubkey: string,
  status: "active" | "suspended",
  by: Act,
) =>
  act(
    parts,
    tenantActor(pubkey),
    { type: status === "suspended" ? "admin.suspend" : "admin.unsuspend" },
    by,
  );

export const grantCredit = (parts: CommandParts, pubkey: string, sats: number, by: Act) =>
  act(parts, tenantActor(pubkey), { type: "admin.credit", sats }, by);

/**
 * How much of a tenant's credit was received in money, and may so be given back. What was granted is
 * used first, and what of it is not used up yet is nobody's money.
 */
export function refundableSats({ host, queries }: CommandParts, pubkey: string): number {
  const { creditSats } = tillOf({ host }, pubkey);
  const { held } = queries.ledger.statement(pubkey);
  const grantLeft = Math.max(
    0,
    queries.ledger.grantedCredit(pubkey) - queries.invoices.creditUsed(pubkey),
  );
  return Math.max(0, Math.min(creditSats, creditSats + held - grantLeft));
}

/**
 * First step of a refund: sets the sats aside for a bolt11 that the tenant gave. The operator pays it
 * from a wallet of their own, because ours cannot pay.
 * @throws AppError 422 `bolt11_invalid`, `bolt11_network`, `bolt11_amount`, `bolt11_expired`, 409 `not_refundable`
 */
export async function prepareRefund(
  parts: CommandParts,
  pubkey: string,
  asked: { sats: number; bolt11: string },
  by: Act,
) {
  const { sats } = asked;
  const bolt11 = asked.bolt11
    .trim()
    .toLowerCase()
    .replace(/^lightning:/, "");
  const wrong = (code: string, message: string) =>
    new AppError(code, 422, message, { field: "bolt11" });
  const decoded = decodeInvoice(bolt11);
  if (!decoded) throw wrong("bolt11_invalid", "this is no bolt11; ask the tenant for one");
  if (/^ln([a-z]+)[1-9]/.exec(bolt11)?.[1] !== parts.network)
    throw wrong("bolt11_network", "the bolt11 is of another network; it would pay nobody");
  if (decoded.millisatoshi !== sats * 1000)
    throw wrong("bolt11_amount", `the bolt11 must be for exactly ${sats} sats`);
  const expiresAt = (decoded.timestamp + (decoded.expiry ?? 3600)) * 1000;
  if (expiresAt <= parts.clock.now())
    throw wrong("bolt11_expired", "the bolt11 has expired; ask the tenant for a new one");
  const refundable = refundableSats(parts, pubkey);
  if (sats > refundable)
    throw new AppError("not_refundable", 409, `at most ${refundable} sats can be refunded`, {
      field: "sats",
    });
  await act(parts, tenantActor(pubkey), { type: "admin.refund", sats, bolt11 }, by);
}

/** Second step: the preimage proves that the bolt11 was paid. @throws AppError 409, 422 */
export async function confirmRefund(
  parts: CommandParts,
  pubkey: string,
  preimage: string,
  by: Act,
) {
  const { refund } = tillOf(parts, pubkey);
  if (!refund) throw new AppError("no_refund", 409, "no refund is under way for this tenant");
  const hash = createHash("sha256").update(Buffer.from(preimage, "hex")).digest("hex");
  if (decodeInvoice(refund.bolt11)?.paymentHash !== hash)
    throw new AppError("wrong_preimage", 422, "this is not the preimage of the bolt11", {
      field: "preimage",
    });
  await act(parts, tenantActor(pubkey), { type: "admin.refunded", preimage }, by);
}

/** Or: it was not paid, and the sats are the tenant's credit again. */
export const cancelRefund = (parts: CommandParts, pubkey: string, by: Act) =>
  act(parts, tenantActor(pubkey), { type: "admin.refundCancelled" }, by);

export const actOnRelay = (
  parts: CommandParts,
  id: string,
  what: "suspend" | "unsuspend" | "deactivate" | "retry",
  by: Act,
) => act(parts, relayActor(id), { type: `admin.${what}` }, by);
