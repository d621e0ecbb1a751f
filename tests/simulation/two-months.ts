/** Two months of one tenant, in a world that outlives every process of Berth. */
import { invoiceActor, relayActor, tenantActor } from "../../machines/addresses.ts";
import { Random } from "./random.ts";
import { calm, DAY_MS, HOUR_MS, World } from "./world.ts";

const START_MS = Date.UTC(2027, 0, 31, 12);
const MINUTE_MS = 60_000;
export const TENANT = "7e".repeat(32);
export const TILL = tenantActor(TENANT);

/** The process is dead: nothing of it reaches the database or the world any more. */
export class Killed extends Error {}

/** What there is at the end, and what is wrong with it. `points` are those of this process alone. */
export type Remains = {
  actors: [id: string, snapshot: string][];
  balances: [account: string, sats: number][];
  wrong: string[];
  points: number;
};

/** One process of Berth. Each method throws {@link Killed} where it died of it. */
export type Incarnation = {
  readonly isDead: boolean;
  /** Does what is due at this instant. @returns when something is due next, Infinity for never. */
  settle(): Promise<number>;
  visit(): Promise<void>;
  /** What was taken in under a key is not taken in again. */
  send(
    actor: string,
    event: { type: string } & Record<string, unknown>,
    key: string,
  ): Promise<void>;
  /** Every bolt11 that can be paid, as the tenant is shown them. */
  payable(): Promise<string[]>;
  remains(): Promise<Remains>;
  /** What runs ends, and the database is closed; nothing where it is dead. */
  close(): Promise<void>;
};

/** Begins a process on the database that the one before left. `isFirst` once in a life. */
export type Boot = (world: World, isFirst: boolean) => Promise<Incarnation>;

/** What a tenant does in two months, with whatever process of Berth lives at the moment. */
class Life {
  readonly world: World;
  #berth!: Incarnation;
  #asked = 0;
  deaths = 0;

  constructor(readonly boot: Boot) {
    this.world = new World(START_MS, new Random(1), calm, async () => {});
  }

  async begin(): Promise<void> {
    this.#berth = await this.boot(this.world, true);
    await this.#alive(() => this.#berth.visit());
  }

  /** A dead process is replaced by the next, on the same database. */
  async #revive(): Promise<void> {
    this.deaths++;
    this.world.lightning.close();
    await this.#berth.close();
    this.#berth = await this.boot(this.world, false);
  }

  /** Tries until no process dies of it. */
  async #alive<T>(act: () => Promise<T>): Promise<T> {
    for (;;) {
      if (this.#berth.isDead) await this.#revive();
      try {
        return await act();
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
      }
    }
  }

  /** Until nothing more happens at this instant. @returns when something is due next. */
  async #settle(): Promise<number> {
    const { agenda } = this.world;
    for (;;) {
      if (await agenda.step()) continue;
      const next = await this.#alive(() => this.#berth.settle());
      if (agenda.nextMs > agenda.now() && !this.#berth.isDead) return next;
    }
  }

  /** Time passes, from one thing that is due to the next. */
  async pass(ms: number): Promise<void> {
    const { agenda } = this.world;
    const end = agenda.now() + ms;
    for (;;) {
      const next = Math.min(await this.#settle(), agenda.nextMs);
      if (next > end) break;
      agenda.moveTo(Math.max(next, agenda.now()));
    }
    agenda.moveTo(end);
    await this.#settle();
  }

  /** Somebody asks until they are answered: the same thing, under the same key. */
  async ask(actor: string, event: { type: string } & Record<string, unknown>): Promise<void> {
    const key = `asked-${++this.#asked}`;
    await this.#alive(() => this.#berth.send(actor, event, key));
    await this.#settle();
  }

  /** Pays every bolt11 that Berth shows. */
  async pay(): Promise<void> {
    const { lightning } = this.world;
    for (const bolt11 of await this.#alive(() => this.#berth.payable())) {
      const shown = lightning.payableOf(bolt11);
      if (shown) lightning.pay(shown);
    }
    await this.#settle();
  }

  async end(): Promise<Remains> {
    const remains = await this.#alive(() => this.#berth.remains());
    await this.#berth.close();
    return remains;
  }
}

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
export async function twoMonths(boot: Boot) {
  const life = new Life(boot);
  await life.begin();
  await life.ask(TILL, order("ra", "basic"));
  await life.ask(TILL, order("rb", "growth"));
  await life.ask(TILL, order("rf", "free"));
  await life.pass(10 * MINUTE_MS);
  await life.pay();
  await life.pass(5 * DAY_MS);
  await life.ask(relayActor("ra"), { type: "EDIT", name: "Frogs" });
  await life.ask(TILL, { type: "CHANGE", relay: "ra", plan: "growth", invoice: "iu" });
  await life.pay();
  // Nobody pays the first renewal until both are suspended; in grace it is written anew.
  await life.pass(26 * DAY_MS);
  await life.ask(TILL, { type: "CHANGE", relay: "rb", plan: "basic", invoice: "ib" });
  await life.pass(HOUR_MS);
  await life.ask(TILL, { type: "CHANGE", relay: "rb", plan: "growth", invoice: "ig" });
  await life.pass(7 * DAY_MS);
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
  const remains = await life.end();
  const { wrong, points } = remains;
  return { state: stateOf(remains, life.world), wrong, points, deaths: life.deaths };
}

/** All that there is at the end; how it came to be known, and which bolt11 or message, may differ. */
function stateOf({ actors, balances }: Remains, world: World): string {
  const kept = actors.map(([id, snapshot]) => {
    const { value, context } = JSON.parse(snapshot);
    const { outcome: _outcome, chargeAt: _chargeAt, ...rest } = context;
    return [id, value, rest];
  });
  const zooid = [...world.zooid.values()].map(({ id, presence }) => [id, presence]).sort();
  const inbox = [...world.inboxes].map(([notice, events]) => [notice, events.size]).sort();
  const which = /"(?:paymentHash|bolt11|text)": "[^"]*"/g;
  return JSON.stringify({ actors: kept, balances, zooid, inbox }, null, 1).replaceAll(which, "");
}

/** The lines of the one that are not in the other. */
export function difference(before: string, after: string): string {
  const [a, b] = [before.split("\n"), after.split("\n")];
  const only = (x: string[], y: string[], sign: string) =>
    x
      .filter((line, i) => line !== y[i])
      .slice(0, 12)
      .map((line) => `${sign} ${line}`);
  return [...only(a, b, "-"), ...only(b, a, "+")].join("\n");
}
