/** What is looked for in a list, kept in the page's address, so that it can be come back to and sent on. */
import { useSearchParams } from "@solidjs/router";
import { createEffect, createSignal, on, onCleanup } from "solid-js";
import type { Order, Wish } from "./list.ts";

const ORDERS: readonly string[] = ["recent", "name", "due"] satisfies Order[];
const PAUSE_MS = 200;

/** Changes at once, whatever the router takes; the address follows after a pause. Within a component. */
export function createWish(): [() => Wish, (change: Partial<Wish>) => void] {
  const [query, setQuery] = useSearchParams();
  const one = (key: string): string => {
    const value = query[key];
    return typeof value === "string" ? value : "";
  };
  const written = (): Wish => {
    const order = one("sort");
    return {
      q: one("q"),
      state: one("state"),
      plan: one("plan"),
      order: ORDERS.includes(order) ? (order as Order) : "recent",
      isArchive: one("view") === "archive",
    };
  };
  const [wish, setWish] = createSignal(written());
  let timer: number | null = null;

  function write(): void {
    timer = null;
    const { q, state, plan, order, isArchive } = wish();
    const sort = order === "recent" ? null : order;
    const params = {
      q: q || null,
      state: state || null,
      plan: plan || null,
      sort,
      view: isArchive ? "archive" : null,
    };
    setQuery(params, { replace: true, scroll: false });
  }
  // By the browser's back and forward, or by a link; what is being typed is newer than the address.
  createEffect(
    on(
      () => JSON.stringify(written()),
      () => {
        if (timer === null) setWish(written());
      },
      { defer: true },
    ),
  );
  onCleanup(() => clearTimeout(timer ?? undefined));
  return [
    wish,
    (change) => {
      setWish({ ...wish(), ...change });
      clearTimeout(timer ?? undefined);
      timer = window.setTimeout(write, PAUSE_MS);
    },
  ];
}
