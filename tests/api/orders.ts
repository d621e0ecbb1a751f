import { expect } from "bun:test";
import type { Invoice, Relay } from "../../server/routes/shapes.ts";
import type { Api } from "../../server/sandbox/api.ts";
import { until } from "../sandbox/relay-socket.ts";
import { informationOf } from "../sandbox/zooid-client.ts";
import type { Fixture } from "./berth-fixture.ts";

export type Ordered = { relay: Relay; invoice: Invoice | null };
export type Listed<T> = { items: T[]; total: number };
/** A problem document. */
export type Problem = { code: string; detail: string; errors?: { field: string }[]; id?: string };

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

let count = 0;
/** A subdomain that no other test uses. */
export const freshName = (): string => `name-${++count}x`;

/** Orders a relay, free unless told otherwise. */
export async function order(
  api: Api,
  wish: { name?: string; subdomain?: string; plan?: string; description?: string } = {},
): Promise<Ordered> {
  const body = { name: "Harbour", subdomain: freshName(), plan: "free", ...wish };
  const answer = await api.post<Ordered>("/tenant/relays", body);
  expect(answer.body).toMatchObject({ relay: { subdomain: body.subdomain, plan: body.plan } });
  expect(answer.status).toBe(201);
  return answer.body;
}

/** Orders a paid relay. @returns it with its invoice and the bolt11. */
export async function orderPaid(
  api: Api,
  wish: { subdomain?: string; plan?: "basic" | "growth" } = {},
): Promise<{ relay: Relay; invoice: Invoice; bolt11: string }> {
  const { relay, invoice } = await order(api, { plan: "basic", ...wish });
  if (!invoice?.invoice) throw new Error("no bolt11 was issued");
  return { relay, invoice, bolt11: invoice.invoice };
}

export const relayOf = async (api: Api, id: string): Promise<Relay> =>
  (await api.get<Relay>(`/tenant/relays/${id}`)).body;
export const invoiceOf = async (api: Api, id: string): Promise<Invoice> =>
  (await api.get<Invoice>(`/tenant/invoices/${id}`)).body;

/** The relay, once it is in this status. */
export const relayIs = (api: Api, id: string, status: Relay["status"]): Promise<Relay> =>
  until(async () => {
    const relay = await relayOf(api, id);
    return relay.status === status ? relay : null;
  });
/** The invoice, once it is in this status. */
export const invoiceIs = (api: Api, id: string, status: Invoice["status"]): Promise<Invoice> =>
  until(async () => {
    const invoice = await invoiceOf(api, id);
    return invoice.status === status ? invoice : null;
  });

/** An active free relay. */
export async function activeRelay(api: Api, wish: { subdomain?: string; name?: string } = {}) {
  const { relay } = await order(api, wish);
  return relayIs(api, relay.id, "active");
}

/** An active paid relay. */
export async function activePaidRelay(fixture: Fixture, api: Api) {
  const { relay, invoice, bolt11 } = await orderPaid(api);
  fixture.world.pay(bolt11);
  return { relay: await relayIs(api, relay.id, "active"), invoice };
}

/** NIP-11 of the relay at this name, as the outside sees it; null where none answers. */
export const nip11Of = ({ world }: Fixture, subdomain: string) =>
  informationOf(world.zooid, `${subdomain}.${world.relayDomain}`);

/** What zooid holds of a relay; undefined where it holds nothing. */
export const heldByZooid = ({ world }: Fixture, id: string) =>
  world.zooid.relays().find((held) => held.id === id);

/** How often zooid made a relay, and answered that it did. */
export const creationsOf = ({ world }: Fixture, id: string): number =>
  world.zooid.requests.filter((r) => r.method === "POST" && r.id === id && r.status < 300).length;
