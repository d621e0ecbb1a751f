import { setTimeout as sleep } from "node:timers/promises";
import { Unavailable } from "../errors.ts";
import type { ZooidClient } from "./client.ts";
import type { Pulse } from "./pulse.ts";
import { type Verdict, verdictOn, type Wanted } from "./verdict.ts";
import type { RelayInfo } from "./virtual-relay.ts";

const CONCURRENCY = 8;
/** So many at once, where everybody is looked at. */
const PAGE = 200;
/** Of relays whose owners look at their pages now, so many each time. */
const WATCHED_MAX = 40;
/** What is as unwanted as it was when it was last written is not written again before. */
const AGAIN_MS = 3_600_000;
/** How often zooid's API is asked whether it lets us in. */
const PROBE_MS = 60_000;

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

type Place = { id: string; host: string };

/** A part of the fleet, in order of id. */
export type Beat = {
  /** At most `limit`, those after an id. */
  after(id: string, limit: number): Promise<Place[]>;
  count(): Promise<number>;
};

/** Watches that zooid serves what it should and nothing else, by real time. */
export interface Patrol {
  /**
   * Looks at the next few, and once one relay is lost for sure, or is served and must not be, at all
   * like it. Joins a tick that is under way. A zooid that cannot be reached is no drift.
   */
  tick(signal: AbortSignal): Promise<void>;
  /** Looks at everybody once. */
  round(signal: AbortSignal): Promise<void>;
  /** Ticks every `intervalMs` until stopped. */
  start(): void;
  /** Cuts a running tick short. @returns when it has ended. */
  stop(): Promise<void>;
}

export type PatrolOptions = {
  zooid: Pick<ZooidClient, "look" | "isUp" | "probeApi">;
  pulse: Pulse;
  /** Relays that should be served. Each is looked at within a minute, of a fleet of up to 1,000; within an hour of any. */
  served: Beat;
  /** Relays that must not be served: within an hour. */
  dark: Beat;
  /** Relays whose owners are looking, also looked at within a minute. */
  watched?: () => Promise<Place[]>;
  /** Null: it is not to be compared now, as what it should be is being applied. */
  wanted: (id: string) => Promise<Wanted | null>;
  /** Zooid does not hold it as it should. */
  onDrift: (id: string) => void;
  /** Its words were changed over NIP-86. @param over - what they were */
  onNews: (id: string, info: RelayInfo, over: RelayInfo) => void;
  intervalMs?: number;
  /** What is wrong counts only if it still is after this long: zooid answers 404 for a moment after each reload. */
  recheckMs?: number;
  /** A tick failed of something else than an unreachable zooid. */
  onError?: (error: unknown) => void;
};

/** How many of `count` are looked at every `intervalMs`, so that all are within a minute or an hour. */
export function batchOf(count: number, intervalMs: number, within: "minute" | "hour"): number {
  // A little faster than promised, for ticks that take a while.
  const perMinute = Math.min(count, 1_000) * 1.25;
  const perMs =
    within === "minute"
      ? Math.max(perMinute / MINUTE_MS, (count * 1.25) / HOUR_MS)
      : (count * 1.25) / HOUR_MS;
  return Math.ceil(perMs * intervalMs);
}

/**
 * A relay that zooid lost answers 404 and nothing tells us: zooid has no list to read. One lost relay
 * often means that all are (its config directory was wiped), and one that came back unasked that a
 * backup was restored; hence the full rounds.
 */
export function createPatrol(o: PatrolOptions): Patrol {
  const { pulse, intervalMs = 5_000, recheckMs = 1_000, onError = console.error } = o;
  const beats = {
    served: { beat: o.served, within: "minute" as const, cursor: "", count: 0 },
    dark: { beat: o.dark, within: "hour" as const, cursor: "", count: 0 },
  };
  let watchedFrom = 0;
  let probedAtMs = Number.NEGATIVE_INFINITY;
  /** What was already told of, and when. */
  const told = new Map<string, { how: string; atMs: number }>();
  let running: Promise<void> | null = null;
  let timer: ReturnType<typeof setInterval> | undefined;
  let stopping = new AbortController();

  /** The next few of a beat; counted anew each time that it begins. */
  async function next(which: keyof typeof beats): Promise<Place[]> {
    const at = beats[which];
    if (at.cursor === "") at.count = await at.beat.count();
    const limit = Math.max(1, batchOf(at.count, intervalMs, at.within));
    const places = await at.beat.after(at.cursor, limit);
    at.cursor = places.length < limit ? "" : (places.at(-1)?.id ?? "");
    return places;
  }

  async function nextWatched(): Promise<Place[]> {
    const all = (await o.watched?.()) ?? [];
    if (watchedFrom >= all.length) watchedFrom = 0;
    const some = all.slice(watchedFrom, watchedFrom + WATCHED_MAX);
    watchedFrom += some.length;
    return some;
  }

  type Finding = Place & { wanted: Wanted; verdict: Verdict };

  /** Looks at each, and has what is found dealt with at once: a moment later it may not be so any more. */
  async function inspect(
    places: readonly Place[],
    signal: AbortSignal,
    deal: (finding: Finding) => void,
  ): Promise<void> {
    const queue = places.values();
    const failed = new AbortController();
    const either = AbortSignal.any([signal, failed.signal]);
    const look = async (): Promise<void> => {
      // The workers share one iterator, so each relay is looked at once.
      for (const { id, host } of queue) {
        const shown = await o.zooid.look(host, either);
        // Asked after the look: what is wanted may have changed while it was under way.
        const wanted = await o.wanted(id);
        if (wanted) deal({ id, host, wanted, verdict: verdictOn(wanted, shown) });
      }
    };
    try {
      await Promise.all(Array.from({ length: Math.min(CONCURRENCY, places.length) }, look));
    } finally {
      // One that fails ends the others too; they would go on into the next tick.
      failed.abort();
    }
  }

  /** Tells of what is found, and of what is wrong if it still is a moment later. @returns what was wrong */
  async function report(places: readonly Place[], signal: AbortSignal): Promise<Set<string>> {
    const suspects: Finding[] = [];
    await inspect(places, signal, (finding) => {
      const { id, wanted, verdict } = finding;
      if (verdict.is === "news") o.onNews(id, verdict.info, wanted.words);
      if (verdict.is === "news" || verdict.is === "well") {
        told.delete(id);
        pulse.relayIsWell(id, false);
      } else suspects.push(finding);
    });
    const wrong = new Set<string>();
    if (suspects.length === 0) return wrong;
    await sleep(recheckMs, undefined, { signal }).catch(() => {});
    await inspect(suspects, signal, ({ id, verdict }) => {
      if (verdict.is === "well" || verdict.is === "news") return;
      wrong.add(verdict.is);
      const how = verdict.is === "different" ? verdict.how : verdict.is;
      pulse.relayIs(id, TROUBLE[verdict.is]);
      const before = told.get(id);
      const isAgain = before?.how === how && performance.now() - before.atMs < AGAIN_MS;
      // What is lost or must not run is written as often as it is found.
      if (isAgain && verdict.is === "different") return;
      told.set(id, { how, atMs: performance.now() });
      o.onDrift(id);
    });
    return wrong;
  }

  async function all(beat: Beat, signal: AbortSignal): Promise<void> {
    for (let cursor = ""; ; ) {
      const places = await beat.after(cursor, PAGE);
      if (places.length > 0) await report(places, signal);
      if (places.length < PAGE || signal.aborted) return;
      cursor = places.at(-1)?.id ?? "";
    }
  }

  async function walk(signal: AbortSignal): Promise<void> {
    // Nobody may be there to be looked at.
    if (!(await o.zooid.isUp(signal))) return;
    if (performance.now() - probedAtMs >= PROBE_MS) {
      probedAtMs = performance.now();
      await o.zooid.probeApi(signal);
    }
    const few = [...(await next("served")), ...(await next("dark")), ...(await nextWatched())];
    const wrong = await report(few, signal);
    if (wrong.has("lost")) await all(o.served, signal);
    if (wrong.has("served")) await all(o.dark, signal);
  }

  function alone(work: () => Promise<void>): Promise<void> {
    running ??= work()
      .catch((error: unknown) => {
        if (!(error instanceof Unavailable)) throw error;
      })
      .finally(() => {
        running = null;
      });
    return running;
  }

  const tick = (signal: AbortSignal): Promise<void> => alone(() => walk(signal));
  return {
    tick,
    async round(signal) {
      await running;
      await alone(async () => {
        await all(o.served, signal);
        await all(o.dark, signal);
      });
    },
    start() {
      if (timer) return;
      stopping = new AbortController();
      const go = (): void => void tick(stopping.signal).catch(onError);
      timer = setInterval(go, intervalMs);
      go();
    },
    async stop() {
      clearInterval(timer);
      timer = undefined;
      stopping.abort();
      await running?.catch(() => {});
    },
  };
}

const TROUBLE = {
  lost: "zooid_not_live",
  different: "zooid_differs",
  served: "zooid_still_serves",
} as const;
