import type { SQLQueryBindings } from "bun:sqlite";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import type { Db } from "./database.ts";
import { type Put, statementOf } from "./put.ts";

/**
 * Writes rows of any table. Each kind of write is prepared once: a transition makes several, and
 * binding by position is many times cheaper than building a statement.
 */
export function putWriter({ sqlite }: Db): (put: Put) => void {
  const prepare = (put: Put) => {
    const { sql, binds } = statementOf(put);
    const statement = sqlite.prepare<unknown, SQLQueryBindings[]>(sql);
    return (row: Put["row"]): void => {
      statement.run(...binds.map((property) => (row[property] ?? null) as SQLQueryBindings));
    };
  };
  type Writer = ReturnType<typeof prepare>;
  const writers = new Map<SQLiteTable, Map<string, Writer>>();
  return (put) => {
    const ofTable = writers.get(put.table) ?? new Map<string, Writer>();
    writers.set(put.table, ofTable);
    const kind = put.how === "patch" ? `patch ${Object.keys(put.row)}` : put.how;
    const writer = ofTable.get(kind) ?? prepare(put);
    ofTable.set(kind, writer);
    writer(put.row);
  };
}
