import { randomBytes } from "node:crypto";
import { generateSecretKey } from "nostr-tools/pure";
import { bytesToHex } from "nostr-tools/utils";
import {
  FREE_RELAYS_MAX,
  isCovered,
  orderRefusal,
  RESERVATIONS_MAX,
  type Seat,
} from "../../machines/billing.ts";
import { relayActor, tenantActor } from "../../machines/messages.ts";
import { type PlanId, plans } from "../../machines/plans.ts";
import type { Settings } from "../../machines/relay.ts";
import { AppError } from "../errors.ts";
import { toSeconds } from "../projections/status.ts";
import { assertAvailable, assignSchema } from "./claims.ts";
import type { Asker, CommandParts, Ordered } from "./index.ts";
import { ensureActiveTenant } from "./tenant.ts";
import { cleanTexts } from "./text.ts";

const newId = (prefix: "r" | "i"): string => prefix + randomBytes(12).toString("hex");

/**
 * Orders a relay: reserves its name, gives it a schema and a secret of its own, and, for a paid plan,
 * writes the invoice. All of it or nothing.
 *
 * @throws AppError 403 `tenant_suspended`, 409 or 422 for the name, 429 `free_relay_limit` or
 * `reservation_limit`, 503 `billing_not_configured`, 422 `idempotency_key_reused`
 */
export function orderRelay(
  parts: CommandParts,
  asker: Asker,
  wish: Settings & { plan: PlanId },
): Promise<Ordered> {
  const { host, queries, vault } = parts;
  const order = cleanTexts(wish);
  return host.transact((tx) => {
    const prior = replayed(parts, asker);
    if (prior) return prior;
    const till = ensureActiveTenant(tx, asker.pubkey);
    assertBillable(parts, order.plan);
    assertRoom(till.seats, order.plan);
    assertAvailable(parts, order.subdomain, asker.pubkey);
    const relay = newId("r");
    const invoice = newId("i");
    const schema = assignSchema(parts, order.subdomain, relay);
    const secretId = relayActor(relay);
    queries.secrets.put(secretId, vault.seal(bytesToHex(generateSecretKey()), secretId));
    const event = { type: "ORDER", relay, invoice, schema, ...order };
    tx.send(tenantActor(asker.pubkey), event, { cause: "http", by: asker.pubkey });
    const isPaid = plans[order.plan].priceSats > 0;
    return remembered(parts, asker, { relay, invoice: isPaid ? invoice : null });
  });
}

/**
 * Brings a deactivated relay back: at once within what is paid, else by a new purchase.
 *
 * @throws AppError 404, 409 `relay_not_deactivated`, `deactivated_by_operator`,
 * `invoice_still_closing`, and what {@link orderRelay} throws
 */
export function reactivateRelay(
  parts: CommandParts,
  asker: Asker,
  relay: string,
): Promise<Ordered> {
  const { host, queries, clock } = parts;
  return host.transact((tx) => {
    const prior = replayed(parts, asker);
    if (prior) return prior;
    const till = ensureActiveTenant(tx, asker.pubkey);
    const row = ownRelay(parts, asker.pubkey, relay);
    const seat = till.seats[relay];
    if (row.status !== "deactivated" || !seat)
      throw new AppError("relay_not_deactivated", 409, `this relay is ${row.status}`);
    if (seat.is === "shut")
      throw new AppError(
        "deactivated_by_operator",
        409,
        "the operator deactivated this relay; only the operator can bring it back",
      );
    if (seat.invoice !== null)
      throw new AppError(
        "invoice_still_closing",
        409,
        "we are still asking our wallet about the last invoice; try again in a minute",
      );
    const covered = isCovered(seat, clock.now());
    if (!covered) assertBillable(parts, seat.plan);
    if (!covered || seat.priceSats === 0) assertRoom(till.seats, seat.plan);
    assertAvailable(parts, row.subdomain, asker.pubkey);
    const invoice = newId("i");
    const event = { type: "REACTIVATE", relay, plan: seat.plan, invoice };
    tx.send(tenantActor(asker.pubkey), event, { cause: "http", by: asker.pubkey });
    return remembered(parts, asker, { relay, invoice: queries.invoices.get(invoice) && invoice });
  });
}

/** A relay of this tenant. @throws AppError 404 for anyone else's, as for none. */
export function ownRelay({ queries }: CommandParts, pubkey: string, id: string) {
  const row = queries.relays.get(id);
  if (row?.tenant !== pubkey) throw new AppError("relay_not_found", 404, "you have no such relay");
  return row;
}

function assertBillable({ isBillingConfigured }: CommandParts, plan: PlanId): void {
  if (plans[plan].priceSats > 0 && !isBillingConfigured)
    throw new AppError(
      "billing_not_configured",
      503,
      "this operator cannot take payments yet; choose the free plan",
      { field: "plan" },
    );
}

function assertRoom(seats: Readonly<Record<string, Seat>>, plan: PlanId): void {
  const refusal = orderRefusal(seats, plan);
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
function replayed({ queries }: CommandParts, { pubkey, once }: Asker): Ordered | null {
  if (!once) return null;
  const prior = queries.idempotency.get(pubkey, once.key);
  if (prior && prior.request !== once.request)
    throw new AppError(
      "idempotency_key_reused",
      422,
      "this Idempotency-Key was used for another request; use a new one",
      { field: "Idempotency-Key" },
    );
  return prior;
}

function remembered(
  { queries, clock }: CommandParts,
  { pubkey, once }: Asker,
  made: Ordered,
): Ordered {
  if (once) {
    const createdAt = toSeconds(clock.now());
    queries.idempotency.put({ tenant: pubkey, ...once, ...made, createdAt });
  }
  return made;
}
