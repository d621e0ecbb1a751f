import { type PlanId, planIds, planOffered } from "../../../machines/plans.ts";
import { offer } from "../page/settings.ts";

/** A plan as this operator can give it. */
export const planHere = (id: PlanId) => planOffered(id, offer);

/** Whether any plan here has calls. */
export const hasCalls = planIds.some((id) => planHere(id).livekit);

/** Who a plan is for. */
export const PLAN_FOR: Record<PlanId, string> = {
  free: "A small circle, or a first look.",
  basic: hasCalls ? "A community with pictures and calls." : "A community with pictures.",
  growth: "A community that keeps growing.",
};

/** What a plan has, a line each, in the order in which they are compared. */
export const featuresOf = (id: PlanId): string[] => {
  const plan = planHere(id);
  return [
    plan.memberLimit === null ? "Unlimited members" : `Up to ${plan.memberLimit} members`,
    "Rooms and invites",
    ...(plan.blossom ? ["Media with Blossom"] : []),
    ...(plan.livekit ? ["Calls with LiveKit"] : []),
  ];
};

/** Why a plan cannot be ordered; null where it can. */
export const whyNotHere = (id: PlanId): string | null =>
  planHere(id).isOffered ? null : "Not available here yet: no payments are set up.";
