import { Database } from "bun:sqlite";
import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, spyOn, test } from "bun:test";
import { log } from "../../server/log.ts";
import { sats } from "../../server/notices/words.ts";
import { type Nip47Method, nwcUrl } from "../../server/sandbox/nip47.ts";
import { Nip47Wallet, type WalletFault } from "../../server/sandbox/wallet.ts";
import type { Budget } from "../../server/sandbox/wallet-budget.ts";
import { PUBLIC_PATH } from "../../server/sandbox/world-parts.ts";
import { until } from "../sandbox/relay-socket.ts";
import { newKey } from "../sandbox/zooid-client.ts";
import type { Fixture, TenantApi } from "./berth-fixture.ts";
import {
  advanceTo,
  attemptsOf,
  connectWallet,
  endBilling,
  expectReconciled,
  historyOf,
  invoicesOf,
  leave,
  type Notice,
  noticesOf,
  openInbox,
  openInvoiceOf,
  paidRelay,
  pastDueOf,
  paymentsOf,
  startBilling,
  tenantOf,
} from "./bills.ts";
import { openStream } from "./event-stream.ts";
import { actsOf } from "./operator-acts.ts";
import {
  freshName,
  invoiceIs,
  type Listed,
  type Ordered,
  type Problem,
  relayIs,
  relayOf,
} from "./orders.ts";

const HOUR = 3_600;
const DAY = 86_400;

setDefaultTimeout(30_000);

let fixture: Fixture;
let onTenant: ReturnType<typeof actsOf>["onTenant"];
beforeAll(async () => {
  const started = await startBilling();
  fixture = started.fixture;
  ({ onTenant } = actsOf(started.admin));
});
afterEach(async () => {
  fixture.world.receivingWallet.notificationCopies = 1;
  await fixture.world.setFaults({ tenant_wallet: "ok", wallet: "ok" });
});
afterAll(() => endBilling(fixture));

const put = (tenant: TenantApi, url: string | null) =>
  tenant.put<
    Problem & { wallet: string; warnings: { code: string; needed_budget: number | null }[] }
  >("/tenant/billing", { nwc_url: url });
const sealed = ({ pubkey }: TenantApi) =>
  fixture.rows("SELECT id FROM secrets WHERE id = ?", `nwc/${pubkey}`);

/** A wallet of its own on the tenant's node, reached over the public relay. */
async function walletWith(methods: Nip47Method[], budget: Budget | null) {
  const { network, relay, clock } = fixture.world;
  const [service, client] = [newKey(), newKey()];
  const wallet = new Nip47Wallet({
    alias: "A tenant's",
    secretKey: service.secret,
    node: network.openNode("another", 1_000_000_000),
    ...{ network, relay, clock, db: new Database(":memory:"), path: PUBLIC_PATH },
    connections: [{ pubkey: client.pubkey, methods, budget, notifications: false }],
  });
  await wallet.connect();
  return { wallet, url: nwcUrl(service.pubkey, relay.url(PUBLIC_PATH), client.secretHex) };
}

test("a connection that is none, does not answer or cannot pay is refused by field, and not kept", async () => {
  const tenant = fixture.tenant();
  await tenant.get("/tenant");
  const { tenantNwcUrl, receivingNwcUrl } = fixture.world;
  const dead = tenantNwcUrl.replace(
    /relay=[^&]+/,
    `relay=${encodeURIComponent("ws://127.0.0.1:1")}`,
  );
  const refusals = [
    ["", "wallet_malformed"],
    ["nope", "wallet_malformed"],
    ["https://example.com", "wallet_malformed"],
    [`nostr+walletconnect://${tenant.pubkey}`, "wallet_malformed"],
    [tenantNwcUrl.replace(/secret=\w+/, "secret=beef"), "wallet_malformed"],
    [dead, "wallet_unreachable"],
    [receivingNwcUrl, "wallet_cannot_pay"],
  ] as const;
  for (const [url, code] of refusals) {
    const { status, body } = await put(tenant, url);
    expect([url, status, body.code]).toEqual([url, 422, code]);
    expect(body.errors).toMatchObject([{ field: "nwc_url" }]);
  }
  const faults = [
    ["silent", "wallet_unreachable"],
    ["down", "wallet_unreachable"],
    ["unauthorized", "wallet_cannot_pay"],
  ] as const;
  for (const [fault, code] of faults) {
    await fixture.world.setFaults({ tenant_wallet: fault });
    const { status, body } = await put(tenant, tenantNwcUrl);
    expect([fault, status, body.code]).toEqual([fault, 422, code]);
  }
  expect(sealed(tenant)).toEqual([]);
  expect(await tenantOf(tenant)).toMatchObject({ wallet: "none" });

  // One that does not work does not replace one that does, either.
  await fixture.world.setFaults({ tenant_wallet: "ok" });
  await connectWallet(fixture, tenant);
  expect((await put(tenant, receivingNwcUrl)).status).toBe(422);
  expect(await tenantOf(tenant)).toMatchObject({ wallet: "connected" });
  expect(await put(tenant, null)).toMatchObject({ status: 200, body: { wallet: "none" } });
  expect(await tenantOf(tenant)).toMatchObject({ wallet: "none" });
  expect(sealed(tenant)).toEqual([]);
});

test("a connected wallet pays an order at its owner's click, and is not asked again where it refuses", async () => {
  const tenant = fixture.tenant();
  const { body } = await tenant.post<Ordered>("/tenant/relays", {
    name: "Harbour",
    subdomain: freshName(),
    plan: "basic",
  });
  const path = `/tenant/invoices/${body.invoice?.id}`;
  const early = await tenant.post<Problem>(`${path}/pay`);
  expect([early.status, early.body.code]).toEqual([409, "no_wallet"]);
  await connectWallet(fixture, tenant);
  await fixture.world.setFaults({ tenant_wallet: "empty" });
  expect((await tenant.post(`${path}/pay`)).status).toBe(200);
  const id = body.invoice?.id ?? "";
  await until(async () => attemptsOf(fixture, id)[0]?.startsWith("rejected") ?? false);
  await fixture.world.setFaults({ tenant_wallet: "ok" });
  // Our own wallet is asked about it first.
  await until(async () => (await tenant.post(`${path}/pay`)).status === 200);
  await invoiceIs(tenant, id, "paid");
  await relayIs(tenant, body.relay.id, "active");
});

test("a budget below a month and its fees is warned of with the one needed, as is a connection that can do more", async () => {
  const tenant = fixture.tenant();
  await paidRelay(fixture, tenant, "basic");
  const pay: Nip47Method[] = ["pay_invoice", "get_budget"];
  const tight = await walletWith(pay, { totalSats: 10_099, renewal: "monthly" });
  const enough = await walletWith(pay, { totalSats: 10_100, renewal: "monthly" });
  const broad = await walletWith([...pay, "make_invoice"], null);
  const told = async (url: string) => {
    const { status, body } = await put(tenant, url);
    expect(status).toBe(200);
    return body.warnings.map(({ code, needed_budget }) => [code, needed_budget]);
  };
  expect(await told(tight.url)).toEqual([["budget_too_low", 10_100]]);
  expect(await told(enough.url)).toEqual([]);
  expect(await told(broad.url)).toEqual([["more_than_needed", null]]);
  await put(tenant, null);
  for (const { wallet } of [tight, enough, broad]) wallet.close();
});

test("a connection never comes out: not in answers, events, log lines, the journal, the outbox or any table", async () => {
  const printed: string[] = [];
  const spy = spyOn(process.stderr, "write").mockImplementation(
    (text) => printed.push(String(text)) > 0,
  );
  const tenant = fixture.tenant();
  await paidRelay(fixture, tenant);
  const stream = await openStream(tenant);
  await stream.ready();
  await connectWallet(fixture, tenant);
  // With things going wrong, for it is errors that tell too much.
  await fixture.world.setFaults({ tenant_wallet: "down" });
  await put(tenant, `${fixture.world.tenantNwcUrl}&x=y`);
  await fixture.advance(30 * DAY * 1000);
  await fixture.world.setFaults({ tenant_wallet: "ok" });
  await fixture.advance(2 * DAY * 1000);
  log("info", "what is logged is seen by this test");
  spy.mockRestore();
  const { tenantNwcUrl } = fixture.world;
  const secret = new URL(tenantNwcUrl).searchParams.get("secret") ?? "";
  expect(secret).toMatch(/^[0-9a-f]{64}$/);
  const tables = fixture.rows<{ name: string }>(
    "SELECT name FROM sqlite_master WHERE type = 'table'",
  );
  const stored = tables.map(({ name }) => JSON.stringify(fixture.rows(`SELECT * FROM "${name}"`)));
  const paths = ["", "/relays", "/invoices", "/notices", "/statement", "/forecast"];
  const said = await Promise.all(
    paths.map(async (path) => JSON.stringify((await tenant.get(`/tenant${path}`)).body)),
  );
  await until(() => JSON.stringify(stream.messages).includes("connected"));
  const events = JSON.stringify(stream.messages);
  await stream.close();
  expect(printed.join("")).toContain("is seen by this test");
  for (const text of [...stored, ...said, events, ...printed]) {
    expect(text.includes(secret)).toBe(false);
    expect(text.includes("nostr+walletconnect")).toBe(false);
  }
  // The request that was signed with it is there, as an event, so that it can be sent again.
  expect(stored.some((text) => text.includes("payByWallet"))).toBe(true);
  await leave(fixture, tenant);
});

/** A tenant whose wallet has this fault from before the next renewal on. @returns the renewal, tried once */
async function triedWith(fault: WalletFault) {
  const tenant = fixture.tenant();
  const relay = await paidRelay(fixture, tenant);
  await connectWallet(fixture, tenant);
  await fixture.world.setFaults({ tenant_wallet: fault });
  const end = relay.paid_through ?? 0;
  await advanceTo(fixture, end - HOUR + 30);
  return { tenant, relay, end };
}

test("an empty wallet is tried again, and pays once there is money", async () => {
  const { tenant, relay, end } = await triedWith("empty");
  const { id } = await openInvoiceOf(tenant);
  expect(attemptsOf(fixture, id)).toEqual(["rejected INSUFFICIENT_BALANCE"]);
  expect(await noticesOf(tenant)).toEqual(["due:no_inbox"]);
  expect(await tenantOf(tenant)).toMatchObject({ wallet: "connected" });
  await advanceTo(fixture, end + 2 * DAY);
  const tried = attemptsOf(fixture, id);
  expect(tried.length).toBeGreaterThanOrEqual(3);
  expect(new Set(tried)).toEqual(new Set(["rejected INSUFFICIENT_BALANCE"]));
  expect(await relayOf(tenant, relay.id)).toMatchObject({ status: "grace" });
  await fixture.world.setFaults({ tenant_wallet: "ok" });
  await fixture.advance(DAY * 1000 + 60_000);
  expect(attemptsOf(fixture, id).at(-1)).toBe("settled");
  expect(paymentsOf(fixture, id)).toBe(1);
  expect(await relayIs(tenant, relay.id, "active")).toMatchObject({ open_invoice: null });
  expect(await noticesOf(tenant)).toEqual(["due:no_inbox", "receipt:no_inbox"]);
  await expectReconciled(fixture, tenant);
  await leave(fixture, tenant);
});

test("an empty wallet is tried through all of grace, and the relay is suspended after it", async () => {
  const { tenant, relay, end } = await triedWith("empty");
  const { id } = await openInvoiceOf(tenant);
  await advanceTo(fixture, end + 7 * DAY + 60);
  expect(await relayOf(tenant, relay.id)).toMatchObject({ status: "suspended" });
  expect(attemptsOf(fixture, id).length).toBeGreaterThanOrEqual(6);
  await leave(fixture, tenant);
});

test("a receipt says what the wallet paid, and of a relay that was suspended no date that is over", async () => {
  const tenant = fixture.tenant();
  const { id, paid_through } = await paidRelay(fixture, tenant);
  await advanceTo(fixture, (paid_through ?? 0) + 7 * DAY + 60);
  expect(await relayOf(tenant, id)).toMatchObject({ status: "suspended" });
  const first = await pastDueOf(tenant);
  await fixture.world.setFaults({ zooid: "down" });
  await connectWallet(fixture, tenant);
  const receiptOf = (invoice: string) =>
    until(async () => {
      const { body } = await tenant.get<Listed<Notice>>("/tenant/notices");
      return body.items.find((notice) => notice.id === `${invoice}/receipt`)?.text ?? null;
    });
  expect(await receiptOf(first.id)).toContain("starts when it is running again");
  await fixture.world.setFaults({ zooid: "ok" });
  const back = await relayIs(tenant, id, "active");

  await onTenant(tenant, "credit", { sats: 1_000 });
  await advanceTo(fixture, (back.paid_through ?? 0) + 60);
  const second = (await invoicesOf(tenant, "renewal")).at(-1);
  expect(second).toMatchObject({ credit: 1_000, status: "paid" });
  const text = await receiptOf(second?.id ?? "");
  const rest = sats((second?.amount ?? 0) - 1_000);
  expect(text).toContain(`Your connected wallet paid ${rest}, and your credit 1,000 sats.`);
  await leave(fixture, tenant);
});

/** Wherever one looks: the message, the account, the relay's life, and what is foreseen. */
async function expectRefusalTold(
  tenant: TenantApi,
  relay: string,
  told: { invoice: string; code: string; words: string; needed: number | null },
): Promise<void> {
  const { invoice, code, words, needed } = told;
  const said = `${words} (${code})`;
  const { body: notices } = await tenant.get<Listed<Notice>>("/tenant/notices?limit=100");
  const due = notices.items.find((notice) => notice.stage === "due" && notice.invoice === invoice);
  if (due?.text) expect(due.text).toContain(`did not: ${said}`);
  expect((await tenant.get("/tenant/billing")).body).toMatchObject({
    wallet: "connected",
    warnings: [
      { code: "wallet_refused", detail: expect.stringContaining(said), needed_budget: needed },
    ],
  });
  const { body: why } = await tenant.get<{ next: { what: string }[] }>(
    `/tenant/relays/${relay}/why`,
  );
  expect(why.next.map(({ what }) => what)).toContainEqual(expect.stringContaining(said));
  const { body: forecast } = await tenant.get<Listed<object>>("/tenant/forecast");
  expect(forecast.items).toContainEqual(
    expect.objectContaining({ what: "charge", invoice, doubt: code }),
  );
}

test("an empty wallet is told of, and asked again", async () => {
  const tenant = fixture.tenant();
  const relay = await paidRelay(fixture, tenant);
  await connectWallet(fixture, tenant);
  const inbox = await openInbox(fixture, tenant);
  await fixture.world.setFaults({ tenant_wallet: "empty" });
  await advanceTo(fixture, (relay.paid_through ?? 0) - 3_000);
  const { id } = await openInvoiceOf(tenant);
  const words = "there was not enough in it";
  const [code, needed] = ["INSUFFICIENT_BALANCE", null];
  await expectRefusalTold(tenant, relay.id, { invoice: id, code, words, needed });
  const message = await until(async () => (await inbox.messages())[0] ?? null);
  expect(message.content).toContain(`did not: ${words} (${code}). We ask it again on`);
  inbox.close();
  await fixture.world.setFaults({ tenant_wallet: "ok" });
  await fixture.advance(25 * 3_600_000);
  await relayIs(tenant, relay.id, "active");
  expect((await tenant.get("/tenant/billing")).body).toMatchObject({ warnings: [] });
  await leave(fixture, tenant);
});

test("a budget that is used up is waited for until it renews", async () => {
  const tenant = fixture.tenant();
  // Due on the 28th: the sandbox wallet's budget renews on the 1st.
  const now = new Date(fixture.clock.now());
  const day = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 28, 12);
  await advanceTo(fixture, day / 1000);
  const relay = await paidRelay(fixture, tenant);
  await connectWallet(fixture, tenant);
  await fixture.world.setFaults({ tenant_wallet: "quota" });
  const end = relay.paid_through ?? 0;
  await advanceTo(fixture, end + 60);
  const { id } = await openInvoiceOf(tenant);
  const due = new Date(end * 1000);
  const renewsAt = Date.UTC(due.getUTCFullYear(), due.getUTCMonth() + 1, 1) / 1000;
  expect(attemptsOf(fixture, id)).toEqual(["rejected QUOTA_EXCEEDED"]);
  await expectRefusalTold(tenant, relay.id, {
    ...{ invoice: id, code: "QUOTA_EXCEEDED", words: "its budget is used up", needed: 10_100 },
  });
  await fixture.world.setFaults({ tenant_wallet: "ok" });
  await advanceTo(fixture, renewsAt - 60);
  expect(attemptsOf(fixture, id)).toEqual(["rejected QUOTA_EXCEEDED"]);
  await advanceTo(fixture, renewsAt + 90);
  expect(attemptsOf(fixture, id)).toEqual(["rejected QUOTA_EXCEEDED", "settled"]);
  await relayIs(tenant, relay.id, "active");
  await expectReconciled(fixture, tenant);
  await leave(fixture, tenant);
});

test("a wallet that knows us no more is broken: told once, never asked again, and paid by hand", async () => {
  const { tenant, relay, end } = await triedWith("unauthorized");
  const { id, invoice } = await openInvoiceOf(tenant);
  expect(attemptsOf(fixture, id)).toEqual(["rejected UNAUTHORIZED"]);
  expect(await tenantOf(tenant)).toMatchObject({ wallet: "broken" });
  // One message, which says that it refused, what is due, and how to pay it.
  const text = await until(async () => {
    const { body } = await tenant.get<Listed<Notice>>("/tenant/notices");
    expect(body.items.map(({ stage }) => stage)).toEqual(["wallet_broken"]);
    return body.items[0]?.text;
  });
  for (const part of ["10,000 sats", invoice, id]) expect(text).toContain(part);
  await fixture.world.setFaults({ tenant_wallet: "ok" });
  await advanceTo(fixture, end + 6 * DAY);
  expect(attemptsOf(fixture, id)).toEqual(["rejected UNAUTHORIZED"]);
  fixture.world.pay(invoice);
  await relayIs(tenant, relay.id, "active");
  expect(await noticesOf(tenant)).not.toContain("receipt:no_inbox");

  // The next renewal does not ask it either, and connecting it again lets it pay.
  await advanceTo(fixture, ((await relayOf(tenant, relay.id)).paid_through ?? 0) + 60);
  const next = await openInvoiceOf(tenant);
  expect(attemptsOf(fixture, next.id)).toEqual([]);
  await connectWallet(fixture, tenant);
  await invoiceIs(tenant, next.id, "paid");
  expect(attemptsOf(fixture, next.id)).toEqual(["settled"]);
  await relayIs(tenant, relay.id, "active");
  await expectReconciled(fixture, tenant);
  await leave(fixture, tenant);
});

for (const notifies of [true, false])
  test(`a wallet that pays and never answers has paid once, ${notifies ? "as we are notified" : "as our look-up says"}`, async () => {
    fixture.world.receivingWallet.notificationCopies = notifies ? 1 : 0;
    const { tenant, relay, end } = await triedWith("silent");
    const [renewal] = await invoicesOf(tenant, "renewal");
    expect(renewal).toMatchObject({ status: "paid" });
    expect(attemptsOf(fixture, renewal?.id ?? "")).toEqual(["settled"]);
    expect(paymentsOf(fixture, renewal?.id ?? "")).toBe(1);
    // The signed request is on disk: after a crash the same event would have been sent again.
    const sql = "SELECT memo FROM outbox WHERE src = 'payByWallet' AND actor = ?";
    const stored = fixture.rows<{ memo: string }>(sql, `invoice/${renewal?.id}`);
    expect(stored.map(({ memo }) => JSON.parse(memo).event.kind)).toEqual([23194]);
    await fixture.world.setFaults({ tenant_wallet: "ok" });
    await advanceTo(fixture, end + 3 * DAY);
    expect(paymentsOf(fixture, renewal?.id ?? "")).toBe(1);
    expect(historyOf(fixture, relay.id)).not.toContain("grace");
    expect(await noticesOf(tenant)).toEqual(["receipt:no_inbox"]);
    expect(await expectReconciled(fixture, tenant)).toMatchObject({ credit: 0, held: 0 });
    await leave(fixture, tenant);
  });

test("a wallet that cannot be reached is unknown, never failed, and pays once when it is back", async () => {
  const { tenant, relay, end } = await triedWith("down");
  const { id } = await openInvoiceOf(tenant);
  expect(attemptsOf(fixture, id)).toEqual(["unknown"]);
  await advanceTo(fixture, end - HOUR + 600);
  expect(attemptsOf(fixture, id).length).toBeGreaterThan(1);
  expect(new Set(attemptsOf(fixture, id))).toEqual(new Set(["unknown"]));
  expect(await tenantOf(tenant)).toMatchObject({ wallet: "connected" });
  await fixture.world.setFaults({ tenant_wallet: "ok" });
  await fixture.advance(DAY * 1000);
  expect(await relayOf(tenant, relay.id)).toMatchObject({ status: "active" });
  expect(paymentsOf(fixture, id)).toBe(1);
  expect(attemptsOf(fixture, id).at(-1)).toBe("settled");
  await expectReconciled(fixture, tenant);
  await leave(fixture, tenant);
});

test("paid by hand after the wallet refused, the wallet is not asked again", async () => {
  const { tenant, relay } = await triedWith("empty");
  const { id, invoice } = await openInvoiceOf(tenant);
  await fixture.world.setFaults({ tenant_wallet: "ok" });
  fixture.world.pay(invoice);
  await invoiceIs(tenant, id, "paid");
  await fixture.advance(2 * DAY * 1000);
  expect(paymentsOf(fixture, id)).toBe(1);
  expect(await relayOf(tenant, relay.id)).toMatchObject({ status: "active" });
  expect(await noticesOf(tenant)).toEqual(["due:no_inbox"]);
  await leave(fixture, tenant);
});
