/**
 * The machines together in memory: what the host does with a decision, without its database.
 * Tells are delivered depth-first, an actor's own alarms before anything later, and work waits until
 * somebody performs it.
 */
import { type MachineName, machines } from "../../../machines/index.ts";
import {
  answer,
  type Decision,
  type Door,
  decide,
  decideFirst,
  type HostEvent,
  hydrate,
  type Output,
} from "../../../server/host/xstate.ts";

export type Actor = {
  machine: MachineName;
  snapshot: string;
  value: unknown;
  context: unknown;
  at: number;
  alarms: Map<string, number>;
};

/** Work that a state waits for; `answer` is there once it was performed. */
export type Work = {
  actor: string;
  invoke: string;
  input: unknown;
  src: string;
  answer?: HostEvent;
};

/** A step of one actor, as whoever watches the star sees it. */
export type Moved = { id: string; before: Actor | null; after: Actor };

const DELIVERIES_MAX = 500;

export class Star {
  readonly actors = new Map<string, Actor>();
  readonly work = new Map<string, Work>();
  /** Sats of every account of the ledger. */
  readonly balances = new Map<string, number>();
  /** Every output so far, oldest first, for whoever counts something. */
  readonly outputs: { from: string; output: Output }[] = [];
  /** Every step so far, oldest first. */
  readonly moves: Moved[] = [];
  #deliveries = 0;

  constructor(public nowMs: number) {}

  /** A person asks. @returns whether anything was done. */
  send(id: string, event: HostEvent): boolean {
    this.#deliveries = 0;
    return this.#deliver(id, event, this.nowMs, "command");
  }

  create(id: string, machine: MachineName, input: unknown): void {
    this.#create(id, machine, input, this.nowMs);
  }

  /** Delivers the answer of performed work; of work whose state was left it drops. */
  finish(work: Work): void {
    const key = keyOf(work.actor, work.invoke);
    if (this.work.get(key) !== work || !work.answer) return;
    this.work.delete(key);
    this.#deliveries = 0;
    this.#deliver(work.actor, work.answer, this.nowMs, "result");
  }

  /** Moves time, stopping at every alarm that falls due. */
  advance(ms: number): void {
    const until = this.nowMs + ms;
    for (;;) {
      const due = [...this.actors]
        .flatMap(([id, { alarms }]) => [...alarms].map(([name, dueAt]) => ({ id, name, dueAt })))
        .filter(({ dueAt }) => dueAt <= until)
        .sort((a, b) => a.dueAt - b.dueAt || (a.id + a.name < b.id + b.name ? -1 : 1));
      const [next] = due;
      if (!next) break;
      this.nowMs = Math.max(this.nowMs, next.dueAt);
      this.#deliveries = 0;
      this.#fire(next.id, next.name, next.dueAt);
    }
    this.nowMs = until;
  }

  actor(id: string): Actor {
    const actor = this.actors.get(id);
    if (!actor) throw new Error(`there is no ${id}`);
    return actor;
  }

  balance(account: string): number {
    return this.balances.get(account) ?? 0;
  }

  #fire(id: string, name: string, dueAt: number): void {
    this.#deliver(id, { type: name }, dueAt, "alarm");
    if (this.actor(id).alarms.get(name) === dueAt)
      throw new Error(`${name} of ${id} fired and its deadline still stands`);
  }

  #deliver(id: string, event: HostEvent, askedMs: number, door: Door): boolean {
    if (++this.#deliveries > DELIVERIES_MAX) throw new Error(`${event.type} has no end`);
    const at = Math.max(askedMs, this.actor(id).at);
    while (door !== "alarm") {
      const due = [...this.actor(id).alarms].filter(([, dueAt]) => dueAt <= at);
      const [first] = due.sort(([, a], [, b]) => a - b);
      if (!first) break;
      this.#fire(id, ...first);
    }
    const actor = this.actor(id);
    const machine = machines[actor.machine];
    const before = hydrate(machine, actor.snapshot);
    const answered = answer(machine, before, event, at);
    if (door === "tell" && answered === "unanswered")
      throw new Error(`${id} does not answer ${event.type} in ${JSON.stringify(actor.value)}`);
    if (answered !== "enabled") return false;
    this.#store(id, actor.machine, decide(machine, before, event, at), at);
    return true;
  }

  #create(id: string, machine: MachineName, input: unknown, at: number, once = false): void {
    if (once && this.actors.has(id)) return;
    if (this.actors.has(id)) throw new Error(`${id} exists`);
    this.#store(id, machine, decideFirst(machines[machine], input, at), at);
  }

  #store(id: string, machine: MachineName, decision: Decision, at: number): void {
    const { snapshot, persisted, alarms, outputs } = decision;
    const { value, context } = persisted;
    const after = { machine, snapshot, value, context, at, alarms };
    this.moves.push({ id, before: this.actors.get(id) ?? null, after });
    this.actors.set(id, after);
    for (const invoke of decision.stopped) this.work.delete(keyOf(id, invoke));
    for (const { invoke, src, input } of decision.started)
      this.work.set(keyOf(id, invoke), { actor: id, invoke, src, input });
    for (const output of outputs) this.#keepBooks(id, output);
    for (const output of outputs) {
      if (output.type === "tell") this.#deliver(output.tell.to, output.tell.event, at, "tell");
      else if (output.type === "create")
        this.#create(
          output.create.id,
          output.create.machine as MachineName,
          output.create.input,
          at,
          output.create.once,
        );
    }
  }

  #keepBooks(id: string, output: Output): void {
    this.outputs.push({ from: id, output });
    if (output.type === "tell") this.#move(id, output.tell.to, output.tell.sats ?? 0);
    else if (output.type === "create") this.#move(id, output.create.id, output.create.sats ?? 0);
    else if (output.post.fact === "ledger")
      this.#move(output.post.from, output.post.to, output.post.sats);
  }

  #move(from: string, to: string, sats: number): void {
    this.balances.set(from, this.balance(from) - sats);
    this.balances.set(to, this.balance(to) + sats);
  }
}

const keyOf = (actor: string, invoke: string): string => `${actor}/${invoke}`;
