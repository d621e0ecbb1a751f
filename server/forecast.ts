import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ActorRow } from "../db/image.ts";
import { mapStore } from "../db/map-store.ts";
import { append, type Put, put } from "../db/put.ts";
import { actors, alarms, outbox } from "../db/schema.ts";
import type { Store } from "../db/store.ts";
import { invoiceActor, relayActor } from "../machines/addresses.ts";
import { DAY_MS } from "../machines/billing/calendar.ts";
import type { Item } from "../machines/billing/seats.ts";
import { statusOf } from "../machines/describe.ts";
import type { Bolt11, InvoiceContext } from "../machines/invoice/context.ts";
import { refusalOf } from "../machines/invoice/refusal.ts";
import type { NoticeContext } from "../machines/notice.ts";
import type { Applied, RelayContext } from "../machines/relay/context.ts";
import { AlarmClock } from "./host/alarms.ts";
import type { Effect } from "./host/effect.ts";
import { Host, type HostOptions } from "./host/host.ts";
import { Outbox } from "./host/outbox.ts";
import { toSeconds } from "./projections/seconds.ts";

/**
 * One thing that will happen, if nobody does anything. `at` is unix seconds; the `amount` of a charge is
 * what the wallet pays, without what comes from credit.
 */
export type Foreseen =
  | { at: number; what: "invoice"; invoice: string; amount: number; relays: string[] }
  | { at: number; what: "charge"; invoice: string; amount: number; doubt: string | null }
  | { at: number; what: "notice"; invoice: string; stage: string }
  | { at: number; what: "relay"; relay: string; status: string };

const HORIZON_MS = 90 * DAY_MS;
const STOPS_MAX = 2_000;

/**
 * What the next 90 days bring to one tenant, by running their own actors forward in memory, in a world
 * where everything answers: a connected wallet pays, nobody else does anything.
 */
export async function forecast(source: Host, scope: string, nowMs: number): Promise<Foreseen[]> {
  const store = mapStore();
  const clock = { at: nowMs, now: () => clock.at };
  const foreseen: Foreseen[] = [];
  /** Codes by which the tenant's wallet refused what is open. */
  const refused = new Map<string, string>();
  const host: Host = new Host({
    store,
    clock,
    machines: source.machines,
    effects: idealEffects(() => host, clock),
    // Nobody reads rows of what will never be.
    project(change) {
      foreseen.push(...seen(change, refused));
      return [];
    },
  } satisfies HostOptions);
  const rows = await source.store.scopeActors(scope);
  for (const { machine, snapshot } of rows) {
    if (machine !== "invoice") continue;
    const c = JSON.parse(snapshot).context as InvoiceContext;
    const refusal = refusalOf(c);
    if (refusal) refused.set(c.id, refusal.code);
  }
  const order = ["tenant", "relay", "invoice", "notice", "community"];
  rows.sort((a, b) => order.indexOf(a.machine) - order.indexOf(b.machine));
  for (const row of rows) store.fill(await adopted(source.store, row));
  const statuses = new Map(rows.map((row) => [row.id, statusOf(JSON.parse(row.snapshot).value)]));
  const clockwork = new AlarmClock(host, () => {});
  const worker = new Outbox(host, {
    concurrency: { zooid: 64, people: 64, wallet: 64, nwc: 64, dm: 64, clock: 64 },
    onDefect: () => {},
  });
  try {
    clockwork.start();
    await worker.start();
    const until = nowMs + HORIZON_MS;
    for (let stops = 0; stops < STOPS_MAX; stops++) {
      await settle(clockwork, worker);
      const due = (await store.nextAlarm()) ?? until;
      if (due >= until) break;
      clock.at = Math.max(clock.at, due);
    }
  } finally {
    await clockwork.stop();
    await worker.stop();
  }
  const charged = new Set<string>();
  return foreseen.filter((event) => {
    // Paid once: what it learns afterwards, such as its number, is no other charge.
    if (event.what === "charge") {
      const isNews = !charged.has(event.invoice);
      charged.add(event.invoice);
      return isNews;
    }
    if (event.what !== "relay") return true;
    const actor = `relay/${event.relay}`;
    const isNews = statuses.get(actor) !== event.status;
    statuses.set(actor, event.status);
    return isNews;
  });
}

/** An actor as it stands, with its deadlines and the work that it waits for; what is held stays so. */
async function adopted(source: Store, row: ActorRow): Promise<Put[]> {
  const work = (await source.openWork(row.id)).map((open) => {
    const isHeld = open.state === "undelivered" || open.state === "held";
    const begun = { ...open, state: "todo" as const, attempt: 0, deaths: 0, nextAt: row.at };
    return append(outbox, isHeld ? open : begun);
  });
  const armed = (await source.alarmsOf(row.id)).map((alarm) => put(alarms, alarm));
  return [append(actors, row), ...armed, ...work];
}

async function settle(alarms: AlarmClock, outbox: Outbox): Promise<void> {
  for (;;) {
    await alarms.wake();
    outbox.wake();
    if ((await alarms.isSettled()) && (await outbox.isSettled())) return;
    await sleep(0);
  }
}

type Seen = Parameters<HostOptions["project"]>[0];

/** What of a transition a tenant would notice. */
function seen(
  { machine, rev, at, snapshot }: Seen,
  refused: ReadonlyMap<string, string>,
): Foreseen[] {
  const when = toSeconds(at);
  switch (machine) {
    case "invoice": {
      const c = snapshot.context as InvoiceContext;
      const relays = c.items.map((item: Item) => item.relay);
      const amount = c.amountSats;
      // What is past due is what the renewal was, which is foreseen with its suspension.
      if (rev === 0 && c.purpose === "past_due") return [];
      if (rev === 0) return [{ at: when, what: "invoice", invoice: c.id, amount, relays }];
      if (statusOf(snapshot.value) !== "paid" || c.receipt === null || c.paidAt !== at) return [];
      const doubt = refused.get(c.id) ?? null;
      return [{ at: when, what: "charge", invoice: c.id, amount: c.receipt.sats, doubt }];
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
    const c = (await host().read(invoiceActor(invoice)))?.persisted.context;
    if (!c?.bolt11) return;
    const { paymentHash, sats } = c.bolt11;
    const bought = { paymentHash, sats, preimage: null, settledAt: clock.now() };
    await host().send(invoiceActor(invoice), { type: "SETTLED", ...bought }, { cause: "forecast" });
  };
  return {
    catchUp: ideal("clock", async () => null),
    // What becomes of people is nobody's guess: none of it is run forward.
    runErrands: ideal("people", async () => unknowable()),
    comparePeople: ideal("people", async () => unknowable()),
    nextWaiting: ideal("clock", async () => unknowable()),
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
      const c = (await host().read(relayActor(relay)))?.persisted.context;
      if (!c) throw new Error(`there is no relay ${relay}`);
      const info = { name: c.name, description: c.description, icon: c.icon };
      return { applied: c.wanted, info, read: info };
    }),
  };
}

const unknowable = (): never => {
  throw new Error("people are not foreseen");
};
