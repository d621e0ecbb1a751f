/** What the feed does not tell, each asked for once however often somebody looks at it. */
import { statusOf } from "../../../machines/describe.ts";
import { api, ask } from "../../lib/api/api.ts";
import { createRequest } from "../../lib/api/request.ts";
import type { Foreseen } from "../../lib/billing/forecast.ts";
import { readBilling } from "../../lib/billing/wallet.ts";
import type { Live, TenantReplica } from "../../lib/live/live.ts";
import { readInbox } from "../../lib/notices/inbox.ts";

/** `basis` is what it was computed from, to see when that has changed. */
export type Forecast = { events: Foreseen[]; basis: string };

/** What a forecast follows from. */
export function forecastBasis(live: Live): string {
  const tenant = live.tenant();
  if (!tenant) return "";
  const { anchor, creditSats, seats, open } = tenant.context;
  return JSON.stringify([
    tenant.value,
    anchor,
    creditSats,
    Object.entries(seats).map(([relay, { plan, is, paidThrough, next }]) => [
      relay,
      plan,
      is,
      paidThrough,
      next?.plan,
      statusOf(live.relay(relay)?.value ?? "unknown"),
    ]),
    Object.keys(open),
  ]);
}

/** @param isShown - it is asked for when it is first seen. */
export const createForecast = (isShown: () => boolean, live: Live) =>
  createRequest(
    () => (isShown() && live.isReady() ? "forecast" : null),
    async (): Promise<Forecast> => {
      const basis = forecastBasis(live);
      const { items } = await ask(api.tenant.forecast.get());
      return { events: items, basis };
    },
  );

export const createStatement = () =>
  createRequest(
    () => "statement",
    () => ask(api.tenant.statement.get()),
  );

/** @param isShown - again where what is billed has changed meanwhile */
export const createBilling = (isShown: () => boolean, live: Live) =>
  createRequest(
    () => (isShown() && live.isReady() ? costOf(live.tenant()) : null),
    () => readBilling(),
  );

const costOf = (tenant: TenantReplica | undefined) =>
  Object.values(tenant?.context.seats ?? {}).map(({ is, plan, next }) => [is, plan, next?.plan]);

/** Asked for once, when the messages are first looked at. */
export const createInbox = (isShown: () => boolean) =>
  createRequest(
    () => (isShown() ? "inbox" : null),
    () => readInbox(),
  );
export type InboxRequest = ReturnType<typeof createInbox>;
