/** What is the matter with zooid as a whole, as our own code. */
export type ZooidTrouble =
  | "zooid_down"
  | "zooid_not_serving"
  | "zooid_unauthorized"
  | "zooid_forbidden"
  | "zooid_api_off";

/** What a signed question to zooid's API comes to. */
export type ApiState = "ok" | Exclude<ZooidTrouble, "zooid_not_serving">;

/** What is the matter, and since when (epoch ms); null where nothing is. */
export type Trouble<Code extends string = string> = { code: Code; since: number } | null;

/** So many relays that zooid took but does not serve are no accident any more; or one, for so long. */
const UNSERVED = { relays: 3, ms: 120_000 };

/**
 * What is known of zooid, kept in memory: whether it answers, whether its API lets us in, and which
 * relays it does not serve although it took them. Everybody who talks to zooid reports here; whoever
 * shows a relay or the state of the whole reads here. It is found out anew within a minute of a start.
 */
export class Pulse {
  #downSince: number | null = null;
  #outages = 0;
  #upSinceRealMs = Number.NEGATIVE_INFINITY;
  #api: { state: ApiState; since: number } | null = null;
  /** By relay: what is the matter with it alone, and since when zooid has taken but not served it. */
  readonly #relays = new Map<string, { code: string; since: number; unserved: number | null }>();
  readonly #listeners = new Set<() => void>();

  /** @param now - epoch ms, in the time that people see */
  constructor(readonly now: () => number) {}

  /** Zooid as a whole answered. */
  answered(): void {
    if (this.#downSince === null) return;
    this.#downSince = null;
    this.#upSinceRealMs = performance.now();
    this.#changed();
  }

  /** Zooid as a whole did not answer. */
  missed(): void {
    if (this.#downSince !== null) return;
    this.#downSince = this.now();
    this.#outages++;
    this.#changed();
  }

  /** How often it began not to answer; who compares learns of one that somebody else met. */
  get outages(): number {
    return this.#outages;
  }

  /** For how long it has answered, as far as anybody asked; real time. */
  get upForMs(): number {
    return this.#downSince === null ? performance.now() - this.#upSinceRealMs : 0;
  }

  apiIs(state: ApiState): void {
    if (this.#api?.state === state) return;
    this.#api = { state, since: this.now() };
    this.#changed();
  }

  /** What the API said last; null before it was asked. */
  get api(): ApiState | null {
    return this.#api?.state ?? null;
  }

  /** One relay is not as it should be. */
  relayIs(id: string, code: string): void {
    const known = this.#relays.get(id);
    if (known?.code === code) return;
    const since = known?.since ?? this.now();
    this.#relays.set(id, { code, since, unserved: known?.unserved ?? null });
    this.#changed();
  }

  /** Zooid took this relay, yet does not serve it. */
  unserved(id: string): void {
    const known = this.#relays.get(id);
    const since = known?.since ?? this.now();
    const unserved = known?.unserved ?? this.now();
    this.#relays.set(id, { code: "zooid_not_live", since, unserved });
    this.#changed();
  }

  /**
   * A relay is as it should be, or should not be there.
   *
   * @param isNews - it became so just now, which proves that zooid loads what it takes
   */
  relayIsWell(id: string, isNews: boolean): void {
    const had = this.#relays.delete(id);
    if (isNews) for (const relay of this.#relays.values()) relay.unserved = null;
    if (had) this.#changed();
  }

  /** What is the matter with one relay: where it should run, first of all with zooid. */
  troubleOf(id: string, shouldRun: boolean): Trouble {
    const known = this.#relays.get(id);
    const outage = shouldRun ? this.outage() : null;
    return outage ?? (known ? { code: known.code, since: known.since } : null);
  }

  /** Relays with a trouble of their own. */
  get troubled(): ReadonlyMap<string, { code: string; since: number }> {
    return this.#relays;
  }

  /** Why no relay can be as it should be; null where that is not so. */
  outage(): Trouble<ZooidTrouble> {
    if (this.#downSince !== null) return { code: "zooid_down", since: this.#downSince };
    const unserved = [...this.#relays.values()].flatMap((relay) => relay.unserved ?? []);
    const since = Math.min(...unserved);
    if (unserved.length >= UNSERVED.relays || this.now() - since >= UNSERVED.ms)
      return { code: "zooid_not_serving", since };
    return null;
  }

  /** What the operator must see to; running relays may not be concerned at all. */
  trouble(): Trouble<ZooidTrouble> {
    const outage = this.outage();
    if (outage !== null || this.#api === null || this.#api.state === "ok") return outage;
    return { code: this.#api.state, since: this.#api.since };
  }

  /** Something else that is told with it changed. */
  touch(): void {
    this.#changed();
  }

  /** Calls `listener` whenever any of it may have changed. @returns unsubscribe */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
