import { expect } from "bun:test";
import type { Static } from "elysia";
import { DirectMessageRelaysList } from "nostr-tools/kinds";
import { unwrapEvent } from "nostr-tools/nip59";
import type { JournalRow } from "../../db/image.ts";
import { unfolded } from "../../db/patch.ts";
import { addMonths } from "../../machines/billing/calendar.ts";
import type { Tuning } from "../../server/berth.ts";
import type { Invoice, notice, Relay, statement, tenant } from "../../server/routes/shapes.ts";
import type { Api } from "../../server/sandbox/api.ts";
import { RelaySocket, until } from "../sandbox/relay-socket.ts";
import { newKey, signed } from "../sandbox/zooid-client.ts";
import { type Fixture, startFixture, type TenantApi } from "./berth-fixture.ts";
import { expectConsistency } from "./books.ts";
import { type Listed, type Ordered, orderPaid, relayIs } from "./orders.ts";

export type Notice = Static<typeof notice>;
export type Statement = Static<typeof statement>;
type Tenant = Static<typeof tenant>;

/** A fixture with an operator. */
export async function startBilling(
  tuning: Partial<Tuning> = {},
): Promise<{ fixture: Fixture; admin: TenantApi }> {
  const key = newKey();
  const env = () => ({ HOSTING_ADMIN_PUBKEYS: key.pubkey });
  const fixture = await startFixture({ env, tuning });
  return { fixture, admin: fixture.tenant(key) };
}

/** What must hold when all is said and done: nothing is stuck, and the books are right. */
export async function endBilling(fixture: Fixture): Promise<void> {
  expect(fixture.rows("SELECT actor, name, error FROM alarms WHERE held_at IS NOT NULL")).toEqual(
    [],
  );
  const stuck = "SELECT key, src, error FROM outbox WHERE state IN ('held', 'undelivered')";
  expect(fixture.rows(stuck)).toEqual([]);
  await expectConsistency(fixture);
  await fixture.stop();
}

/** Moves time to an instant, unix seconds. */
export const advanceTo = (fixture: Fixture, seconds: number): Promise<void> =>
  fixture.advance(seconds * 1000 - fixture.clock.now());

/** An active relay of a paid plan. */
export async function paidRelay(
  fixture: Fixture,
  tenant: Api,
  plan: "basic" | "growth" = "basic",
): Promise<Relay> {
  const { relay, bolt11 } = await orderPaid(tenant, { plan });
  fixture.world.pay(bolt11);
  return relayIs(tenant, relay.id, "active");
}

export const tenantOf = async (tenant: Api): Promise<Tenant> =>
  (await tenant.get<Tenant>("/tenant")).body;

/**
 * The date `months` after the tenant's anchor, unix seconds. Never to be counted from another date: a
 * month after 30 April is 31 May where the anchor is 31 March.
 */
export const anchorOf = async (tenant: Api, months: number): Promise<number> =>
  addMonths(((await tenantOf(tenant)).anchor ?? 0) * 1000, months) / 1000;

/** Asserts that what was paid for last began just now, and runs for a month, less what was used before. */
export async function expectMonthFromNow(
  fixture: Fixture,
  tenant: Api,
  end: number | null,
  usedSeconds = 0,
) {
  const [begin, month] = [await anchorOf(tenant, 0), await anchorOf(tenant, 1)];
  expect(Math.abs(begin - fixture.clock.now() / 1000)).toBeLessThan(60);
  expect(end).toBe(month - usedSeconds);
}

/** A tenant's invoices, oldest first. */
export async function invoicesOf(tenant: Api, purpose?: string): Promise<Invoice[]> {
  const { body } = await tenant.get<Listed<Invoice>>("/tenant/invoices?limit=100");
  const items = body.items.toReversed();
  return purpose ? items.filter((invoice) => invoice.purpose === purpose) : items;
}

/** The one open invoice of a tenant, once it can be paid. */
export const openInvoiceOf = (tenant: Api): Promise<Invoice & { invoice: string }> =>
  until(async () => {
    const open = (await invoicesOf(tenant)).filter(({ status }) => status === "pending");
    const [only] = open;
    if (open.length !== 1 || !only?.invoice) return null;
    return { ...only, invoice: only.invoice };
  });

/** What is past due of a tenant, once that is billed apart from what runs. */
export const pastDueOf = (tenant: Api): Promise<Invoice> =>
  until(async () => {
    const all = await invoicesOf(tenant, "past_due");
    return all.find(({ status }) => status === "pending") ?? null;
  });

/** A tenant asks for the bolt11 of what is past due. */
export async function askToPay(tenant: Api): Promise<Invoice & { invoice: string }> {
  const { id } = await pastDueOf(tenant);
  expect((await tenant.post(`/tenant/invoices/${id}/reissue`)).status).toBe(200);
  return until(async () => {
    const found = (await invoicesOf(tenant)).find((one) => one.id === id);
    return found?.invoice ? { ...found, invoice: found.invoice } : null;
  });
}

/** Notices of a tenant as `stage:status`, oldest first. */
export async function noticesOf(tenant: Api): Promise<string[]> {
  const { body } = await tenant.get<Listed<Notice>>("/tenant/notices?limit=100");
  return body.items
    .toSorted((a, b) => a.created_at - b.created_at || a.id.localeCompare(b.id))
    .map(({ stage, status }) => `${stage}:${status}`);
}

/** Every status that a relay has had, one after the other. */
export function historyOf({ rows }: Fixture, relay: string): string[] {
  const sql = "SELECT * FROM journal WHERE actor = ? ORDER BY rev";
  const revisions = unfolded(rows<JournalRow>(sql, `relay/${relay}`));
  const statuses = revisions.map(({ snapshot }) => {
    const { status } = JSON.parse(snapshot).value as { status: string | object };
    return typeof status === "string" ? status : (Object.keys(status)[0] ?? "");
  });
  return statuses.filter((status, index) => status !== statuses[index - 1]);
}

/** What became of each attempt to have the tenant's wallet pay, in order. */
export const attemptsOf = ({ rows }: Fixture, invoice: string): string[] =>
  rows<{ state: string; code: string | null }>(
    "SELECT state, code FROM payment_attempts WHERE invoice = ? ORDER BY rowid",
    invoice,
  ).map(({ state, code }) => (code === null ? state : `${state} ${code}`));

/** How many bolt11s of an invoice somebody has paid, as the Lightning network knows. */
export const paymentsOf = ({ rows, world }: Fixture, invoice: string): number =>
  rows<{ hash: string }>("SELECT payment_hash AS hash FROM bolt11s WHERE invoice = ?", invoice)
    .map(({ hash }) => world.network.invoice(hash))
    .filter(({ settledAtMs }) => settledAtMs !== null).length;

/** Ends what a tenant has, so that the next test has the clock for itself. */
export async function leave(fixture: Fixture, tenant: Api): Promise<void> {
  await tenant.put("/tenant/billing", { nwc_url: null });
  const { body } = await tenant.get<Listed<Relay>>("/tenant/relays");
  for (const { id } of body.items) await tenant.delete(`/tenant/relays/${id}`);
  await fixture.advance(1_000);
}

export async function connectWallet(fixture: Fixture, tenant: Api): Promise<void> {
  const { tenantNwcUrl } = fixture.world;
  const { status, body } = await tenant.put("/tenant/billing", { nwc_url: tenantNwcUrl });
  expect([status, body]).toMatchObject([200, { wallet: "connected" }]);
}

export const reactivate = (tenant: Api, relay: string, plan?: string) =>
  tenant.post<Ordered>(`/tenant/relays/${relay}/reactivate`, plan ? { plan } : undefined);

/**
 * A tenant's accounts, which must come out even at any moment, and agree with the ledger, with what the
 * tenant is shown and with what our wallet received for them.
 */
export async function expectReconciled(fixture: Fixture, tenant: TenantApi): Promise<Statement> {
  const { body: said } = await tenant.get<Statement>("/tenant/statement");
  const { received, granted, applied, credit, held, refunded } = said;
  expect(received + granted).toBe(applied + credit + refunded);
  for (const [account, sats] of Object.entries(said))
    expect([account, sats >= 0]).toEqual([account, true]);
  expect((await tenantOf(tenant)).credit).toBe(credit - held);
  const [settled] = fixture.rows<{ sats: number }>(
    `SELECT coalesce(sum(settled_amount), 0) AS sats FROM bolt11s
     JOIN invoices ON invoices.id = bolt11s.invoice WHERE tenant = ?`,
    tenant.pubkey,
  );
  expect(received).toBe(settled?.sats ?? 0);
  const open = (await invoicesOf(tenant)).filter(({ status }) => status === "pending");
  expect(held).toBe(open.reduce((sum, invoice) => sum + invoice.credit, 0));
  return said;
}

/** A tenant's inbox: the relays named in their kind 10050, and what arrives there. */
export async function openInbox(
  { world }: Fixture,
  { key }: TenantApi,
  relays: string[] = [world.relayUrl],
) {
  const socket = await RelaySocket.open(world.relayUrl);
  const tags = relays.map((url) => ["relay", url]);
  const [accepted] = await socket.publish(signed(key, DirectMessageRelaysList, { tags }));
  expect(accepted).toBe(true);
  return {
    /** The messages in it, unwrapped, in no order: their wraps lie about when they were written. */
    async messages() {
      const wraps = await socket.query({ kinds: [1059], "#p": [key.pubkey] });
      const rumors = wraps.map((wrap) => unwrapEvent(wrap, key.secret));
      return rumors.map(({ id, kind, pubkey, tags, content }) => ({
        ...{ id, kind, pubkey, content },
        to: tags.find(([name]) => name === "p")?.[1],
        subject: tags.find(([name]) => name === "subject")?.[1] ?? "",
      }));
    },
    close: () => socket.close(),
  };
}
