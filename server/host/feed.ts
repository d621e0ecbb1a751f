import { randomBytes } from "node:crypto";
import type { Changed } from "../../db/image.ts";
import type { Host } from "./host.ts";
import type { PersistedSnapshot } from "./xstate.ts";

/**
 * One revision of one actor, for whoever shows it. The highest `rev` per actor is the present, so a
 * gap, a duplicate or a reorder does no harm. `snapshot` is value and context alone.
 */
export type FeedEntry = {
  /** The revision of the scope that it made, or at which it was read. */
  seq: number;
  actor: string;
  machine: string;
  version: string;
  rev: number;
  /** Logical epoch ms. */
  at: number;
  by: string | null;
  snapshot: { value: unknown; context: unknown };
};

const PAGE = 200;

/** A bell and a query: the bell says that something changed in a scope, the query says what. */
export class Feed {
  readonly #bells = new Map<string, Set<() => void>>();
  readonly #unsubscribe: () => void;
  /**
   * Of this process: a database that was migrated, restored or moved counts anew, and all of that
   * takes another process. What an earlier one gave out begins with the present.
   */
  readonly #epoch = randomBytes(4).toString("hex");

  constructor(readonly host: Host) {
    this.#unsubscribe = host.onCommit(({ scope, actors }) => {
      if (actors.length > 0) for (const ring of this.#bells.get(scope) ?? []) ring();
    });
  }

  close(): void {
    this.#unsubscribe();
    this.#bells.clear();
  }

  /** Calls `ring` after each commit that changed something in `scope`. @returns unsubscribe. */
  subscribe(scope: string, ring: () => void): () => void {
    const bells = this.#bells.get(scope) ?? new Set();
    this.#bells.set(scope, bells.add(ring));
    return () => {
      bells.delete(ring);
      if (bells.size === 0) this.#bells.delete(scope);
    };
  }

  /** What a reader sends back to go on after `seq`. */
  idOf(seq: number): string {
    return `${this.#epoch}.${seq}`;
  }

  /** Where in `scope` an id goes on; null where it cannot. */
  async seqOf(id: string, scope: string): Promise<number | null> {
    const [epoch, seq] = id.split(".");
    if (epoch !== this.#epoch) return null;
    return Number(seq) > (await this.host.store.revision(scope)) ? null : Number(seq);
  }

  /** Every actor of a scope as it is now, under the seq from which {@link since} goes on. */
  async present(scope: string): Promise<{ seq: number; entries: FeedEntry[] }> {
    const { store } = this.host;
    // The revision first: what comes in between is told again, which does no harm.
    const seq = await store.revision(scope);
    const entries = (await store.scopeActors(scope)).map((row) => ({
      seq,
      actor: row.id,
      machine: row.machine,
      version: row.version,
      rev: row.rev,
      at: row.at,
      by: null,
      snapshot: publicSnapshot(row.snapshot),
    }));
    return { seq, entries };
  }

  /** What changed in a scope after `seq`, each actor once and as it is now, in order, at most a page. */
  async since(scope: string, seq: number): Promise<FeedEntry[]> {
    const changed = await this.host.store.changedSince(scope, seq, PAGE);
    return changed.map((row) => this.#entry(row));
  }

  #entry(row: Changed): FeedEntry {
    return {
      seq: row.seq,
      actor: row.id,
      machine: row.machine,
      version: row.version,
      rev: row.rev,
      at: row.at,
      // A tenant may see that it was themselves, never which key of the operator's.
      by: row.by === row.scope ? row.by : row.by && "operator",
      snapshot: publicSnapshot(row.snapshot),
    };
  }
}

function publicSnapshot(json: string): FeedEntry["snapshot"] {
  const { value, context } = JSON.parse(json) as PersistedSnapshot;
  return { value, context };
}
