import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Static } from "elysia";
import type { JournalRow } from "../../db/image.ts";
import { unfolded } from "../../db/patch.ts";
import type { forecastEvent } from "../../server/routes/shapes.ts";
import type { Fixture, TenantApi } from "../api/berth-fixture.ts";
import {
  advanceTo,
  connectWallet,
  endBilling,
  leave,
  paidRelay,
  startBilling,
} from "../api/bills.ts";
import { actsOf } from "../api/operator-acts.ts";
import { activeRelay, DAY_MS, type Listed, orderPaid } from "../api/orders.ts";

setDefaultTimeout(30_000);

type Event = Static<typeof forecastEvent>;

let fixture: Fixture;
let admin: TenantApi;
beforeAll(async () => {
  ({ fixture, admin } = await startBilling());
});
afterAll(() => endBilling(fixture));

const HORIZON_SECONDS = (90 * DAY_MS) / 1000;

async function forecastOf(tenant: TenantApi): Promise<Event[]> {
  const { status, body } = await tenant.get<Listed<Event>>("/tenant/forecast");
  expect([status, body.total]).toEqual([200, body.items.length]);
  expect(body.items.map(({ at }) => at)).toEqual(body.items.map(({ at }) => at).toSorted());
  return body.items;
}

type Row = Pick<JournalRow, "actor" | "rev" | "at" | "snapshot" | "patch"> & { row: number };
type Snapshot = { value: unknown; context: Record<string, unknown> };

/** What the journal says has happened to a tenant since row `seq` of it, in the words of a forecast. */
function happened({ pubkey }: TenantApi, seq: number): Event[] {
  const all = unfolded(
    fixture.rows<Row>(
      "SELECT rowid AS row, actor, rev, at, snapshot, patch FROM journal WHERE scope = ? ORDER BY rowid",
      pubkey,
    ),
  );
  const rows = all.filter(({ row }) => row > seq);
  const status = new Map<string, string>();
  for (const { row, actor, snapshot } of all) if (row <= seq) status.set(actor, topOf(snapshot));
  return rows.flatMap(({ actor, rev, at: ms, snapshot }): Event[] => {
    const [kind = "", id = ""] = actor.split(/\/(.*)/s);
    const { context: c } = JSON.parse(snapshot) as Snapshot;
    const before = status.get(actor);
    const now = topOf(snapshot);
    status.set(actor, now);
    const at = Math.floor(ms / 1000);
    const amount = c.amountSats as number;
    if (kind === "relay")
      return before === now ? [] : [{ at, what: "relay", relay: id, status: now }];
    if (kind === "notice") {
      const stage = c.stage as string;
      return rev === 0 ? [{ at, what: "notice", invoice: c.invoice as string, stage }] : [];
    }
    if (kind !== "invoice") return [];
    const relays = (c.items as { relay: string }[]).map(({ relay }) => relay);
    // What a suspension leads to is told with it.
    if (rev === 0 && c.purpose === "past_due") return [];
    if (rev === 0) return [{ at, what: "invoice", invoice: id, amount, relays }];
    const receipt = c.receipt as { sats: number } | null;
    if (before !== "pending" || now !== "paid" || receipt === null) return [];
    return [{ at, what: "charge", invoice: id, amount: receipt.sats, doubt: null }];
  });
}

function topOf(snapshot: string): string {
  const { value } = JSON.parse(snapshot) as Snapshot;
  const region =
    typeof value === "object" && value !== null && "status" in value ? value.status : value;
  return typeof region === "string" ? region : (Object.keys(region as object)[0] ?? "");
}

const lastSeq = (): number =>
  fixture.rows<{ seq: number }>("SELECT max(rowid) AS seq FROM journal")[0]?.seq ?? 0;
/** Of one instant the order means nothing. */
const sorted = (events: Event[]) =>
  events.toSorted((a, b) => a.at - b.at || JSON.stringify(a).localeCompare(JSON.stringify(b)));

/** Compares what is foreseen for 90 days with what then happens while nobody does anything. */
async function expectForeseen(tenant: TenantApi): Promise<Event[]> {
  const until = Math.floor(fixture.clock.now() / 1000) + HORIZON_SECONDS - 60;
  const seq = lastSeq();
  const foreseen = (await forecastOf(tenant)).filter(({ at }) => at < until);
  // Looking ahead leaves no trace.
  expect(lastSeq()).toBe(seq);
  await advanceTo(fixture, until);
  expect(sorted(happened(tenant, seq))).toEqual(sorted(foreseen));
  return foreseen;
}
const told = (events: Event[]) =>
  events.map((event) =>
    "stage" in event ? event.stage : "status" in event ? event.status : event.what,
  );

test("without a wallet: billed, reminded, suspended, exactly as foreseen", async () => {
  const tenant = fixture.tenant();
  await paidRelay(fixture, tenant);
  await activeRelay(tenant);
  const foreseen = await expectForeseen(tenant);
  expect(told(foreseen)).toEqual([
    ...["invoice", "due", "grace", "three_days_left", "one_day_left", "suspended", "suspended"],
  ]);
  expect(await forecastOf(tenant)).toEqual([]);
  await leave(fixture, tenant);
});

test("with a wallet: charged each month, exactly as foreseen", async () => {
  const tenant = fixture.tenant();
  await paidRelay(fixture, tenant);
  await fixture.advance(4 * DAY_MS);
  await paidRelay(fixture, tenant, "growth");
  await connectWallet(fixture, tenant);
  await fixture.advance(DAY_MS);
  const foreseen = await expectForeseen(tenant);
  const charges = foreseen.filter(({ what }) => what === "charge");
  expect(charges.length).toBeGreaterThanOrEqual(2);
  expect(new Set(told(foreseen))).toEqual(new Set(["invoice", "charge", "receipt"]));
  await leave(fixture, tenant);
});

test("what credit pays is not foreseen as charged to the wallet", async () => {
  const tenant = fixture.tenant();
  await paidRelay(fixture, tenant);
  await connectWallet(fixture, tenant);
  await actsOf(admin).onTenant(tenant, "credit", { sats: 3_000 });
  const amounts = (await expectForeseen(tenant)).flatMap((event) =>
    event.what === "charge" ? [event.amount] : [],
  );
  expect(amounts.slice(0, 2)).toEqual([7_000, 10_000]);
  await leave(fixture, tenant);
});

test("from the middle of things: a reservation, grace, a plan that is to change", async () => {
  const tenant = fixture.tenant();
  const first = await paidRelay(fixture, tenant);
  await fixture.advance(10 * DAY_MS);
  const second = await paidRelay(fixture, tenant, "growth");
  await tenant.put(`/tenant/relays/${second.id}`, { plan: "free" });
  await advanceTo(fixture, (first.paid_through ?? 0) + 5 * 86_400);
  await orderPaid(tenant, { plan: "growth" });
  const foreseen = await expectForeseen(tenant);
  expect(told(foreseen)).toContain("deactivated");
  expect(told(foreseen)).toContain("suspended");
  await leave(fixture, tenant);
});

test("the operator sees the same forecast; a stranger's is empty, and 90 days end it", async () => {
  const tenant = fixture.tenant();
  await paidRelay(fixture, tenant);
  await connectWallet(fixture, tenant);
  const mine = await forecastOf(tenant);
  const theirs = await admin.get<Listed<Event>>(`/admin/tenants/${tenant.pubkey}/forecast`);
  expect(theirs.body.items).toEqual(mine);
  const now = fixture.clock.now() / 1000;
  expect(Math.max(...mine.map(({ at }) => at))).toBeLessThan(now + HORIZON_SECONDS);
  expect(await forecastOf(fixture.tenant())).toEqual([]);
  await leave(fixture, tenant);
});
