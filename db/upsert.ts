import type { SQLQueryBindings } from "bun:sqlite";
import { getTableColumns, getTableName } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import type { Db } from "./database.ts";

/**
 * A prepared INSERT of a whole row that replaces the row with the same `key` columns. Projections run
 * one per transition, so it is prepared once and binds by position.
 */
export function upsertInto<Table extends SQLiteTable>(
  { sqlite }: Db,
  table: Table,
  key: readonly (keyof Table["$inferSelect"] & string)[],
): (row: Table["$inferSelect"]) => void {
  const columns = Object.entries(getTableColumns(table)).map(([property, { name }]) => ({
    property,
    name: `"${name}"`,
    isKey: (key as readonly string[]).includes(property),
  }));
  const updated = columns.filter((c) => !c.isKey).map((c) => `${c.name} = excluded.${c.name}`);
  const statement = sqlite.prepare<unknown, SQLQueryBindings[]>(
    `INSERT INTO "${getTableName(table)}" (${columns.map((c) => c.name).join(", ")})
     VALUES (${columns.map(() => "?").join(", ")})
     ON CONFLICT (${columns.filter((c) => c.isKey).map((c) => c.name)})
     DO UPDATE SET ${updated.join(", ")}`,
  );
  return (row) => {
    const values = row as Record<string, SQLQueryBindings>;
    statement.run(...columns.map((c) => values[c.property] ?? null));
  };
}
