/** What an owner does with a relay: each asks the signer once. Its effect is seen in the live feed. */
import type { PlanId } from "../../../machines/plans.ts";
import { api, ask } from "../api/api.ts";

/** @throws ApiProblem, SignerProblem */
export const changePlan = (id: string, plan: PlanId) =>
  ask(api.tenant.relays({ id }).put({ plan }));

/**
 * @param key - the same for one press of the button, however often it is sent
 * @throws ApiProblem, SignerProblem
 */
export const reactivate = (id: string, plan: PlanId, key: string) =>
  ask(api.tenant.relays({ id }).reactivate.post({ plan }, { headers: { "idempotency-key": key } }));

/** @throws ApiProblem, SignerProblem */
export const deactivate = (id: string) => ask(api.tenant.relays({ id }).delete());

/** Out of the list, or back into it. @throws ApiProblem, SignerProblem */
export const setArchived = (id: string, isArchived: boolean) => {
  const { archive } = api.tenant.relays({ id });
  return ask(isArchived ? archive.post() : archive.delete());
};

/** Where an invoice is paid. */
export const checkoutOf = (invoice: string): string => `/account?invoice=${invoice}`;

/** A page of what happened, newest first. @throws ApiProblem, SignerProblem */
export const historyOf = (id: string, limit: number, offset: number) =>
  ask(api.tenant.relays({ id }).history.get({ query: { limit, offset } }));
export type HistoryEntry = Awaited<ReturnType<typeof historyOf>>["items"][number];

/** What is left out stays. @throws ApiProblem, SignerProblem */
export const editRelay = (
  id: string,
  wish: { name?: string; subdomain?: string; description?: string },
) => ask(api.tenant.relays({ id }).put(wish));
