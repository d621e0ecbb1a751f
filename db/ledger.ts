import { asc, eq, sql } from "drizzle-orm";
import type { Db } from "./database.ts";
import { ledger } from "./schema.ts";

export type LedgerLine = Omit<typeof ledger.$inferSelect, "seq">;

/** Where a tenant's sats came from and went. `held` is the part of `credit` that open invoices hold. */
export type Statement = {
  received: number;
  granted: number;
  applied: number;
  credit: number;
  held: number;
  refunded: number;
};

/** The ledger: lines are only ever appended. */
export function ledgerQueries({ orm, sqlite }: Db) {
  const insert = sqlite.prepare<unknown, [string, string, number, string, string, number, string]>(
    "INSERT INTO ledger (key, tenant, at, from_account, to_account, amount, why) VALUES (?, ?, ?, ?, ?, ?, ?)",
  );
  const sums = orm
    .select({ from: ledger.from, to: ledger.to, sats: sql<number>`sum(${ledger.amount})` })
    .from(ledger)
    .where(eq(ledger.tenant, sql.placeholder("tenant")))
    .groupBy(ledger.from, ledger.to)
    .prepare();
  const lines = orm
    .select({ from: ledger.from, to: ledger.to, sats: ledger.amount })
    .from(ledger)
    .where(eq(ledger.tenant, sql.placeholder("tenant")))
    .orderBy(asc(ledger.seq))
    .prepare();
  return {
    append(line: LedgerLine): void {
      insert.run(line.key, line.tenant, line.at, line.from, line.to, line.amount, line.why);
    },
    /**
     * A tenant's accounts to the sat: received + granted (with what an operator counted as paid) =
     * applied + credit + refunded (with what is set aside for it).
     */
    statement(tenant: string): Statement {
      const rows = sums.all({ tenant });
      const flow = (from: string, to: string): number =>
        rows
          .filter((row) => row.from.startsWith(from) && row.to.startsWith(to))
          .reduce((sum, row) => sum + row.sats, 0);
      const balance = (account: string): number => flow("", account) - flow(account, "");
      const held = balance("invoice/");
      return {
        received: flow("wallet", ""),
        granted: flow("granted", "") + flow("operator", ""),
        applied: flow("", "revenue"),
        credit: balance("tenant/") + held,
        held,
        refunded: flow("", "refund/") - flow("refund/", "tenant/"),
      };
    },
    /**
     * How much of a tenant's credit was granted: no money, so never given back as such. Wherever sats go,
     * those that were granted go first, and come back where the others do; a refund takes none of them.
     */
    grantedCredit(tenant: string): number {
      const granted = new Map<string, number>();
      const add = (account: string, sats: number) =>
        granted.set(account, (granted.get(account) ?? 0) + sats);
      for (const { from, to, sats } of lines.all({ tenant })) {
        if (from === "granted") add(to, sats);
        if (from === "granted" || to.startsWith("refund/")) continue;
        const moved = Math.min(sats, granted.get(from) ?? 0);
        add(from, -moved);
        add(to, moved);
      }
      return granted.get(`tenant/${tenant}`) ?? 0;
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
