import { setTimeout as sleep } from "node:timers/promises";
import { Unavailable } from "../errors.ts";
import type { ZooidClient } from "./client.ts";

const CONCURRENCY = 8;

type Live = { id: string; host: string };

/** Watches that zooid still serves what it should, by real time. */
export interface Patrol {
  /**
   * Probes the next batch and, once one relay of it is missing for sure, all of them. Joins a tick that
   * is already under way. A zooid that cannot be reached is no drift: nothing is reported.
   */
  tick(signal: AbortSignal): Promise<void>;
  /** Ticks every `intervalMs` until stopped. */
  start(): void;
  /** Cuts a running tick short. @returns when it has ended. */
  stop(): Promise<void>;
}

/**
 * A relay that zooid lost answers 404 and nothing tells us: zooid has no list to read. One lost relay
 * often means that all are (its config directory was wiped), hence the full round.
 *
 * @param o.hosts the relays that should be live, read anew at each use
 * @param o.onDrift called for each that is missing, with its id
 * @param o.recheckMs a 404 counts only if it is still there after this long: zooid answers 404 for a
 *   moment after each restart and reload
 * @param o.onError a tick of the timer failed of something else than an unreachable zooid
 */
export function createPatrol(o: {
  zooid: Pick<ZooidClient, "look">;
  hosts: () => Iterable<Live>;
  onDrift: (id: string) => void;
  intervalMs?: number;
  batch?: number;
  recheckMs?: number;
  onError?: (error: unknown) => void;
}): Patrol {
  const { intervalMs = 20_000, batch = 20, recheckMs = 1_000, onError = console.error } = o;
  let cursor = 0;
  let running: Promise<void> | null = null;
  let timer: ReturnType<typeof setInterval> | undefined;
  let stopping = new AbortController();

  function nextBatch(): Live[] {
    const live = [...o.hosts()];
    if (cursor >= live.length) cursor = 0;
    const picked = live.slice(cursor, cursor + batch);
    cursor += picked.length;
    return picked;
  }

  async function notServed(relays: Live[], signal: AbortSignal): Promise<Live[]> {
    const missing: Live[] = [];
    const queue = relays.values();
    const failed = new AbortController();
    const either = AbortSignal.any([signal, failed.signal]);
    const probe = async (): Promise<void> => {
      // The workers share one iterator, so each relay is probed once.
      for (const relay of queue) {
        if ((await o.zooid.look(relay.host, either)) === "nothing") missing.push(relay);
      }
    };
    try {
      await Promise.all(Array.from({ length: CONCURRENCY }, probe));
      return missing;
    } finally {
      // One that fails ends the others too; they would go on into the next tick.
      failed.abort();
    }
  }

  async function missingForSure(relays: Live[], signal: AbortSignal): Promise<Live[]> {
    const suspects = await notServed(relays, signal);
    if (suspects.length === 0) return [];
    await sleep(recheckMs, undefined, { signal }).catch(() => {});
    return notServed(suspects, signal);
  }

  async function round(signal: AbortSignal): Promise<void> {
    try {
      const missing = await missingForSure(nextBatch(), signal);
      if (missing.length === 0) return;
      for (const relay of await missingForSure([...o.hosts()], signal)) o.onDrift(relay.id);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
    }
  }

  function tick(signal: AbortSignal): Promise<void> {
    running ??= round(signal).finally(() => {
      running = null;
    });
    return running;
  }

  return {
    tick,
    start() {
      if (timer) return;
      stopping = new AbortController();
      timer = setInterval(() => void tick(stopping.signal).catch(onError), intervalMs);
    },
    async stop() {
      clearInterval(timer);
      timer = undefined;
      stopping.abort();
      await running?.catch(() => {});
    },
  };
}
