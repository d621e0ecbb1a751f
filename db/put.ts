import { getTableColumns, getTableName } from "drizzle-orm";
import { getTableConfig, type SQLiteColumn, type SQLiteTable } from "drizzle-orm/sqlite-core";

/**
 * One row to be written. `append` is for what is new: where the row exists, that is a violation of what
 * must be unique. `put` is for what one actor alone writes, and replaces it. `patch` sets the columns
 * that it names, `erase` takes a row away; both name the whole primary key.
 */
export type Put = {
  table: SQLiteTable;
  how: "append" | "put" | "patch" | "erase";
  row: Readonly<Record<string, unknown>>;
  /** Of a `put`: columns that stay as they were first written. */
  keep?: readonly string[];
};

export const append = <T extends SQLiteTable>(table: T, row: T["$inferInsert"]): Put => ({
  table,
  how: "append",
  row,
});

export const put = <T extends SQLiteTable>(
  table: T,
  row: T["$inferSelect"],
  keep: readonly (keyof T["$inferSelect"] & string)[] = [],
): Put => ({ table, how: "put", row, keep });

export const patch = <T extends SQLiteTable>(table: T, row: Partial<T["$inferSelect"]>): Put => ({
  table,
  how: "patch",
  row,
});

export const erase = <T extends SQLiteTable>(table: T, key: Partial<T["$inferSelect"]>): Put => ({
  table,
  how: "erase",
  row: key,
});

type Column = { property: string; name: string; isKey: boolean };
type Shape = {
  name: string;
  columns: Column[];
  key: string[];
  /** The column in which the database counts the rows, where it does. */
  counted: string | null;
};

const shapes = new WeakMap<SQLiteTable, Shape>();

/**
 * Columns and key of a table, by the names that rows have in our code and in the database. Where the
 * database counts the rows, the key is what else names one.
 */
export function shapeOf(table: SQLiteTable): Shape {
  const known = shapes.get(table);
  if (known) return known;
  const together = getTableConfig(table).primaryKeys[0]?.columns.map(({ name }) => name);
  const all = Object.entries(getTableColumns(table));
  const [counted = null] =
    all.find(([, { primary, dataType }]) => primary && dataType === "number") ?? [];
  const isKey = ({ name, primary, isUnique }: SQLiteColumn): boolean => {
    if (together) return together.includes(name);
    return counted === null ? primary : isUnique;
  };
  const columns = all.map(([property, column]) => ({
    property,
    name: `"${column.name}"`,
    isKey: isKey(column),
  }));
  const key = columns.filter((column) => column.isKey).map(({ property }) => property);
  const shape = { name: `"${getTableName(table)}"`, columns, key, counted };
  shapes.set(table, shape);
  return shape;
}

/** The statement that writes such a row, and the properties that it binds, in order. */
export function statementOf({ table, how, row, keep = [] }: Put): {
  sql: string;
  binds: string[];
} {
  const { name, columns } = shapeOf(table);
  const keys = columns.filter(({ isKey }) => isKey);
  const where = keys.map((column) => `${column.name} = ?`).join(" AND ");
  const bound = (of: Column[]): string[] => of.map(({ property }) => property);
  if (how === "erase") return { sql: `DELETE FROM ${name} WHERE ${where}`, binds: bound(keys) };
  if (how === "patch") {
    const set = columns.filter(({ property, isKey }) => !isKey && property in row);
    const assignments = set.map((column) => `${column.name} = ?`).join(", ");
    return {
      sql: `UPDATE ${name} SET ${assignments} WHERE ${where}`,
      binds: bound([...set, ...keys]),
    };
  }
  const insert = `INSERT INTO ${name} (${columns.map((c) => c.name).join(", ")})
    VALUES (${columns.map(() => "?").join(", ")})`;
  if (how === "append") return { sql: insert, binds: bound(columns) };
  const updated = columns
    .filter(({ property, isKey }) => !isKey && !keep.includes(property))
    .map((column) => `${column.name} = excluded.${column.name}`);
  const then = updated.length > 0 ? `UPDATE SET ${updated.join(", ")}` : "NOTHING";
  const conflict = `ON CONFLICT (${keys.map((c) => c.name).join(", ")}) DO ${then}`;
  return { sql: `${insert} ${conflict}`, binds: bound(columns) };
}
