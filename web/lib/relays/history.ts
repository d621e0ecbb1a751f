/** A list that the server pages and the feed keeps true: what changes or arrives is seen without asking. */
import { type Accessor, createMemo } from "solid-js";
import { createRequest, type Requested } from "../api/request.ts";

export const PAGE_SIZE = 20;

type Row = { id: string; createdAt: number };
type Listed<R> = { items: R[]; total: number };
/** `page` counts from 0. */
export type Filter<S extends string> = { q: string; status: S | null; page: number };

export type History<R> = Requested<unknown> & {
  /** Which rows there are, newest first; undefined until the first answer. */
  ids: Accessor<string[] | undefined>;
  /** A row as it is now. By id, so that one that changes stays itself: open, and under the focus. */
  row: (id: string) => R | undefined;
  total: Accessor<number>;
};

/**
 * @param options.filter - null while the list is not shown
 * @param options.live - what the feed has of a row, in its place
 * @param options.arrived - all that the feed has and this filter lets through
 */
export function createHistory<S extends string, R extends Row>(options: {
  filter: Accessor<Filter<S> | null>;
  ask: (filter: Filter<S>, page: { limit: number; offset: number }) => Promise<Listed<R>>;
  live: (id: string) => R | undefined;
  arrived: (filter: Filter<S>) => R[];
}): History<R> {
  const request = createRequest(options.filter, async (filter) => {
    const page = { limit: PAGE_SIZE, offset: filter.page * PAGE_SIZE };
    return { filter, ...(await options.ask(filter, page)) };
  });
  /** On the first page, what the server would list there now and did not when it was asked. */
  const added = createMemo((): R[] => {
    const listed = request.data();
    if (!listed || listed.filter.page > 0) return [];
    const known = new Set(listed.items.map(({ id }) => id));
    const oldest = listed.items.length < listed.total ? listed.items.at(-1) : undefined;
    // The wire knows seconds: what is of the oldest one's may well be on the next page.
    const fromMs = oldest === undefined ? 0 : Math.floor(oldest.createdAt / 1000 + 1) * 1000;
    return options
      .arrived(listed.filter)
      .filter(({ id, createdAt }) => !known.has(id) && createdAt >= fromMs);
  });
  const ids = createMemo(() => {
    const listed = request.data();
    if (!listed) return undefined;
    const rows =
      added().length === 0
        ? listed.items
        : [...added(), ...listed.items].sort((a, b) => b.createdAt - a.createdAt);
    return rows.map(({ id }) => id);
  });
  return {
    ...request,
    ids,
    row: (id) => options.live(id) ?? request.data()?.items.find((row) => row.id === id),
    total: () => (request.data()?.total ?? 0) + added().length,
  };
}
