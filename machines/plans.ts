/**
 * The catalogue. A plan that was sold is never edited: actors keep the plan id and the price agreed,
 * and a new price is a new id.
 */
export const plans = {
  free: { name: "Free", priceSats: 0, memberLimit: 10, blossom: false, livekit: false },
  basic: { name: "Basic", priceSats: 10_000, memberLimit: 100, blossom: true, livekit: true },
  growth: { name: "Growth", priceSats: 50_000, memberLimit: null, blossom: true, livekit: true },
} as const satisfies Record<string, Plan>;

/** `priceSats` is a month's; `memberLimit` null means unlimited. */
export type Plan = {
  name: string;
  priceSats: number;
  memberLimit: number | null;
  blossom: boolean;
  livekit: boolean;
};

export type PlanId = keyof typeof plans;

export const planIds = Object.keys(plans) as PlanId[];

/** What an operator provides, beside relays: a server for calls, and a wallet that receives payments. */
export type Offer = { calls: boolean; payments: boolean };

/** A plan as an operator can give it: what is not there is not in it, and what cannot be paid cannot be had. */
export const planOffered = (id: PlanId, offer: Offer): Plan & { isOffered: boolean } => {
  const plan: Plan = plans[id];
  return {
    ...plan,
    livekit: plan.livekit && offer.calls,
    isOffered: plan.priceSats === 0 || offer.payments,
  };
};

/** What a relay has on `from` and will not have on `to`, in words, as this operator can give it. */
export function switchedOff(from: PlanId, to: PlanId, offer: Offer): string[] {
  const [had, has] = [planOffered(from, offer), planOffered(to, offer)];
  const off: string[] = [];
  if (had.blossom && !has.blossom) off.push("file hosting (Blossom)");
  if (had.livekit && !has.livekit) off.push("calls (LiveKit)");
  if (has.memberLimit !== null && (had.memberLimit ?? Number.POSITIVE_INFINITY) > has.memberLimit)
    off.push(`more than ${has.memberLimit} members`);
  return off;
}
