import { type Plan, type PlanId, plans } from "../../../machines/plans.ts";

/** Who a plan is for. */
export const PLAN_FOR: Record<PlanId, string> = {
  free: "A small circle, or a first look.",
  basic: "A community with pictures and calls.",
  growth: "A community that keeps growing.",
};

/** What a plan has, a line each, in the order in which they are compared. */
export const featuresOf = (id: PlanId): string[] => {
  const plan: Plan = plans[id];
  return [
    plan.memberLimit === null ? "Unlimited members" : `Up to ${plan.memberLimit} members`,
    "Rooms and invites",
    ...(plan.blossom ? ["Media with Blossom"] : []),
    ...(plan.livekit ? ["Calls with LiveKit"] : []),
  ];
};
