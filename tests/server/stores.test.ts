import { expect, test } from "bun:test";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import { openDatabase } from "../../db/database.ts";
import { Missing } from "../../db/image.ts";
import { mapStore } from "../../db/map-store.ts";
import { shapeOf } from "../../db/put.ts";
import * as schema from "../../db/schema.ts";
import { sqliteStore } from "../../db/sqlite-store.ts";
import type { Store } from "../../db/store.ts";
import { liveMonths } from "./months.ts";

const TABLES: SQLiteTable[] = Object.values(schema);
const MONTHS = { months: 4, tenants: 3 };
type Row = Record<string, unknown>;
type RowsOf = (table: SQLiteTable) => Row[];

/**
 * A store that knows of a scope only what was wanted, as one does that is asked over a network: a body
 * that looks at more runs again.
 */
function forgetful(store: Store): { store: Store; missed: () => number } {
  let missed = 0;
  const load: Store["load"] = async (scope, wants) => {
    const image = await store.load(scope, wants);
    const known = <T>(kind: "actors" | "dedups", id: string, value: (id: string) => T): T => {
      if (wants[kind].includes(id)) return value(id);
      missed++;
      throw new Missing({ actors: [], dedups: [], [kind]: [id] });
    };
    return {
      ...image,
      actor: (id) => known("actors", id, image.actor),
      alarmsOf: (id) => known("actors", id, image.alarmsOf),
      hasDedup: (key) => known("dedups", key, image.hasDedup),
    };
  };
  return { store: { ...store, load }, missed: () => missed };
}

/** Every row of every table, without real times and with no order that a database makes up. */
function everything(rowsOf: RowsOf): Record<string, string[]> {
  const tables = TABLES.map((table) => {
    const { name, counted } = shapeOf(table);
    const rows = rowsOf(table).map((row) => {
      const { recordedAt: _, ...rest } = row;
      if (counted !== null) delete rest[counted];
      const sorted = Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1));
      return JSON.stringify(Object.fromEntries(sorted));
    });
    return [name, rows.sort()] as const;
  });
  return Object.fromEntries(tables);
}

test.each([1, 2, 3])(
  "seed %i: the same months leave the same rows in every store",
  async (seed) => {
    const db = openDatabase(":memory:");
    const said = await liveMonths(sqliteStore(db), { seed, ...MONTHS });
    const rows = everything((table) => db.orm.select().from(table).all() as Row[]);
    // What ended long ago is forgotten there.
    const kept = new Set(
      db.orm
        .select()
        .from(schema.outbox)
        .all()
        .map(({ key }) => key),
    );
    db.close();
    expect(rows['"journal"']?.length).toBeGreaterThan(150);

    for (const isForgetful of [false, true]) {
      const map = mapStore();
      const { store, missed } = isForgetful ? forgetful(map) : { store: map, missed: () => 0 };
      const saidHere = await liveMonths(store, { seed, ...MONTHS });
      const rowsHere = everything((table) => {
        const all = map.rows(table) as Row[];
        return table === schema.outbox ? all.filter(({ key }) => kept.has(key as string)) : all;
      });
      expect({ isForgetful, said: saidHere }).toEqual({ isForgetful, said });
      expect({ isForgetful, rows: rowsHere }).toEqual({ isForgetful, rows });
      expect(missed() > 0).toBe(isForgetful);
    }
  },
);
