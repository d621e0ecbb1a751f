/** Looks at every commit: each transition again, and what must hold of all it touched. */
import type { Db } from "../../db/database.ts";
import { sortedJson, unfold } from "../../db/patch.ts";
import { invoiceActor, relayActor, tenantActor } from "../../machines/addresses.ts";
import { statusOf } from "../../machines/describe.ts";
import { machines } from "../../machines/index.ts";
import type { InvoiceContext } from "../../machines/invoice/context.ts";
import type { TenantContext } from "../../machines/tenant/context.ts";
import { CREATED } from "../../server/host/run.ts";
import { decide, decideFirst, type PersistedSnapshot, restore } from "../../server/host/xstate.ts";
import { Books } from "./books.ts";
import { checkScope, checkStep, type Expected } from "./invariants.ts";
import type { World } from "./world.ts";

/** An actor as it was last committed. */
export type Seen = {
  id: string;
  machine: keyof typeof machines;
  scope: string;
  value: unknown;
  context: unknown;
  /** Its whole snapshot, as stored. */
  stored: object;
};
/** One transition. `before` is null for an actor's first. */
export type Step = {
  actor: string;
  at: number;
  event: { type: string };
  before: Seen | null;
  after: Seen;
};
export type Violation = { what: string; scope: string };

type Row = {
  seq: number;
  scope: string;
  actor: string;
  at: number;
  event: string;
  snapshot: string | null;
  patch: string | null;
};
type Settled = { tenant: string; sats: number };

export class Watcher {
  readonly seen = new Map<string, Seen>();
  /** Open invoices and relays of each tenant. */
  readonly relays = new Map<string, Set<string>>();
  readonly open = new Map<string, Set<string>>();
  /** When each relay last became active. */
  readonly activeSince = new Map<string, number>();
  /** By relay and date: how long it ran unpaid with a bill that could be paid, and since when it does. */
  readonly unpaid = new Map<string, { ms: number; since: number | null }>();
  readonly books: Books;
  readonly #newRows;
  readonly #settledOf;
  #lastSeq = 0;
  transitions = 0;
  /** How often each machine took each event, and in which state it was then. */
  readonly taken: Record<string, number> = {};

  constructor(
    db: Db,
    readonly world: World,
    readonly expected: Expected,
  ) {
    this.books = new Books(db);
    this.#newRows = db.sqlite.prepare<Row, [number]>(
      "SELECT rowid AS seq, scope, actor, at, event, snapshot, patch FROM journal WHERE rowid > ? ORDER BY rowid",
    );
    this.#settledOf = db.sqlite.prepare<Settled, [string]>(
      `SELECT invoices.tenant AS tenant, coalesce(sum(settled_amount), 0) AS sats
       FROM bolt11s JOIN invoices ON invoices.id = bolt11s.invoice WHERE invoices.tenant = ?`,
    );
  }

  tenant(pubkey: string): TenantContext {
    return this.seen.get(tenantActor(pubkey))!.context as TenantContext;
  }

  /** What the commits since the last look did wrong. */
  *look(): Generator<Violation> {
    const touched = new Set<string>();
    for (const row of this.#newRows.all(this.#lastSeq)) {
      this.#lastSeq = row.seq;
      this.transitions++;
      touched.add(row.scope);
      const step = this.#read(row);
      const { machine } = step.after;
      const what = `${machine} ${step.event.type} → ${JSON.stringify(step.after.value)}`;
      this.taken[what] = (this.taken[what] ?? 0) + 1;
      const say = (what: string): Violation => ({
        what: `${row.actor}: ${what}`,
        scope: row.scope,
      });
      if (!isRepeated(row, step)) yield say("its stored state is not what its event makes");
      if (step.after.machine === "tenant")
        for (const what of this.books.checkPaid(step)) yield say(what);
      for (const what of checkStep(step, this)) yield say(what);
    }
    const moved = this.books.read();
    if (touched.size === 0 && moved.size === 0) return;
    for (const scope of touched) {
      const say = (what: string): Violation => ({ what, scope });
      const actors = [scope, ...(this.open.get(scope) ?? [])];
      void actors;
      for (const what of checkScope(scope, this)) yield say(what);
      const settled = this.#settledOf.get(scope)?.sats ?? 0;
      for (const what of this.books.checkTenant(scope, this.tenant(scope), settled))
        yield say(what);
      const accounts = [tenantActor(scope), ...this.#accountsOf(scope), ...moved];
      for (const what of this.books.checkAccounts(accounts, this.seen)) yield say(what);
    }
  }

  #accountsOf(scope: string): string[] {
    return [...(this.open.get(scope) ?? [])].map(invoiceActor);
  }

  #read(row: Row): Step {
    const before = this.seen.get(row.actor) ?? null;
    const present = unfold(before?.stored, row) as { value: unknown; context: unknown };
    const { value, context } = present;
    const machine = row.actor.split("/")[0] as keyof typeof machines;
    const after: Seen = {
      id: row.actor,
      machine,
      scope: row.scope,
      value,
      context,
      stored: present,
    };
    this.seen.set(row.actor, after);
    if (machine === "relay" && !before)
      setOf(this.relays, row.scope).add((context as { id: string }).id);
    if (machine === "invoice") {
      const { id, bolt11 } = context as InvoiceContext;
      const shown = bolt11 && this.world.lightning.payables.get(bolt11.paymentHash);
      if (shown) shown.isShown = true;
      if (statusOf(value) === "pending") setOf(this.open, row.scope).add(id);
      else setOf(this.open, row.scope).delete(id);
    }
    const event = JSON.parse(row.event) as { type: string };
    return { actor: row.actor, at: row.at, event, before, after };
  }

  relay(id: string): Seen | undefined {
    return this.seen.get(relayActor(id));
  }

  invoice(id: string): Seen | undefined {
    return this.seen.get(invoiceActor(id));
  }
}

/** Stored state + event = new state. */
function isRepeated({ at, event: json }: Row, { before, after }: Step): boolean {
  const machine = machines[after.machine];
  const event = JSON.parse(json) as { type: string; input?: unknown };
  const decision =
    event.type === CREATED || before === null
      ? decideFirst(machine, event.input, at)
      : decide(machine, restore(machine, before.stored as PersistedSnapshot), event, at);
  return sortedJson(decision.persisted) === sortedJson(after.stored);
}

function setOf(map: Map<string, Set<string>>, key: string): Set<string> {
  let set = map.get(key);
  if (!set) {
    set = new Set();
    map.set(key, set);
  }
  return set;
}
