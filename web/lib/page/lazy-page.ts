import { type Component, lazy } from "solid-js";

type Module<P extends object> = { default: Component<P> };

const TRIES = 5;
const FIRST_WAIT_MS = 400;
const pages = new Set<() => Promise<unknown>>();
let isAhead = false;

/**
 * A page, or a part of one, in a file of its own, loaded when it is gone to. What does not load at once
 * is tried again: the network may be gone for a moment, or Berth may be starting.
 */
export function lazyPage<P extends object = object>(load: () => Promise<Module<P>>): Component<P> {
  pages.add(load);
  // A part of a page that was itself loaded ahead.
  if (isAhead) load().catch(() => {});
  return lazy(() => persistently(load));
}

async function persistently<P extends object>(load: () => Promise<Module<P>>): Promise<Module<P>> {
  for (let tries = 1; ; tries++) {
    try {
      return await load();
    } catch (error) {
      if (tries === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, FIRST_WAIT_MS * 2 ** (tries - 1)));
    }
  }
}

/** Loads all pages while there is nothing else to do, so that they open at once, also without a network. */
export function loadPagesAhead(): void {
  const whenIdle = window.requestIdleCallback ?? ((run: () => void) => setTimeout(run, 1_000));
  whenIdle(() => {
    isAhead = true;
    for (const load of pages) load().catch(() => {});
  });
}
