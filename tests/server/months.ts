/** Months of a few tenants, drawn by a seed: the product's own machines and rows on any store. */
import { createHash } from "node:crypto";
import type { Store } from "../../db/store.ts";
import { machines, tells } from "../../machines/index.ts";
import type { InvoiceContext } from "../../machines/invoice/context.ts";
import type { RelayContext } from "../../machines/relay/context.ts";
import type { TenantContext } from "../../machines/tenant/context.ts";
import { deliverEnding } from "../../server/host/answer.ts";
import type { Effect } from "../../server/host/effect.ts";
import { Host } from "../../server/host/host.ts";
import { claimWork } from "../../server/host/work.ts";
import { project } from "../../server/projections/index.ts";

const START = Date.UTC(2027, 0, 31, 12);
const DAY_MS = 86_400_000;
const LANES = ["clock", "wallet", "nwc", "dm", "zooid"];

const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex");
const chance = (text: string): number => Number.parseInt(hashOf(text).slice(0, 8), 16) / 2 ** 32;

/** A linear congruential generator: the same numbers for the same seed. */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

type Clock = { at: number; now(): number };

/** An outside world that answers the same for the same key of work. */
function outside(host: () => Host, clock: Clock) {
  const paid = new Set<string>();
  const contextOf = async <T>(id: string): Promise<T> =>
    (await host().read(id))?.persisted.context as T;
  async function settle(invoice: string): Promise<void> {
    const { bolt11 } = await contextOf<InvoiceContext>(`invoice/${invoice}`);
    if (!bolt11) return;
    const { paymentHash, sats } = bolt11;
    const event = { type: "SETTLED", paymentHash, sats, preimage: null, settledAt: clock.now() };
    await host().send(`invoice/${invoice}`, event, {
      cause: "wallet",
      dedup: `settled:${paymentHash}`,
    });
  }
  const effect = (lane: string, run: Effect["run"]): Effect => ({
    lane,
    timeoutMs: 10_000,
    retry: "none",
    backoffCapMs: 1_000,
    run,
  });
  const effects: Record<string, Effect> = {
    catchUp: effect("clock", async () => null),
    // Nobody joins a community.
    runErrands: effect("people", async () => null),
    comparePeople: effect("people", async () => null),
    nextWaiting: effect("clock", async () => null),
    askWallet: effect("wallet", async ({ invoice }: { invoice: string }) => {
      if (!paid.delete(invoice)) return { settled: false };
      await settle(invoice);
      return { settled: true };
    }),
    mintBolt11: effect(
      "wallet",
      async (input: { sats: number; lastsUntil: number | null }, { key }) => ({
        paymentHash: hashOf(key),
        bolt11: `b${hashOf(key).slice(0, 8)}`,
        sats: input.sats,
        wallet: "w",
        issuedAt: clock.now(),
        expiresAt: input.lastsUntil ?? clock.now() + DAY_MS,
      }),
    ),
    payByWallet: effect("nwc", async ({ invoice }: { invoice: string }, { key }) => {
      if (chance(key) < 0.6) {
        paid.add(invoice);
        return { outcome: "paid" };
      }
      if (chance(`${key} refused`) < 0.5)
        return { outcome: "rejected", code: "INSUFFICIENT_BALANCE", renewsAt: null };
      return { outcome: "unknown" };
    }),
    deliver: effect("dm", async () => ({
      state: "delivered",
      relays: [],
      subject: "s",
      text: "t",
      writtenAt: 1,
    })),
    applyRelay: effect("zooid", async ({ relay }: { relay: string }) => {
      const c = await contextOf<RelayContext>(`relay/${relay}`);
      const info = { name: c.name, description: c.description, icon: c.icon };
      return { applied: c.wanted, info, read: info };
    }),
  };
  return { effects, settle };
}

/** @returns what each command was answered. */
export async function liveMonths(
  store: Store,
  { seed, months, tenants }: { seed: number; months: number; tenants: number },
): Promise<string[]> {
  const clock: Clock = { at: START, now: () => clock.at };
  const { effects, settle } = outside(() => host, clock);
  const host: Host = new Host({
    store,
    clock,
    machines: {
      tenant: { machine: machines.tenant, tells: tells.tenant },
      relay: { machine: machines.relay, tells: tells.relay },
      invoice: { machine: machines.invoice, tells: tells.invoice },
      notice: { machine: machines.notice, tells: tells.notice },
      community: { machine: machines.community, tells: tells.community },
    },
    effects,
    project,
  });

  async function perform(key: string): Promise<void> {
    const row = await store.work(key);
    const effect = row && effects[row.src];
    if (!row || !effect) throw new Error(`nobody performs ${key}`);
    const isMine = await host.deliver(row.scope, ({ unit }) => claimWork(unit, key));
    if (!isMine) return;
    const context = {
      key,
      attempt: 1,
      signal: new AbortController().signal,
      memo: <T>(f: () => T) => f(),
    };
    const output = await effect.run(JSON.parse(row.input) as never, context);
    const answer = JSON.stringify(output ?? null);
    await host.deliver(row.scope, (run) => deliverEnding(run, row, { answer }));
  }
  async function settleAll(): Promise<void> {
    for (;;) {
      const [alarm] = await store.dueAlarms(clock.at, 1);
      const keys = (await Promise.all(LANES.map((lane) => store.dueWork(lane, clock.at)))).flat();
      const [next] = keys.sort();
      if (alarm) await host.deliver(alarm.scope, (run) => run.fireOrHold(alarm));
      else if (next) await perform(next);
      else return;
    }
  }

  const random = numbers(seed);
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
  const pubkeys = Array.from({ length: tenants }, (_, n) => hashOf(`tenant ${n}`));
  const relays = new Map<string, string[]>(pubkeys.map((pubkey) => [pubkey, []]));
  const answers: string[] = [];
  let made = 0;

  /** What a tenant does next, by chance. */
  function act(pubkey: string): [actor: string, event: { type: string } & Record<string, unknown>] {
    const [own, roll, n] = [relays.get(pubkey) ?? [], random(), ++made];
    const relay = own.length > 0 ? pick(own) : "none";
    const [plan, invoice] = [pick(["free", "basic", "growth"]), `i${n}`];
    const till = `tenant/${pubkey}`;
    if (roll < 0.25) {
      own.push(`r${n}`);
      const names = { relay: `r${n}`, schema: `s${n}`, subdomain: `s${n}`, name: `Relay ${n}` };
      return [till, { type: "ORDER", ...names, description: "d", plan, invoice }];
    }
    if (roll < 0.35) {
      const edit = { name: `Edited ${n}`, subdomain: `s${n}`, description: "e" };
      return [`relay/${relay}`, { type: "EDIT", ...edit }];
    }
    if (roll < 0.45) return [`relay/${relay}`, { type: "DEACTIVATE" }];
    if (roll < 0.55) return [till, { type: "REACTIVATE", relay, plan, invoice }];
    if (roll < 0.68) return [till, { type: "CHANGE", relay, plan, invoice }];
    if (roll < 0.78) return [till, { type: pick(["WALLET_SET", "WALLET_CLEARED"]) }];
    if (roll < 0.84) {
      const sats = 1 + Math.floor(random() * 20_000);
      return [till, { type: "admin.credit", sats, reason: "x" }];
    }
    if (roll < 0.87)
      return [till, { type: pick(["admin.suspend", "admin.unsuspend"]), reason: "x" }];
    return [till, { type: "PAYS" }];
  }
  async function pay(till: string): Promise<void> {
    const c = (await host.read(till))?.persisted.context as TenantContext;
    const invoices = Object.values(c.seats).flatMap(({ invoice }) => invoice ?? []);
    const open = c.renewal?.invoice ?? invoices[0];
    if (open) await settle(open);
  }

  for (const pubkey of pubkeys)
    await host.transact(pubkey, (tx) =>
      tx.create(`tenant/${pubkey}`, "tenant", { pubkey }, { cause: "http", by: pubkey }),
    );
  for (const end = START + months * 30 * DAY_MS; clock.at < end; ) {
    const next = (await store.nextAlarm()) ?? end;
    const nextAct = clock.at + random() * 3 * DAY_MS;
    clock.at = next <= nextAct ? Math.max(clock.at, next) : Math.floor(nextAct);
    if (next > nextAct) {
      const pubkey = pick(pubkeys);
      const [actor, event] = act(pubkey);
      const done =
        event.type === "PAYS"
          ? pay(actor)
          : host.send(actor, event, { cause: "http", by: pubkey }).then(({ rev }) => rev);
      answers.push(`${event.type} ${await done.catch((error) => error.code ?? error.message)}`);
    }
    await settleAll();
  }
  return answers;
}
