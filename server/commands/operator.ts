import { createHash } from "node:crypto";
import { decodeInvoice } from "@getalby/lightning-tools/bolt11";
import { communityActor, invoiceActor, relayActor, tenantActor } from "../../machines/addresses.ts";
import { DAY_MS, nextAnchor } from "../../machines/billing/calendar.ts";
import { statusOf } from "../../machines/describe.ts";
import type { Heard } from "../../machines/durable.ts";
import type { TenantContext } from "../../machines/tenant/context.ts";
import { mayReopen, reopensCovered } from "../../machines/tenant/orders.ts";
import { AppError } from "../errors.ts";
import type { Tx } from "../host/host.ts";
import { availabilityOf } from "./claims.ts";
import type { Asker, CommandParts } from "./index.ts";
import { newId, remembered, replayed } from "./order.ts";
import { cleanReason } from "./text.ts";

/** An operator's act: which admin, and why; both are journalled. `once` is its Idempotency-Key. */
export type Act = { by: string; reason: string; once: Asker["once"] };

/** No paid time is given further ahead: it would be a mistake of units, and cannot be taken back. */
const EXTENSION_MAX_MS = 5 * 366 * DAY_MS;

/** What an operator may have an actor do, by its address; the reason is added. */
type Asked<A> = Unreasoned<Heard<A>> & { type: string };
type Unreasoned<E> = E extends { type: `admin.${string}`; reason: string }
  ? Omit<E, "reason">
  : never;

/** Sends an operator's event, within a transaction. @throws AppError 404, 409 */
function actIn<A extends string>(tx: Tx, actor: A, event: Asked<A>, { by, reason }: Act): void {
  const why = cleanReason(reason);
  try {
    tx.send(actor, { ...event, reason: why } as unknown as Heard<A>, {
      cause: "http",
      by,
      reason: why,
    });
  } catch (error) {
    const words = NOT_NOW[event.type];
    if (!words || !(error instanceof AppError) || error.code !== "not_allowed_now") throw error;
    throw new AppError(error.code, error.status, words);
  }
}

/** Why an act is not possible as things are. */
const NOT_NOW: Record<string, string> = {
  "admin.markPaid": "only an open invoice can be counted as paid",
  "admin.void": "only an open invoice can be voided",
  "admin.retry": "nothing waits here to be tried again",
  "admin.suspend": "it is suspended already, or does not run",
  "admin.unsuspend": "the operator did not stop it, so there is nothing to lift",
  "admin.deactivate": "it is deactivated already",
  "admin.extend":
    "only a paid relay that runs or is suspended can be given time, to later than now and than what is paid",
  "admin.credit": "grant at least one sat",
  "admin.refund": "a refund is under way already; confirm or cancel it first",
  "admin.refunded": "no refund is under way for this tenant",
  "admin.refundCancelled": "no refund is under way for this tenant",
};

/** One act, in one unit of a tenant's; repeated under its key it does nothing. @throws AppError 404, 409, 422 */
async function operate(
  { host, ...parts }: Pick<CommandParts, "host" | "queries">,
  actor: string,
  { by, once }: Act,
  body: (tx: Tx) => void | Promise<void>,
): Promise<void> {
  const asker = { pubkey: by, once };
  // Of what does not exist there is nothing to find in any scope, and the act is refused as such.
  const scope = (await host.store.scopeOf(actor)) ?? actor;
  return host.transact(scope, async (tx) => {
    if (await replayed(parts, asker)) return;
    await body(tx);
    remembered(tx, asker, { relay: "", invoice: null });
  });
}

/** The same, of one event. */
const act = <A extends string>(
  parts: CommandParts,
  actor: A,
  event: Asked<A>,
  by: Act,
): Promise<void> => operate(parts, actor, by, (tx) => actIn(tx, actor, event, by));

function tillOf(tx: Tx, pubkey: string): TenantContext {
  const till = tx.read(tenantActor(pubkey));
  if (!till) throw new AppError("tenant_not_found", 404, "there is no such tenant");
  return till.persisted.context;
}

/** Withdraws a bill, counts it as paid, or tries what is stuck once more. */
export const actOnInvoice = (
  parts: CommandParts,
  id: string,
  what: "void" | "markPaid" | "retry",
  by: Act,
) => act(parts, invoiceActor(id), { type: `admin.${what}` }, by);

async function relayOf({ queries }: CommandParts, id: string) {
  const row = await queries.relays.get(id);
  if (!row) throw new AppError("relay_not_found", 404, "there is no such relay");
  return row;
}

/** Gives a relay paid time until `toMs`; later than what it has. @throws AppError 404, 409 */
export const extendRelay = (parts: CommandParts, id: string, toMs: number, by: Act) =>
  operate(parts, relayActor(id), by, (tx) => extendIn(parts, tx, id, toMs, by));

async function extendIn(
  parts: CommandParts,
  tx: Tx,
  id: string,
  toMs: number,
  by: Act,
): Promise<void> {
  const { tenant } = await relayOf(parts, id);
  if (toMs <= tx.now || toMs > tx.now + EXTENSION_MAX_MS)
    throw new AppError("invalid", 422, "unix seconds, ahead of now and at most five years", {
      field: "paid_through",
    });
  actIn(tx, tenantActor(tenant), { type: "admin.extend", relay: id, to: toMs }, by);
}

/** Gives a relay its time up to the next anchor for nothing. @throws AppError 404, 409 */
export const compRelay = (parts: CommandParts, id: string, by: Act) =>
  operate(parts, relayActor(id), by, async (tx) => {
    const till = tillOf(tx, (await relayOf(parts, id)).tenant);
    const from = Math.max(till.seats[id]?.paidThrough ?? 0, tx.now);
    await extendIn(parts, tx, id, nextAnchor(till.anchor ?? from, from), by);
  });

/**
 * Lifts the suspension of a relay. One that the operator deactivated is its owner's again, and comes back
 * at once where nothing has to be paid for it; else its owner may bring it back as ever.
 * @throws AppError 404, 409
 */
export const unsuspendRelay = (parts: CommandParts, id: string, by: Act) =>
  operate(parts, relayActor(id), by, async (tx) => {
    const { status, cause, tenant, subdomain } = await relayOf(parts, id);
    actIn(tx, relayActor(id), { type: "admin.unsuspend" }, by);
    if (status !== "deactivated" || cause !== "admin") return;
    const till = tillOf(tx, tenant);
    const plan = till.seats[id]?.plan ?? "free";
    const event = { type: "REACTIVATE" as const, relay: id, plan, invoice: newId("i") };
    // What ran is restored; but not into a suspended account, a name that is gone or a full house.
    const isActive = statusOf(tx.read(tenantActor(tenant))?.persisted.value) === "active";
    const isOpen = mayReopen(till, event, tx.now) && reopensCovered(till, event, tx.now);
    if (!isActive || !isOpen) return;
    if (!(await availabilityOf(parts, subdomain, tenant, tx.now)).available) return;
    tx.send(tenantActor(tenant), event, { cause: "http", by: by.by, reason: by.reason });
  });

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

type RefundParts = Pick<CommandParts, "host" | "queries" | "clock" | "network">;

/** How much of a tenant's credit was received in money, and may so be given back. */
const refundableSats = async ({ queries }: RefundParts, tx: Tx, pubkey: string): Promise<number> =>
  tillOf(tx, pubkey).creditSats - (await queries.ledger.grantedCredit(pubkey));

/**
 * First step of a refund: sets the sats aside for a bolt11 that the tenant gave. The operator pays it
 * from a wallet of their own, because ours cannot pay.
 * @throws AppError 422 `bolt11_invalid`, `bolt11_network`, `bolt11_amount`, `bolt11_expired`, `bolt11_used`, 409 `not_refundable`
 */
export function prepareRefund(
  parts: RefundParts,
  pubkey: string,
  asked: { sats: number; bolt11: string },
  by: Act,
): Promise<void> {
  const { sats } = asked;
  const bolt11 = asked.bolt11
    .trim()
    .toLowerCase()
    .replace(/^lightning:/, "");
  const wrong = (code: string, message: string) =>
    new AppError(code, 422, message, { field: "bolt11" });
  const decoded = decodeInvoice(bolt11);
  return operate(parts, tenantActor(pubkey), by, async (tx) => {
    if (!decoded) throw wrong("bolt11_invalid", "this is no bolt11; ask the tenant for one");
    if (/^ln([a-z]+)[1-9]/.exec(bolt11)?.[1] !== parts.network)
      throw wrong("bolt11_network", "the bolt11 is of another network; it would pay nobody");
    if (decoded.millisatoshi !== sats * 1000)
      throw wrong("bolt11_amount", `the bolt11 must be for exactly ${sats} sats`);
    const expiresAt = (decoded.timestamp + (decoded.expiry ?? 3600)) * 1000;
    if (expiresAt <= tx.now)
      throw wrong("bolt11_expired", "the bolt11 has expired; ask the tenant for a new one");
    if (await parts.queries.tenants.isRefunded(pubkey, bolt11))
      throw wrong("bolt11_used", "this bolt11 was paid by an earlier refund; ask for a new one");
    // Here, where nothing can come between: what is read is what is set aside.
    const refundable = await refundableSats(parts, tx, pubkey);
    if (sats > refundable)
      throw new AppError("not_refundable", 409, `at most ${refundable} sats can be refunded`, {
        field: "sats",
      });
    actIn(tx, tenantActor(pubkey), { type: "admin.refund", sats, bolt11 }, by);
  });
}

/** Second step: the preimage proves that the bolt11 was paid. @throws AppError 409, 422 */
export const confirmRefund = (parts: CommandParts, pubkey: string, preimage: string, by: Act) =>
  operate(parts, tenantActor(pubkey), by, (tx) => {
    const { refund } = tillOf(tx, pubkey);
    if (!refund) throw new AppError("no_refund", 409, "no refund is under way for this tenant");
    const hash = createHash("sha256").update(Buffer.from(preimage, "hex")).digest("hex");
    if (decodeInvoice(refund.bolt11)?.paymentHash !== hash)
      throw new AppError("wrong_preimage", 422, "this is not the preimage of the bolt11", {
        field: "preimage",
      });
    actIn(tx, tenantActor(pubkey), { type: "admin.refunded", preimage }, by);
  });

/** Or: it was not paid, and the sats are the tenant's credit again. */
export const cancelRefund = (parts: CommandParts, pubkey: string, by: Act) =>
  act(parts, tenantActor(pubkey), { type: "admin.refundCancelled" }, by);

export const actOnRelay = (
  parts: CommandParts,
  id: string,
  what: "suspend" | "deactivate",
  by: Act,
) => act(parts, relayActor(id), { type: `admin.${what}` }, by);

/** Tries what is stuck of a relay, or of its community, once more. @throws AppError 404 */
export const retryRelay = (parts: CommandParts, id: string, by: Act) =>
  operate(parts, relayActor(id), by, (tx) => {
    actIn(tx, relayActor(id), { type: "admin.retry" }, by);
    const meta = { cause: "http", by: by.by, reason: cleanReason(by.reason) };
    if (tx.read(communityActor(id))?.attention) tx.send(communityActor(id), { type: "LOOK" }, meta);
  });
