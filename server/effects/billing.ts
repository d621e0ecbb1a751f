import type { Charged } from "../../machines/invoice/context.ts";
import type { Delivered, Delivery } from "../../machines/notice.ts";
import { Refused, Unavailable } from "../errors.ts";
import type { Effect, EffectContext } from "../host/effect.ts";
import { PAY_TIMEOUT_MS } from "../wallet/payer.ts";

/** A tenant's own wallet, and messages to tenants. */
export type BillingParts = {
  /** Pays from the tenant's wallet; null where none is connected. @throws Unavailable */
  pay: (
    tenant: string,
    bolt11: string,
    context: Pick<EffectContext, "memo" | "signal">,
  ) => Promise<Charged>;
  /** Sends one message. @throws Unavailable when nobody could be reached */
  deliver: (
    delivery: Delivery,
    context: Pick<EffectContext, "memo" | "signal" | "attempt">,
  ) => Promise<Delivered>;
};

/**
 * An alarm fires at the time it was due, which may be long ago; what is billed next depends on what
 * time it is. The answer to this is delivered at the present.
 */
export const catchUp = (): Effect => ({
  lane: "clock",
  timeoutMs: 1_000,
  retry: "forever",
  backoffCapMs: 1_000,
  run: async () => null,
});

/** Asks the tenant's wallet to pay. Whatever is not an answer is unknown: it is never tried blindly again. */
export const payByWallet = ({ pay }: BillingParts): Effect => ({
  lane: "nwc",
  mutex: ({ tenant }: { tenant: string }) => tenant,
  // Never before the payer's own two: to be out of time here would close the lane for all tenants, and
  // one wallet that is slow, or wants to be, must not hold up the others.
  timeoutMs: 2 * PAY_TIMEOUT_MS + 10_000,
  retry: "none",
  backoffCapMs: 60_000,
  async run({ tenant, bolt11 }: { tenant: string; bolt11: string }, context): Promise<Charged> {
    try {
      return await pay(tenant, bolt11, context);
    } catch (error) {
      if (error instanceof Unavailable || error instanceof Refused) return { outcome: "unknown" };
      throw error;
    }
  },
});

/** Sends a message, for as long as it is of use: the notice itself gives up. */
export const deliver = ({ deliver: send }: BillingParts): Effect => ({
  lane: "dm",
  mutex: ({ notice }: { notice: string }) => notice,
  timeoutMs: 20_000,
  retry: "forever",
  backoffCapMs: 1_800_000,
  run: (delivery: FirstDelivery & Partial<Delivery>, context): Promise<Delivered> =>
    send({ about: null, written: null, ...delivery }, context),
});

/** What version 1 of a notice began. */
type FirstDelivery = Pick<Delivery, "notice" | "invoice" | "stage">;
