import { createSignal, onCleanup } from "solid-js";

/**
 * The server's logical clock, as the live feed tells it: deadlines are counted down by it, whatever
 * this device's own clock says.
 */
const [aheadMs, setAheadMs] = createSignal(0);

/** @param nowMs - what the server's clock says at this moment, epoch ms */
export function tuneClock(nowMs: number): void {
  const ahead = nowMs - Date.now();
  // What a message takes to arrive is no reason to redraw everything.
  if (Math.abs(ahead - aheadMs()) > 1_000) setAheadMs(ahead);
}

/** Logical now, epoch ms; follows when the server's clock is moved. */
export const nowMs = (): number => Date.now() + aheadMs();

/** Logical now as a signal that ticks. Within a component or root. */
export function createNow(everyMs = 1_000): () => number {
  const [tick, setTick] = createSignal(0);
  const timer = setInterval(() => setTick((count) => count + 1), everyMs);
  onCleanup(() => clearInterval(timer));
  return () => {
    tick();
    return nowMs();
  };
}
