/** Two months of one tenant, killed at every commit and around every outbound call in turn. */
import { expect, test } from "bun:test";
import { openDatabase } from "../../db/database.ts";
import type { HostStore } from "../../db/host-store.ts";
import { invoiceActor, relayActor, tenantActor } from "../../machines/messages.ts";
import { laneConcurrency } from "../../server/effects/index.ts";
import { AppError } from "../../server/errors.ts";
import { AlarmClock } from "../../server/host/alarms.ts";
import type { Effect } from "../../server/host/effect.ts";
import { Outbox } from "../../server/host/outbox.ts";
import { replayAll } from "../../server/host/replay.ts";
import { openBerth } from "./berth.ts";
import { Random } from "./random.ts";
import { calm, DAY_MS, HOUR_MS, World } from "./world.ts";

const START_MS = Date.UTC(2027, 0, 31, 12);
const MINUTE_MS = 60_000;
const TENANT = "7e".repeat(32);
const TILL = tenantActor(TENANT);

/** The process is dead: nothing of it reaches the database or the world any more. */
class Killed extends Error {}

/** What two months of a tenant look like when the process dies at the `fatal`-th point, or never. */
class Life {
  readonly #db = openDatabase(":memory:");
  readonly world: World;
  readonly defects: string[] = [];
  points = 0;
  #mortal = { isDead: false };
  #berth;

  constructor(readonly fatal: number | null) {
    const drained = async (): Promise<void> => {
      await this.#berth.host.drained().catch(() => {});
    };
    this.world = new World(START_MS, new Random(1), calm, drained);
    this.#berth = this.#boot();
  }

  /** One place where a process may die. */
  #point(mortal: { isDead: boolean }): void {
    if (++this.points === this.fatal) mortal.isDead = true;
    if (mortal.isDead) throw new Killed();
  }

  #boot() {
    const mortal = { isDead: false };
    this.#mortal = mortal;
    const alive = (): void => {
      if (mortal.isDead) throw new Killed();
    };
    const store = (real: HostStore): HostStore =>
      Object.fromEntries(
        Object.entries(real).map(([name, run]) => [
          name,
          (...args: never[]) => {
            // What a dead process had not committed is gone.
            if (name === "commit") this.#point(mortal);
            else if (name !== "rollback" && name !== "isOpen") alive();
            return (run as (...args: never[]) => unknown)(...args);
          },
        ]),
      ) as unknown as HostStore;
    const effect = (real: Effect): Effect => ({
      ...real,
      run: async (input, context) => {
        this.#point(mortal);
        const answer = await real.run(input, context);
        this.#point(mortal);
        return answer;
      },
    });
    const onDefect = (what: string, error?: unknown): void => {
      if (!mortal.isDead) this.defects.push(`${what}: ${error}`);
    };
    const berth = openBerth(this.#db, this.world, { store, effect, onDefect });
    const outbox = new Outbox(berth.host, { concurrency: laneConcurrency, onDefect });
    const alarms = new AlarmClock(berth.host, onDefect);
    outbox.start();
    alarms.start();
    return { ...berth, outbox, alarms };
  }

  /** A dead process is replaced by the next, on the same database. */
  async #revive(): Promise<void> {
    const { outbox, alarms, watch } = this.#berth;
    this.world.lightning.close();
    await Promise.all([outbox.stop(0), alarms.stop(), watch.stop()]);
    this.#berth = this.#boot();
  }

  /** Until nothing more happens at this instant. A watch that looks is part of it. */
  async #settle(): Promise<void> {
    for (;;) {
      if (this.#mortal.isDead) await this.#revive();
      const { outbox, alarms, watch, host } = this.#berth;
      try {
        if (await this.world.agenda.step()) continue;
        if (!alarms.isSettled()) await alarms.wake();
        outbox.wake();
        await new Promise((resolve) => setImmediate(resolve));
        if (!outbox.isSettled() || !alarms.isSettled()) continue;
        await watch.tick();
        await host.drained();
        if (!this.#mortal.isDead && outbox.isSettled() && alarms.isSettled()) return;
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
      }
    }
  }

  /** Time passes, from one thing that is due to the next. */
  async pass(ms: number): Promise<void> {
    const { agenda } = this.world;
    const end = agenda.now() + ms;
    await this.#settle();
    for (;;) {
      const { store } = this.#berth.host;
      const work = Object.keys(laneConcurrency).map((lane) => store.nextTodo(lane)?.nextAt);
      const due = [store.nextAlarm()?.due, ...work].map((at) => at ?? Number.POSITIVE_INFINITY);
      const next = Math.min(agenda.nextMs, ...due);
      if (next > end) break;
      agenda.moveTo(Math.max(next, agenda.now()));
      await this.#settle();
    }
    agenda.moveTo(end);
    await this.#settle();
  }

  /** Somebody asks until they are answered; that it was done already is an answer. */
  async ask(actor: string, event: { type: string } & Record<string, unknown>): Promise<void> {
    for (let times = 0; ; times++) {
      try {
        await this.#berth.host.send(actor, event, { cause: "http", by: TENANT });
        break;
      } catch (error) {
        if (!this.#mortal.isDead && !(times > 0 && error instanceof AppError)) throw error;
        if (!this.#mortal.isDead) break;
        await this.#revive();
      }
    }
    await this.#settle();
  }

  async visit(): Promise<void> {
    const { host } = this.#berth;
    const meta = { cause: "http", by: TENANT };
    await host
      .transact((tx) => tx.create(TILL, "tenant", TENANT, { pubkey: TENANT }, meta))
      .catch(() => this.#revive().then(() => this.visit()));
  }

  /** Pays every bolt11 that Berth shows. */
  async pay(): Promise<void> {
    const { lightning } = this.world;
    for (const invoice of this.#berth.queries.invoices.list(TENANT, ALL).items) {
      const shown = invoice.status === "pending" && lightning.payableOf(invoice.invoice ?? "");
      if (shown) lightning.pay(shown);
    }
    await this.#settle();
  }

  /** All that there is at the end; how it came to be known, and which bolt11 it was, may differ. */
  async end(): Promise<string> {
    const { host, queries, outbox, alarms } = this.#berth;
    const actors = host.store.scopeActors(TENANT).map(({ id, snapshot }) => {
      const { value, context } = JSON.parse(snapshot);
      const { outcome: _outcome, chargeAt: _chargeAt, ...kept } = context;
      return [id, value, kept];
    });
    const bolt11 = /"(?:paymentHash|bolt11)": "[^"]*"/g;
    const zooid = [...this.world.zooid.values()].map(({ id, presence }) => [id, presence]).sort();
    const inbox = [...this.world.inboxes].map(([notice, events]) => [notice, events.size]).sort();
    const all = { actors, balances: [...queries.ledger.balances()].sort(), zooid, inbox };
    expect(replayAll(host).wrong).toEqual([]);
    expect([...host.store.heldAlarms(), ...host.store.stuckWork()]).toEqual([]);
    expect(this.defects).toEqual([]);
    await Promise.all([outbox.stop(0), alarms.stop()]);
    this.#db.close();
    return JSON.stringify(all, null, 1).replaceAll(bolt11, "");
  }
}

const ALL = { q: null, status: null, limit: 100, offset: 0 };
const order = (relay: string, plan: string) => ({
  type: "ORDER",
  relay,
  plan,
  invoice: `i${relay}`,
  name: relay,
  description: "",
  subdomain: relay,
  schema: relay,
});

/** Buying, upgrading, grace, suspension, paying late, a wallet that pays, credit and its refund. */
async function twoMonths(fatal: number | null): Promise<{ points: number; state: string }> {
  const life = new Life(fatal);
  await life.visit();
  await life.ask(TILL, order("ra", "basic"));
  await life.ask(TILL, order("rb", "growth"));
  await life.ask(TILL, order("rf", "free"));
  await life.pass(10 * MINUTE_MS);
  await life.pay();
  await life.pass(5 * DAY_MS);
  await life.ask(relayActor("ra"), { type: "EDIT", name: "Frogs" });
  await life.ask(TILL, { type: "CHANGE", relay: "ra", plan: "growth", invoice: "iu" });
  await life.pay();
  // Nobody pays the first renewal until both are suspended.
  await life.pass(33 * DAY_MS);
  await life.pay();
  await life.ask(TILL, { type: "CHANGE", relay: "rf", plan: "basic", invoice: "ic" });
  await life.ask(invoiceActor("ic"), { type: "admin.markPaid", reason: "paid in cash" });
  life.world.walletOf(TENANT).isConnected = true;
  await life.ask(TILL, { type: "WALLET_SET" });
  await life.ask(TILL, { type: "CHANGE", relay: "rb", plan: "basic", invoice: "id" });
  await life.pass(10 * DAY_MS);
  await life.ask(relayActor("rf"), { type: "DEACTIVATE" });
  await life.ask(TILL, { type: "admin.credit", sats: 5_000, reason: "sorry" });
  await life.ask(TILL, { type: "admin.refund", sats: 2_000, bolt11: "lnx", reason: "asked" });
  await life.pass(HOUR_MS);
  await life.ask(TILL, { type: "admin.refunded", preimage: "00", reason: "sent" });
  await life.pass(25 * DAY_MS);
  return { state: await life.end(), points: life.points };
}

test("however the process dies, the end is the same", async () => {
  const { state, points } = await twoMonths(null);
  for (const word of ["suspended", "reactivated", "receipt", "due"])
    expect(state).toContain(`/${word}"`);
  for (let fatal = 1; fatal <= points; fatal++) {
    const { state: end } = await twoMonths(fatal);
    if (end !== state)
      throw new Error(`killed at point ${fatal} of ${points}:\n${difference(state, end)}`);
  }
  console.log(`killed at ${points} points: every commit, and before and after every outbound call`);
}, 240_000);

/** The lines of the one that are not in the other. */
function difference(before: string, after: string): string {
  const [a, b] = [before.split("\n"), after.split("\n")];
  const only = (x: string[], y: string[], sign: string) =>
    x
      .filter((line, i) => line !== y[i])
      .slice(0, 12)
      .map((line) => `${sign} ${line}`);
  return [...only(a, b, "-"), ...only(b, a, "+")].join("\n");
}
