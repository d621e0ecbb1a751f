/** Something asked of the server once, when a part of a page first needs it. */
import { type Accessor, createEffect, createSignal, on, onCleanup, untrack } from "solid-js";
import { ApiProblem, wordsOf } from "./api.ts";

export type Requested<T> = {
  /** The last answer; it stays while the next is on its way, and when that fails. */
  data: Accessor<T | undefined>;
  /** In words; null while there is no reason to complain. */
  error: Accessor<string | null>;
  isLoading: Accessor<boolean>;
  /** Asks again, for the same. */
  retry: () => void;
};

/**
 * Asks whenever `key` says something else than what was last asked for; null asks nothing and keeps
 * what is there. Each request may ask a person to sign, so nothing is asked twice by itself, but for what
 * failed offline: back online, it would say that somebody is not.
 */
export function createRequest<K, T>(
  key: Accessor<K | null>,
  run: (key: K) => Promise<T>,
): Requested<T> {
  const [data, setData] = createSignal<T>();
  const [error, setError] = createSignal<string | null>(null);
  const [isLoading, setIsLoading] = createSignal(false);
  let asked: string | null = null;
  let latest = 0;
  let isOffline = false;
  const again = (): void => {
    const what = untrack(key);
    if (isOffline && what !== null) void ask(what);
  };
  addEventListener("online", again);
  onCleanup(() => {
    latest = -1;
    removeEventListener("online", again);
  });

  async function ask(what: K): Promise<void> {
    asked = JSON.stringify(what);
    const mine = ++latest;
    isOffline = false;
    setIsLoading(true);
    setError(null);
    try {
      const answer = await run(what);
      if (mine === latest) setData(() => answer);
    } catch (problem) {
      if (mine !== latest) return;
      isOffline = problem instanceof ApiProblem && problem.code === "offline";
      setError(wordsOf(problem));
    } finally {
      if (mine === latest) setIsLoading(false);
    }
  }
  createEffect(
    on(key, (what) => {
      if (what !== null && JSON.stringify(what) !== asked) void ask(what);
    }),
  );
  return {
    data,
    error,
    isLoading,
    retry() {
      const what = untrack(key);
      if (what !== null) void ask(what);
    },
  };
}
