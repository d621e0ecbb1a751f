import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { openDatabase } from "../db/database.ts";
import { hostStore } from "../db/host-store.ts";
import { DAY_MS, type Item } from "../machines/billing.ts";
import { statusOf } from "../machines/describe.ts";
import type { Bolt11, InvoiceContext } from "../machines/invoice.ts";
import { invoiceActor } from "../machines/messages.ts";
import type { NoticeContext } from "../machines/notice.ts";
import type { Applied, RelayContext } from "../machines/relay.ts";
import { AlarmClock } from "./host/alarms.ts";
import type { Effect } from "./host/effect.ts";
import { Host, type HostOptions } from "./host/host.ts";
import { Outbox } from "./host/outbox.ts";
import { project, rowPuts } from "./projections/index.ts";
import { toSeconds } from "./projections/seconds.ts";

/**
 * One thing that will happen, if nobody does anything. `at` is unix seconds; the `amount` of a charge is
 * what the wallet pays, without what comes from credit.
 */
export type Foreseen =
  | { at: number; what: "invoice"; invoice: string; amount: number; relays: string[] }
  | { at: number; what: "charge"; invoice: string; amount: number }
  | { at: number; what: "notice"; invoice: string; stage: string }
  | { at: number; what: "relay"; relay: string; status: string };

const HORIZON_MS = 90 * DAY_MS;
const STOPS_MAX = 2_000;

/**
 * What the next 90 days bring to one tenant, by running their own actors forward in memory, in a world
 * where everything answers: a connected wallet pays, nobody else does anything.
 */
export async function forecast(source: Host, scope: string, nowMs: number): Promise<Foreseen[]> {
  const db = openDatabase(":memory:");
  const clock = { at: nowMs, now: () => clock.at };
  const foreseen: Foreseen[] = [];
  const host: Host = new Host({
    store: hostStore(db),
    clock,
    machines: source.machines,
    effects: idealEffects(() => host, clock),
    project(change) {
      foreseen.push(...seen(change));
      return project(change);
    },
  } satisfies HostOptions);
  const rows = source.store.scopeActors(scope);
  // Tenants before relays before invoices: rows refer to one another.
  const order = ["tenant", "relay", "invoice", "notice"];
  rows.sort((a, b) => order.indexOf(a.machine) - order.indexOf(b.machine));
  await host.deliver((run) => {
    for (const row of rows) {
      run.adopt(row, source.store.openWork(row.id));
      const snapshot = JSON.parse(row.snapshot);
      for (const put of rowPuts({ machine: row.machine, snapshot })) host.store.put(put);
    }
  });
  const statuses = new Map(rows.map((row) => [row.id, statusOf(JSON.parse(row.snapshot).value)]));
  const alarms = new AlarmClock(host, () => {});
  const outbox = new Outbox(host, {
    concurrency: { zooid: 64, wallet: 64, nwc: 64, dm: 64, clock: 64 },
    onDefect: () => {},
  });
  try {
    alarms.start();
    outbox.start();
    const until = nowMs + HORIZON_MS;
    for (let stops = 0; stops < STOPS_MAX; stops++) {
      await settle(alarms, outbox);
      const due = host.store.nextAlarm()?.due ?? until;
      if (due >= until) break;
      clock.at = Math.max(clock.at, due);
    }
  } finally {
    await alarms.stop();
    await outbox.stop();
    db.close();
  }
  return foreseen.filter((event) => {
    if (event.what !== "relay") return true;
    const actor = `relay/${event.relay}`;
    const isNews = statuses.get(actor) !== event.status;
    statuses.set(actor, event.status);
    return isNews;
  });
}

async function settle(alarms: AlarmClock, outbox: Outbox): Promise<void> {
  for (;;) {
    await alarms.wake();
    outbox.wake();
    if (alarms.isSettled() && outbox.isSettled()) return;
    await sleep(0);
  }
}

type Seen = Parameters<HostOptions["project"]>[0];

/** What of a transition a tenant would notice. */
function seen({ machine, rev, at, snapshot }: Seen): Foreseen[] {
  const when = toSeconds(at);
  switch (machine) {
    case "invoice": {
      const c = snapshot.context as InvoiceContext;
      const relays = c.items.map((item: Item) => item.relay);
      const amount = c.amountSats;
      if (rev === 0) return [{ at: when, what: "invoice", invoice: c.id, amount, relays }];
      if (statusOf(snapshot.value) !== "paid" || c.receipt === null || c.paidAt !== at) return [];
      return [{ at: when, what: "charge", invoice: c.id, amount: c.receipt.sats }];
    }
    case "notice": {
      const { invoice, stage } = snapshot.context as NoticeContext;
      return rev === 0 ? [{ at: when, what: "notice", invoice, stage }] : [];
    }
    case "relay": {
      const { id: relay } = snapshot.context as RelayContext;
      return [{ at: when, what: "relay", relay, status: statusOf(snapshot.value) }];
    }
    default:
      return [];
  }
}

/** A world in which everything answers at once, and a wallet that was asked to pay has paid. */
export function idealEffects(host: () => Host, clock: { now(): number }): Record<string, Effect> {
  const ideal = (lane: string, run: (input: never) => Promise<unknown>): Effect => ({
    lane,
    timeoutMs: 10_000,
    retry: "none",
    backoffCapMs: 1_000,
    run,
  });
  const paid = new Set<string>();
  const settle = async (invoice: string): Promise<void> => {
    const c = host().read(invoiceActor(invoice))?.persisted.context as InvoiceContext | undefined;
    if (!c?.bolt11) return;
    const { paymentHash, sats } = c.bolt11;
    const event = { type: "SETTLED", paymentHash, sats, preimage: null, settledAt: clock.now() };
    await host().send(invoiceActor(invoice), event, { cause: "forecast" });
  };
  return {
    catchUp: ideal("clock", async () => null),
    askWallet: ideal("wallet", async ({ invoice }: { invoice: string }) => {
      if (!paid.delete(invoice)) return { settled: false };
      await settle(invoice);
      return { settled: true };
    }),
    mintBolt11: ideal(
      "wallet",
      async (input: { sats: number; lastsUntil: number | null }): Promise<Bolt11> => ({
        paymentHash: randomBytes(32).toString("hex"),
        bolt11: "",
        sats: input.sats,
        wallet: "",
        issuedAt: clock.now(),
        expiresAt: input.lastsUntil ?? clock.now() + DAY_MS,
      }),
    ),
    payByWallet: ideal("nwc", async ({ invoice }: { invoice: string }) => {
      paid.add(invoice);
      return { outcome: "paid" };
    }),
    deliver: ideal("dm", async () => ({
      state: "delivered",
      relays: [],
      subject: "",
      text: "",
      writtenAt: clock.now(),
    })),
    applyRelay: ideal("zooid", async ({ relay }: { relay: string }): Promise<Applied> => {
      const c = host().read(`relay/${relay}`)?.persisted.context as RelayContext;
      const info = { name: c.name, description: c.description, icon: c.icon };
      return { applied: c.wanted, info, read: info };
    }),
  };
}
