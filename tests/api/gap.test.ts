/** Berth is off for days while the world goes on; compared with what would have been had it been there. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Fixture, TenantApi } from "./berth-fixture.ts";
import {
  advanceTo,
  endBilling,
  expectReconciled,
  invoicesOf,
  leave,
  type Notice,
  noticesOf,
  paidRelay,
  startBilling,
} from "./bills.ts";
import { DAY_MS, heldByZooid, type Listed, relayOf } from "./orders.ts";

setDefaultTimeout(120_000);

const DAY = 86_400;

let fixture: Fixture;
beforeAll(async () => {
  ({ fixture } = await startBilling());
});
afterAll(() => endBilling(fixture));

type Away = (days: number, isOver: () => Promise<boolean>) => Promise<void>;

const off: Away = async (days) => {
  await fixture.restart(() => {
    fixture.world.moveClock({ pin_ms: fixture.world.clock.now() + days * DAY_MS });
  });
  await fixture.advance(1_000);
};

const dayByDay: Away = async (days, isOver) => {
  for (let day = 0; day < days && !(await isOver()); day++) await fixture.advance(DAY_MS);
};

const isSuspended = async (tenant: TenantApi, id: string) =>
  (await relayOf(tenant, id)).status === "suspended";

/** What is told of a relay's last days of grace, and of their end. */
const OF_GRACE = new Set(["three_days_left", "one_day_left", "suspended"]);

/** What is true ten days after a relay was suspended, of which nobody pays anything any more. */
async function outcome(away: Away, days: number, o: { wallet: "ok" | "down"; fromDays: number }) {
  const tenant = fixture.tenant();
  const { id, paid_through } = await paidRelay(fixture, tenant);
  await advanceTo(fixture, (paid_through ?? 0) + o.fromDays * DAY);
  await fixture.world.setFaults({ wallet: o.wallet });
  await away(days, () => isSuspended(tenant, id));
  await fixture.world.setFaults({ wallet: "ok" });
  for (let day = 0; day < 60 && !(await isSuspended(tenant, id)); day++)
    await fixture.advance(DAY_MS);
  await fixture.advance(10 * DAY_MS);
  const { status, cause, plan } = await relayOf(tenant, id);
  const open = (await invoicesOf(tenant)).filter((invoice) => invoice.status === "pending");
  const notices = await noticesOf(tenant);
  const found = {
    relay: { status, cause, plan },
    isServed: heldByZooid(fixture, id)?.inactive === false,
    open: open.map(({ purpose, amount, items }) => [purpose, amount, items.length]),
    told: [...new Set(notices.map((notice) => notice.split(":")[0]))].sort(),
    statement: await expectReconciled(fixture, tenant),
  };
  // What was missed meanwhile is not sent together with what came of it.
  const { body } = await tenant.get<Listed<Notice>>("/tenant/notices?limit=100");
  const sent = body.items
    .filter(({ stage, status }) => OF_GRACE.has(stage) && status !== "missed")
    .flatMap((one) => one.sent_at ?? []);
  const ordered = sent.sort((a, b) => a - b);
  for (const [index, at] of ordered.entries())
    expect(at - (ordered[index - 1] ?? 0)).toBeGreaterThan(0.9 * DAY);
  await leave(fixture, tenant);
  return found;
}

for (const wallet of ["ok", "down"] as const)
  for (const fromDays of [-3, 2])
    describe(`with our wallet ${wallet}, from ${fromDays} days after the date`, () => {
      for (const days of [1, 8, 40, 61, 70])
        test(`${days} days off come to what ${days} times one day do`, async () => {
          const at = { wallet, fromDays };
          expect(await outcome(off, days, at)).toEqual(await outcome(dayByDay, days, at));
        });
    });
