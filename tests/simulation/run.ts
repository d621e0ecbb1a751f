/** One seeded run: a world, people, and Berth in the middle of it, for months. */

import { openDatabase } from "../../db/database.ts";
import type { JournalRow } from "../../db/image.ts";
import { unfolded } from "../../db/patch.ts";
import { relayActor, tenantActor } from "../../machines/addresses.ts";
import { addMonths } from "../../machines/billing/calendar.ts";
import { replayActor } from "../../server/host/replay.ts";
import { checkDesert, checkQuiet, type Expected } from "./invariants.ts";
import {
  act,
  administer,
  needsOperator,
  nextThought,
  type Person,
  payOpen,
  person,
} from "./people.ts";
import { Process } from "./process.ts";
import { Random } from "./random.ts";
import { type Violation, Watcher } from "./watcher.ts";
import { calm, DAY_MS, HOUR_MS, storm, type Weather, World } from "./world.ts";

/** A 31st, so that months are clamped. */
const START_MS = Date.UTC(2027, 0, 31, 12);
const FULL_REPLAYS_MAX = 2;

export type Scenario = { seed: number; months: number; tenants: number };
export type Result = {
  violations: Violation[];
  step: number;
  transitions: number;
  crashes: number;
  /** How often each transition was taken. */
  taken: Record<string, number>;
  /** The last journal lines of whom the first violation concerns. */
  story: string[];
};

/** A violation ends the run. */
class Violated extends Error {}

export async function run(scenario: Scenario): Promise<Result> {
  return new Simulation(scenario).run();
}

export class Simulation {
  readonly random: Random;
  readonly world: World;
  readonly watcher: Watcher;
  readonly expected: Expected = { quotes: new Map(), renewals: new Map(), faithful: new Map() };
  readonly violations: Violation[] = [];
  readonly #db = openDatabase(":memory:");
  readonly #people: Person[] = [];
  #process: Process;
  #downUntil: number | null = null;
  #crashes = 0;
  #replays = 0;
  step = 0;

  constructor(readonly scenario: Scenario) {
    this.random = new Random(scenario.seed);
    const weather: Weather = this.random.pick([calm, storm, storm, mild]);
    this.world = new World(START_MS, this.random, weather, () => this.#process.host.drained());
    this.watcher = new Watcher(this.#db, this.world, this.expected);
    this.#process = new Process(this.#db, this.world);
  }

  get isUp(): boolean {
    return this.#downUntil === null;
  }

  /** Whether something that is due has not happened yet. */
  async isDue(): Promise<boolean> {
    return (await this.#process.host.store.dueAlarms(this.world.agenda.now(), 1)).length > 0;
  }

  violate(what: string, scope: string): void {
    this.violations.push({ what, scope });
  }

  async command(actor: string, event: { type: string }, by: string): Promise<boolean> {
    const isTaken = await this.#process.command(actor, event, by);
    this.#look();
    return isTaken;
  }

  async run(): Promise<Result> {
    const { months, tenants } = this.scenario;
    try {
      for (let n = 0; n < tenants; n++) await this.#arrive(person(this));
      this.#faults();
      const end = addMonths(START_MS, months);
      await this.#until(end);
      await this.#ending(end);
    } catch (error) {
      if (!(error instanceof Violated)) this.violate(`${(error as Error).stack}`, "");
    }
    const result = {
      violations: this.violations,
      step: this.step,
      transitions: this.watcher.transitions,
      crashes: this.#crashes,
      taken: this.watcher.taken,
      story: this.violations[0] ? this.#story(this.violations[0]) : [],
    };
    this.#db.close();
    return result;
  }

  async #arrive(who: Person): Promise<void> {
    this.#people.push(who);
    const { pubkey } = who;
    await this.#process.host.transact(pubkey, (tx) =>
      tx.create(tenantActor(pubkey), "tenant", { pubkey }, { cause: "http", by: pubkey }),
    );
    this.#look();
    const { agenda } = this.world;
    const again = async (): Promise<void> => {
      agenda.at(nextThought(this, who), again);
      if (this.isUp) await act(this, who);
      else payOpen(this, who, who.pays / 4);
    };
    agenda.in(this.random.wait(10 * DAY_MS), again);
    const admin = async (): Promise<void> => {
      agenda.in(this.random.wait(25 * DAY_MS), admin);
      if (this.isUp) await administer(this, who);
    };
    agenda.in(this.random.wait(25 * DAY_MS), admin);
  }

  /** Outages begin and end; a look-up every now and then. */
  #faults(): void {
    const { world, random } = this;
    const { agenda, lightning } = world;
    /** Mostly short; now and then longer than any period and its grace. */
    const lengthMs = (): number =>
      random.chance(0.15)
        ? random.between(7, 60) * DAY_MS
        : random.wait(random.pick([HOUR_MS, DAY_MS, 6 * DAY_MS]));
    const outage = (probability: number, everyMs: number, begin: () => void, end: () => void) => {
      if (probability === 0) return;
      let endsAt = 0;
      const again = (): void => {
        agenda.in(random.wait(everyMs), again);
        begin();
        world.trouble(agenda.now());
        const length = lengthMs();
        endsAt = Math.max(endsAt, agenda.now() + length);
        agenda.in(length, () => {
          // A longer one that began before goes on.
          if (agenda.now() < endsAt) return;
          end();
          world.trouble(agenda.now());
        });
      };
      agenda.in(random.wait(everyMs), again);
    };
    outage(
      world.weather.ourWalletDown,
      25 * DAY_MS,
      () => {
        lightning.isDown = true;
      },
      () => {
        lightning.isDown = false;
      },
    );
    outage(
      world.weather.zooidDown,
      25 * DAY_MS,
      () => {
        world.isZooidDown = true;
      },
      () => {
        world.isZooidDown = false;
      },
    );
    if (world.weather.downtime > 0) {
      const down = async (): Promise<void> => {
        agenda.in(random.wait(60 * DAY_MS), down);
        await this.#crash(agenda.now() + lengthMs());
      };
      agenda.in(random.wait(60 * DAY_MS), down);
    }
    const look = async (): Promise<void> => {
      agenda.in(random.wait(8 * HOUR_MS), look);
      if (!this.isUp) return;
      await this.#lookUp();
      if (random.chance(world.weather.zooidDown * 0.005)) world.zooid.clear();
      await this.#patrol();
    };
    agenda.in(HOUR_MS, look);
  }

  async #lookUp(): Promise<void> {
    const { lightning, looks, agenda } = this.world;
    if (!lightning.isDown) looks.push(agenda.now());
    await this.#process.watch.tick();
  }

  /** The patrol finds relays that zooid does not serve. */
  async #patrol(): Promise<void> {
    const { zooid, agenda, isZooidDown } = this.world;
    if (isZooidDown) return;
    for (const { id } of await this.#process.queries.relays.served.after("", 1e6)) {
      if (zooid.get(id)?.presence === "live") continue;
      const scope = (await this.#process.host.store.scopeOf(relayActor(id))) ?? "";
      await this.#process.host.deliver(scope, (run) =>
        run.deliver(relayActor(id), { type: "DRIFTED" }, agenda.now(), "result", {
          cause: "patrol",
          by: null,
          reason: null,
        }),
      );
    }
  }

  /** From instant to instant, and within one in any order. */
  async #until(endMs: number): Promise<void> {
    const { agenda } = this.world;
    for (;;) {
      if (this.#downUntil !== null && this.#downUntil <= agenda.now()) await this.#boot();
      if (await this.#stepOnce()) continue;
      const wakes = this.#downUntil ?? (await this.#process.nextMs());
      const next = Math.max(Math.min(wakes, agenda.nextMs), agenda.now());
      if (next > endMs) break;
      if (next === agenda.now() && wakes <= next && this.isUp && !(await this.#canStep()))
        throw new Error(`nothing is possible at ${next}`);
      agenda.moveTo(next);
    }
    agenda.moveTo(endMs);
  }

  async #canStep(): Promise<boolean> {
    const { agenda } = this.world;
    return (await this.#process.possible()).length > 0 || agenda.nextMs <= agenda.now();
  }

  /** @returns false when nothing more can happen at this instant. */
  async #stepOnce(): Promise<boolean> {
    const { agenda, weather } = this.world;
    const steps = this.isUp ? await this.#process.possible() : [];
    if (agenda.nextMs <= agenda.now()) steps.push(() => agenda.step());
    if (steps.length === 0) return false;
    this.step++;
    await this.random.pick(steps)();
    // A notification is nobody's step, and is taken in before the next one.
    await this.#process.arrived();
    this.#look();
    if (this.isUp && this.random.chance(weather.crash)) await this.#crash(agenda.now());
    return true;
  }

  #look(): void {
    this.violations.push(...this.watcher.look());
    for (const what of this.#process.defects.splice(0)) this.violate(what, "");
    if (this.violations.length > 0) throw new Violated();
  }

  async #crash(untilMs: number): Promise<void> {
    if (!this.isUp) return;
    this.#process.kill();
    this.#crashes++;
    this.#downUntil = untilMs;
    if (untilMs > this.world.agenda.now()) this.world.trouble(untilMs);
    if (this.#replays++ < FULL_REPLAYS_MAX) await this.#replay();
  }

  async #boot(): Promise<void> {
    this.#downUntil = null;
    this.#process = new Process(this.#db, this.world);
    await this.#process.start();
  }

  async #replay(): Promise<void> {
    for (const actor of this.watcher.seen.values())
      for (const what of await replayActor(this.#process.host, actor.id))
        this.violate(what, actor.scope);
    if (this.violations.length > 0) throw new Violated();
  }

  /** The weather clears up and nobody does anything any more: everything must come to rest. */
  async #ending(endMs: number): Promise<void> {
    const { world } = this;
    if (!this.isUp) await this.#boot();
    world.clearUp();
    this.#people.length = 0;
    for (const [pubkey, wallet] of world.wallets) {
      wallet.isConnected = false;
      await this.command(tenantActor(pubkey), { type: "WALLET_CLEARED" }, pubkey);
    }
    world.agenda.clear();
    this.expected.faithful.clear();
    const retry = { type: "admin.retry", reason: "" };
    const look = async (): Promise<void> => {
      world.agenda.in(12 * HOUR_MS, look);
      await this.#lookUp();
      await this.#patrol();
      for (const actor of this.watcher.seen.values())
        if (needsOperator(actor)) await this.command(actor.id, retry, "admin");
    };
    world.agenda.in(0, look);
    await this.#until(endMs + 3 * DAY_MS);
    await this.#rest();
    await this.#until(endMs + 150 * DAY_MS);
    await this.#rest();
    for (const what of checkDesert(this.watcher)) this.violate(what, scopeIn(what));
    await this.#replay();
  }

  async #rest(): Promise<void> {
    for await (const what of checkQuiet(this.watcher, this.#process.queries))
      this.violate(what, scopeIn(what));
    const { store } = this.#process.host;
    for (const alarm of await store.heldAlarms())
      this.violate(`${alarm.name} is held`, alarm.actor);
    for (const row of await store.stuckWork()) this.violate(`${row.key} is stuck`, row.actor);
    if (this.violations.length > 0) throw new Violated();
  }

  #story({ scope }: Violation): string[] {
    const rows = this.#db.sqlite
      .prepare<JournalRow, [string]>("SELECT * FROM journal WHERE scope = ? ORDER BY seq")
      .all(scope);
    return unfolded(rows)
      .slice(-80)
      .map(({ at, actor, event, snapshot, cause }) => {
        const { value } = JSON.parse(snapshot) as { value: unknown };
        const said = `${actor} ${event.slice(0, 700)} (${cause}) → ${JSON.stringify(value)}`;
        return `${new Date(at).toISOString().slice(0, 19)} ${readable(said)}`;
      });
  }
}

const mild: Weather = { ...storm, crash: 0.002, ourWalletDown: 0, zooidDown: 0, downtime: 0 };

/** The tenant that a sentence names. */
const scopeIn = (what: string): string => /\b[0-9a-f]{64}\b/.exec(what)?.[0] ?? "";

/** Ids cut short and times in words, as a reader needs them. */
const readable = (text: string): string =>
  text
    .replace(/\b([ri]?)([0-9a-f]{6})[0-9a-f]{10,}/g, "$1$2")
    .replace(/\b1[89]\d{11}\b/g, (ms) => new Date(Number(ms)).toISOString().slice(0, 19))
    .replace(/"(tenant|actorId|name|description|subdomain|schema)":"[^"]*",?/g, "")
    .replaceAll("xstate.", "")
    .replaceAll('"', "");
