import { sql } from "drizzle-orm";
import type { Db } from "./database.ts";
import type { ledger } from "./schema.ts";

export type LedgerLine = Omit<typeof ledger.$inferSelect, "seq">;

/** The ledger: lines are only ever appended. */
export function ledgerQueries({ orm, sqlite }: Db) {
  const insert = sqlite.prepare<unknown, [string, string, number, string, string, number, string]>(
    "INSERT INTO ledger (key, tenant, at, from_account, to_account, amount, why) VALUES (?, ?, ?, ?, ?, ?, ?)",
  );
  return {
    append(line: LedgerLine): void {
      insert.run(line.key, line.tenant, line.at, line.from, line.to, line.amount, line.why);
    },
    /** What every account holds: received less given, sats. Outside accounts run negative. */
    balances(): Map<string, number> {
      const rows = orm.all<{ account: string; sats: number }>(sql`
        SELECT account, sum(sats) AS sats FROM (
          SELECT to_account AS account, amount AS sats FROM ledger
          UNION ALL SELECT from_account, -amount FROM ledger
        ) GROUP BY account`);
      return new Map(rows.map(({ account, sats }) => [account, sats]));
    },
  };
}
