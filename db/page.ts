import { type SQL, sql } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";

/** How a list is cut: `limit` 1–100, `offset` from 0. */
export type Page = { limit: number; offset: number };

/** A part of a list, and how many there are in all. */
export type Listed<T> = { items: T[]; total: number };

/** Bound under `name` when the statement runs; null there means no filter. */
export const optionally = (column: SQLiteColumn, name: string): SQL =>
  sql`(${sql.placeholder(name)} IS NULL OR ${column} = ${sql.placeholder(name)})`;

/** Bound under `q`: any of the columns contains it, whatever its case. */
export const searching = (...columns: SQLiteColumn[]): SQL => {
  const like = columns.map((c) => sql`${c} LIKE ${sql.placeholder("q")} ESCAPE '\\'`);
  return sql`(${sql.placeholder("q")} IS NULL OR ${sql.join(like, sql` OR `)})`;
};

/**
 * The LIKE pattern of what a person typed: its own % and _ are letters. In the Unicode form (NFC) in
 * which names are stored; SQLite's LIKE ends at a NUL, which no name contains.
 */
export const pattern = (q: string | null): string | null =>
  q === null
    ? null
    : `%${q
        .normalize("NFC")
        .replaceAll("\0", "\ufffd")
        .replace(/[\\%_]/g, "\\$&")}%`;
