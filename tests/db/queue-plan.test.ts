import { expect, test } from "bun:test";
import { openDatabase } from "../../db/database.ts";
import { createQueries } from "../../db/index.ts";

test("the operator's queue reads no table whole, however many tenants there are", async () => {
  const db = openDatabase(":memory:");
  const asked: string[] = [];
  const prepare = db.sqlite.prepare.bind(db.sqlite);
  db.sqlite.prepare = ((sql: string, ...rest: []) => {
    asked.push(sql);
    return prepare(sql, ...rest);
  }) as typeof prepare;
  const { queue } = createQueries(db);
  asked.length = 0;
  const filter = { q: null, kind: null, wallet: null, limit: 50, offset: 0 };
  await queue.list(filter);
  await queue.get("x", null);
  await queue.mismatch();
  expect(asked.length).toBe(4);
  for (const sql of asked) {
    const steps = db.sqlite.query<{ detail: string }, []>(`EXPLAIN QUERY PLAN ${sql}`).all();
    // What waits is the union itself: as long as what is found.
    const whole = steps.filter(({ detail }) => /^SCAN (?!waits\b|\(|CONSTANT)/.test(detail));
    expect(whole.filter(({ detail }) => !/USING (?:COVERING )?INDEX/.test(detail))).toEqual([]);
    expect(steps.length).toBeGreaterThan(10);
  }
  db.close();
});
